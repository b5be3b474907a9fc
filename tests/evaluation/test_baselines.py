"""Baselines on a world small enough to work out by hand."""

import numpy as np
import pytest

from geocore.evaluation.baseline_fits import (
    Examples,
    fit_constant,
    fit_nearest_photos,
    fit_partitions,
    kernel_mass,
    principal_axes,
    uniform_guess,
)
from geocore.evaluation.baselines import (
    BASELINES,
    CONSTANT,
    KNN,
    PLANET,
    THREE,
    NearestPhotos,
    baseline_arrays,
    baseline_from_arrays,
    densest,
    leaf_density,
    neighbours,
)
from geocore.evaluation.metrics import log_loss, top_k_accuracy


def east_and_west(lat, lng):
    """Leaf 0 west of Greenwich, leaf 1 east of it, none north of 80 degrees."""
    return np.where(lat > 80, -1, (np.asarray(lng) >= 0).astype(int))


def examples(n_photos=60, seed=0):
    """Photos whose features tell west from east."""
    rng = np.random.default_rng(seed)
    leaf = rng.integers(0, 2, n_photos)
    features = rng.normal(size=(n_photos, 8)).astype(np.float32)
    features[:, 0] += 6 * leaf
    return Examples(
        features=features,
        lat=rng.uniform(40, 42, n_photos),
        lng=np.where(leaf == 1, 60.0, -60.0) + rng.uniform(-2, 2, n_photos),
        class_index=leaf,
    )


@pytest.fixture(scope="module")
def nearest():
    return fit_nearest_photos(examples(), examples(20, seed=1), east_and_west, 2)


def by_hand(**changes):
    """Three training photos, features as they are; the third is nobody's neighbour."""
    arrays = {
        "projection": np.eye(2),
        "shift": np.zeros(2),
        "features": np.array([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]]),
        "places": np.array([[0.0, 10.0], [0.0, 50.0], [0.0, 90.0]]),
        "mass": np.array([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]),
        "shares": np.array([0.5, 0.25, 0.25]),
        "settings": np.array([2.0, 1.0, 0.2, 100.0]),
    }
    return NearestPhotos(**(arrays | changes))


def test_nearest_photos_worked_out_by_hand():
    """Similarities 1 and 0.6: votes 0.625 and 0.375; a fifth is the training shares."""
    answers = by_hand().answer(np.array([[3.0, 0.0]]))
    density = 0.625 * np.array([1, 0, 0]) + 0.375 * np.array([0.25, 0.75, 0])
    expected = 0.8 * density + 0.2 * np.array([0.5, 0.25, 0.25])
    np.testing.assert_allclose(answers.probs[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(answers.points[0], [0, 10])


def test_a_higher_power_listens_more_to_the_nearest():
    votes = neighbours(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0], [0.6, 0.8]]), 2, 2.0)[1]
    np.testing.assert_allclose(votes, [[1 / 1.36, 0.36 / 1.36]])


def test_fewer_photos_than_neighbours():
    nearest, votes = neighbours(np.eye(2)[:1], np.eye(2), 50, 0.0)
    assert nearest.tolist() == [[0, 1]]
    np.testing.assert_allclose(votes, 0.5)


def test_the_point_is_where_neighbours_crowd_not_the_single_most_similar():
    places = np.array([[[0.0, 0.0], [0.0, 90.0], [0.0, 90.5], [0.0, 91.0]]])
    votes = np.array([[0.4, 0.2, 0.2, 0.2]])
    assert densest(places, votes, 1.0) == 0
    assert densest(places, votes, 300.0) == 2


def test_neighbours_whose_mass_lies_outside_all_leaves_leave_the_shares():
    nothing = by_hand(mass=np.zeros((3, 3))).answer(np.array([[1.0, 0.0]]))
    np.testing.assert_allclose(nothing.probs, [[0.5, 0.25, 0.25]], rtol=1e-6)


def test_leaf_density_ignores_mass_outside_the_leaves():
    density = leaf_density(np.array([[0, 1]]), np.array([[0.5, 0.5]]), np.array([[0.5, 0], [0, 1]]))
    np.testing.assert_allclose(density, [[1 / 3, 2 / 3]])


def test_kernel_mass_stays_where_the_place_is_and_is_halved_at_a_border():
    places = np.array([[40.0, 60.0], [0.0, 0.0], [89.5, 0.0]])
    mass = kernel_mass(places, 50.0, east_and_west, 2)
    np.testing.assert_array_equal(mass[0], [0, 1])
    assert mass[1] == pytest.approx([0.5, 0.5], abs=0.15)
    np.testing.assert_array_equal(mass[2], [0, 0])


def test_principal_axes_keep_what_varies_most():
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(50, 1))
    features = np.hstack([factor + 0.01 * rng.normal(size=(50, 3)), rng.normal(size=(50, 1))])
    projection, shift = principal_axes(features, 2)
    assert projection.shape == (4, 2)
    rows = features @ projection.astype(float) - shift
    assert abs(np.corrcoef(rows[:, 0], factor[:, 0])[0, 1]) > 0.99
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-2)


