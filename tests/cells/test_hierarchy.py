"""The forest of cells against the literal Algorithm 2."""

import numpy as np
import pytest

from geocore.cells import (
    CellGrid,
    build_hierarchy,
    dense_matrices,
    generate_cells,
    s2,
)
from geocore.errors import GridError
from tests import reference
from tests.cells.test_grid import clustered_points

SETTINGS = [
    {"t_min": 1, "t_max": 10},
    {"t_min": 5, "t_max": 20},
    {"t_min": 5, "t_max": 20, "policy": "preserve"},
    {"t_min": 2, "t_max": 20, "level_start": 2},
    {"t_min": 1, "t_max": 400, "level_start": 3, "level_end": 3},
]


@pytest.fixture(params=SETTINGS, ids=str)
def grid(request):
    return generate_cells(*clustered_points(), **request.param)


def literal_matrices(grid, epsilon):
    parent = dict(zip(grid.cells["cell_id"], grid.cells["parent"], strict=True))
    ids = dict(zip(grid.cells["token"], grid.cells["cell_id"], strict=True))
    parent = {cell: ids.get(token) for cell, token in parent.items()}
    return reference.algorithm_2(grid.leaves["cell_id"].tolist(), parent, epsilon)


@pytest.mark.parametrize("epsilon", [0.01, 0.0, 0.3])
def test_dense_matrices_equal_the_literal_algorithm(grid, epsilon):
    found = dense_matrices(build_hierarchy(grid), epsilon)
    expected = literal_matrices(grid, epsilon)
    assert len(found) == len(expected)
    for matrix, literal in zip(found, expected, strict=True):
        np.testing.assert_array_equal(matrix, literal)


def test_neutral_matrices_differ_only_below_the_leaves(grid):
    hierarchy = build_hierarchy(grid)
    pairs = zip(dense_matrices(hierarchy), dense_matrices(hierarchy, mode="neutral"), strict=True)
    for index, (literal, neutral) in enumerate(pairs):
        is_below = hierarchy.leaf_level < index
        assert (neutral[:, is_below] == 1).all()
        assert (literal[:, is_below] == 0.01).all()
        np.testing.assert_array_equal(neutral[:, ~is_below], literal[:, ~is_below])


def test_a_level_below_a_leaf_multiplies_by_one_in_mode_neutral():
    hierarchy = build_hierarchy(generate_cells(*clustered_points(), t_min=5, t_max=20))
    rng = np.random.default_rng(42)
    for index, matrix in enumerate(dense_matrices(hierarchy, mode="neutral")):
        probs = rng.dirichlet(np.ones(len(matrix)))
        is_below = hierarchy.leaf_level < index
        np.testing.assert_allclose((probs @ matrix)[is_below], 1)


def test_ancestors_are_the_s2_parents(grid):
    hierarchy = build_hierarchy(grid)
    leaf_ids = grid.leaves["cell_id"].to_numpy()
    assert hierarchy.ancestors.dtype == np.int32
    assert hierarchy.ancestors.shape == (grid.n_leaves, hierarchy.depth)
    for index, (level, own) in enumerate(zip(hierarchy.levels, hierarchy.cell_ids, strict=True)):
        position = hierarchy.ancestors[:, index]
        is_there = position >= 0
        np.testing.assert_array_equal(is_there, s2.level_of(leaf_ids) >= level)
        np.testing.assert_array_equal(own[position[is_there]], s2.parent(leaf_ids[is_there], level))


def test_levels_hold_every_cell_once_and_point_at_their_parents(grid):
    hierarchy = build_hierarchy(grid)
    assert sorted(np.concatenate(hierarchy.cell_ids)) == sorted(grid.cells["cell_id"])
    assert (hierarchy.parents[0] == -1).all()
    for index in range(1, hierarchy.depth):
        own, above = hierarchy.cell_ids[index], hierarchy.cell_ids[index - 1]
        expected = s2.parent(own, hierarchy.levels[index - 1])
        np.testing.assert_array_equal(above[hierarchy.parents[index]], expected)
    for leaf in range(hierarchy.n_leaves):
        own = hierarchy.cell_ids[hierarchy.leaf_level[leaf]]
        assert own[hierarchy.leaf_position[leaf]] == grid.leaves["cell_id"][leaf]


def test_a_grid_with_one_leaf_has_a_hierarchy():
    hierarchy = build_hierarchy(generate_cells([10.0], [20.0], t_min=1, t_max=5))
    assert (hierarchy.n_leaves, hierarchy.depth, hierarchy.levels) == (1, 1, (0,))
    assert hierarchy.ancestors.tolist() == [[0]]
    assert [matrix.tolist() for matrix in dense_matrices(hierarchy)] == [[[1.0]]]


def test_bad_settings_are_refused_in_words():
    hierarchy = build_hierarchy(generate_cells([10.0], [20.0], t_min=1, t_max=5))
    with pytest.raises(ValueError, match=r"Unknown mode 'exact'\. Known modes: literal, neutral"):
        dense_matrices(hierarchy, mode="exact")
    with pytest.raises(ValueError, match=r"epsilon must be in \[0, 1\), received 1\.5"):
        dense_matrices(hierarchy, epsilon=1.5)


def test_a_grid_without_cells_or_parents_is_refused_in_words():
    cells = generate_cells(*clustered_points(), t_min=5, t_max=20).cells
    with pytest.raises(GridError, match=r"at least one cell, received a grid without any"):
        build_hierarchy(CellGrid(cells[:0]))
    orphan = cells["token"][cells["level"] == 1].iloc[0]
    without_parent = CellGrid(
        cells[cells["token"] != s2.token(s2.parent(s2.from_token([orphan]), 0))[0]]
    )
    with pytest.raises(
        GridError, match=rf"needs its parent in the grid; that of '{orphan}' is not"
    ):
        build_hierarchy(without_parent)
