"""What there is to say about single leaves: area, neighbours, and how well each head knows them.

Stage: analysis. Cells, class indices and probs in, plain tables out. It must not know bundles or
pages.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.cells import s2
from geocore.evaluation.confusion import leaf_recall


def neighbouring_leaves(leaves: pd.DataFrame, class_index: int) -> NDArray[np.int64]:
    """Class indices of the leaves that share a border with one leaf, larger and smaller ones too.

    Args:
        leaves: `CellGrid.leaves`, ordered by class index.
        class_index: the leaf, 0 to n_leaves - 1.

    Raises:
        ValueError: no such leaf.

    Source: own.
    """
    if not 0 <= class_index < len(leaves):
        raise ValueError(f"class_index must lie in 0 to {len(leaves) - 1}, received {class_index}.")
    ids = leaves["cell_id"].to_numpy()
    touching = _touch_from(ids[class_index], ids) | _touched_by(ids[class_index], ids)
    touching[class_index] = False
    return np.flatnonzero(touching)


def cell_table(
    leaves: pd.DataFrame, probs_per_head: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> pd.DataFrame:
    """One row per leaf: its cell, area, share of the photos, and recall of each head.

    Args:
        leaves: `CellGrid.leaves`, ordered by class index.
        probs_per_head: per head the true class indices (n_photos,) of the held-out photos and
            their probs (n_photos, n_leaves).

    Returns:
        Columns class_index, place, n_photos, share, level, area_km2, n_held_out, one `recall HEAD`
        per head (NaN where no held-out photo lies in the leaf), lat, lng, token, cell_id.

    Source: own.
    """
    table = leaves[["class_index", "place", "n_photos"]].assign(
        share=leaves["n_photos"] / max(leaves["n_photos"].sum(), 1),
        level=leaves["level"],
        area_km2=s2.cell_area_km2(leaves["cell_id"]),
        n_held_out=0,
    )
    for head, (y_true, y_prob) in probs_per_head.items():
        table["n_held_out"] = np.bincount(y_true[y_true >= 0], minlength=len(leaves))
        table[f"recall {head}"] = leaf_recall(y_true, y_prob)
    return table.join(leaves[["lat", "lng", "token", "cell_id"]])


def _touch_from(cell: np.uint64, ids: np.ndarray) -> NDArray[np.bool_]:
    """Leaves at the cell's level or above that hold one of its four neighbours."""
    neighbours = s2.edge_neighbors(cell)[0]
    first, last = s2.id_range(ids)
    return _any(first[:, None] <= neighbours, neighbours <= last[:, None])


def _touched_by(cell: np.uint64, ids: np.ndarray) -> NDArray[np.bool_]:
    """Leaves one of whose own neighbours lies inside the cell."""
    first, last = s2.id_range(cell)
    neighbours = s2.edge_neighbors(ids)
    return _any(first <= neighbours, neighbours <= last)


def _any(above: NDArray[np.bool_], below: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(np.any(above & below, axis=1))
