"""Predictions of an event's photos in, its joint answer as text or JSON out.

Stage: casework. It must not know databases, threads or pages.

Source: own.
"""

import json
from collections.abc import Sequence

from geocore.analysis.event_record import event_record
from geocore.analysis.event_text import area_sentences, event_sentences, influence_table
from geocore.analysis.events import EventAnswer, combine, event_areas
from geocore.analysis.search_area import SearchArea
from geocore.casework.answering import bundle_of
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction


def joined(
    predictions: Sequence[Prediction], bundle: Bundle, name: str
) -> tuple[EventAnswer, list[SearchArea]]:
    """The joint answer, and its search areas where the bundle promises any."""
    answer = combine(predictions, bundle, name=name)
    return answer, event_areas(answer, bundle) if answer.is_fitted else []


def joined_text(predictions: Sequence[Prediction], bundle: Bundle, name: str) -> str:
    """The joint answer for people."""
    answer, areas = joined(predictions, bundle, name)
    cells = answer.prediction.top()[["place", "prob"]].assign(
        prob=lambda x: x["prob"].map("{:.1%}".format)
    )
    parts = [
        "\n".join(event_sentences(answer)),
        f"Best single point: {answer.prediction.lat:.4f}, {answer.prediction.lng:.4f}",
        cells.to_string(index=False),
        influence_table(answer).to_string(index=False),
        "\n".join(area_sentences(areas)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def joined_json(predictions: Sequence[Prediction], bundle: Bundle, name: str) -> str:
    """The joint answer as an "event" record; photos by name instead of by hash."""
    answer, areas = joined(predictions, bundle, name)
    names = [x.photo for x in predictions]
    entry = bundle_of(bundle)
    record = event_record(answer, event_id=name, photo_sha256s=names, bundle=entry, areas=areas)
    record["photos"] = record.pop("photo_sha256s")
    record["influence"] = [{"photo": x.pop("photo_sha256"), **x} for x in record["influence"]]
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"
