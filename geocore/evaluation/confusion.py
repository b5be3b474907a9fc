"""Which cells are taken for which, at any level of the hierarchy.

Stage: evaluation. It must not know models, grids or photos: arrays in, counts out.

Cells are numbered along the Hilbert curve, so neighbours stand side by side and mistakes between
neighbours lie near the diagonal. At a coarser level the probs of a cell's leaves are added up, and
the cell with the largest sum is the one predicted: that need not be the parent of the most
probable leaf. A leaf that ends above the chosen level stands for itself.

Source: thesis sections 6.6 and 8.2 ("hierarchy-based confusion matrix").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geocore.evaluation.checks import check_probs


@dataclass(frozen=True, kw_only=True)
class LevelGroups:
    """The leaves gathered under the cells of one level.

    Attributes:
        group: int (n_leaves,), position of each leaf's cell, 0 to n_groups - 1 in Hilbert order.
        cell_ids: uint64 (n_groups,), S2 id of each cell.
    """

    group: np.ndarray
    cell_ids: np.ndarray

    def roll_up(self, y_true: np.ndarray, y_prob: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels (n_photos,) and probs (n_photos, n_groups) of the cells of this level.

        Raises:
            ValueError: probs of another number of leaves.
        """
        y_true, y_prob = check_probs(y_true, y_prob)
        if y_prob.shape[1] != len(self.group):
            raise ValueError(
                f"y_prob must have one column for each of the {len(self.group)} leaves, received "
                f"{y_prob.shape[1]}. Do probs and hierarchy come from the same grid?"
            )
        members = np.arange(len(self.cell_ids)) == self.group[:, None]
        labels = np.where(y_true >= 0, self.group[np.maximum(y_true, 0)], y_true)
        return labels, y_prob @ members.astype(y_prob.dtype)


def groups_at_level(
    ancestors: np.ndarray, cell_ids: Sequence[np.ndarray], depth: int
) -> LevelGroups:
    """Gather the leaves under the cells of one level.

    Args:
        ancestors: int (n_leaves, n_levels), position of each leaf's branch at each level, -1 below
            the leaf.
        cell_ids: per level, the uint64 ids of its cells.
        depth: index of the level, 0 (the roots) to n_levels - 1 (every leaf for itself).

    Raises:
        ValueError: depth outside the levels.
    """
    if not 0 <= depth < ancestors.shape[1]:
        raise ValueError(f"depth must lie in 0 to {ancestors.shape[1] - 1}, received {depth}.")
    within = ancestors[:, : depth + 1]
    ids = np.empty(len(within), dtype=np.uint64)
    for positions, of_level in zip(within.T, cell_ids, strict=False):
        reached = positions >= 0
        ids[reached] = of_level[positions[reached]]
    unique, group = np.unique(ids, return_inverse=True)
    return LevelGroups(group=group.reshape(-1), cell_ids=unique)


def confusion_matrix(y_true: np.ndarray, y_prob: np.ndarray, n: int | None = None) -> np.ndarray:
    """How many photos of each cell were predicted as which; UNASSIGNED photos are left out.

    Args:
        y_true: int (n_photos,), cell or UNASSIGNED.
        y_prob: float (n_photos, n_cells), rows sum to 1.
        n: n_cells, checked where given.

    Returns:
        int64 (n_cells, n_cells); rows are the truth, columns the prediction.

    Raises:
        ValueError: n is not the number of columns of y_prob.
    """
    y_true, y_prob = check_probs(y_true, y_prob)
    n_cells = y_prob.shape[1]
    if n is not None and n != n_cells:
        raise ValueError(f"y_prob must have n = {n} columns, received {n_cells}.")
    return pair_counts(y_true, y_prob.argmax(axis=1), n_cells)


def pair_counts(truth: np.ndarray, predicted: np.ndarray, n_cells: int) -> np.ndarray:
    """`confusion_matrix` from the cells themselves: truth and predicted int (n_photos,)."""
    pairs = np.asarray(truth, np.int64) * n_cells + predicted
    return np.bincount(pairs[truth >= 0], minlength=n_cells**2).reshape(n_cells, n_cells)


def pair_means(
    truth: np.ndarray, predicted: np.ndarray, values: np.ndarray, n_cells: int
) -> np.ndarray:
    """Mean of a value per photo, such as its error in km, for each pair of cells.

    Args:
        truth: int (n_photos,), cell or UNASSIGNED (left out).
        predicted: int (n_photos,), cell.
        values: float (n_photos,).
        n_cells: number of cells.

    Returns:
        float64 (n_cells, n_cells); NaN where no photo of that pair is.
    """
    pairs = np.asarray(truth, np.int64) * n_cells + predicted
    assigned = truth >= 0
    sums = np.bincount(pairs[assigned], np.asarray(values)[assigned], n_cells**2)
    counts = np.bincount(pairs[assigned], minlength=n_cells**2)
    means = np.divide(sums, counts, out=np.full(n_cells**2, np.nan), where=counts > 0)
    return means.reshape(n_cells, n_cells)


