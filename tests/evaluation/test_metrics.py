import numpy as np
import pytest
from sklearn import metrics as sk

from geocore.evaluation import metrics
from tests.evaluation.made import made_probs

# Three photos, three leaves, one of them UNASSIGNED: everything below was computed by hand.
Y_TRUE = np.array([0, 2, -1])
Y_PROB = np.array([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_agrees_with_scikit_learn(dtype):
    y_true, y_prob = made_probs(dtype=dtype)
    labels = range(y_prob.shape[1])
    for k in (1, 2, 5):
        expected = sk.top_k_accuracy_score(y_true, y_prob, k=k, labels=labels)
        assert metrics.top_k_accuracy(y_true, y_prob, k) == pytest.approx(expected, abs=1e-9)
    tolerance = 1e-9 if dtype is np.float64 else 1e-6
    assert metrics.log_loss(y_true, y_prob) == pytest.approx(
        sk.log_loss(y_true, y_prob, labels=labels), abs=tolerance
    )
    assert metrics.brier_score(y_true, y_prob) == pytest.approx(
        sk.brier_score_loss(y_true, y_prob, labels=labels, scale_by_half=False), abs=tolerance
    )


def test_loss_of_a_prob_that_underflowed_is_scikit_learns():
    y_prob = np.array([[0.0, 1.0], [0.5, 0.5]])
    expected = sk.log_loss([0, 1], y_prob, labels=[0, 1])
    assert metrics.log_loss(np.array([0, 1]), y_prob) == pytest.approx(expected, abs=1e-9)


def test_hand_computed_case():
    assert metrics.true_ranks(Y_TRUE, Y_PROB).tolist() == [0, 2, metrics.NEVER]
    assert metrics.top_k_accuracy(Y_TRUE, Y_PROB, 1) == pytest.approx(1 / 3)
    assert metrics.top_k_accuracy(Y_TRUE, Y_PROB, 3) == pytest.approx(2 / 3)
    assert metrics.log_loss(Y_TRUE, Y_PROB) == pytest.approx(-(np.log(0.5) + np.log(0.1)) / 2)
    assert metrics.brier_score(Y_TRUE, Y_PROB) == pytest.approx((0.38 + 1.26) / 2)
    assert metrics.improvement_over_random(1 / 3, 3) == pytest.approx(1)
    assert metrics.uniform_log_loss(3) == pytest.approx(1.0986122886681098)


def test_an_unassigned_photo_is_wrong_even_when_every_leaf_may_be_named():
    assert metrics.top_k_accuracy(Y_TRUE, Y_PROB, 1000) == pytest.approx(2 / 3)


def test_of_equal_probs_the_first_leaf_wins():
    y_prob = np.full((3, 3), 1 / 3)
    assert metrics.true_ranks(np.array([0, 1, 2]), y_prob).tolist() == [0, 1, 2]


def test_baselines():
    y_true = np.array([0, 0, 1, -1])
    prior = np.array([0.25, 0.75])
    assert metrics.majority_accuracy(y_true, prior) == 0.25
    assert metrics.gini_accuracy(y_true, prior) == pytest.approx((0.25 + 0.25 + 0.75) / 4)
    own = np.array([2 / 3, 1 / 3])
    assert metrics.gini_accuracy(y_true[:3], own) == pytest.approx((own**2).sum())


def test_permuting_the_classes_changes_nothing():
    y_true, y_prob = made_probs(n_unassigned=9)
    order = np.random.default_rng(1).permutation(y_prob.shape[1])
    renamed = np.where(y_true >= 0, np.argsort(order)[y_true], -1)
    for measure in (metrics.log_loss, metrics.brier_score):
        assert measure(renamed, y_prob[:, order]) == pytest.approx(measure(y_true, y_prob))
    same = metrics.true_ranks(renamed, y_prob[:, order]) == metrics.true_ranks(y_true, y_prob)
    assert same.all()


def test_no_assigned_photo_has_no_loss():
    assert np.isnan(metrics.log_loss(np.array([-1, -1]), Y_PROB[:2]))
    assert np.isnan(metrics.brier_score(np.array([-1, -1]), Y_PROB[:2]))


def test_figures_of_distances():
    error_km = np.array([0.0, 1492.7, 200.0, 20000.0])
    expected = (
        5000 + 5000 / np.e + 5000 * np.exp(-200 / 1492.7) + 5000 * np.exp(-20000 / 1492.7)
    ) / 4
    assert metrics.geoscore(error_km) == pytest.approx(expected)
    assert metrics.share_within_km(error_km, 200) == 0.5
    assert metrics.median_km(error_km) == pytest.approx((200 + 1492.7) / 2)


@pytest.mark.parametrize(
    ("y_true", "y_prob", "message"),
    [
        (
            [0, 1],
            [[0.5, 0.5], [0.9, 0.3]],
            r"sum to 1 \(within 0.001\), received a sum of 1.2 .*row 1",
        ),
        ([0], [[1.2, -0.2]], "smallest value of -0.2 in row 0"),
        ([0], [[np.nan, 1.0]], "sum of nan"),
        ([0, 1], [[0.5, 0.5]], r"received \(2,\) and \(1, 2\)"),
        ([], np.zeros((0, 2)), "at least one photo"),
        ([2], [[0.5, 0.5]], "0 to 1 .*received 2 to 2.*same grid"),
        ([-2], [[0.5, 0.5]], "received -2 to -2"),
        ([0.5], [[0.5, 0.5]], "must hold integers, received float64"),
    ],
)
def test_arrays_that_cannot_be_meant_are_refused(y_true, y_prob, message):
    with pytest.raises(ValueError, match=message):
        metrics.log_loss(np.array(y_true), np.array(y_prob))


@pytest.mark.parametrize(
    ("error_km", "message"),
    [
        ([1.0, np.nan], "finite and at least 0, received nan in row 1"),
        ([-1.0], "received -1.0"),
        ([], r"n_photos >= 1, received \(0,\)"),
        ([[1.0]], r"received \(1, 1\)"),
    ],
)
def test_distances_that_cannot_be_meant_are_refused(error_km, message):
    with pytest.raises(ValueError, match=message):
        metrics.geoscore(np.array(error_km))


def test_k_must_be_at_least_one():
    with pytest.raises(ValueError, match="k must be at least 1, received 0"):
        metrics.top_k_accuracy(Y_TRUE, Y_PROB, 0)
