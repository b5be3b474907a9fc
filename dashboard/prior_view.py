"""A region in which photos are known to lie: asked for, always in sight, removed by one click.

Stage: dashboard. It must not compute: regions come from analysis.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from dashboard import region_form
from dashboard.common import View, keep, plain
from dashboard.offline_map import is_dark
from dashboard.predict_view import Answer
from geocore.analysis.region_prior import (
    RegionPrior,
    condition,
    prob_in_region,
    region_mask,
)
from geocore.inference.bundle import Bundle
from geocore.inference.search_calibration import CALIBRATION_FILE
from geocore.visuals.maps import MapPoint

_KEY = "prior"
OFFER = "Is something else known about where? Restrict the answers to a region"
CAUTION = (
    "Only what is certain apart from the photo, such as the country of the person who sent it. "
    "If the region is wrong, every answer is wrong. The restriction stays in sight."
)
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
        with st.expander(OFFER):
            st.caption(CAUTION)
            region_form.ask_region(_KEY, "Restrict", _set, map_name="Where to search")
        return None
    is_usable = region_mask(prior, view.bundle).any()
    _show_own_banner(prior, is_usable)
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
    return _is_asking() and region_form.take_corner(_KEY, lat, lng)


def corner_points() -> list[MapPoint]:
    """Marks of the corners clicked so far."""
    return region_form.corner_points(_KEY) if _is_asking() else []


def _is_asking() -> bool:
    return st.session_state.get("prior") is None


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


def show_banner(words: str, on_remove: Callable[[], object], *, is_usable: bool = True) -> None:
    """The region in force, always in sight, with the button that removes it.

    Args:
        words: Markdown that names the region.
        on_remove: called before the rerun.
        is_usable: False where the region is set but cannot be used.
    """
    theme = "dark" if is_dark() else "light"
    st.html(_STYLE.format(background=st.get_option(f"theme.{theme}.backgroundColor")))
    with st.container(key="prior_banner"):
        text, button = st.columns([5, 1], vertical_alignment="center")
        if is_usable:
            text.warning(words, icon=":material/filter_alt:")
        else:
            text.error(words, icon=":material/error:")
        button.button(
            "Remove", icon=":material/close:", key="prior_remove", on_click=on_remove,
            width="stretch",
        )  # fmt: skip


def _show_own_banner(prior: RegionPrior, is_usable: bool) -> None:
    words = (
        f"**Restricted to {plain(prior.label)}**, as you know from elsewhere. Other places "
        "count as impossible, except in the claim check."
    )
    if not is_usable:
        words = (
            f"**Not restricted to {plain(prior.label)}:** no cell of this model lies there, so "
            "it cannot say where in the region a photo was taken."
        )
    show_banner(words, _remove, is_usable=is_usable)


def _remove() -> None:
    st.session_state["prior"] = None
    region_form.forget_corners(_KEY)


def _set(prior: RegionPrior) -> None:
    st.session_state["prior"] = prior
