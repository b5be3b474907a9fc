"""What a bundle keeps so that search areas can promise a coverage, as it is read.

Stage: inference. It must not know TensorFlow, nor how the files are made
(`geocore.inference.calibrating`) or how an area is shown.

    conformal.json          photos    ids, photo sets and continents of the calibration photos, and
                                      the domain that each looks like, where several are told apart
                            scores    per head and method one number per photo, null outside all
                                      cells, from which any level follows
                            measured  per head and method the coverage seen on photos left out
    search_units.parquet    leaves and pieces: share, area, land, continent, countries

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
from geocore.evaluation.conformal import (
    LEAST_AREA,
    LIKELIHOOD,
    METHODS,
    check_method,
    is_like,
    label_scores,
)
from geocore.inference.bundle import Bundle

DECIMALS = 9
CALIBRATION_FILE, UNITS_FILE = "conformal.json", "search_units.parquet"


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchCalibration:
    """Scores of photos that no head has seen, and what areas are made of.

    Attributes:
        photos: photo_id, photo_set, is_outside (outside all cells), continent; domain, where
            several are told apart.
        leaves: by class index, columns of `geocore.inference.search_units.UNIT_COLUMNS`.
        pieces: of the leaves, the same columns.
        scores: per head and method float64 (n_photos,), infinity outside all cells.
        measured: per head and method what `geocore.inference.calibrating` saw.
    """

    photos: pd.DataFrame
    leaves: pd.DataFrame
    pieces: pd.DataFrame
    scores: Mapping[str, Mapping[str, np.ndarray]]
    measured: Mapping[str, Any]

    def units(self, method: str) -> pd.DataFrame:
        """What a method's areas are made of: the pieces, or the leaves."""
        return self.pieces if check_method(method) == LEAST_AREA else self.leaves

    def measure(self, method: str) -> np.ndarray:
        """What a method's areas hold least of, per unit: km2, or the share of all photos."""
        column = "photo_share" if method == LIKELIHOOD else "area_km2"
        return self.units(method)[column].to_numpy(np.float64)

    def label_scores(self, method: str, probs: np.ndarray) -> np.ndarray:
        """How ill each unit fits photos, float64 (n_photos, n_units); the smallest fits best.

        Rounded as the kept scores are, so that a calibration photo meets its own score again.

        Args:
            method: key of METHODS.
            probs: (n_photos, n_leaves).
        """
        units = self.units(method)
        shares = np.asarray(probs, np.float64)[:, units["class_index"]] * units["share"].to_numpy()
        return np.round(label_scores(method, shares, self.measure(method)), DECIMALS)

    def true_scores(self, head: str, method: str) -> np.ndarray:
        """Scores of the calibration photos' own cells, (n_photos,).

        Raises:
            ValueError: no such method, or no scores of such a head.
        """
        check_method(method)
        if head not in self.scores:
            known = ", ".join(self.scores)
            raise ValueError(f"Unknown head {head!r}. Heads with a calibration: {known}.")
        return self.scores[head][method]

    def like(self, domain: str | None) -> "SearchCalibration":
        """The same with the calibration photos that a photo of a domain is held against.

        See `geocore.evaluation.conformal.is_like`; all of them where domains are not told apart.
        """
        own = is_like(self.photos.get("domain"), domain)
        if own is None:
            return self
        scores = {
            head: {method: values[own] for method, values in methods.items()}
            for head, methods in self.scores.items()
        }
        return replace(self, photos=self.photos[own].reset_index(drop=True), scores=scores)

    @property
    def p_outside(self) -> float:
        """p-value of a place outside all cells."""
        return (int(self.photos["is_outside"].sum()) + 1) / (len(self.photos) + 1)


def load_calibration(bundle: Bundle) -> SearchCalibration:
    """The calibration that a bundle keeps, read once.

    Raises:
        BundleError: the bundle has none, or it cannot be read.
    """
    hashes = [bundle.manifest["files"].get(name) for name in (CALIBRATION_FILE, UNITS_FILE)]
    if None in hashes:
        raise BundleError(
            f"{bundle.folder}: the bundle promises no search areas, it has no {CALIBRATION_FILE}. "
            f"Add it: python scripts/calibrate.py --bundle {bundle.folder}"
        )
    return _read(bundle.folder, bundle.grid.n_leaves, tuple(hashes))


@lru_cache(maxsize=8)
def _read(folder: Path, n_leaves: int, hashes: tuple[str, ...]) -> SearchCalibration:
    """The hashes are part of the key: a bundle that was made anew is read anew."""
    del hashes
    try:
        content = json.loads((folder / CALIBRATION_FILE).read_text("utf-8"))
        units = pd.read_parquet(folder / UNITS_FILE)
        calibration = SearchCalibration(
            photos=pd.DataFrame(content["photos"]),
            leaves=units[units["unit"] == "leaf"].reset_index(drop=True),
            pieces=units[units["unit"] == "piece"].reset_index(drop=True),
            scores={
                head: {method: _as_floats(scores[method]) for method in METHODS}
                for head, scores in content["scores"].items()
            },
            measured=content["measured"],
        )
        _check(calibration, n_leaves)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(
            f"{folder}: {CALIBRATION_FILE} or {UNITS_FILE} cannot be used ({error}). "
            f"Make them anew: python scripts/calibrate.py --bundle {folder}"
        ) from error
    return calibration


def _as_floats(values: list[float | None]) -> np.ndarray:
    """JSON knows no infinity: null stands for it."""
    return np.array([np.inf if x is None else x for x in values], np.float64)


def _check(calibration: SearchCalibration, n_leaves: int) -> None:
    n_photos, n_units = len(calibration.photos), len(calibration.leaves)
    if n_units != n_leaves:
        raise ValueError(f"there must be {n_leaves} leaves, found {n_units}")
    lengths = {len(x) for scores in calibration.scores.values() for x in scores.values()}
    if lengths - {n_photos}:
        raise ValueError(f"there must be {n_photos} scores each, found {sorted(lengths)}")
