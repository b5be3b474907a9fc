import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as sk_confusion
from sklearn.metrics import recall_score

from geocore.cells import build_hierarchy, generate_cells
from geocore.cells.s2 import parent
from geocore.evaluation.confusion import (
    balance_sentence,
    clustered_order,
    confusion_matrix,
    groups_at_level,
    largest_cells,
    leaf_recall,
    pair_balance,
    pair_counts,
    pair_means,
    prediction_balance,
    row_shares,
)
from tests.evaluation.made import made_probs


def test_agrees_with_scikit_learn_on_the_assigned_photos():
    y_true, y_prob = made_probs(300, n_unassigned=17)
    predicted = y_prob.argmax(axis=1)[17:]
    counts = confusion_matrix(y_true, y_prob, 7)
    assert (counts == sk_confusion(y_true[17:], predicted, labels=range(7))).all()
    expected = recall_score(y_true[17:], predicted, average=None, labels=range(7))
    np.testing.assert_allclose(leaf_recall(y_true, y_prob), expected)


def test_rows_are_the_truth_and_a_cell_without_photos_has_no_share():
    y_prob = np.array([[0.1, 0.9, 0.0], [0.8, 0.2, 0.0], [0.2, 0.7, 0.1]])
    counts = confusion_matrix(np.array([0, 0, 1]), y_prob)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    shares = row_shares(counts)
    assert shares[:2].tolist() == [[0.5, 0.5, 0], [0, 1, 0]]
    assert np.isnan(shares[2]).all()
    assert np.isnan(leaf_recall(np.array([0, 0, 1]), y_prob)[2])


def test_balance_names_the_over_predicted_cells_first():
    counts = np.array([[5, 0, 0], [3, 1, 0], [2, 0, 4]])
    table = prediction_balance(counts, ["north", "west", "south"])
    assert table["cell"].tolist() == ["north", "south", "west"]
    assert table.loc[0].tolist() == ["north", 10, 5, 5, 5]
    assert table["excess"].sum() == 0


TRUTH = np.array([0, 0, 1, 2, 2, -1])
PREDICTED = np.array([0, 1, 1, 0, 0, 2])


def test_pairs_by_hand():
    km = np.array([1.0, 10, 2, 30, 50, 900])
    assert pair_counts(TRUTH, PREDICTED, 3).tolist() == [[1, 1, 0], [0, 1, 0], [2, 0, 0]]
    means = pair_means(TRUTH, PREDICTED, km, 3)
    assert means[2, 0] == 40 and means[0, 1] == 10 and means[1, 1] == 2
    assert np.isnan(means[1, 0]) and np.isnan(means[2, 2])
    labels = ["a", "b", "c"]
    expected = prediction_balance(pair_counts(TRUTH, PREDICTED, 3), labels)
    assert pair_balance(TRUTH, PREDICTED, labels).equals(expected)


def test_the_largest_cells_keep_their_order():
    truth, predicted = np.array([5, 5, 5, 1, 3, -1]), np.array([5, 1, 1, 1, 0, 2])
    assert largest_cells(truth, predicted, 6, 2).tolist() == [1, 5]
    assert largest_cells(truth, predicted, 6, 10).tolist() == [0, 1, 2, 3, 4, 5]


def test_clusters_stay_together_and_the_largest_comes_first():
    """Two roots; within the second one two branches."""
    branches = np.array([[0, 0], [1, 1], [1, 2], [1, 1]])
    order = clustered_order(branches, np.array([5, 1, 9, 2]))
    assert order.tolist() == [2, 1, 3, 0]
    assert clustered_order(branches, np.array([50, 1, 9, 2])).tolist() == [0, 2, 1, 3]


def test_the_over_predicted_cells_in_words():
    counts = np.array([[5, 0, 0], [3, 1, 0], [2, 0, 4]])
    words = balance_sentence(prediction_balance(counts, ["north", "west", "south"]))
    expected = "Given as the answer too often: north (answer to 10 photos, place of 5)."
    assert words == expected
    assert "No cell" in balance_sentence(prediction_balance(np.eye(2, dtype=int), ["a", "b"]))


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(0)
    lat, lng = rng.normal(40, 15, 3000), rng.normal(10, 30, 3000)
    grid = generate_cells(lat, lng, t_min=10, t_max=300)
    return grid, build_hierarchy(grid), grid.assign(lat, lng)


def test_groups_follow_the_branches(world):
    grid, hierarchy, _ = world
    leaf_ids = grid.leaves["cell_id"].to_numpy()
    leaf_levels = grid.leaves["level"].to_numpy()
    assert len(set(leaf_levels)) > 1, "leaves must end at several levels for this to mean much"
    for depth, level in enumerate(hierarchy.levels):
        groups = groups_at_level(hierarchy.ancestors, hierarchy.cell_ids, depth)
        expected = parent(leaf_ids, np.minimum(leaf_levels, level))
        assert (groups.cell_ids[groups.group] == expected).all()
        assert (np.diff(groups.cell_ids.astype(float)) > 0).all(), "Hilbert order"
        assert (np.diff(groups.group) >= 0).all(), "in the order of the leaves"


def test_the_deepest_level_is_the_leaves_themselves(world):
    grid, hierarchy, _ = world
    groups = groups_at_level(hierarchy.ancestors, hierarchy.cell_ids, hierarchy.depth - 1)
    assert (groups.group == np.arange(grid.n_leaves)).all()


def test_rolling_up_conserves_probability_and_photos(world):
    grid, hierarchy, y_true = world
    y_prob = np.random.default_rng(1).dirichlet(np.ones(grid.n_leaves), len(y_true))
    n_assigned = (y_true >= 0).sum()
    assert n_assigned < len(y_true), "some photos must be UNASSIGNED for this to mean much"
    for depth in range(hierarchy.depth):
        groups = groups_at_level(hierarchy.ancestors, hierarchy.cell_ids, depth)
        labels, rolled = groups.roll_up(y_true, y_prob)
        np.testing.assert_allclose(rolled.sum(axis=1), 1)
        assert ((labels == -1) == (y_true == -1)).all()
        first = y_prob[:, groups.group == 0].sum(axis=1)
        np.testing.assert_allclose(rolled[:, 0], first)
        assert confusion_matrix(labels, rolled).sum() == n_assigned


def test_messages(world):
    _, hierarchy, _ = world
    with pytest.raises(ValueError, match=f"0 to {hierarchy.depth - 1}, received 99"):
        groups_at_level(hierarchy.ancestors, hierarchy.cell_ids, 99)
    groups = groups_at_level(hierarchy.ancestors, hierarchy.cell_ids, 0)
    with pytest.raises(ValueError, match=f"{hierarchy.n_leaves} leaves, received 7.*same grid"):
        groups.roll_up(*made_probs())
    with pytest.raises(ValueError, match="n = 8 columns, received 7"):
        confusion_matrix(*made_probs(), 8)
