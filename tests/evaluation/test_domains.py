"""Photos of several domains: who is told apart, and what each domain's photos are worth."""

from dataclasses import replace

import numpy as np
import pytest

from geocore.evaluation.domain_fit import (
    COMMON_SHARE,
    MIN_PHOTOS,
    domain_priors,
    fit_membership,
    has_domains,
)
from geocore.evaluation.domains import Domains, between, mixed_prior, shares_of
from geocore.evaluation.place_evidence import (
    evidence_arrays,
    evidence_from_arrays,
    kernel,
    leaf_sums,
    place_log_probs,
)
from geocore.evaluation.place_fit import EvidenceConfig, PlacedPhotos, fit_evidence

CENTROIDS = (np.array([45.0, -30.0, 10.0]), np.array([10.0, 140.0, -70.0]))


def made_photos(n_photos=240, seed=0):
    """Two domains and a third set that only trains; of the second, photos say little of a place.

    The last feature tells the domains apart; those of the second are mostly in the third leaf.
    """
    rng = np.random.default_rng(seed)
    domain = np.arange(n_photos) % 3 - 1  # -1 looks like 0
    second = domain == 1
    leaf = np.where(second & (rng.random(n_photos) < 0.8), 2, rng.integers(0, 3, n_photos))
    centre = np.random.default_rng(9).normal(0, 1, (3, 8))[leaf]
    features = 0.9 * centre + 0.4 * rng.normal(0, 1, (n_photos, 8))
    features[second] = rng.normal(0, 1, (second.sum(), 8)) + 0.3 * centre[second]
    features[:, -1] = np.where(second, 3.0, -3.0) + 0.3 * rng.normal(0, 1, n_photos)
    return PlacedPhotos(
        features=features.astype(np.float32),
        lat=CENTROIDS[0][leaf] + rng.normal(0, 3, n_photos),
        lng=CENTROIDS[1][leaf] + rng.normal(0, 3, n_photos),
        class_index=leaf,
        weights=np.ones(n_photos),
        groups=np.arange(n_photos),
        domain=domain,
    )


@pytest.fixture(scope="module")
def photos():
    return made_photos()


@pytest.fixture(scope="module")
def fitted(photos):
    return fit_evidence(photos, CENTROIDS, EvidenceConfig(is_used=True))


def test_domains_are_told_apart_on_photos_never_seen(fitted):
    new = made_photos(90, seed=5)
    _, shares = fitted.evidence.hear(new.features)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert (shares.argmax(axis=1) == np.maximum(new.domain, 0)).mean() > 0.95


def test_a_photo_learned_from_does_not_vouch_for_itself(photos):
    """One photo of the first domain that looks like the second is told as the second."""
    features = photos.features.copy()
    features[1] = features[photos.domain == 1].mean(axis=0)
    likeness = kernel(features, features, 2.0)
    found = fit_membership(likeness, photos.domain, photos.groups, 0.1)
    assert found.shares[1, 1] > 0.9
    assert (found.coefficients[photos.domain < 0] == 0).all()
    assert 1 <= found.slope <= 50


def test_the_domain_whose_photos_say_little_is_answered_less_sharply(photos, fitted):
    sharpness = fitted.evidence.domains.sharpness
    assert sharpness[1] < 0.7 * sharpness[0]
    probs = leaf_sums(np.exp(fitted.held_out), fitted.evidence.place_leaf, 3)
    own = probs[np.arange(len(photos)), photos.class_index]
    without = fit_evidence(
        replace(photos, domain=np.where(photos.domain < 0, -1, 0)),
        CENTROIDS,
        EvidenceConfig(is_used=True),
    )
    assert without.evidence.domains is None and (without.shares == 1).all()
    common = leaf_sums(np.exp(without.held_out), without.evidence.place_leaf, 3)
    before = common[np.arange(len(photos)), photos.class_index]
    for domain in (0, 1):
        asked = photos.domain == domain
        assert np.log(own[asked]).mean() > np.log(before[asked]).mean()


