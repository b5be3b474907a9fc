"""The evidence of places: what the regression says, with and without a photo's own place."""

from dataclasses import replace

import numpy as np
import pytest

from geocore.cells.geodesy import distance_km
from geocore.evaluation import place_fit
from geocore.evaluation.place_evidence import (
    PlaceEvidence,
    evidence_arrays,
    evidence_from_arrays,
    kernel,
    leaf_sums,
    place_log_probs,
)
from geocore.evaluation.place_fit import EvidenceConfig, PlacedPhotos, fit_evidence

CENTROIDS = (np.array([45.0, -30.0, 10.0, 60.0]), np.array([10.0, 140.0, -70.0, -150.0]))
SETTINGS = EvidenceConfig(is_used=True)


def made_photos(n_photos=60, seed=0):
    """Photos of three regions that differ in their features; every third shows the place before."""
    rng = np.random.default_rng(seed)
    leaf = np.arange(n_photos) % 3
    groups = np.arange(n_photos) // 1
    again = np.flatnonzero(np.arange(n_photos) % 9 == 8)
    groups[again] = again - 3  # of the same leaf
    centre = rng.normal(0, 1, (3, 8))[leaf]
    lat = CENTROIDS[0][leaf] + rng.normal(0, 3, n_photos)
    lng = CENTROIDS[1][leaf] + rng.normal(0, 3, n_photos)
    lat[again], lng[again] = lat[again - 3], lng[again - 3]
    return PlacedPhotos(
        features=(0.8 * centre + 0.6 * rng.normal(0, 1, (n_photos, 8))).astype(np.float32),
        lat=lat,
        lng=lng,
        class_index=leaf,
        weights=rng.uniform(0.3, 1, n_photos),
        groups=groups,
        domain=np.zeros(n_photos, int),
    )


def scores_by_the_book(photos, queries, places):
    """Weighted kernel ridge regression, solved as it is written."""
    features = photos.features.astype(np.float16).astype(np.float64)
    squares = ((features[:, None] - features) ** 2).sum(-1)
    to_queries = ((np.asarray(queries, np.float64)[:, None] - features) ** 2).sum(-1)
    target = np.exp(
        -distance_km(photos.lat[:, None], photos.lng[:, None], places[:, 0], places[:, 1]) / 2500
    )
    usual = photos.weights @ target / photos.weights.sum()
    matrix = np.exp(-squares / 16) + np.diag(0.1 / photos.weights)
    return np.exp(-to_queries / 16) @ np.linalg.solve(matrix, target - usual) + usual


@pytest.fixture(scope="module")
def photos():
    return made_photos()


@pytest.fixture(scope="module")
def fitted(photos):
    return fit_evidence(photos, CENTROIDS, SETTINGS)


def test_scores_are_those_of_the_regression(photos, fitted):
    queries = made_photos(5, seed=9).features
    expected = scores_by_the_book(photos, queries, fitted.evidence.places.astype(float))
    np.testing.assert_allclose(fitted.evidence.scores(queries), expected, atol=4e-3)


@pytest.mark.parametrize("row", [0, 5, 8, 59])
def test_a_photo_is_held_out_together_with_its_place(photos, fitted, row):
    """The closed form is what a regression without that place says; 5 and 8 show the same."""
    others = photos.subset(photos.groups != photos.groups[row])
    assert len(others) == len(photos) - (2 if row in (5, 8) else 1)
    evidence = fitted.evidence
    target_usual = photos.weights @ np.exp(
        -distance_km(
            photos.lat[:, None], photos.lng[:, None], evidence.places[:, 0], evidence.places[:, 1]
        )
        / 2500
    )
    scores = scores_by_the_book(others, photos.features[[row]], evidence.places.astype(float))
    # what is usual is told by all photos in both
    shift = (target_usual / photos.weights.sum() - _usual(others, evidence))[None]
    matrix_ones = _response_to_a_constant(others, photos.features[[row]])
    expected = scores + shift * (1 - matrix_ones)
    log_probs = place_log_probs(expected, evidence.log_prior, evidence.sharpness)
    np.testing.assert_allclose(np.exp(fitted.held_out[[row]]), np.exp(log_probs), atol=5e-3)


def _usual(photos, evidence):
    target = np.exp(
        -distance_km(
            photos.lat[:, None], photos.lng[:, None], evidence.places[:, 0], evidence.places[:, 1]
        )
        / 2500
    )
    return photos.weights @ target / photos.weights.sum()


def _response_to_a_constant(photos, queries):
    """What the regression makes of targets that are all 1: it is linear in its targets."""
    features = photos.features.astype(np.float16).astype(np.float64)
    squares = ((features[:, None] - features) ** 2).sum(-1)
    to_queries = ((np.asarray(queries, np.float64)[:, None] - features) ** 2).sum(-1)
    matrix = np.exp(-squares / 16) + np.diag(0.1 / photos.weights)
    return np.exp(-to_queries / 16) @ np.linalg.solve(matrix, np.ones(len(features)))[:, None]


