"""Where to search for a photo's place: the area on the map, its size, what it promises.

Stage: dashboard. It must not compute: areas come from analysis, measured coverage from the bundle.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.cell_words import cells_at
from dashboard.common import View, keep, plain
from dashboard.key_figures import million_km2, percent, small_percent
from dashboard.offline_map import is_dark, show_map
from dashboard.predict_view import Answer
from dashboard.table_view import show_table_of
from geocore.analysis.region_prior import (
    RegionPrior,
    region_shape,
    region_units,
    size_in_region,
)
from geocore.analysis.search_area import CountryInArea, SearchArea, search_area
from geocore.analysis.search_area_words import kind_name, photos_of
from geocore.evaluation.conformal import LEAST_AREA, LEVELS
from geocore.inference.bundle import Bundle
from geocore.inference.search_calibration import load_calibration
from geocore.visuals.colours import legend_html
from geocore.visuals.maps import MapPoint, map_bounds
from geocore.visuals.search_maps import (
    CONFIDENCE_COLOUR,
    area_colour,
    region_colour,
    search_map,
)

USUAL_LEVEL = 0.9
_N_COUNTRIES = 8
_LAND_KM2 = 148.9e6


@keep("Working out where to search …", max_entries=512)
def area_of(
    bundle: Bundle,
    content: bytes,
    head: str,
    level: float,
    region: str,
    _answer: Answer,
    _prior: RegionPrior | None,
) -> SearchArea:
    """The area to search for a photo, cut with the region that is known otherwise."""
    within = None
    if _prior is not None:
        within = region_units(_prior, load_calibration(bundle).units(LEAST_AREA)) > 0
    return search_area(_answer.from_photo[head], bundle, level=level, within=within)


def choose_area(view: View, answer: Answer, prior: RegionPrior | None) -> SearchArea:
    """How sure the reader wants to be, and the area for it."""
    st.subheader("Where to search")
    level = st.segmented_control(
        "Share of such photos that were taken inside their area",
        LEVELS,
        default=USUAL_LEVEL,
        format_func=percent,
        required=True,
        key="area_level",
        persist_state="session",
        bind="query-params",
        help="The more often the area is to hold the true place, the larger it must be.",
    )
    return area_of(view.bundle, answer.content, view.head, level, repr(prior), answer, prior)


def show_area_map(
    view: View,
    answer: Answer,
    area: SearchArea,
    prior: RegionPrior | None,
    points: Sequence[MapPoint],
    clicked: Sequence[MapPoint],
    on_point: Callable[[float, float], None],
) -> None:
    """The area outlined over the confidence.

    Args:
        view: bundle and head.
        answer: for the photo.
        area: from `choose_area`.
        prior: the region known otherwise.
        points: marks that the map is laid out to show.
        clicked: further marks, which do not move the map.
        on_point: called with latitude and longitude of a click.
    """
    prediction, dark = answer.predictions[view.head], is_dark()
    cells = cells_at(view.bundle, prediction, view.bundle.hierarchy.levels[-1])
    best = MapPoint(lat=prediction.lat, lng=prediction.lng, label="best point", kind="best")
    tokens = [] if area.is_everywhere else area.tokens
    region = None if prior is None else region_shape(prior)
    layer = search_map(
        cells, cells["prob"].to_numpy(), tokens,
        points=[*points, best, *clicked], region=region, dark=dark,
    )  # fmt: skip
    bounds = map_bounds(pd.DataFrame({"token": tokens}), [*points, best], margin_deg=8.0)
    show_map(layer, key="area_map", bounds=bounds, height=440, on_point=on_point)
    show_legend(has_area=bool(tokens), has_region=region is not None)


def show_legend(*, has_area: bool, has_region: bool) -> None:
    """What is what on a map of an area to search."""
    dark = is_dark()
    entries = [(area_colour(dark), "outlined: area to search")] * has_area
    entries += [(CONFIDENCE_COLOUR, "shaded: the more, the more probable, from 2 % on")]
    entries += [(region_colour(dark), "dashed: known otherwise")] * has_region
    st.html(legend_html("On the map", entries))


def show_area_size(view: View, area: SearchArea, prior: RegionPrior | None) -> None:
    """How large, and in which countries; with a region, of its part alone."""
    if area.cells.empty:
        st.warning(
            f"**No place in the region is compatible with the photo** at {percent(area.level)}. "
            "Either the region is wrong, or this is one of the photos that lie outside their area.",
            icon=":material/conditions:",
        )
        return
    if area.is_everywhere:
        st.warning(
            "**The whole Earth.** So much cannot be promised for any smaller area: too many photos "
            "lie where the model knows no cell. Choose a smaller share.",
            icon=":material/public:",
        )
        return
    size, countries = st.columns([2, 3], gap="medium", vertical_alignment="center")
    km2, land_km2 = area.area_km2, area.land_km2
    if prior is not None:
        km2, land_km2 = size_in_region(area, prior, view.bundle)
    size.metric("Area to search", million_km2(km2), border=True)
    with countries:
        if prior is None or prior.polygon is not None:
            st.markdown(
                f"**{million_km2(land_km2)}** of it is land, {_share_of_land(land_km2)} of all "
                "land on Earth."
            )
            _show_countries(area.countries)
        else:
            chosen = [country for country in area.countries if country.code in prior.countries]
            _show_countries(chosen)
            st.markdown("The land of the chosen countries alone is counted.")


def show_area_grounds(view: View, area: SearchArea, prior: RegionPrior | None) -> None:
    """What stands behind the promise."""
    if prior is not None:
        st.caption(
            "The outline is made of parts up to some 300 km wide, which reach beyond the region's "
            "border; the size counts what lies in the region. The promise holds if the photo truly "
            "is from there."
        )
    _show_promise(view.bundle, area)


def _share_of_land(km2: float) -> str:
    share = km2 / _LAND_KM2
    return small_percent(share) if share >= 0.001 else "less than 0.1 %"


def _show_countries(countries: Sequence[CountryInArea]) -> None:
    names = [plain(country.name) for country in countries]
    if len(names) < 2:
        st.markdown(f"Touches **{names[0]}** alone." if names else "It touches no country.")
        return
    shown, n_more = ", ".join(names[:_N_COUNTRIES]), len(names) - _N_COUNTRIES
    more = f" and {n_more} more" if n_more > 0 else ""
    st.markdown(f"Touches **{len(names)} countries**, most land first: {shown}{more}.")
    if n_more > 0:
        with st.popover(f"All {len(names)} countries"):
            table = {
                "Country": [country.name for country in countries],
                "Land in the area, km²": [round(country.land_km2) for country in countries],
            }
            show_table_of(pd.DataFrame(table), hide_index=True, height=260)


def measured_row(bundle: Bundle, head: str, level: float) -> Mapping[str, Any] | None:
    """What was seen of a promise on photos that calibration did not see, n_photos with it."""
    record = load_calibration(bundle).measured.get(head, {}).get(LEAST_AREA, {})
    rows = record.get("together", [])
    found = next((row for row in rows if row["level"] == level), None)
    return None if found is None else {**found, "n_photos": record["n_photos"]}


def _show_promise(bundle: Bundle, area: SearchArea) -> None:
    row = measured_row(bundle, area.head, area.level)
    hundred = f"{100 * area.level:g} of 100"
    if row is not None:
        low, high = row["coverage_lowest"], row["coverage_highest"]
        kinds = _kinds(row)
        st.markdown(
            f"**Measured: {percent(row['coverage'])}** of photos that calibration did not see were "
            f"taken inside their areas ({percent(low)} to {percent(high)} over 20 random halves of "
            f"{row['n_photos']} photos){kinds}."
        )
    with st.expander("What is promised, and what is not"):
        st.markdown(
            f"**Promised:** of photos drawn like the {area.n_calibration} "
            f"{plain(photos_of(area))} on which this was fitted, at least {hundred} "
            "were taken inside the area that they get.\n\n"
            "**Not promised:** the same share for every kind of photo, for a single continent, or "
            "for photos unlike those, such as of disasters, indoors or of another season; nor that "
            "this photo is one of them. Inside the area no place is promised more than another."
        )
        if row is not None:
            _show_continents(row)


def _kinds(row: Mapping[str, Any]) -> str:
    """The measured coverage per kind of photo, in words."""
    parts = [
        f"{percent(value)} of {plain(kind_name(name))}" for name, value in _parts(row, "photo_set")
    ]
    return f": {', '.join(parts)}" if len(parts) > 1 else ""


def _show_continents(row: Mapping[str, Any]) -> None:
    parts = [f"{plain(name)} {percent(value)}" for name, value in _parts(row, "continent")]
    if parts:
        st.markdown(f"**Measured by continent of the photo:** {', '.join(parts)}.")


def _parts(row: Mapping[str, Any], kind: str) -> list[tuple[str, float]]:
    start = f"coverage:{kind}="
    found = [(key.removeprefix(start), value) for key, value in row.items() if start in key]
    known = [(name, value) for name, value in found if value is not None and np.isfinite(value)]
    return sorted(known, key=lambda part: -part[1])
