"""Predictions of an event's photos in, its joint answer as text or JSON out.

Stage: casework. It must not know databases, threads or pages.

Source: own.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from geocore.analysis.event_record import event_record, prediction_from_record
from geocore.analysis.event_text import area_sentences, event_sentences, influence_table
from geocore.analysis.events import EventAnswer, combine, event_areas
from geocore.analysis.records import Record
from geocore.analysis.region_prior import RegionPrior, condition
from geocore.analysis.search_area import SearchArea
from geocore.casework.answering import bundle_of
from geocore.casework.restricting import part_within, units_within
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction


def event_of_answers(
    answers: Sequence[Record],
    bundle: Bundle,
    *,
    event_id: str,
    name: str,
    prior: RegionPrior | None = None,
) -> Record:
    """Body of the "event" entry of photos that a case holds answers for.

    Args:
        answers: records of what the photos alone say.
        bundle: that answered.
        event_id: of the event; an earlier event with this id is replaced.
        name: of the event.
        prior: a region known otherwise, to cut the joint answer with.

    Raises:
        ValueError: fewer than two answers, answers of several heads or of another bundle, or no
            cell in the region.
    """
    entry = bundle_of(bundle)
    others = [x["photo"] for x in answers if x["bundle"]["sha256"] != entry["sha256"]]
    if others:
        raise ValueError(
            f"All photos of an event must be answered by one bundle. Not by '{bundle.name}': "
            f"{', '.join(others)}. Choose the bundle that answered, or answer the photos again."
        )
    answer = combine([prediction_from_record(x, bundle) for x in answers], bundle, name=name)
    within = None if prior is None else units_within(prior, bundle)
    areas = event_areas(answer, bundle, within=within) if answer.is_fitted else []
    if prior is not None:
        answer = replace(answer, prediction=condition(answer.prediction, prior, bundle))
        areas = [part_within(area, prior, bundle) for area in areas]
    return event_record(
        answer,
        event_id=event_id,
        photo_sha256s=[x["photo_sha256"] for x in answers],
        bundle=entry,
        areas=areas,
        prior=None if prior is None else prior.record(),
    )


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
