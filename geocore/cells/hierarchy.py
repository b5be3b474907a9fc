"""The forest of cells as plain arrays, and Algorithm 2's matrices (stage: cells).

Knows nothing about models or photos.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geocore.cells import s2
from geocore.cells.grid import CellGrid
from geocore.errors import GridError

MODES = ("literal", "neutral")
NO_ANCESTOR = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Hierarchy:
    """Which cell lies under which, level by level from the roots to the deepest leaves.

    Attributes:
        levels: S2 level of each step of the hierarchy, consecutive.
        cell_ids: Per level, the ids of its cells, inner ones and leaves, sorted.
        parents: Per level, the position of each cell's parent among the cells of the level above;
            -1 for the roots.
        leaf_level: For each leaf `(n_leaves,)`, the index into `levels` at which it ends.
        leaf_position: For each leaf `(n_leaves,)`, its position among the cells of that level.
    """

    levels: tuple[int, ...]
    cell_ids: tuple[s2.IdArray, ...]
    parents: tuple[s2.IntArray, ...]
    leaf_level: s2.IntArray
    leaf_position: s2.IntArray

    @property
    def n_leaves(self) -> int:
        """Number of leaves, that is of classes."""
        return len(self.leaf_level)

    @property
    def depth(self) -> int:
        """Number of levels."""
        return len(self.levels)

    @cached_property
    def ancestors(self) -> NDArray[np.int32]:
        """Position of each leaf's branch at each level, `(n_leaves, depth)`; -1 below the leaf.

        At the leaf's own level it is the leaf itself.
        """
        found = np.full((self.n_leaves, self.depth), NO_ANCESTOR, dtype=np.int32)
        position = np.full(self.n_leaves, NO_ANCESTOR)
        for index in range(self.depth - 1, -1, -1):
            position = np.where(self.leaf_level == index, self.leaf_position, position)
            found[:, index] = position
            position = np.where(position >= 0, self.parents[index][position], NO_ANCESTOR)
        return found


def build_hierarchy(grid: CellGrid) -> Hierarchy:
    """Arrange the cells of a grid by level.

    A grid with a single leaf has a hierarchy too, though there is nothing to learn from it.

    Raises:
        GridError: If the grid has no cell, or if a cell's parent is not in the grid.
    """
    cells = grid.cells
    if cells.empty:
        raise GridError("A hierarchy needs at least one cell, received a grid without any.")
    levels = tuple(range(int(cells["level"].min()), int(cells["level"].max()) + 1))
    cell_ids = tuple(
        np.sort(cells["cell_id"][cells["level"] == level].to_numpy()) for level in levels
    )
    above = (None, *cell_ids[:-1])
    parents = tuple(_parent_positions(own, up) for own, up in zip(cell_ids, above, strict=True))
    leaf_ids = grid.leaves["cell_id"].to_numpy()
    leaf_level = grid.leaves["level"].to_numpy(dtype=np.int64) - levels[0]
    leaf_position = np.empty(len(leaf_ids), dtype=np.int64)
    for index, own in enumerate(cell_ids):
        is_here = leaf_level == index
        leaf_position[is_here] = np.searchsorted(own, leaf_ids[is_here])
    return Hierarchy(
        levels=levels,
        cell_ids=cell_ids,
        parents=parents,
        leaf_level=leaf_level,
        leaf_position=leaf_position,
    )


def dense_matrices(
    hierarchy: Hierarchy, epsilon: float = 0.01, mode: str = "literal"
) -> list[NDArray[np.float64]]:
    """Algorithm 2: per level, how much each of its cells counts for each leaf.

    1 where the cell lies on the leaf's branch, `epsilon` elsewhere. At a level below a leaf the
    whole column is `epsilon` in mode `literal`, which divides the leaf's product by 100 for each
    missing level; in mode `neutral` it is 1, and since a level's probs sum to 1 the product keeps
    its value. These matrices are the readable reference; the heads gather instead.

    Returns:
        One matrix `(n_cells_at_level, n_leaves)` per level.

    Raises:
        ValueError: If the mode is unknown or epsilon is not in [0, 1).

    Source: thesis algorithm 2 (`literal`); `neutral` is ours.
    """
    if mode not in MODES:
        raise ValueError(f"Unknown mode {mode!r}. Known modes: {', '.join(MODES)}.")
    if not 0 <= epsilon < 1:
        raise ValueError(f"epsilon must be in [0, 1), received {epsilon}.")
    matrices = []
    for index, own in enumerate(hierarchy.cell_ids):
        ancestor = hierarchy.ancestors[:, index]
        matrix = np.where(ancestor == np.arange(len(own))[:, None], 1.0, epsilon)
        if mode == "neutral":
            matrix[:, ancestor == NO_ANCESTOR] = 1.0
        matrices.append(matrix)
    return matrices


def _parent_positions(own: s2.IdArray, above: s2.IdArray | None) -> s2.IntArray:
    if above is None:
        return np.full(len(own), NO_ANCESTOR, dtype=np.int64)
    parents = s2.parent(own, s2.level_of(above[:1]))
    position = np.searchsorted(above, parents)
    is_missing = above[np.minimum(position, len(above) - 1)] != parents
    if is_missing.any():
        orphan = s2.token(own[is_missing][:1])[0]
        raise GridError(
            f"Every cell below the roots needs its parent in the grid; that of {orphan!r} is not."
        )
    return position
