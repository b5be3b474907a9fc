"""Pooling: copies count once, one photo keeps its probs, the product is tempered."""

import numpy as np
import pytest

from geocore.evaluation.pooling import (
    PoolSettings,
    fit_to_others,
    floored_logs,
    likeness,
    pool,
    usual_log_probs,
)

N_LEAVES = 7


@pytest.fixture(scope="module")
def probs():
    return np.random.default_rng(0).dirichlet(np.full(N_LEAVES, 0.7), (20, 3))


@pytest.fixture(scope="module")
def usual(probs):
    return usual_log_probs(probs.reshape(-1, N_LEAVES))


def test_the_plain_product_by_hand():
    rows = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
    joint = pool(rows, np.log([0.4, 0.3, 0.3]), PoolSettings(tempering=0, sameness=1e6))
    np.testing.assert_allclose(joint.probs, [0.05 / 0.29, 0.18 / 0.29, 0.06 / 0.29], rtol=1e-9)
    assert joint.n_effective == pytest.approx(2)


def test_the_geometric_mean_by_hand():
    rows = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
    joint = pool(rows, np.log([0.4, 0.3, 0.3]), PoolSettings(tempering=1, sameness=1e6))
    expected = np.sqrt(rows.prod(axis=0))
    np.testing.assert_allclose(joint.probs, expected / expected.sum(), rtol=1e-9)


@pytest.mark.parametrize("tempering", [0, 0.4, 1])
@pytest.mark.parametrize("n_copies", [1, 2, 5])
def test_copies_of_one_photo_say_no_more_than_the_photo(probs, usual, tempering, n_copies):
    one = probs[:, 0]
    copies = np.repeat(one[:, None], n_copies, axis=1)
    joint = pool(copies, usual, PoolSettings(tempering=tempering, sameness=3.0))
    kept = np.exp(floored_logs(one))
    np.testing.assert_allclose(joint.probs, kept / kept.sum(-1, keepdims=True), rtol=1e-7)
    np.testing.assert_allclose(joint.n_effective, 1)
    np.testing.assert_allclose(joint.weights, 1 / n_copies)


def test_a_copy_changes_the_joint_answer_of_others_little(probs, usual):
    settings = PoolSettings(tempering=0.5, sameness=1e4)
    once = pool(probs, usual, settings)
    twice = pool(probs[:, [0, 0, 1, 2]], usual, settings)
    np.testing.assert_allclose(twice.probs, once.probs, rtol=1e-7)


def test_the_order_of_the_photos_does_not_matter(probs, usual):
    settings = PoolSettings()
    turned = pool(probs[:, ::-1], usual, settings)
    np.testing.assert_allclose(turned.probs, pool(probs, usual, settings).probs, rtol=1e-12)


def test_more_tempering_is_never_surer(probs, usual):
    surest = [
        pool(probs, usual, PoolSettings(tempering=x, sameness=50.0)).probs.max(-1)
        for x in (0, 0.3, 0.6, 1)
    ]
    assert (np.diff(surest, axis=0) <= 1e-12).all()


def test_zero_probs_rule_out_nothing_for_good(usual):
    sure, other = np.eye(N_LEAVES)[0], np.eye(N_LEAVES)[1]
    joint = pool(np.stack([sure, other]), usual, PoolSettings())
    assert np.isfinite(joint.probs).all()
    assert joint.probs.sum() == pytest.approx(1)
    assert joint.probs[0] == pytest.approx(joint.probs[1])


def test_likeness_lies_between_0_and_1_and_photos_that_say_nothing_are_alike(probs, usual):
    alike = likeness(floored_logs(probs), usual)
    assert (alike >= 0).all()
    assert (alike <= 1).all()
    assert (np.diagonal(alike, axis1=-2, axis2=-1) == 1).all()
    silent = np.repeat(np.exp(usual)[None], 2, axis=0)
    np.testing.assert_allclose(likeness(np.log(silent), usual), 1)


def test_a_photo_fits_others_of_its_place_and_not_those_of_another():
    shares = np.full(4, 0.25)
    here, there = np.array([0.9, 0.1, 0, 0]), np.array([0, 0, 0.1, 0.9])
    assert fit_to_others(here, here, shares) == pytest.approx(np.log(0.82 / 0.25))
    assert fit_to_others(here, there, shares) < -5
    assert fit_to_others(shares, there, shares) == pytest.approx(0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"tempering": 1.2}, "0 to 1"), ({"tempering": float("nan")}, "0 to 1"),
     ({"sameness": 0}, "above 0"), ({"sameness": float("inf")}, "above 0")],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        PoolSettings(**settings)


@pytest.mark.parametrize("shape", [(N_LEAVES,), (0, N_LEAVES), (2, N_LEAVES + 1)])
def test_arrays_that_do_not_fit_are_refused(usual, shape):
    with pytest.raises(ValueError, match="at least one photo"):
        pool(np.ones(shape), usual, PoolSettings())