def test_nearest_photos_learn_what_features_tell(nearest):
    test = examples(40, seed=2)
    answers = nearest.answer(test.features)
    assert top_k_accuracy(test.class_index, answers.probs, 1) > 0.85
    assert log_loss(test.class_index, answers.probs) < 0.5
    assert (east_and_west(*answers.points.T) == answers.probs.argmax(axis=1)).mean() > 0.95


def test_no_validation_photos_is_no_obstacle():
    made = fit_nearest_photos(examples(), examples().subset(np.arange(0)), east_and_west, 2)
    assert np.isfinite(made.answer(examples(3).features).probs).all()


def test_nothing_to_learn_from():
    nobody = examples().subset(np.arange(0))
    with pytest.raises(ValueError, match=r"at least one training photo, received none"):
        fit_nearest_photos(nobody, nobody, east_and_west, 2)


def test_an_empty_batch(nearest):
    answers = nearest.answer(np.zeros((0, 8), np.float32))
    assert answers.probs.shape == (0, 2)
    assert answers.points.shape == (0, 2)


def partitions(n, seed=0):
    """Two fine cells in the west, one in the east; the coarse partition is the leaves themselves.

    The classifiers look at one feature each: the fine one sees nothing, the coarse one the first.
    """
    photos = examples(seed=seed)
    fine = np.where(photos.class_index == 1, 2, (photos.lat > 41).astype(int))
    kernels = [np.zeros((8, 3)), np.eye(8)[:, :2] * [[-1.0, 1.0]]]
    weights = [[np.eye(8), np.zeros(8), kernel, np.zeros(kernel.shape[1])] for kernel in kernels]
    weights[1][2][0] = [-4.0, 4.0]
    weights[1][3] = np.array([10.0, -10.0])
    centroids = (np.array([40.5, 41.5, 41.0]), np.array([-60.0, -60.0, 60.0]))
    cells = [fine, photos.class_index][:n]
    return fit_partitions(photos, cells, weights[:n], centroids, examples(20, seed=1), 2)


def test_three_partitions_multiply_down_to_the_fine_cells():
    """Coarse log-odds 8 x - 20 for east; the fine softmax is blind: a third each."""
    made = partitions(2)
    x = np.array([[2.75, 0, 0, 0, 0, 0, 0, 0]])  # odds of east exp(2)
    coarse = np.array([1 / (1 + np.exp(2)), 1 / (1 + np.exp(-2))])
    expected = np.log(coarse[[0, 0, 1]] / 3)
    np.testing.assert_allclose(made.fine_log_probs(x)[0], expected, rtol=1e-6)
    tempered = np.exp(expected / made.temperature)
    probs = tempered / tempered.sum()
    np.testing.assert_allclose(made.answer(x).probs[0], [probs[0] + probs[1], probs[2]], rtol=1e-5)


def test_the_point_of_a_partition_is_a_known_place_on_the_likelier_side():
    points = partitions(2).answer(np.eye(8)[[0, 1]] * 6.0).points
    assert points[:, 1] == pytest.approx([60, -60], abs=2)


def test_a_blind_fine_partition_knows_nothing():
    probs = partitions(1).answer(examples(5).features).probs
    np.testing.assert_allclose(probs, [[2 / 3, 1 / 3]] * 5, rtol=1e-5)


def test_partitions_are_kept_as_arrays():
    made = partitions(1)
    again = baseline_from_arrays(PLANET, baseline_arrays(made))
    features = examples(6, seed=4).features
    np.testing.assert_array_equal(again.answer(features).probs, made.answer(features).probs)
    with pytest.raises(ValueError, match=r"Three-partitions is made of 19 arrays, received 9"):
        baseline_from_arrays(THREE, baseline_arrays(made))


def test_the_constant_guess_is_the_training_shares():
    answers = fit_constant(np.array([0, 0, 1, 0]), 3).answer(np.zeros((2, 5)))
    np.testing.assert_allclose(answers.probs, [[0.75, 0.25, 0]] * 2)
    assert answers.points is None
    np.testing.assert_allclose(uniform_guess(4).answer(np.zeros((1, 5))).probs, 0.25)


def test_arrays_give_the_same_answers(nearest):
    arrays = [x.astype(np.float32) for x in baseline_arrays(nearest)]
    assert {x.dtype.name for x in baseline_arrays(nearest)} == {"float16", "float32"}
    again = baseline_from_arrays(KNN, arrays)
    features = examples(30, seed=3).features
    np.testing.assert_allclose(
        again.answer(features).probs, nearest.answer(features).probs, atol=2e-3
    )


def test_an_unknown_baseline_and_a_wrong_number_of_arrays():
    with pytest.raises(ValueError, match=r"Unknown baseline .kNN.\. Known baselines: Nearest"):
        baseline_from_arrays("kNN", [])
    with pytest.raises(ValueError, match=r"Best-constant is made of 1 arrays, received 2"):
        baseline_from_arrays(CONSTANT, [np.ones(2), np.ones(2)])


def test_every_baseline_is_described():
    assert all(len(words) > 20 for words in BASELINES.values())
