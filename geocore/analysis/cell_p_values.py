"""Conformal p-value of every cell of the tree, and of the cells that hold a claimed place.

Stage: analysis. It must not know pages or what a verdict is.

A leaf's p-value: if the photo is from there and drawn like the calibration photos, a p-value this
small or smaller turns up with at most that probability. "The photo is from an inner cell" means
from one of its leaves, so that its p-value is the largest of theirs: valid (if anything too
large), and never smaller than that of a cell inside it. By the same rule a leaf's p-value is the
largest of its pieces' where a method takes cells in pieces.

Source: Vovk et al. 2005; the largest over a union: own, as for any composite hypothesis.
"""

import numpy as np
import pandas as pd

from geocore.analysis.search_area import leaf_p_values
from geocore.cells import UNASSIGNED, s2
from geocore.cells.checks import check_coordinates
from geocore.evaluation.conformal import LIKELIHOOD
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction, merged_cells
from geocore.inference.search_calibration import SearchCalibration, load_calibration

P_COLUMNS = ("token", "level", "class_index", "place", "prob", "p_value", "rank", "n_cells")
OUTSIDE = "outside all cells"


def cell_p_values(
    prediction: Prediction,
    bundle: Bundle,
    *,
    method: str = LIKELIHOOD,
    by_continent: bool = False,
    calibration: SearchCalibration | None = None,
) -> pd.DataFrame:
    """p-value of every cell, inner ones and leaves.

    Args:
        prediction: of one head for one photo.
        bundle: that it comes from.
        method: key of `geocore.evaluation.conformal.METHODS`; the default has the most power
            against false claims.
        by_continent: hold each leaf against the calibration photos of its continent alone.
        calibration: other than the bundle's own.

    Returns:
        One row per cell, columns P_COLUMNS, by (level, cell): class_index is UNASSIGNED for inner
        cells; prob is the sum over the cell's leaves; rank is its place by prob among the n_cells
        cells that remain when all below its level are merged, 1 the most probable.
    """
    calibration = calibration or load_calibration(bundle)
    p = leaf_p_values(prediction, calibration, method, by_continent=by_continent)
    tree, places = bundle.hierarchy, bundle.grid.cells.set_index("cell_id")
    tables = []
    for level, own in zip(tree.levels, tree.cell_ids, strict=True):
        ids, cell_of_leaf = merged_cells(tree, level)
        prob = np.bincount(cell_of_leaf, prediction.probs, len(ids))
        largest = np.zeros(len(ids))
        np.maximum.at(largest, cell_of_leaf, p)
        rank = np.empty(len(ids), np.int64)
        rank[np.argsort(-prob, kind="stable")] = np.arange(1, len(ids) + 1)
        is_own = np.isin(ids, own)
        table = {"cell_id": ids, "prob": prob, "p_value": largest, "rank": rank}
        tables.append(pd.DataFrame(table)[is_own].assign(level=level, n_cells=len(ids)))
    cells = pd.concat(tables, ignore_index=True)
    known = places.loc[cells["cell_id"], ["token", "class_index", "place"]].reset_index(drop=True)
    return pd.concat([cells, known], axis=1)[list(P_COLUMNS)]


def place_p_values(
    lat: float,
    lng: float,
    prediction: Prediction,
    bundle: Bundle,
    *,
    method: str = LIKELIHOOD,
    by_continent: bool = False,
    calibration: SearchCalibration | None = None,
) -> pd.DataFrame:
    """p-values of the cells that hold a point, from the root to the leaf.

    Args:
        lat: degrees.
        lng: degrees.
        prediction: as in `cell_p_values`.
        bundle: as there.
        method: as there.
        by_continent: as there.
        calibration: as there.

    Returns:
        Rows of `cell_p_values`, the coarsest first. A point outside all leaves has a last row with
        token "" and place OUTSIDE: its p-value is the share of calibration photos, the photo itself
        counted in, that were taken outside all cells.

    Raises:
        ValueError: a coordinate is missing or out of range.
    """
    calibration = calibration or load_calibration(bundle)
    point = s2.cell_ids(*check_coordinates([lat], [lng]))
    cells = cell_p_values(
        prediction, bundle, method=method, by_continent=by_continent, calibration=calibration
    )
    first, last = s2.id_range(s2.from_token(cells["token"]))
    branch = cells[(first <= point) & (point <= last)].reset_index(drop=True)
    if (branch["class_index"] != UNASSIGNED).any():
        return branch
    return pd.concat([branch, outside_row(bundle, calibration)], ignore_index=True)


def outside_row(bundle: Bundle, calibration: SearchCalibration) -> pd.DataFrame:
    """The last row of `place_p_values` for a point outside all leaves."""
    row = {"token": "", "level": -1, "class_index": UNASSIGNED, "place": OUTSIDE, "prob": 0.0}
    row |= {"p_value": calibration.p_outside, "rank": -1, "n_cells": bundle.grid.n_leaves}
    return pd.DataFrame([row])