def test_what_was_learned_is_found_again(photos, fitted):
    """Regions differ in their features: most photos are placed right, without their own place."""
    probs = leaf_sums(np.exp(fitted.held_out), fitted.evidence.place_leaf, 4)
    assert (probs.argmax(axis=1) == photos.class_index).mean() > 0.8
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-4)


def test_every_leaf_has_a_place_and_photos_of_one_place_are_one(photos, fitted):
    evidence = fitted.evidence
    assert len(evidence.places) == len(np.unique(photos.groups)) + 1
    assert set(evidence.place_leaf) == {0, 1, 2, 3}
    np.testing.assert_allclose(evidence.places[-1], [60, -150])  # nobody was in the fourth leaf
    assert np.exp(evidence.log_prior).sum() == pytest.approx(1)
    assert evidence.log_prior[-1] == evidence.log_prior.min()


def test_photos_outside_all_leaves_teach_but_are_no_place(photos, fitted):
    class_index = np.where(np.arange(len(photos)) < 30, -1, photos.class_index)
    outside = fit_evidence(replace(photos, class_index=class_index), CENTROIDS, SETTINGS)
    assert len(outside.evidence.features) == len(photos)
    assert len(outside.evidence.places) < len(fitted.evidence.places)


def test_many_photos_are_drawn_from(photos, monkeypatch):
    monkeypatch.setattr(place_fit, "MAX_PHOTOS", 20)
    monkeypatch.setattr(place_fit, "MAX_PLACES", 5)
    drawn = fit_evidence(photos, CENTROIDS, SETTINGS)
    assert len(drawn.rows) == len(drawn.evidence.features) == 20
    assert 5 <= len(drawn.evidence.places) <= 8  # and centroids of leaves without any
    np.testing.assert_array_equal(
        drawn.evidence.features, photos.features[drawn.rows].astype(np.float16)
    )


def test_a_lighter_photo_says_less(photos):
    light = replace(photos, weights=np.where(np.arange(len(photos)) == 0, 1e-3, photos.weights))
    heavy = fit_evidence(photos, CENTROIDS, SETTINGS)
    lighter = fit_evidence(light, CENTROIDS, SETTINGS)
    own = photos.features[:1]
    assert lighter.evidence.scores(own)[0, 0] < heavy.evidence.scores(own)[0, 0]


def test_arrays_are_the_whole_evidence(photos, fitted):
    again = evidence_from_arrays(evidence_arrays(fitted.evidence))
    queries = photos.features[:3]
    np.testing.assert_array_equal(again.hear(queries)[0], fitted.evidence.hear(queries)[0])


def test_leaf_sums_and_kernel_by_hand():
    leaf = np.array([2, 0, 2])
    sums = leaf_sums(np.array([[0.5, 0.2, 0.3]]), leaf, 4)
    np.testing.assert_allclose(sums, [[0.2, 0, 0.8, 0]])
    likeness = kernel(np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 0.0]]), 2.0)
    np.testing.assert_allclose(likeness, [[1, np.exp(-1)]], rtol=1e-6)


def test_wrong_arguments_are_named(photos, fitted):
    with pytest.raises(ValueError, match="At least two photos of weights above 0"):
        fit_evidence(photos.subset(np.arange(1)), CENTROIDS, SETTINGS)
    with pytest.raises(ValueError, match="smallest weight 0"):
        fit_evidence(replace(photos, weights=np.zeros(len(photos))), CENTROIDS, SETTINGS)
    with pytest.raises(ValueError, match=r"The arrays features, coefficients, .* must be there"):
        evidence_from_arrays(evidence_arrays(fitted.evidence)[:3])
    arrays = evidence_arrays(fitted.evidence)
    arrays[4] = arrays[4][:-1]
    with pytest.raises(ValueError, match=r"components must be \(\d+, \d+\) beside the others"):
        evidence_from_arrays(arrays)
    with pytest.raises(
        ValueError, match="width, ridge, target_km and point_sharpness must be above 0, received 0"
    ):
        EvidenceConfig(width=0.0)
    with pytest.raises(ValueError, match="point must be one of geoscore, km, received 'miles'"):
        EvidenceConfig(point="miles")


def test_terms_that_cancel_cost_no_precision():
    """Thousands of photos with large coefficients of both signs, as a close fit has them."""
    rng = np.random.default_rng(0)
    features, coefficients = rng.normal(0, 0.1, (4000, 4)), rng.normal(0, 100, (4000, 3))
    coefficients -= coefficients.mean(axis=0)
    parts = (features, coefficients, np.eye(3), np.zeros(3), np.zeros((3, 2)), np.arange(3.0))
    evidence = PlaceEvidence(
        *(x.astype(np.float32) for x in (*parts, np.zeros(3), np.array([2.0, 1.0])))
    )
    queries = rng.normal(0, 0.1, (40, 4)).astype(np.float32)
    likeness = kernel(queries, evidence.features, 2.0).astype(np.float64)
    expected = likeness @ evidence.coefficients.astype(np.float64)
    for found in (evidence.scores(queries), np.vstack([evidence.scores(q[None]) for q in queries])):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-4)