def test_each_domain_has_its_own_prior_and_no_place_is_impossible(fitted):
    priors = np.exp(fitted.evidence.domains.log_prior)
    np.testing.assert_allclose(priors.sum(axis=1), 1, atol=1e-4)
    by_leaf = leaf_sums(priors, fitted.evidence.place_leaf, 3)
    assert by_leaf[1, 2] > 0.6 > by_leaf[0, 2]
    assert priors.min() > 0


def test_priors_by_hand():
    place, weights = np.array([0, 0, 1, -1]), np.array([1.0, 1.0, 2.0, 9.0])
    shares = np.array([[1, 0], [1, 0], [0.5, 0.5], [0, 1]])
    common = np.log([0.5, 0.25, 0.25])
    first = (1 - COMMON_SHARE) * np.array([2, 1, 0]) / 3 + COMMON_SHARE * np.exp(common)
    second = (1 - COMMON_SHARE) * np.array([0, 1, 0]) + COMMON_SHARE * np.exp(common)
    found = domain_priors(place, weights, shares, common)
    np.testing.assert_allclose(np.exp(found), [first, second])


def test_a_photo_between_two_domains_gets_something_between():
    domains = Domains(
        np.eye(2), np.log([[0.75, 0.25], [0.25, 0.75]]), np.array([1.0, 4.0]), np.array([2.0])
    )
    shares = domains.shares(np.array([[0.0, 0.0], [1.0, 0.0]]))
    np.testing.assert_allclose(shares[0], [0.5, 0.5])
    np.testing.assert_allclose(shares[1], np.exp([2, 0]) / np.exp([2, 0]).sum())
    assert between(np.array([1.0, 4.0]), shares[:1])[0] == pytest.approx(2.0)
    np.testing.assert_allclose(np.exp(mixed_prior(domains.log_prior, shares[:1])), [[0.5, 0.5]])
    logits = domains.logits(np.array([[0.2, 0.6]]), shares[:1])
    np.testing.assert_allclose(logits, [[0.4 + np.log(0.5), 1.2 + np.log(0.5)]])
    assert shares_of(np.array([[1e3, 0.0]]), 50.0).tolist() == [[1.0, 0.0]]


def test_hearing_is_what_was_fitted(photos, fitted):
    """Prior and sharpness of the photo's own shares, by the book."""
    evidence, queries = fitted.evidence, made_photos(6, seed=3).features
    log_probs, shares = evidence.hear(queries)
    for row in range(len(queries)):
        prior = np.log(shares[row] @ np.exp(evidence.domains.log_prior))
        sharpness = np.exp(shares[row] @ np.log(evidence.domains.sharpness))
        expected = place_log_probs(evidence.scores(queries[[row]]), prior, sharpness)
        np.testing.assert_allclose(log_probs[[row]], expected, rtol=1e-3, atol=1e-3)


def test_few_photos_or_one_set_make_no_domains():
    enough = np.repeat([0, 1], MIN_PHOTOS)
    assert has_domains(enough)
    assert not has_domains(enough[:-1])
    assert not has_domains(np.zeros(100, int))
    assert not has_domains(np.full(100, -1))


def test_arrays_are_the_whole_evidence_and_wrong_ones_are_named(photos, fitted):
    arrays = evidence_arrays(fitted.evidence)
    again = evidence_from_arrays(arrays)
    for said, before in zip(
        again.hear(photos.features[:3]), fitted.evidence.hear(photos.features[:3]), strict=True
    ):
        np.testing.assert_array_equal(said, before)
    with pytest.raises(ValueError, match=r"membership must be \(\d+, 2\) beside the others"):
        evidence_from_arrays([*arrays[:8], arrays[8][:-1], *arrays[9:]])
    with pytest.raises(ValueError, match=r"The arrays features, .* slope must be there"):
        evidence_from_arrays(arrays[:-1])
