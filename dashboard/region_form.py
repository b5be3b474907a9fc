"""How a reader says which region is meant: countries, a pasted outline, or clicks on a map.

Stage: dashboard. It must not know what the region is for. Every form has a key of its own, which
its fields and its corners are kept under.
"""

from collections.abc import Callable

import streamlit as st

from dashboard.common import plain
from geocore.analysis.region_prior import RegionPrior, country_prior
from geocore.analysis.region_text import corners_prior, read_region
from geocore.cells.continents import load_countries
from geocore.errors import GeocoreError
from geocore.visuals.maps import MapPoint

COUNTRIES, POLYGON, CORNERS = "Countries", "Pasted outline", "Clicks on the map"


def ask_region(
    key: str, button: str, on_region: Callable[[RegionPrior], object], *, map_name: str
) -> None:
    """The fields, and the button that hands the region over.

    Args:
        key: of the form.
        button: what the button says.
        on_region: called with the region before the rerun; what it raises is shown as a sentence.
        map_name: of the map whose clicks are corners.
    """
    kind = st.segmented_control(
        "Given as", [COUNTRIES, POLYGON, CORNERS], default=COUNTRIES, required=True,
        key=f"{key}_kind",
    )  # fmt: skip
    if kind == COUNTRIES:
        names = load_countries()["name"].sort_values()
        st.multiselect("Countries", list(names.index), format_func=names.get, key=f"{key}_codes")
    elif kind == POLYGON:
        st.text_area(
            "GeoJSON or WKT, longitude before latitude",
            placeholder="POLYGON((6 36, 19 36, 19 48, 6 48, 6 36))",
            key=f"{key}_text",
        )
    else:
        _show_corners(key, map_name)
    st.button(button, key=f"{key}_set", on_click=_set, args=(key, kind, on_region))
    if problem := st.session_state.pop(f"{key}_problem", None):
        st.warning(plain(problem), icon=":material/edit_location_alt:")


def is_drawing(key: str) -> bool:
    """Whether clicks on the map are corners."""
    return st.session_state.get(f"{key}_kind") == CORNERS


def take_corner(key: str, lat: float, lng: float) -> bool:
    """A click becomes the next corner, if the reader is drawing."""
    if not is_drawing(key):
        return False
    st.session_state.setdefault(_corners(key), []).append((lat, lng))
    st.session_state[f"{key}_redraw"] = True
    return True


def corner_points(key: str) -> list[MapPoint]:
    """Marks of the corners clicked so far; a new one is counted above first."""
    if st.session_state.pop(f"{key}_redraw", False):
        st.rerun()
    if not is_drawing(key):
        return []
    return [
        MapPoint(lat=lat, lng=lng, label=f"corner {number}", kind="other")
        for number, (lat, lng) in enumerate(st.session_state.get(_corners(key), []), start=1)
    ]


def forget_corners(key: str) -> None:
    """Begin the drawing again."""
    st.session_state[_corners(key)] = []


def _show_corners(key: str, map_name: str) -> None:
    n = len(st.session_state.get(_corners(key), []))
    st.markdown(
        f"Click the corners of the region one after another on the map *{map_name}* below. "
        f"**{n} corner{'s' * (n != 1)}** so far, at least three are needed."
    )
    if n:
        st.button("Start again", key=f"{key}_clear", on_click=forget_corners, args=(key,))


def _set(key: str, kind: str, on_region: Callable[[RegionPrior], object]) -> None:
    try:
        on_region(_region(key, kind))
        forget_corners(key)
        st.session_state.pop(f"{key}_kind", None)  # clicks are no corners from here on
    except (ValueError, GeocoreError) as error:
        st.session_state[f"{key}_problem"] = str(error)


def _region(key: str, kind: str) -> RegionPrior:
    state = st.session_state
    if kind == POLYGON:
        return read_region(state.get(f"{key}_text", ""))
    if kind == CORNERS:
        return corners_prior(state.get(_corners(key), []))
    codes = tuple(state.get(f"{key}_codes", ()))
    if not codes:
        raise ValueError("Choose at least one country.")
    return country_prior(codes)


def _corners(key: str) -> str:
    return f"{key}_corners"
