"""Inference stage: the places of the training photos as candidates for the one best point."""

import pandas as pd

from geocore.cells import CellGrid
from geocore.evaluation.points import PointTable, build_point_table
from geocore.inference.bundle import Bundle


def training_point_table(grid: CellGrid, photos: pd.DataFrame) -> PointTable:
    """What each training place is worth as an answer where a leaf is the truth.

    Args:
        grid: cells of the bundle.
        photos: table as in photos.parquet. Photos of reduced weight (column weight, if there is
            one) are left out: they stand crowded where their photo set was collected.

    Returns:
        See `geocore.evaluation.points.build_point_table`.
    """
    training = photos[photos["split"] == "train"]
    if "weight" in training and len(training):
        training = training[training["weight"] >= training["weight"].max()]
    leaves = grid.leaves
    return build_point_table(
        leaves["lat"].to_numpy(),
        leaves["lng"].to_numpy(),
        training["lat"].to_numpy(),
        training["lng"].to_numpy(),
        training["class_index"].to_numpy(),
    )


def point_sharpness(bundle: Bundle) -> float:
    """The power that probs are raised to before a point is weighed up, as for single photos."""
    evidence = bundle.config.get("evidence", {})
    if not evidence.get("is_used"):
        return 1.0
    return float(bundle.report.get("point_sharpness") or evidence.get("point_sharpness", 1.0))
