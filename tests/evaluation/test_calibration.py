import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from geocore.evaluation import calibration
from tests.evaluation.made import made_probs


def probs_of(confidences, n_leaves=11):
    """One row per confidence: leaf 0 has it, the others share the rest."""
    confidences = np.asarray(confidences)
    rest = np.repeat(((1 - confidences) / (n_leaves - 1))[:, None], n_leaves - 1, axis=1)
    return np.column_stack([confidences, rest])


def test_ece_by_hand():
    # Bin (0.3, 0.35]: confidences 0.32 and 0.34, one right. Bin (0.85, 0.9]: 0.9, right.
    y_prob, y_true = probs_of([0.32, 0.34, 0.9]), np.array([0, 3, 0])
    expected = 2 / 3 * abs(0.33 - 0.5) + 1 / 3 * abs(0.9 - 1)
    assert calibration.ece(y_true, y_prob) == pytest.approx(expected)
    assert calibration.max_calibration_error(y_true, y_prob) == pytest.approx(0.17)


def test_adaptive_ece_by_hand():
    y_prob, y_true = probs_of([0.2, 0.4, 0.6, 0.8]), np.array([0, 3, 0, 0])
    expected = (abs(0.3 - 0.5) * 2 + abs(0.7 - 1) * 2) / 4
    assert calibration.adaptive_ece(y_true, y_prob, n_bins=2) == pytest.approx(expected)
    each = (0.8 + 0.4 + 0.4 + 0.2) / 4
    assert calibration.adaptive_ece(y_true, y_prob, n_bins=20) == pytest.approx(each)


def test_bins_are_open_below_and_closed_above():
    assert calibration.bin_index(np.array([0.0, 0.05, 0.0501, 0.5, 1.0])).tolist() == [
        0,
        0,
        1,
        9,
        19,
    ]


def test_reliability_bins_agree_with_scikit_learn():
    y_true, y_prob = made_probs(500, n_unassigned=20)
    table = calibration.reliability_bins(y_true, y_prob)
    confidence, hits = calibration.confidence_and_hits(y_true, y_prob)
    accuracy, mean_confidence = calibration_curve(hits, confidence, n_bins=20)
    filled = table[table["n"] > 0]
    assert table["n"].sum() == 480
    np.testing.assert_allclose(filled["accuracy"], accuracy, atol=1e-9)
    np.testing.assert_allclose(filled["confidence"], mean_confidence, atol=1e-9)
    assert (filled["accuracy_low"] <= filled["accuracy"] + 1e-12).all()
    assert (filled["accuracy_high"] >= filled["accuracy"] - 1e-12).all()


def test_wilson_interval_of_one_in_ten():
    # Published example value for 1 of 10 at 95 %: 1.79 % to 40.42 %.
    low, high = calibration.wilson_interval(np.array([0.1, np.nan]), np.array([10, 0]))
    assert (low[0], high[0]) == pytest.approx((0.0179, 0.4042), abs=1e-4)
    assert np.isnan(low[1])


def test_unassigned_photos_are_left_out():
    y_true, y_prob = made_probs(100, n_unassigned=30)
    assert calibration.ece(y_true, y_prob) == calibration.ece(y_true[30:], y_prob[30:])
    nobody = np.full(100, -1)
    assert np.isnan(calibration.ece(nobody, y_prob))
    assert np.isnan(calibration.adaptive_ece(nobody, y_prob))


def test_a_head_that_says_what_is_true_is_calibrated():
    rng = np.random.default_rng(0)
    y_prob = rng.dirichlet(np.full(4, 0.5), 50_000)
    y_true = (rng.random(50_000)[:, None] > y_prob.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    assert calibration.ece(y_true, y_prob) < 0.01
    assert calibration.ece(y_true, np.roll(y_prob, 1, axis=1)) > 0.3


def test_a_number_of_bins_below_one_is_refused():
    with pytest.raises(ValueError, match="n_bins must be at least 1, received 0"):
        calibration.ece(*made_probs(), n_bins=0)


def test_the_overall_figures_and_their_words():
    y_prob = probs_of(np.full(400, 0.8))
    honest = np.where(np.arange(400) < 320, 0, 3)
    bins = calibration.reliability_bins(honest, y_prob)
    assert calibration.overall(bins) == pytest.approx((0.8, 0.8))
    words = calibration.calibration_sentence(bins)
    assert words.startswith("On 400 photos the head is 80.0 % sure on average and right in 80.0 %")
    assert words.endswith("its confidence can be believed.")
    boastful = calibration.reliability_bins(np.where(np.arange(400) < 200, 0, 3), y_prob)
    assert calibration.calibration_sentence(boastful).endswith(
        "too sure of itself, by 30.0 points."
    )
    timid = calibration.reliability_bins(np.zeros(400, int), y_prob)
    assert calibration.calibration_sentence(timid).endswith("than it says, by 20.0 points.")
    nobody = calibration.reliability_bins(np.full(400, -1), y_prob)
    assert np.isnan(calibration.overall(nobody)).all()
    assert "cannot be judged" in calibration.calibration_sentence(nobody)
