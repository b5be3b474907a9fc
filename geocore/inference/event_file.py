"""What a bundle keeps to join several photos of one event, as it is read.

Stage: inference. It must not know TensorFlow, nor how the numbers were fitted.

    events.json            per head: tempering, sameness, limit of a photo that does not fit, and
                           what was measured
    event_scores.parquet   per head, number of photos and place one score per method, from which
                           search areas of events follow; null outside all cells

Source: own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geocore.errors import BundleError
from geocore.evaluation.conformal import METHODS
from geocore.evaluation.pooling import PoolSettings
from geocore.inference import bundle_files as files
from geocore.inference.bundle import Bundle
from geocore.inference.search_calibration import SearchCalibration, load_calibration

EVENTS_FILE, SCORES_FILE = "events.json", "event_scores.parquet"
ABOUT = (
    "Fitted on views of places that the answering models were not trained on (folds by place). "
    "measured: fitted on random halves of the places, read off on the other halves."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class EventHead:
    """How the photos of an event are joined for one head.

    Attributes:
        settings: of `geocore.evaluation.pooling.pool`.
        limits: per number of photos the `fit_to_others` below which a photo does not fit.
        measured: rows of `geocore.evaluation.pooling_fit.measure_events`.
        n_places: that all of it was fitted on.
    """

    settings: PoolSettings
    limits: Mapping[int, float]
    measured: list[dict[str, Any]]
    n_places: int

    def limit(self, n_photos: int) -> float:
        """The limit for that many photos; beyond those measured, that of the most."""
        return self.limits[min(max(self.limits), max(min(self.limits), n_photos))]


@dataclass(frozen=True, kw_only=True, eq=False)
class EventCalibration:
    """What a bundle knows of events.

    Attributes:
        heads: per head.
        scores: head, n_photos, place, photo_set, continent, is_outside, and one column per method.
    """

    heads: Mapping[str, EventHead]
    scores: pd.DataFrame

    def search_calibration(self, bundle: Bundle, head: str, n_photos: int) -> SearchCalibration:
        """The yardstick for search areas of events of that many photos.

        Beyond the number that was measured, that of the most photos serves.
        """
        own = self.scores[self.scores["head"] == head]
        n_known = own["n_photos"].unique()
        rows = own[own["n_photos"] == n_known[np.abs(n_known - n_photos).argmin()]]
        photos = rows.rename(columns={"place": "photo_id"}).reset_index(drop=True)
        scores = {x: photos[x].fillna(np.inf).to_numpy(np.float64) for x in METHODS}
        return replace(
            load_calibration(bundle),
            photos=photos[["photo_id", "photo_set", "is_outside", "continent"]],
            scores={head: scores},
            measured={},
        )


def load_events(bundle: Bundle) -> EventCalibration | None:
    """What the bundle keeps, read once; None where it keeps nothing.

    Raises:
        BundleError: the files cannot be used.
    """
    hashes = [bundle.manifest["files"].get(name) for name in (EVENTS_FILE, SCORES_FILE)]
    return None if None in hashes else _read(bundle.folder, tuple(hashes))


def write_events(folder: Path, calibration: EventCalibration) -> None:
    """Write the files into a bundle's folder; the manifest is the caller's."""
    heads = {
        name: {
            "tempering": head.settings.tempering,
            "sameness": head.settings.sameness,
            "limits": {str(n): limit for n, limit in head.limits.items()},
            "n_places": head.n_places,
            "measured": head.measured,
        }
        for name, head in calibration.heads.items()
    }
    content = files.as_json({"about": ABOUT, "heads": heads})
    (folder / EVENTS_FILE).write_text(content, "utf-8", newline="\n")
    scores = calibration.scores.astype(dict.fromkeys(METHODS, np.float32))
    scores.to_parquet(folder / SCORES_FILE, index=False, compression="zstd")


def usual_shares(bundle: Bundle) -> np.ndarray:
    """How often photos are of each leaf, (n_leaves,): the prior of the head's training."""
    photos = bundle.photos[
        (bundle.photos["split"] == "train") & (bundle.photos["class_index"] >= 0)
    ]
    weights = photos["weight"] if "weight" in photos else np.ones(len(photos))
    counts = np.bincount(photos["class_index"], weights, bundle.grid.n_leaves) + 1
    return counts / counts.sum()


@lru_cache(maxsize=8)
def _read(folder: Path, hashes: tuple[str, ...]) -> EventCalibration:
    """The hashes are part of the key: a bundle that was made anew is read anew."""
    del hashes
    try:
        content = json.loads((folder / EVENTS_FILE).read_text("utf-8"))
        scores = pd.read_parquet(folder / SCORES_FILE)
        heads = {name: _head(head) for name, head in content["heads"].items()}
        for name in heads:
            _check(name, scores)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(
            f"{folder}: {EVENTS_FILE} or {SCORES_FILE} cannot be used ({error}). "
            f"Make them anew: python scripts/calibrate_events.py --bundle {folder} --photos DIR"
        ) from error
    return EventCalibration(heads=heads, scores=scores)


def _head(content: Mapping[str, Any]) -> EventHead:
    limits = {int(n): float(limit) for n, limit in content["limits"].items()}
    if not limits:
        raise ValueError("there must be a limit for at least one number of photos")
    return EventHead(
        settings=PoolSettings(tempering=content["tempering"], sameness=content["sameness"]),
        limits=limits,
        measured=list(content["measured"]),
        n_places=int(content["n_places"]),
    )


def _check(head: str, scores: pd.DataFrame) -> None:
    columns = {"n_photos", "place", "photo_set", "continent", "is_outside", *METHODS}
    if missing := sorted(columns - set(scores)):
        raise ValueError(f"the column {missing[0]!r} is missing")
    if not (scores["head"] == head).any():
        raise ValueError(f"there are no scores of {head}")
