"""What a case file says of an event: a plain dict, rounded, ready for hashing.

Stage: analysis. It must not know databases.

Source: own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from geocore.analysis.events import EventAnswer
from geocore.analysis.records import N_TOP, Record, area_record
from geocore.analysis.search_area import SearchArea
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction


def event_record(
    answer: EventAnswer,
    *,
    event_id: str,
    photo_sha256s: Sequence[str],
    bundle: Mapping[str, str],
    areas: Iterable[SearchArea] = (),
    prior: Mapping[str, Any] | None = None,
) -> Record:
    """Body of an "event" entry.

    Args:
        answer: of `geocore.analysis.events.combine`; its prediction's `photo` is the event's name.
        event_id: of the event; a later entry with the same id replaces it.
        photo_sha256s: of the photos, in the order of the answer's rows.
        bundle: `geocore.analysis.records.bundle_record` of the bundle.
        areas: of `geocore.analysis.events.event_areas`.
        prior: the region that was known otherwise, if one was set.

    Raises:
        ValueError: not one hash per photo.
    """
    if len(photo_sha256s) != answer.n_photos:
        raise ValueError(
            f"There must be one SHA-256 for each of {answer.n_photos} photos, received "
            f"{len(photo_sha256s)}."
        )
    rows = list(zip(photo_sha256s, answer.photos.to_dict("records"), strict=True))
    return {
        "event_id": event_id,
        "name": answer.prediction.photo,
        "photo_sha256s": list(photo_sha256s),
        "head": answer.prediction.head,
        "bundle": dict(bundle),
        "lat": round(answer.prediction.lat, 5) + 0.0,
        "lng": round(answer.prediction.lng, 5) + 0.0,
        "confidence": round(answer.prediction.confidence, 6),
        "top": [_cell(row) for row in answer.prediction.top(N_TOP).to_dict("records")],
        "areas": {f"{area.level:g}": area_record(area) for area in areas},
        "influence": [{"photo_sha256": sha256, **_influence(row)} for sha256, row in rows],
        "outliers": [sha256 for sha256, row in rows if row["is_outlier"]],
        "n_effective": round(answer.n_effective, 3),
        "settings": {name: round(x, 6) for name, x in asdict(answer.settings).items()},
        "is_fitted": answer.is_fitted,
        "prior": None if prior is None else dict(prior),
    }


def prediction_from_record(record: Mapping[str, Any], bundle: Bundle) -> Prediction:
    """The answer that a record was made of, to six decimals: no photo file is needed.

    Raises:
        ValueError: the record does not hold a prob for each cell of the bundle.
    """
    probs = np.asarray(record.get("probs") or [], np.float64)
    if probs.shape != (bundle.grid.n_leaves,) or not probs.sum() > 0:
        raise ValueError(
            f"{record['photo']}: its answer must hold a probability for each of the "
            f"{bundle.grid.n_leaves} cells of bundle '{bundle.name}', found {probs.size}. "
            "Answer the photo again with this bundle."
        )
    return Prediction(
        photo=record["photo"], head=record["head"], lat=record["lat"], lng=record["lng"],
        probs=(probs / probs.sum()).astype(np.float32), leaves=bundle.grid.leaves,
        domain=record.get("domain"),
    )  # fmt: skip


def _influence(row: Mapping[str, Any]) -> Record:
    return {
        "weight": round(float(row["weight"]), 3),
        "moved_share": round(float(row["moved_share"]), 4),
        "moved_km": round(float(row["moved_km"])),
        "fit": round(float(row["fit"]), 3),
    }


def _cell(row: Mapping[str, Any]) -> Record:
    return {
        "token": str(row["token"]),
        "level": int(row["level"]),
        "place": str(row["place"]),
        "prob": round(float(row["prob"]), 6),
    }
