"""Few features for many: distances stay, and blocks count alike."""

import numpy as np
import pytest

from geocore.models import reduction
from geocore.models.reduction import fit_reduction


def made_features(n_photos=50, n_features=30, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n_photos, n_features)) * rng.uniform(0.5, 3, n_features) + 5).astype(
        np.float32
    )


def distances(rows):
    return ((rows[:, None] - rows) ** 2).sum(-1)


@pytest.mark.parametrize("n_photos", [50, 20])
def test_all_axes_keep_the_distances_of_standardised_features(n_photos):
    features = made_features(n_photos)
    reduced = fit_reduction(features, 30)(features)
    z = (features - features.mean(0)) / features.std(0)
    ratio = reduced.shape[1] / 30  # the mean square is 1 per axis
    np.testing.assert_allclose(distances(reduced), distances(z) * ratio, rtol=0.02, atol=0.05)
    assert (reduced**2).mean() == pytest.approx(1, abs=0.02)


def test_fewer_axes_are_the_ones_along_which_photos_differ_most():
    features = made_features()
    whole, few = (fit_reduction(features, n)(features) for n in (30, 4))
    assert few.shape == (50, 4)
    spread = few.var(axis=0)
    assert (np.diff(spread) <= 1e-3).all()
    # the same axes; per axis the mean square counts those left out
    np.testing.assert_allclose(np.abs(few) * np.sqrt(30 / 4), np.abs(whole[:, :4]), atol=0.05)


def test_a_narrow_block_counts_as_much_as_a_wide_one():
    """Twenty features that say one thing, and one that says another: either is half of it all."""
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 40, 1))
    features = np.concatenate([np.repeat(one, 20, axis=1), other], axis=1).astype(np.float32)
    apart = fit_reduction(features, 21, [20, 1])(features)
    together = fit_reduction(features, 21)(features)
    swing = {name: np.ptp(rows[:, 1]) for name, rows in (("apart", apart), ("whole", together))}
    assert apart[:, 1].std() / apart[:, 0].std() > 0.7
    assert together[:, 1].std() / together[:, 0].std() < 0.4
    assert swing["apart"] > swing["whole"]


def test_many_photos_are_drawn_from_and_views_keep_their_shape(monkeypatch):
    monkeypatch.setattr(reduction, "MAX_PHOTOS", 10)
    features = made_features()
    fitted = fit_reduction(features, 30)
    assert fitted.projection.shape == (30, 9)  # ten photos less their mean have nine axes
    assert fitted(features.reshape(25, 2, 30)).shape == (25, 2, 9)


def test_photos_that_do_not_differ_are_refused():
    with pytest.raises(ValueError, match="n_axes must be at least 1 and some of the photos must"):
        fit_reduction(np.ones((5, 3), np.float32), 2)
    with pytest.raises(ValueError, match="received n_axes 0"):
        fit_reduction(made_features(), 0)
