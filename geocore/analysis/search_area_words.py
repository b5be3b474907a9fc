"""What a search area promises and what it does not, in words, with what was measured.

Stage: analysis. Plain text; it must not know pages.
"""

from typing import Any

from geocore.analysis.search_area import SearchArea
from geocore.evaluation.conformal import LEAST_AREA
from geocore.evaluation.coverage import coverage_interval
from geocore.inference.search_calibration import SearchCalibration

_PART = "coverage:"
_PLACES_IN_A_CELL = (
    " Where inside a cell photos are taken is judged by towns and their inhabitants, by places "
    "that were photographed before and by land, not by the photo."
)


def promise_in_words(area: SearchArea, calibration: SearchCalibration) -> str:
    """What the area promises, and what was seen on photos that the fitting did not see."""
    n = area.n_calibration
    if area.is_everywhere:
        return (
            f"{n:,} photos with known places are too few, or too many of them lie outside all "
            f"cells, to promise {_percent(area.level)} for less than the whole Earth."
        )
    each = "on every continent on its own " if area.by_continent else ""
    words = (
        f"Promised: of photos drawn like the {n:,} {photos_of(area)} that this was fitted on, at "
        f"least {_percent(area.level)} {each}were taken inside the area that they get."
    )
    return words + _seen(area, calibration)


def photos_of(area: SearchArea) -> str:
    """The photos that the promise was fitted on, such as "street photos"; "photos" where all."""
    return "photos" if area.domain is None else kind_name(area.domain)


def kind_name(photo_set: str) -> str:
    """A photo set's name in words: `street_photos` is "street photos"."""
    words = photo_set.replace("_", " ").strip()
    return words if words.endswith("s") else f"{words} photos"


def limits_in_words(area: SearchArea, calibration: SearchCalibration) -> str:
    """What the area does not promise, with the kinds of photos that were covered least and most."""
    words = (
        "Not promised: the same share for every kind of photo or place, anything for photos unlike "
        "those (indoors, a disaster, another season), or for a single cell of the area."
    )
    row = _row(area, calibration)
    parts = {key: value for key, value in (row or {}).items() if key.startswith(_PART)}
    known = {key: value for key, value in parts.items() if value is not None}
    if len(known) > 1:
        least, most = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
        words += (
            f" Seen least often inside: {_part(least)} ({100 * known[least]:.0f} %); most often: "
            f"{_part(most)} ({100 * known[most]:.0f} %)."
        )
    return words + (_PLACES_IN_A_CELL if area.method == LEAST_AREA else "")


def _seen(area: SearchArea, calibration: SearchCalibration) -> str:
    row = _row(area, calibration)
    words = ""
    if row is not None:
        mean, low, high = (100 * row[f"coverage{x}"] for x in ("", "_lowest", "_highest"))
        words = (
            " Seen on halves of all held-out photos that the other half did not see: "
            f"{mean:.1f} % on average, {low:.1f} % to {high:.1f} % of one half."
        )
    is_enough = area.n_calibration + 1 >= 1 / (1 - area.level)
    if is_enough and not area.by_continent:
        low, high = (100 * x for x in coverage_interval(area.n_calibration, area.level))
        words += (
            f" Fitted on so many photos, the true share lies between {low:.1f} % and {high:.1f} % "
            "in 95 of 100 cases."
        )
    return words


def _row(area: SearchArea, calibration: SearchCalibration) -> dict[str, Any] | None:
    """The measured row of the area's head, method and level; None where there is none."""
    record = calibration.measured.get(area.head, {}).get(area.method, {})
    rows = record.get("by_continent" if area.by_continent else "together", [])
    return next((row for row in rows if row["level"] == area.level), None)


def _part(key: str) -> str:
    """A measured part of the photos, such as "coverage:continent=Asia", in words."""
    kind, _, name = key.removeprefix(_PART).partition("=")
    return f"photos of {name}" if kind == "photo_set" else f"places in {name}"


def _percent(level: float) -> str:
    return f"{100 * level:.4g} %"