def largest_cells(truth: np.ndarray, predicted: np.ndarray, n_cells: int, limit: int) -> np.ndarray:
    """The cells that most photos were taken in or answered with, in their own order.

    Args:
        truth: int (n_photos,), cell or UNASSIGNED (left out).
        predicted: int (n_photos,), cell.
        n_cells: number of cells.
        limit: how many to keep; a matrix of more can neither be read nor drawn in time.

    Returns:
        int (at most limit,), rising.
    """
    assigned = truth >= 0
    n_photos = np.bincount(truth[assigned], minlength=n_cells)
    n_photos = n_photos + np.bincount(predicted[assigned], minlength=n_cells)
    return np.sort(np.argsort(-n_photos, kind="stable")[:limit])


def clustered_order(branches: np.ndarray, n_photos: np.ndarray) -> np.ndarray:
    """Cells in the order of the hierarchy, the branch with most photos first at every level.

    Cells of one branch stay together at every level, as along the Hilbert curve; but where the
    curve begins with whatever face of the cube comes first, this begins with what matters most.

    Args:
        branches: int (n_cells, n_levels), the branch of each cell at each level, coarsest first.
        n_photos: int (n_cells,).

    Returns:
        int (n_cells,), positions of the cells in their new order.

    Source: thesis section 8.2 ("hierarchy-based confusion matrix"); the order is own.
    """
    keys: list[np.ndarray] = []
    for branch in branches.T:
        totals = np.bincount(branch, n_photos, minlength=int(branch.max(initial=0)) + 1)
        keys += [-totals[branch], branch]
    return np.lexsort(keys[::-1]) if keys else np.arange(len(n_photos))


def row_shares(counts: np.ndarray) -> np.ndarray:
    """Each row of a confusion matrix as shares of its photos; NaN where a cell has no photo."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)


def leaf_recall(y_true: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    """Share of each leaf's photos that were predicted right, float (n_leaves,); NaN without photos.

    Arguments as `confusion_matrix`.
    """
    return np.diagonal(row_shares(confusion_matrix(y_true, y_prob))).copy()


def prediction_balance(counts: np.ndarray, labels: Sequence[str]) -> pd.DataFrame:
    """Cells by how much more often they are predicted than true, most over-predicted first.

    Args:
        counts: int (n_cells, n_cells), from `confusion_matrix`.
        labels: a name per cell.

    Returns:
        Columns cell, predicted, taken_there (numbers of photos), excess (predicted minus taken
        there), right (of those predicted, how many were right).
    """
    return _balance(labels, counts.sum(axis=0), counts.sum(axis=1), np.diagonal(counts))


def pair_balance(truth: np.ndarray, predicted: np.ndarray, labels: Sequence[str]) -> pd.DataFrame:
    """`prediction_balance` from the cells themselves, without their matrix.

    Args:
        truth: int (n_photos,), cell or UNASSIGNED (left out).
        predicted: int (n_photos,), cell.
        labels: a name per cell.
    """
    n, assigned = len(labels), truth >= 0
    truth, predicted = truth[assigned], predicted[assigned]
    taken, named, right = (
        np.bincount(cells, minlength=n) for cells in (truth, predicted, truth[truth == predicted])
    )
    return _balance(labels, named, taken, right)


def _balance(
    labels: Sequence[str], predicted: np.ndarray, taken: np.ndarray, right: np.ndarray
) -> pd.DataFrame:
    table = pd.DataFrame(
        {"cell": list(labels), "predicted": predicted, "taken_there": taken,
         "excess": predicted - taken, "right": right}
    )  # fmt: skip
    return table.sort_values("excess", ascending=False, kind="stable", ignore_index=True)


def balance_sentence(balance: pd.DataFrame, n_named: int = 3) -> str:
    """The cells given as the answer too often, in words.

    Args:
        balance: from `prediction_balance`.
        n_named: how many cells to name at most.
    """
    worst = balance[balance["excess"] > 0].head(n_named)
    if worst.empty:
        return "No cell is the answer to more photos than were taken there."
    cells = "; ".join(
        f"{row.cell} (answer to {row.predicted:,} photos, place of {row.taken_there:,})"
        for row in worst.itertuples(index=False)
    )
    return f"Given as the answer too often: {cells}."
