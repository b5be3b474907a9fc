"""Answers as plain data, and probs read off at a coarser level."""

import json

import numpy as np
import pytest

from geocore.cells import build_hierarchy, generate_cells, s2
from geocore.inference.prediction import PhotoFailure, Prediction, roll_up
from tests.inference.tiny_bundle import tiny_photos


@pytest.fixture(scope="module")
def grid():
    photos = tiny_photos(2000)
    return generate_cells(photos["lat"], photos["lng"], t_min=2, t_max=100)


@pytest.fixture
def prediction(grid):
    probs = np.zeros(grid.n_leaves, np.float32)
    probs[[4, 1]] = 0.75, 0.25
    return Prediction(photo="a.jpg", head="MC", lat=1.0, lng=2.0, probs=probs, leaves=grid.leaves)


def test_top_is_sorted_and_names_the_leaves(prediction, grid):
    top = prediction.top(3)
    assert list(top.columns) == ["token", "level", "place", "lat", "lng", "prob"]
    assert list(top["prob"]) == [0.75, 0.25, 0.0]
    assert list(top["token"])[:2] == list(grid.leaves["token"].iloc[[4, 1]])
    assert prediction.confidence == 0.75


def test_top_beyond_the_leaves_gives_all(prediction, grid):
    assert len(prediction.top(10**6)) == grid.n_leaves
    with pytest.raises(ValueError, match="number of cells must be at least 1, received 0"):
        prediction.top(0)


def test_rows_are_plain_json(prediction):
    row = json.loads(json.dumps(prediction.to_dict(top=2)))
    assert list(row) == ["photo", "head", "lat", "lng", "cell_km2", "cells"]
    assert list(row["cells"][0]) == ["token", "level", "place", "lat", "lng", "prob"]
    assert len(row["cells"]) == 2 and isinstance(row["cells"][0]["level"], int)
    assert PhotoFailure(photo="b", error="why").to_dict() == {"photo": "b", "error": "why"}


def test_every_level_conserves_probability(grid):
    hierarchy = build_hierarchy(grid)
    probs = np.random.default_rng(0).dirichlet(np.ones(grid.n_leaves), 5)
    assert hierarchy.depth >= 4
    for level in hierarchy.levels:
        cells, rolled = roll_up(probs, hierarchy, level)
        np.testing.assert_allclose(rolled.sum(axis=-1), 1, atol=1e-12)
        assert rolled.shape == (5, len(cells))
        assert (s2.level_of(cells) <= level).all()
        low, high = s2.id_range(cells)
        assert (low[1:] > high[:-1]).all()  # no overlap


def test_a_coarse_cell_is_the_sum_of_its_leaves(grid):
    hierarchy = build_hierarchy(grid)
    probs = np.random.default_rng(1).dirichlet(np.ones(grid.n_leaves))
    level = hierarchy.levels[1]
    cells, rolled = roll_up(probs, hierarchy, level)
    leaf_ids = grid.leaves["cell_id"].to_numpy(np.uint64)
    for cell, prob in zip(cells, rolled, strict=True):
        low, high = s2.id_range(np.array([cell]))
        inside = (leaf_ids >= low[0]) & (leaf_ids <= high[0])
        assert prob == pytest.approx(probs[inside].sum(), abs=1e-12)


def test_the_deepest_level_is_the_leaves_themselves(grid):
    hierarchy = build_hierarchy(grid)
    probs = np.random.default_rng(2).dirichlet(np.ones(grid.n_leaves))
    cells, rolled = roll_up(probs, hierarchy, hierarchy.levels[-1])
    order = np.argsort(grid.leaves["cell_id"].to_numpy(np.uint64))
    np.testing.assert_array_equal(cells, grid.leaves["cell_id"].to_numpy(np.uint64)[order])
    np.testing.assert_allclose(rolled, probs[order], atol=1e-15)


def test_bad_levels_and_shapes_are_refused(grid):
    hierarchy = build_hierarchy(grid)
    probs = np.ones(grid.n_leaves) / grid.n_leaves
    with pytest.raises(ValueError, match=r"one of the tree's, \d+ to \d+, received 31"):
        roll_up(probs, hierarchy, 31)
    with pytest.raises(ValueError, match=r"one value per leaf \(\d+\), received 3"):
        roll_up(np.ones(3), hierarchy, hierarchy.levels[0])
