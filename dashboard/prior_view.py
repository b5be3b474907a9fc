"""A region in which photos are known to lie: asked for, always in sight, removed by one click.

Stage: dashboard. It must not compute: regions come from analysis.
"""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard.common import View, keep, plain
from dashboard.offline_map import is_dark
from dashboard.predict_view import Answer
from geocore.analysis.region_prior import (
    RegionPrior,
    condition,
    country_prior,
    prob_in_region,
    region_mask,
)
from geocore.analysis.region_text import corners_prior, read_region
from geocore.cells.continents import load_countries
from geocore.inference.bundle import Bundle
from geocore.inference.search_calibration import CALIBRATION_FILE
from geocore.visuals.maps import MapPoint

_CORNERS, _REDRAW = "prior_corners", "prior_redraw"
COUNTRIES, POLYGON, CORNERS = "Countries", "Pasted outline", "Clicks on the map"
_STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-prior_banner) {{position: sticky; top: 3.5rem;
  z-index: 100; background: {background}; padding: .25rem 0}}</style>"""


def is_calibrated(bundle: Bundle) -> bool:
    """Whether the bundle promises search areas, which regions and claims need."""
    return CALIBRATION_FILE in bundle.manifest["files"]


def take_prior(view: View) -> RegionPrior | None:
    """The region that the reader set, with its banner; or the offer to set one."""
    prior = st.session_state.get("prior")
    if not is_calibrated(view.bundle):
        return None
    if prior is None:
        with st.expander("Is something else known about where? Restrict the answers to a region"):
            _ask()
        return None
    is_usable = region_mask(prior, view.bundle).any()
    _show_banner(prior, is_usable)
    return prior if is_usable else None


def restricted(view: View, answers: Sequence[Answer], prior: RegionPrior | None) -> list[Answer]:
    """The answers within the region; as they are where there is none."""
    if prior is None:
        return list(answers)
    return [_restricted(view.bundle, answer, prior) for answer in answers]


def show_prob_in_region(view: View, answer: Answer, prior: RegionPrior) -> None:
    """Whether the photo itself agrees with the region."""
    prob = prob_in_region(answer.from_photo[view.head], prior, view.bundle)
    share = "less than 0.1 %" if prob < 0.001 else f"{prob:.1%}".replace("%", " %")
    words = f"Without the restriction the photo alone gives this region a probability of {share}."
    if prob < 0.01:
        st.warning(
            f"**The photo hardly agrees with the region.** {words} The answer rests on what you "
            "know otherwise: check that too.",
            icon=":material/conditions:",
        )
    else:
        st.caption(words)


def take_corner(lat: float, lng: float) -> bool:
    """A click becomes the next corner of a region, if the reader is drawing one."""
    if not _is_drawing():
        return False
    st.session_state.setdefault(_CORNERS, []).append((lat, lng))
    st.session_state[_REDRAW] = True
    return True


def corner_points() -> list[MapPoint]:
    """Marks of the corners clicked so far; a new one is counted above first."""
    if st.session_state.pop(_REDRAW, False):
        st.rerun()
    if not _is_drawing():
        return []
    return [
        MapPoint(lat=lat, lng=lng, label=f"corner {number}", kind="other")
        for number, (lat, lng) in enumerate(st.session_state.get(_CORNERS, []), start=1)
    ]


def _is_drawing() -> bool:
    state = st.session_state
    return state.get("prior") is None and state.get("prior_kind") == CORNERS


@keep("Restricting the answer to the region …", max_entries=512)
def _conditioned(
    bundle: Bundle, content: bytes, region: str, _answer: Answer, _prior: RegionPrior
) -> dict:
    return {
        head: condition(prediction, _prior, bundle)
        for head, prediction in _answer.from_photo.items()
    }


def _restricted(bundle: Bundle, answer: Answer, prior: RegionPrior) -> Answer:
    found = _conditioned(bundle, answer.content, repr(prior), answer, prior)
    return replace(answer, predictions=found)


def _show_banner(prior: RegionPrior, is_usable: bool) -> None:
    theme = "dark" if is_dark() else "light"
    st.html(_STYLE.format(background=st.get_option(f"theme.{theme}.backgroundColor")))
    with st.container(key="prior_banner"):
        words, button = st.columns([5, 1], vertical_alignment="center")
        if is_usable:
            words.warning(
                f"**Restricted to {plain(prior.label)}**, as you know from elsewhere. Other places "
                "count as impossible, except in the claim check.",
                icon=":material/filter_alt:",
            )
        else:
            words.error(
                f"**Not restricted to {plain(prior.label)}:** no cell of this model lies there, so "
                "it cannot say where in the region a photo was taken.",
                icon=":material/error:",
            )
        button.button(
            "Remove", icon=":material/close:", key="prior_remove", on_click=_remove, width="stretch"
        )


def _remove() -> None:
    st.session_state["prior"] = None
    st.session_state[_CORNERS] = []


def _ask() -> None:
    st.caption(
        "Only what is certain apart from the photo, such as the country of the person who sent it. "
        "If the region is wrong, every answer is wrong. The restriction stays in sight."
    )
    kind = st.segmented_control(
        "Given as", [COUNTRIES, POLYGON, CORNERS], default=COUNTRIES, required=True,
        key="prior_kind",
    )  # fmt: skip
    if kind == COUNTRIES:
        names = load_countries()["name"].sort_values()
        st.multiselect("Countries", list(names.index), format_func=names.get, key="prior_codes")
    elif kind == POLYGON:
        st.text_area(
            "GeoJSON or WKT, longitude before latitude",
            placeholder="POLYGON((6 36, 19 36, 19 48, 6 48, 6 36))",
            key="prior_text",
        )
    else:
        _show_corners()
    st.button("Restrict", key="prior_set", on_click=_set, args=(kind,))
    if problem := st.session_state.pop("prior_problem", None):
        st.warning(plain(problem), icon=":material/edit_location_alt:")


def _show_corners() -> None:
    n = len(st.session_state.get(_CORNERS, []))
    st.markdown(
        f"Click the corners of the region one after another on the map *Where to search* below. "
        f"**{n} corner{'s' * (n != 1)}** so far, at least three are needed."
    )
    if n:
        st.button("Start again", key="prior_clear", on_click=_remove)


def _set(kind: str) -> None:
    state = st.session_state
    try:
        if kind == COUNTRIES:
            codes = tuple(state.get("prior_codes", ()))
            if not codes:
                raise ValueError("Choose at least one country.")
            state["prior"] = country_prior(codes)
        elif kind == POLYGON:
            state["prior"] = read_region(state.get("prior_text", ""))
        else:
            state["prior"] = corners_prior(state.get(_CORNERS, []))
    except ValueError as error:
        state["prior_problem"] = str(error)
