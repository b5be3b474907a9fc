"""A case as one CSV table: a row per photo, event and unreadable file (stage: analysis).

Text that a spreadsheet would run as a formula is disarmed (`geocore.analysis.export.disarmed`).

Source: own.
"""

import csv
import io
from collections.abc import Mapping
from typing import Any

from geocore.analysis.case_state import CasePhoto, CaseState
from geocore.analysis.export import disarmed
from geocore.analysis.exporting.area_shapes import areas_of
from geocore.analysis.exporting.features import country_names, notes_text, region_label

LEVELS = ("0.8", "0.9", "0.95")
COLUMNS = (
    *("kind", "name", "sha256", "decision", "lat", "lng", "confidence", "best_place"),
    *(f"area_km2_{level}" for level in LEVELS),
    *("countries_0.9", "no_usable_answer", "region", "exif_lat", "exif_lng"),
    *("claim", "claim_verdict", "claim_p_value", "claim_distance_to_area_km"),
    *("events", "notes", "head", "model", "model_sha256", "log_head_hash", "error"),
)


def as_csv(state: CaseState) -> bytes:
    """UTF-8 text, columns COLUMNS; areas "everywhere" have the size of the Earth."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    rows = [_photo_row(photo, state) for photo in state.photos.values()]
    rows += [_event_row(event) for event in state.events.values()]
    rows += [{"kind": "unreadable", "name": n, "error": error} for n, error in state.failures]
    for row in rows:
        row = {"log_head_hash": state.head_hash, **row}
        writer.writerow({key: "" if x is None else disarmed(x) for key, x in row.items()})
    return stream.getvalue().encode()


def _photo_row(photo: CasePhoto, state: CaseState) -> dict[str, Any]:
    exif = (photo.photo or {}).get("exif_position") or (None, None)
    return {
        "kind": "photo" if photo.failure is None else "unreadable",
        "name": photo.name,
        "sha256": photo.sha256,
        "decision": photo.decision,
        "exif_lat": exif[0],
        "exif_lng": exif[1],
        "events": "; ".join(state.events[x]["name"] for x in photo.event_ids if x in state.events),
        "notes": notes_text(photo.notes),
        "error": photo.failure,
        **_answer_row(photo.answer or {}),
        **(_claim_row(photo.claims[-1]) if photo.claims else {}),
    }


def _answer_row(record: Mapping[str, Any]) -> dict[str, Any]:
    bundle, top = record.get("bundle") or {}, record.get("top") or [{}]
    sizes = {f"area_km2_{level:g}": area["area_km2"] for level, area in areas_of(record)}
    middle = (record.get("areas") or {}).get("0.9")
    return {
        **{key: record.get(key) for key in ("lat", "lng", "confidence", "head")},
        **{key: size for key, size in sizes.items() if key in COLUMNS},
        "best_place": top[0].get("place"),
        "countries_0.9": None if middle is None else country_names(middle),
        "no_usable_answer": (record.get("abstention") or {}).get("sentence"),
        "region": region_label(record),
        "model": bundle.get("name"),
        "model_sha256": bundle.get("sha256"),
    }


def _claim_row(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "claim": claim["claimed"]["text"],
        "claim_verdict": claim["verdict"],
        "claim_p_value": claim["p_value"],
        "claim_distance_to_area_km": claim["distance_to_area_km"],
    }


def _event_row(event: Mapping[str, Any]) -> dict[str, Any]:
    names = f"{len(event['photo_sha256s'])} photos"
    return {**_answer_row(event), "kind": "event", "name": event["name"], "notes": names}
