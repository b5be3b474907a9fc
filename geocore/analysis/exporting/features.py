"""A case as things on a map: points and areas with a flat row of facts each.

Stage: analysis. It must not know file formats: GeoJSON, KML and GeoPackage write the same features.

Source: own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from geocore.analysis.case_state import CasePhoto, CaseState
from geocore.analysis.exporting.area_shapes import (
    AreaShapes,
    Outline,
    region_shape,
    shapes_of_case,
)

POINT, AREA, NONE = "POINT", "MULTIPOLYGON", ""
_AREA_COLUMNS = {
    "promised_share": float, "area_km2": int, "land_km2": int, "countries": str,
    "is_everywhere": bool,
}  # fmt: skip
_PHOTO_COLUMNS = {"photo": str, "photo_sha256": str}
_EVENT_COLUMNS = {"event": str, "event_id": str, "n_photos": int}
LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "answers": (POINT, _PHOTO_COLUMNS | {
        "decision": str, "confidence": float, "best_cell": str, "best_cell_place": str,
        "abstention": str, "region": str, "head": str, "model": str, "model_sha256": str,
        "notes": str,
    }),
    "areas": (AREA, _PHOTO_COLUMNS | _AREA_COLUMNS | {"decision": str, "region": str}),
    "claims": (POINT, _PHOTO_COLUMNS | {
        "claimed": str, "source": str, "verdict": str, "p_value": float, "rank": int,
        "n_cells": int, "distance_to_area_km": float, "sentence": str,
    }),
    "exif_positions": (POINT, dict(_PHOTO_COLUMNS)),
    "events": (POINT, _EVENT_COLUMNS | {"head": str, "model": str, "model_sha256": str}),
    "event_areas": (AREA, _EVENT_COLUMNS | _AREA_COLUMNS),
    "region": (AREA, {"region": str, "countries": str}),
    "failures": (NONE, _PHOTO_COLUMNS | {"error": str}),
}  # fmt: skip
"""Per layer the kind of its geometry and the type of each of its columns."""


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One thing on a map.

    Attributes:
        layer: key of LAYERS.
        geometry: in degrees (lng, lat), cut at +-180; None for what has no place.
        row: the columns of its layer; None where nothing is known.
    """

    layer: str
    geometry: shapely.Geometry | None
    row: dict[str, Any]


def features_of(state: CaseState) -> list[Feature]:
    """All features of a case in the order of its photos, then events, the region and failures."""
    shapes = shapes_of_case(state)
    found = [x for photo in state.photos.values() for x in _photo_features(photo, shapes)]
    found += [x for event in state.events.values() for x in _event_features(event, shapes)]
    if state.prior is not None:
        found.append(_region_feature(state.prior))
    found += [_feature("failures", None, photo=n, error=error) for n, error in state.failures]
    return found


def country_names(area: Mapping[str, Any]) -> str:
    """Countries that an area touches, the one with most land in it first."""
    return "; ".join(country["name"] for country in area["countries"])


def _feature(layer: str, geometry: shapely.Geometry | None, **facts: Any) -> Feature:
    row = {column: facts.get(column) for column in LAYERS[layer][1]}
    return Feature(layer=layer, geometry=geometry, row=row)


def _photo_features(photo: CasePhoto, shapes: AreaShapes) -> Iterator[Feature]:
    common = {"photo": photo.name, "photo_sha256": photo.sha256, "decision": photo.decision}
    if photo.answer is not None:
        yield from _answer_features(photo, photo.answer, shapes, common)
    for claim in photo.claims:
        claimed = claim["claimed"]
        facts = {**claim, **common, "claimed": claimed["text"], "source": claimed["source"]}
        yield _feature("claims", _point(claimed), **facts)
    if photo.photo is not None and photo.photo["exif_position"] is not None:
        lat, lng = photo.photo["exif_position"]
        yield _feature("exif_positions", shapely.Point(lng, lat), **common)
    if photo.failure is not None:
        yield _feature("failures", None, **common, error=photo.failure)


def _answer_features(
    photo: CasePhoto, answer: Mapping[str, Any], shapes: AreaShapes, common: dict[str, Any]
) -> Iterator[Feature]:
    common = {**common, "region": region_label(answer)}
    best = answer["top"][0] if answer["top"] else {}
    yield _feature(
        "answers", _point(answer), **common, **_model(answer),
        confidence=answer["confidence"], best_cell=best.get("token"),
        best_cell_place=best.get("place"), notes=notes_text(photo.notes),
        abstention=(answer["abstention"] or {}).get("sentence"),
    )  # fmt: skip
    for outline in shapes.outlines(answer):
        yield _feature("areas", outline.shape, **common, **_area_row(outline))


def _event_features(event: Mapping[str, Any], shapes: AreaShapes) -> Iterator[Feature]:
    n_photos = len(event["photo_sha256s"])
    common = {"event": event["name"], "event_id": event["event_id"], "n_photos": n_photos}
    if event.get("lat") is not None:
        yield _feature("events", _point(event), **common, **_model(event))
    for outline in shapes.outlines(event):
        yield _feature("event_areas", outline.shape, **common, **_area_row(outline))


def _region_feature(prior: Mapping[str, Any]) -> Feature:
    geometry = None if prior["polygon"] is None else region_shape(prior["polygon"])
    codes = "; ".join(prior["countries"] or [])
    return _feature("region", geometry, region=prior["label"], countries=codes)


def region_label(answer: Mapping[str, Any]) -> str | None:
    """The region that an answer was cut with, in words; None without one."""
    return None if answer.get("prior") is None else str(answer["prior"]["label"])


def notes_text(notes: list[tuple[str, str]]) -> str | None:
    """Notes on one line per note, each after the name of who wrote it; None without any."""
    return "\n".join(f"{analyst}: {text}" for analyst, text in notes) or None


def _area_row(outline: Outline) -> dict[str, Any]:
    level, area, _ = outline
    sizes = {key: area[key] for key in ("area_km2", "land_km2", "is_everywhere")}
    return {"promised_share": level, "countries": country_names(area), **sizes}


def _model(record: Mapping[str, Any]) -> dict[str, Any]:
    bundle = record.get("bundle") or {}
    model = {"model": bundle.get("name"), "model_sha256": bundle.get("sha256")}
    return {"head": record.get("head"), **model}


def _point(record: Mapping[str, Any]) -> shapely.Point:
    return shapely.Point(record["lng"], record["lat"])
