"""Answers for many photos, in this process or shared out to others. Stage: inference.

It must not know tables, pages, or how answers are written.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pandas as pd

from geocore.data.scheduling import photo_results
from geocore.inference.bundle import load_bundle
from geocore.inference.prediction import PhotoFailure, Prediction
from geocore.inference.predictor import Predictor

BATCH_SIZE = 32
Answer = Prediction | PhotoFailure

_LATER = pd.DataFrame()  # leaves are the same for all answers and do not travel with each
_loading = threading.Lock()


def predict_photos(
    photos: Sequence[Path], bundle: Path, head: str | None = None, scheduler: str | None = None
) -> Iterator[Answer]:
    """One answer or failure per photo, in their order.

    Args:
        photos: image files.
        bundle: the model's folder.
        head: that answers; its own choice by default.
        scheduler: as in `geocore.data.scheduling.map_photos`; its workers must see photos and
            bundle under the same paths.

    Raises:
        BundleError: the bundle cannot be used.
        BackboneError: the backbone's weights are not on a machine that needs them.
        ClusterError: the cluster cannot be reached or is gone.
        ValueError: unknown head or scheduler.
    """
    if scheduler is None:
        yield from Predictor.load(bundle).predict_each(photos, head)
        return
    leaves = load_bundle(bundle).grid.leaves
    work = _Answering(bundle=Path(bundle).resolve(), head=head)
    batches = [photos[i : i + BATCH_SIZE] for i in range(0, len(photos), BATCH_SIZE)]
    paths = [[photo.resolve() for photo in batch] for batch in batches]
    for number, answers in _in_order(photo_results(work, paths, scheduler=scheduler, batch=1)):
        for photo, answer in zip(batches[number], answers, strict=True):
            named = replace(answer, photo=str(photo))
            yield replace(named, leaves=leaves) if isinstance(named, Prediction) else named


@dataclass(frozen=True, kw_only=True)
class _Answering:
    """The work on a few photos at a time, as it is sent to another process."""

    bundle: Path
    head: str | None

    def __call__(self, photos: list[Path]) -> list[Answer]:
        with _loading:
            predictor = _predictor(self.bundle)
        answers = predictor.predict_many(photos, self.head)
        return [replace(x, leaves=_LATER) if isinstance(x, Prediction) else x for x in answers]


@lru_cache(maxsize=1)
def _predictor(bundle: Path) -> Predictor:
    return Predictor.load(bundle)


def _in_order(
    results: Iterator[tuple[int, list[list[Answer]]]],
) -> Iterator[tuple[int, list[Answer]]]:
    """Batches as soon as all those before them have come."""
    waiting: dict[int, list[Answer]] = {}
    expected = 0
    for number, (answers,) in results:
        waiting[number] = answers
        while expected in waiting:
            yield expected, waiting.pop(expected)
            expected += 1
