"""Neighbours against a walk just outside each border, and the table of the leaves."""

import numpy as np
import pytest

from geocore.analysis.cell_details import cell_table, neighbouring_leaves
from geocore.cells import generate_cells, s2
from geocore.cells.geodesy import lat_lng, unit_vectors


@pytest.fixture(scope="module")
def grid():
    rng = np.random.default_rng(1)
    lat = np.concatenate([rng.uniform(-85, 85, 600), rng.normal(46, 2, 600)])
    lng = np.concatenate([rng.uniform(-180, 180, 600), rng.normal(8, 2, 600)])
    return generate_cells(lat, lng, t_min=6, t_max=60)


def found_outside(grid, class_index: int) -> set[int]:
    """Leaves met on a walk round a leaf, a hair outside its border, corners left out."""
    cell = grid.leaves["cell_id"].to_numpy()[[class_index]]
    corners = unit_vectors(*s2.vertices(cell)[0].T)
    middle = unit_vectors(*s2.centers(cell))
    steps = np.linspace(0.001, 0.999, 800)[:, None, None]
    edges = (corners * (1 - steps) + np.roll(corners, -1, axis=0) * steps).reshape(-1, 3)
    outside = edges + 1e-6 * (edges - middle)
    met = grid.assign(*lat_lng(outside))
    return set(met[met >= 0].tolist()) - {class_index}


def test_neighbours_are_those_met_outside_the_border(grid):
    levels = grid.leaves["level"]
    assert levels.nunique() > 2  # larger and smaller neighbours occur
    for class_index in range(grid.n_leaves):
        near = neighbouring_leaves(grid.leaves, class_index)
        assert set(near.tolist()) == found_outside(grid, class_index)


def test_an_unknown_leaf_is_refused(grid):
    with pytest.raises(ValueError, match=f"0 to {grid.n_leaves - 1}, received -1"):
        neighbouring_leaves(grid.leaves, -1)


def test_the_table_has_area_share_and_recall_per_head(grid):
    n = grid.n_leaves
    y_true = np.array([0, 0, 1, -1])
    probs = np.full((4, n), 0.5 / (n - 1))
    probs[:, 0] = 0.5
    table = cell_table(grid.leaves, {"MC": (y_true, probs)})
    assert table["share"].sum() == pytest.approx(1)
    assert table["n_held_out"].tolist()[:3] == [2, 1, 0]
    assert table["recall MC"].tolist()[:2] == [1, 0] and np.isnan(table["recall MC"][2])
    assert (table["area_km2"] > 0).all()
    assert list(table["token"]) == list(grid.leaves["token"])


def test_without_heads_nothing_is_held_out(grid):
    assert cell_table(grid.leaves, {})["n_held_out"].eq(0).all()
