"""Whether sets of cells keep their promise on photos that calibration did not see, and how large.

Stage: evaluation. It must not know models, files or pages: scores and areas in, tables out.

The photos are divided at random, many times, into a half that calibrates and a half that is tested.
On average over such draws a promise is kept by theory; what is measured is whether the photos obey
it (they do where they are drawn alike), how far a single draw strays, and what the sets cost.

Source: Angelopoulos and Bates 2023, "Conformal prediction: a gentle introduction", section 3 (the
check, and the Beta law of the coverage that one calibration gives); own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta

from geocore.evaluation.conformal import (
    EPSILON,
    LEVELS,
    grouped_thresholds,
    is_like,
    threshold,
    true_scores,
)

N_SPLITS = 20
CURVE_LEVELS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.975)
"""Of the curve of recall against area; LEVELS are among them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredPhotos:
    """Photos with known places, scored.

    Attributes:
        scores: float (n_photos, n_cells), from `geocore.evaluation.conformal.label_scores`.
        y_true: int (n_photos,), position of the true cell; -1 outside all cells, never covered.
        areas: (n_cells, n_measures), such as area_km2 and land_km2 of each cell.
        cell_groups: (n_cells,), where groups calibrate apart: the group of each cell.
        photo_groups: (n_photos,), likewise: the group of each photo's own cell.
        domains: names (n_photos,), where photos are held against those of their domain alone
            (`geocore.evaluation.conformal.is_like`); None: against all.
        parts: per name bool (n_photos,), photos whose coverage is told beside that of all.
    """

    scores: np.ndarray
    y_true: np.ndarray
    areas: pd.DataFrame
    cell_groups: np.ndarray | None = None
    photo_groups: np.ndarray | None = None
    domains: np.ndarray | None = None
    parts: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit."""
        shape = self.scores.shape
        if len(shape) != 2 or self.y_true.shape != shape[:1] or shape[0] < 2:
            raise ValueError(
                "scores must be (n_photos, n_cells) and y_true (n_photos,) with at least two "
                f"photos, received {shape} and {self.y_true.shape}."
            )
        if len(self.areas) != shape[1]:
            raise ValueError(
                f"areas must have one row for each of {shape[1]} cells, received {len(self.areas)}."
            )


def measure_coverage(
    photos: ScoredPhotos,
    levels: tuple[float, ...] = LEVELS,
    *,
    n_splits: int = N_SPLITS,
    seed: int = 42,
) -> pd.DataFrame:
    """Coverage and size of the sets over random halves.

    Args:
        photos: with their scores.
        levels: promised coverages.
        n_splits: number of divisions into halves.
        seed: of the divisions.

    Returns:
        One row per level: level, coverage (mean over the divisions), coverage_sd, coverage_lowest
        and coverage_highest (of one division), n_cells (mean of the sets), per measure of `areas`
        the mean over the sets under its name and the mean over the divisions of their median under
        median_ + its name, and per part its coverage under coverage: + its name.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n_splits):
        known, tested = np.array_split(rng.permutation(len(photos.y_true)), 2)
        rows += _figures(photos, known, tested, levels)
    table = pd.DataFrame(rows).groupby("level")
    spread = table["coverage"].agg(["std", "min", "max"])
    spread.columns = pd.Index(["coverage_sd", "coverage_lowest", "coverage_highest"])
    return table.mean().join(spread).reset_index()


def coverage_table(measured: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Promised and seen coverage at LEVELS and the size of the sets, per head and method.

    Args:
        measured: per head and method a record whose "together" holds rows of `measure_coverage`.
    """
    rows = [
        {
            "head": head,
            "method": method,
            "promised %": f"{100 * row['level']:g}",
            "seen %": f"{100 * row['coverage']:.1f}",
            "of one half %": f"{100 * row['coverage_lowest']:.1f} to "
            f"{100 * row['coverage_highest']:.1f}",
            "million km2": f"{row['area_km2'] / 1e6:.1f}",
            "of land": f"{row['land_km2'] / 1e6:.1f}",
        }
        for head, methods in measured.items()
        for method, record in methods.items()
        for row in record["together"]
        if row["level"] in LEVELS
    ]
    return pd.DataFrame(rows)


def coverage_interval(n_photos: int, level: float) -> tuple[float, float]:
    """Where the coverage that one calibration of n photos gives lies, in 95 of 100 calibrations.

    Raises:
        ValueError: too few photos to promise that level at all.
    """
    rank = int(np.ceil((n_photos + 1) * level - EPSILON))
    if rank > n_photos:
        least = int(np.ceil(level / (1 - level) - EPSILON))
        raise ValueError(
            f"{n_photos} photos cannot promise a coverage of {level:.4g}, at least {least} are "
            "needed. Give more calibration photos or a lower level."
        )
    low, high = beta.ppf([0.025, 0.975], rank, n_photos + 1 - rank)
    return float(low), float(high)


def _figures(
    photos: ScoredPhotos, known: np.ndarray, tested: np.ndarray, levels: tuple[float, ...]
) -> list[dict[str, float]]:
    """One row of `measure_coverage` per level for one division."""
    yardstick = true_scores(photos.scores[known], photos.y_true[known])
    scores, y_true = photos.scores[tested], photos.y_true[tested]
    row, best = np.arange(len(tested)), scores.argmin(axis=1)
    own, is_assigned = np.maximum(y_true, 0), y_true >= 0
    areas = photos.areas.to_numpy(np.float32)
    parts = {f"coverage:{name}": part[tested] for name, part in photos.parts.items()}
    figures = []
    for level in levels:
        is_inside = scores <= _limits(photos, known, tested, yardstick, level)
        is_inside[row, best] = True
        is_covered = is_inside[row, own] & is_assigned
        sums = is_inside.astype(np.float32) @ areas
        found = {"level": level, "coverage": is_covered.mean(), "n_cells": is_inside.sum(1).mean()}
        for column, name in enumerate(photos.areas):
            found |= {name: sums[:, column].mean(), f"median_{name}": np.median(sums[:, column])}
        found |= {x: is_covered[part].mean() if part.any() else np.nan for x, part in parts.items()}
        figures.append(found)
    return figures


def _limits(
    photos: ScoredPhotos, known: np.ndarray, tested: np.ndarray, yardstick: np.ndarray, level: float
) -> float | np.ndarray:
    """The largest score inside: one for all, one per tested photo (n_tested, 1) or one per cell."""
    if photos.cell_groups is None or photos.photo_groups is None:
        return _limit_of_domain(photos, known, tested, yardstick, level)
    return grouped_thresholds(photos.cell_groups, yardstick, photos.photo_groups[known], level)


def _limit_of_domain(
    photos: ScoredPhotos, known: np.ndarray, tested: np.ndarray, yardstick: np.ndarray, level: float
) -> float | np.ndarray:
    if photos.domains is None:
        return threshold(yardstick, level)
    limits = np.full((len(tested), 1), threshold(yardstick, level))
    for domain in np.unique(photos.domains):
        own = is_like(photos.domains[known], domain)
        if own is not None:
            limits[photos.domains[tested] == domain] = threshold(yardstick[own], level)
    return limits
