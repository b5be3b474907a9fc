"""What a report says of the model behind its answers, and of what they are not.

Stage: analysis. It must not know how a report is laid out.

Source: own; the figures are the bundle's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from geocore.analysis.case_state import CaseState
from geocore.errors import BundleError
from geocore.evaluation.conformal import LEAST_AREA
from geocore.inference.bundle import Bundle
from geocore.inference.bundle_files import MANIFEST, file_sha256
from geocore.inference.search_calibration import load_calibration

_SECTIONS = ("# Model card", "## Where it is blind")
Answers = Sequence[Mapping[str, Any]]


def limits_of(state: CaseState, bundle: Bundle | None) -> list[str]:
    """Sentences on what the answers do not say."""
    limits = [
        "The answers say where photos look as if they were taken. They are no proof; use them "
        "together with other evidence.",
        "A search area at 90 % promises: of photos like those the model was calibrated with, 90 "
        "of 100 were taken inside theirs. It promises nothing about one photo alone, nor about "
        "other kinds of photos (interiors, portraits, night, aerial or drawn pictures).",
        "The best single point is the middle of a large cell, not an address.",
        "A claim that passes the check is not thereby true; one that fails deserves a second "
        "look, not a verdict.",
        "Positions written in a file and file names come from whoever made the file, and are "
        "easily changed.",
        "Borders on the maps are coarse (1:110 million) and state no opinion on any dispute.",
    ]
    if state.prior is not None or any((x.answer or {}).get("prior") for x in state.photos.values()):
        limits.insert(2, "Where only places within a region were asked for, an answer is worth no "
                         "more than the knowledge that the photo is from there.")  # fmt: skip
    if bundle is not None and bundle.warning:
        limits.insert(0, bundle.warning)
    return limits


def model_part(answers: Answers, bundle: Bundle | None) -> list[tuple[str, list[str]]]:
    """(Heading, sentences) on the model that answered; what is not known is said."""
    asked = {(x["bundle"]["name"], x["bundle"]["sha256"]) for x in answers}
    if bundle is None:
        return [("Model", ["The model was not at hand when this report was made; its measured "
                           "figures and limits are missing here."])]  # fmt: skip
    sha256 = file_sha256(bundle.folder / MANIFEST)
    parts = []
    if others := sorted(f"{name} ({other})" for name, other in asked if other != sha256):
        parts.append(("Other models", [
            f"What follows is about {bundle.name} ({sha256}). Answers of other models are in this "
            f"report too: {', '.join(others)}.",
        ]))  # fmt: skip
    heads = sorted({x["head"] for x in answers if x["bundle"]["sha256"] == sha256})
    measured = [sentence for head in heads for sentence in _measured(head, bundle)]
    if measured:
        parts.append(("Measured on photos that training did not see", measured))
    return [*parts, *_card_extract(bundle.card)]


def _measured(head: str, bundle: Bundle) -> list[str]:
    figures = bundle.report["heads"].get(head, {}).get("all", {})
    known = [words.format(show(figures[key])) for key, words, show in _FIGURES if key in figures]
    within = figures.get("within_km", {}).get("2500")
    if within is not None:
        known.append(f"the best single point lay within 2,500 km for {_percent(within)}")
    if not known:
        return [f"{head}: no figures were measured.", *_coverage(head, bundle)]
    listed = "; ".join(known)
    sentence = f"{head}, {figures['n_photos']:,} photos: {listed}. In brackets the 95 % interval."
    return [sentence, *_coverage(head, bundle)]


def _coverage(head: str, bundle: Bundle) -> list[str]:
    try:
        measured = load_calibration(bundle).measured.get(head, {}).get(LEAST_AREA)
    except BundleError:
        return ["This model promises no search areas."]
    if not measured:
        return []
    rows = {f"{row['level']:g}": row for row in measured["together"]}
    return [
        f"Search areas at {float(level):.0%} held {rows[level]['coverage']:.1%} of the photos left "
        f"out of calibration (mean of 20 random halves of {measured['n_photos']:,} photos; the "
        f"halves range from {rows[level]['coverage_lowest']:.1%} to "
        f"{rows[level]['coverage_highest']:.1%})."
        for level in ("0.8", "0.9", "0.95")
        if level in rows
    ]


def _card_extract(card: str) -> list[tuple[str, list[str]]]:
    """Purpose and blind spots of a model card (`geocore.inference.model_card`) as plain text."""
    found = []
    for section in card.split("\n## "):
        heading, _, text = section.partition("\n")
        heading = heading.lstrip("# ").strip()
        if heading in {name.lstrip("# ") for name in _SECTIONS}:
            lines = [line.removeprefix("- ") for line in text.splitlines() if line.strip()]
            found.append((heading, [line.replace("**", "").replace("`", "") for line in lines]))
    return found


def _percent(figure: Mapping[str, Any]) -> str:
    low, high = figure["ci95"]
    return f"{figure['value']:.1%} ({low:.1%} to {high:.1%})"


def _km(figure: Mapping[str, Any]) -> str:
    low, high = figure["ci95"]
    return f"{figure['value']:,.0f} km ({low:,.0f} to {high:,.0f})"


_FIGURES = (
    ("top_1", "the most probable cell was the right one for {}", _percent),
    ("top_5", "the right one was among the first five for {}", _percent),
    ("median_km", "half of the best single points lay within {} of the true place", _km),
)
