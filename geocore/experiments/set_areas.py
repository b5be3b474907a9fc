"""Search areas of one photo set that is calibrated and tested by itself, over all folds.

Belongs to `geocore.experiments.folds`; no formula of its own. A promise made on photos of several
kinds is kept on average over the kinds; made on one kind, it should be kept on that.
"""

from typing import Any

import pandas as pd

from geocore.cells import CellGrid
from geocore.cells.place_names import PlaceNamer
from geocore.evaluation.conformal import APS, LEAST_AREA, LEVELS
from geocore.inference.calibrating import measure_predictions

_KEPT = ("level", "coverage", "coverage_lowest", "coverage_highest", "area_km2")


def set_areas(
    rows: pd.DataFrame, photos: pd.DataFrame, grid: CellGrid, namer: PlaceNamer
) -> dict[str, Any]:
    """Coverage and size on 20 random halves of the first tested set, calibrated on the others.

    Args:
        rows: answers of heads in one repeat, rows of predictions.parquet with the column head.
        photos: the tested photos; the first is of the set that is measured.
        grid: the cells.
        namer: of places and countries.

    Returns:
        photo_set, n_photos, and heads: per head and method (LEAST_AREA, APS) a row per level of
        LEVELS, with the keys level, coverage (mean), coverage_lowest, coverage_highest, area_km2.
    """
    name = photos["photo_set"].iloc[0]
    own = rows[rows["photo_set"] == name].sort_values("photo_id")
    answers = {str(head): x.reset_index(drop=True) for head, x in own.groupby("head", sort=False)}
    placed = grid.assign(photos["lat"].to_numpy(), photos["lng"].to_numpy())
    learned = photos.assign(split="train", class_index=placed)
    measured = measure_predictions(answers, grid, learned, namer)
    return {
        "photo_set": str(name),
        "n_photos": len(next(iter(answers.values()))),
        "heads": {
            head: {method: _short(methods[method]) for method in (LEAST_AREA, APS)}
            for head, methods in measured.items()
        },
    }


def _short(record: dict[str, Any]) -> list[dict[str, float]]:
    rows = {row["level"]: row for row in record["together"]}
    return [{key: rows[level][key] for key in _KEPT} for level in LEVELS]
