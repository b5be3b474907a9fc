"""A case with one of everything, its texts as hostile as those of a stranger."""

from functools import cache

from geocore.analysis.case_file import open_case
from geocore.analysis.case_state import CaseState, case_state
from geocore.analysis.records import (
    answer_record,
    area_record,
    bundle_record,
    decision_record,
    failure_record,
    note_record,
    opened_record,
    photo_record,
)
from geocore.analysis.search_area import search_area
from tests.inference.calibrated_bundle import calibrated_bundle, held_out_prediction

FIRST, SECOND, THIRD = ("a" * 64, "b" * 64, "c" * 64)
MARKUP = "<script>alert(1)</script>.jpg"
FORMULA = "=HYPERLINK(1)"
BROKEN = "bro\x00ken\udc80\u202egpj.exe"
POLYGON = {
    "type": "Polygon",
    "coordinates": [[[170, -10], [195, -10], [195, 10], [170, 10], [170, -10]]],
}
PRIOR = {"label": "Pacific <b>", "countries": [], "polygon": POLYGON}


def answer(sha256: str, name: str, row: int = 0, **others) -> dict:
    bundle = calibrated_bundle()
    prediction, _ = held_out_prediction(bundle, row)
    areas = [search_area(prediction, bundle, level=level) for level in (0.8, 0.9, 0.95)]
    known = bundle_record(bundle.name, "0" * 64)
    record = answer_record(prediction, photo_sha256=sha256, bundle=known, areas=areas, **others)
    return {**record, "photo": name, "lat": 10.5, "lng": 179.5}


def entries() -> list[tuple[str, dict]]:
    bundle = calibrated_bundle()
    prediction, _ = held_out_prediction(bundle, 0)
    area = area_record(search_area(prediction, bundle, level=0.9))
    abstention = {"reason": "flat", "sentence": "All places look alike."}
    claimed = {"text": FORMULA, "lat": -18.1, "lng": -179.9, "source": "typed"}
    return [
        ("opened", opened_record("Flood <i>", "find & help", "0.1.0")),
        ("photo", photo_record(MARKUP, FIRST, n_bytes=9, size_px=(4, 3), exif_position=(1.0, 2.0))),
        ("answer", answer(FIRST, MARKUP)),
        ("answer", answer(SECOND, FORMULA, 1, prior=PRIOR)),
        ("answer", answer(THIRD, BROKEN, 2, abstention=abstention)),
        ("claim", {"photo_sha256": FIRST, "bundle": bundle_record("b", "0"), "head": "MC",
                   "claimed": claimed, "p_value": 0.01, "rank": 7, "n_cells": 20, "prior": None,
                   "distance_to_area_km": 512, "verdict": "unlikely", "sentence": "Look again."}),
        ("decision", decision_record(FIRST, "accepted")),
        ("note", note_record("<img src=x>\nsecond line", FIRST)),
        ("note", note_record("@case")),
        ("event", {"event_id": "e1", "name": "Bridge", "photo_sha256s": [FIRST, SECOND],
                   "head": "MC", "bundle": bundle_record("b", "0"), "lat": 0.0, "lng": -179.0,
                   "areas": {"0.9": area}, "influence": [], "outliers": [SECOND]}),
        ("prior", {**PRIOR, "removed": False}),
        ("failure", failure_record("notes.txt", "not a photo")),
    ]  # fmt: skip


@cache
def small_case() -> CaseState:
    """Its folded log, the same in all tests; not to be changed."""
    with open_case("sqlite://", create=True) as case:
        case.append_many(entries(), analyst="Ada")
        return case_state(case.entries())
