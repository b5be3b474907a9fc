"""Temperature scaling: the fit, its limits, and the way back to the head's own probs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from geocore.cells import build_hierarchy, generate_cells
from geocore.evaluation.calibration import ece
from geocore.evaluation.temperature import (
    LIMITS,
    apply_temperature,
    fit_temperature,
    undo_temperature,
)
from geocore.inference.prediction import roll_up


def made_photos(n_photos, temperature, n_leaves=12, seed=0):
    """Labels drawn from a head's true beliefs, which it states `temperature` times too sharply."""
    rng = np.random.default_rng(seed)
    beliefs = rng.normal(0, 1.5, (n_photos, n_leaves))
    labels = np.array([rng.choice(n_leaves, p=row) for row in softmax(beliefs, axis=1)])
    return labels, softmax(beliefs * temperature, axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 4.0])
def test_the_temperature_that_was_put_in_is_found(temperature):
    labels, probs = made_photos(20_000, temperature)
    assert fit_temperature(labels, probs) == pytest.approx(temperature, rel=0.05)


def test_many_photos_give_what_scipy_finds_without_a_prior():
    labels, probs = made_photos(5000, 2.5)

    def loss(temperature):
        return -log_softmax(np.log(probs) / temperature, axis=1)[range(5000), labels].mean()

    best = minimize_scalar(loss, bounds=LIMITS, method="bounded").x
    assert fit_temperature(labels, probs) == pytest.approx(best, rel=2e-3)


def test_it_lowers_loss_and_calibration_error_on_other_photos():
    temperature = fit_temperature(*made_photos(166, 2.0, seed=1))
    labels, probs = made_photos(5000, 2.0, seed=2)
    scaled = apply_temperature(probs, temperature)
    classes = range(probs.shape[1])
    assert log_loss(labels, scaled, labels=classes) < log_loss(labels, probs, labels=classes) - 0.1
    assert ece(labels, scaled) < ece(labels, probs) / 2


def test_few_photos_hardly_move_it():
    """One photo answered wrongly and surely would alone ask for the largest temperature."""
    probs = np.array([[0.98, 0.01, 0.01]])
    assert 1.0 < fit_temperature(np.array([1]), probs) < 2.2
    assert 0.6 < fit_temperature(np.array([0]), probs) < 1.0


@pytest.mark.parametrize(
    ("labels", "n_leaves"), [([], 3), ([-1, -1], 3), ([0, 0], 1)], ids=["none", "outside", "one"]
)
def test_nothing_to_fit_by_leaves_the_probs_alone(labels, n_leaves):
    probs = np.full((len(labels), n_leaves), 1 / n_leaves)
    assert fit_temperature(np.array(labels, int), probs) == 1.0


def test_photos_outside_the_cells_do_not_count():
    labels, probs = made_photos(300, 2.0)
    outside = np.full(50, -1), np.full((50, 12), 1 / 12)
    both = np.concatenate([labels, outside[0]]), np.concatenate([probs, outside[1]])
    assert fit_temperature(*both) == fit_temperature(labels, probs)


def test_it_stays_within_its_limits():
    wrong = np.tile([1 - 1e-9, 1e-9], (5000, 1))
    assert fit_temperature(np.ones(5000, int), wrong) == pytest.approx(LIMITS[1], rel=1e-3)
    right = np.tile([0.6, 0.4], (5000, 1))
    assert fit_temperature(np.zeros(5000, int), right) == pytest.approx(LIMITS[0], rel=1e-3)


def test_probs_that_underflowed_stay_finite():
    probs = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], np.float32)
    assert np.isfinite(fit_temperature(np.array([1, 1]), probs))
    for temperature in (0.1, 0.5, 3.0):
        scaled = apply_temperature(probs, temperature)
        assert np.isfinite(scaled).all()
        np.testing.assert_allclose(scaled.sum(axis=1), 1, atol=1e-6)


@given(
    st.floats(0.3, 4.0),
    st.lists(st.floats(1e-4, 1.0), min_size=2, max_size=20),
)
def test_there_and_back(temperature, weights):
    """The bundle keeps calibrated probs; the head's own are recovered from them."""
    probs = np.array([weights]) / sum(weights)
    scaled = apply_temperature(probs, temperature)
    np.testing.assert_allclose(scaled.sum(axis=1), 1)
    np.testing.assert_allclose(undo_temperature(scaled, temperature), probs, atol=1e-9)
    powers = scaled**temperature
    np.testing.assert_allclose(powers / powers.sum(), probs, atol=1e-9)
    rounded = apply_temperature(probs.astype(np.float32), temperature)
    np.testing.assert_allclose(undo_temperature(rounded, temperature), probs, atol=2e-5)


def test_it_is_the_softmax_of_divided_logits():
    logits = np.random.default_rng(0).normal(0, 3, (5, 7))
    expected = softmax(logits / 1.7, axis=1)
    np.testing.assert_allclose(apply_temperature(softmax(logits, axis=1), 1.7), expected)
    one = apply_temperature(softmax(logits[0]), 1.7)
    np.testing.assert_allclose(one, expected[0])


def test_order_and_float_type_stay():
    probs = softmax(np.random.default_rng(0).normal(size=(40, 9)), axis=1).astype(np.float32)
    scaled = apply_temperature(probs, 2.2)
    assert scaled.dtype == np.float32
    assert (np.argsort(scaled, axis=1) == np.argsort(probs, axis=1)).all()
    assert apply_temperature(probs, 1.0) is probs


def test_children_still_sum_to_their_parents():
    rng = np.random.default_rng(3)
    grid = generate_cells(rng.uniform(-80, 80, 500), rng.uniform(-180, 180, 500), t_min=5, t_max=40)
    hierarchy = build_hierarchy(grid)
    probs = apply_temperature(rng.dirichlet(np.ones(grid.n_leaves), 4), 1.9)
    for level in hierarchy.levels:
        np.testing.assert_allclose(roll_up(probs, hierarchy, level)[1].sum(axis=1), 1)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), float("inf"), "2", True, None])
def test_a_temperature_is_a_finite_number_above_zero(temperature):
    with pytest.raises(ValueError, match="must be a finite number above 0, received"):
        apply_temperature(np.array([[0.5, 0.5]]), temperature)
