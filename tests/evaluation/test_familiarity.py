"""How unlike the training photos' features are."""

import numpy as np
import pytest

from geocore.evaluation.familiarity import (
    familiarity_arrays,
    familiarity_from_arrays,
    fit_familiarity,
)


def made_features(n_photos, seed=0, n_features=24, n_axes=3):
    """Features that vary along three axes, with a little noise beside them."""
    axes = np.random.default_rng(99).normal(size=(n_axes, n_features))
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_photos, n_axes)) @ axes + 0.1 * rng.normal(
        size=(n_photos, n_features)
    )


@pytest.fixture(scope="module")
def familiarity():
    return fit_familiarity(made_features(400), made_features(199, seed=1), n_axes=3)


def test_photos_like_those_learned_from_are_near(familiarity):
    p = familiarity.p_value(made_features(300, seed=2))
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.04)
    assert p.min() >= 1 / 200


def test_what_leaves_the_axes_is_far_however_small_it_is(familiarity):
    odd = made_features(50, seed=3) + np.random.default_rng(4).normal(size=(50, 24))
    assert (familiarity.p_value(odd) == 1 / 200).all()
    assert (familiarity.distance(5 * made_features(5, seed=5)) < 25).all()


def test_the_distance_is_what_the_axes_leave_over(familiarity):
    features = made_features(7, seed=6)
    z = (features - familiarity.mean) / familiarity.scale
    axes = familiarity.axes.astype(float)
    over = z - z @ axes.T @ axes
    assert familiarity.distance(features) == pytest.approx(np.linalg.norm(over, axis=1), rel=1e-2)


def test_kept_arrays_give_it_back(familiarity):
    again = familiarity_from_arrays([x.astype(np.float32) for x in familiarity_arrays(familiarity)])
    features = made_features(9, seed=7)
    assert (again.distance(features) == familiarity.distance(features)).all()
    assert (again.held_out == familiarity.held_out).all()


def test_features_that_never_vary_do_no_harm():
    learned = np.hstack([made_features(100), np.ones((100, 2))])
    familiarity = fit_familiarity(learned, learned[:10], n_axes=3)
    assert familiarity.scale[-1] == 1
    assert np.isfinite(familiarity.distance(learned)).all()


def test_never_more_axes_than_a_quarter_of_the_photos():
    assert len(fit_familiarity(made_features(8), made_features(0)).axes) == 2
    assert len(fit_familiarity(made_features(2), made_features(0)).axes) == 1


def test_the_same_photos_give_the_same_axes():
    one, two = (fit_familiarity(made_features(60), made_features(9, seed=1)) for _ in range(2))
    for mine, theirs in zip(familiarity_arrays(one), familiarity_arrays(two), strict=True):
        assert (mine == theirs).all()


@pytest.mark.parametrize(
    ("learned", "held_out", "message"),
    [
        (made_features(1), made_features(5), "at least two learned photos"),
        (made_features(9), made_features(5)[:, :3], r"received \(9, 24\) and \(5, 3\)"),
        (made_features(9) * np.nan, made_features(5), "must be finite"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(learned, held_out, message):
    with pytest.raises(ValueError, match=message):
        fit_familiarity(learned, held_out)


def test_features_of_another_backbone_are_refused(familiarity):
    with pytest.raises(ValueError, match=r"must be \(n_photos, 24\), received \(1, 7\)"):
        familiarity.distance(np.zeros((1, 7)))


def test_other_arrays_are_refused(familiarity):
    arrays = familiarity_arrays(familiarity)
    with pytest.raises(ValueError, match="Four arrays mean, scale, axes, held_out"):
        familiarity_from_arrays(arrays[:3])
    with pytest.raises(ValueError, match="of one length, and scale above 0"):
        familiarity_from_arrays([arrays[0], arrays[1] * 0, *arrays[2:]])
