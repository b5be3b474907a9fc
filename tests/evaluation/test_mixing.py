"""Head and evidence as one distribution: over leaves, over places, and its best point."""

import numpy as np
import pytest

from geocore.cells.geodesy import distance_km
from geocore.evaluation.metrics import geoscores
from geocore.evaluation.mixing import Mixing, fit_mixing, mixed_probs, place_answers
from geocore.evaluation.place_evidence import PlaceEvidence
from geocore.evaluation.temperature import apply_temperature

PLACES = np.array([[0, 0], [0, 60], [40, 20], [41, 21], [-30, 100]], np.float32)
LEAF = np.array([0, 0, 1, 1, 2])


@pytest.fixture
def evidence():
    """Five places in three leaves; what it learned from does not matter here."""
    nothing = np.zeros((1, 1), np.float32)
    return PlaceEvidence(
        nothing, nothing, np.zeros((1, 5), np.float32), np.zeros(5, np.float32), PLACES,
        LEAF.astype(np.float32), np.zeros(5, np.float32), np.ones(2, np.float32),
    )  # fmt: skip


def made_answers(n_photos=400, seed=0):
    """Truth, a head and an evidence that both know something, the evidence more."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 6, n_photos)
    said = []
    for knows in (1.0, 2.0):
        logits = rng.normal(0, 1, (n_photos, 6))
        logits[np.arange(n_photos), truth] += knows
        said.append(np.exp(logits) / np.exp(logits).sum(1, keepdims=True))
    return truth, said[0], said[1]


def test_without_a_share_each_speaks_alone():
    _, head, evidence = made_answers(5)
    np.testing.assert_allclose(mixed_probs(head, evidence, 0.0), head, atol=1e-6)
    np.testing.assert_allclose(mixed_probs(head, evidence, 1.0), evidence, atol=1e-6)


def test_the_share_and_temperature_of_the_lowest_loss_are_found():
    truth, head, evidence = made_answers(4000)
    mixing = fit_mixing(truth, head, evidence)

    def loss(share, temperature):
        probs = apply_temperature(mixed_probs(head, evidence, share), temperature)
        return -np.log(probs[np.arange(len(truth)), truth]).mean()

    best = loss(mixing.share, mixing.temperature)
    assert best < min(loss(0.0, 1.0), loss(1.0, 1.0), loss(0.5, 1.0))
    for share, temperature in ((0.05, 1), (-0.05, 1), (0, 1.1), (0, 0.9)):
        assert best <= loss(mixing.share + share, mixing.temperature * temperature) + 1e-4
    assert mixing.share > 0.5


def test_few_photos_do_not_move_it_and_none_leave_it_as_usual():
    truth, head, evidence = made_answers(3)
    assert abs(fit_mixing(truth, head, evidence).share - 0.5) < 0.3
    assert fit_mixing(truth[:0], head[:0], evidence[:0]) == Mixing(share=0.5)
    assert fit_mixing(np.full(3, -1), head, evidence) == Mixing(share=0.5)


def test_point_and_leaves_come_from_one_distribution(evidence):
    answers = place_answers(evidence, 3, "geoscore")
    log_probs = np.log([[0.3, 0.2, 0.1, 0.25, 0.15]]).astype(np.float32)
    head = np.array([[0.2, 0.2, 0.6]], np.float32)
    probs, points = answers.answer(head, log_probs, Mixing(share=0.4, temperature=1.3))
    own = np.array([[0.5, 0.35, 0.15]])
    np.testing.assert_allclose(answers.leaf_probs(log_probs), own, atol=1e-6)
    expected = apply_temperature(mixed_probs(head, own, 0.4), 1.3)
    np.testing.assert_allclose(probs, expected, atol=1e-6)
    by_place = expected[0, LEAF] * np.exp(log_probs[0]) / own[0, LEAF]
    assert by_place.sum() == pytest.approx(1, abs=1e-5)
    km = distance_km(PLACES[:, :1], PLACES[:, 1:], PLACES[:, 0], PLACES[:, 1])
    np.testing.assert_array_equal(points[0], PLACES[np.argmax(geoscores(km) @ by_place)])


def test_the_fewest_expected_km_are_a_setting(evidence):
    """Near two equal places in the west, the GeoScore stays; km go to the middle of all."""
    log_probs = np.log(np.array([[0.02, 0.36, 0.01, 0.01, 0.6]])).astype(np.float32)
    head = np.full((1, 3), 1 / 3, np.float32)
    by_score = place_answers(evidence, 3, "geoscore").answer(head, log_probs, Mixing(share=1.0))[1]
    by_km = place_answers(evidence, 3, "km").answer(head, log_probs, Mixing(share=1.0))[1]
    probs = np.exp(log_probs[0])
    km = distance_km(PLACES[:, :1], PLACES[:, 1:], PLACES[:, 0], PLACES[:, 1])
    np.testing.assert_array_equal(by_km[0], PLACES[np.argmin(km @ probs)])
    np.testing.assert_array_equal(by_score[0], PLACES[np.argmax(geoscores(km) @ probs)])


def test_a_sharper_point_is_nearer_to_the_likeliest_place(evidence):
    """Many middling places in the east outweigh the likeliest one, until it is sharpened."""
    log_probs = np.log(np.array([[0.32, 0.05, 0.29, 0.28, 0.06]])).astype(np.float32)
    head = np.full((1, 3), 1 / 3, np.float32)
    points, probs = [], []
    for sharpness in (1.0, 20.0):
        found = place_answers(evidence, 3, sharpness=sharpness).answer(
            head, log_probs, Mixing(share=1.0)
        )
        probs.append(found[0])
        points.append(found[1][0])
    assert points[0].tolist() in PLACES[2:4].tolist()
    assert points[1].tolist() == PLACES[0].tolist()
    np.testing.assert_array_equal(*probs)  # of cells nothing changes


def test_an_impossible_share_is_refused():
    with pytest.raises(ValueError, match=r"share must lie between 0 and 1, received 1.5"):
        Mixing(share=1.5)


def made_domains(n_photos=3000, seed=1):
    """In the second domain the head knows nothing and is as sure as ever."""
    truth, head, evidence = made_answers(n_photos, seed)
    second = np.arange(n_photos) % 2 == 1
    head[second] = np.random.default_rng(2).permutation(head[second])
    return truth, head, evidence, np.column_stack([~second, second]).astype(float)


def test_each_domain_gets_its_own_share_and_strength():
    truth, head, evidence, domains = made_domains()
    mixing = fit_mixing(truth, head, evidence, domains)
    assert mixing.shares[1] > mixing.shares[0] + 0.2

    def loss(mixing):
        share, strength = mixing.of(domains)
        probs = apply_temperature(mixed_probs(head, evidence, share, strength), mixing.temperature)
        own = probs[np.arange(len(truth)), truth]
        return np.array([-np.log(own[part > 0]).mean() for part in domains.T])

    assert (loss(mixing) < loss(fit_mixing(truth, head, evidence))).all()


def test_few_photos_leave_the_domains_as_all_photos_are():
    truth, head, evidence, domains = made_domains(6)
    mixing = fit_mixing(truth, head, evidence, domains)
    assert mixing.shares == pytest.approx([mixing.share] * 2, abs=0.2)
    assert mixing.strengths == pytest.approx([1, 1], abs=0.1)
    none = fit_mixing(truth[:0], head[:0], evidence[:0], domains[:0])
    assert none == Mixing(share=0.5, shares=(0.5, 0.5), strengths=(1.0, 1.0))
    one = fit_mixing(truth, head, evidence, np.ones((6, 1)))
    assert one == fit_mixing(truth, head, evidence) and one.shares == ()


def test_a_photo_between_domains_is_mixed_between(evidence):
    mixing = Mixing(shares=(0.2, 0.6), strengths=(1.0, 0.25))
    share, strength = mixing.of(np.array([[1, 0], [0.5, 0.5]]))
    np.testing.assert_allclose(share, [[0.2], [0.4]])
    np.testing.assert_allclose(strength, [[1.0], [0.5]])
    log_probs = np.log([[0.3, 0.2, 0.1, 0.25, 0.15]] * 2).astype(np.float32)
    head = np.array([[0.2, 0.2, 0.6]] * 2, np.float32)
    answers = place_answers(evidence, 3)
    probs, _ = answers.answer(head, log_probs, mixing, np.array([[1, 0], [0.5, 0.5]]))
    own = answers.leaf_probs(log_probs)
    expected = [
        mixed_probs(head[:1], own[:1], 0.2), mixed_probs(head[1:], own[1:], 0.4, 0.5)
    ]  # fmt: skip
    np.testing.assert_allclose(probs, np.concatenate(expected), atol=1e-6)


def test_domains_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="Every domain must have a share and a strength above 0"):
        Mixing(shares=(0.5, 0.5), strengths=(1.0,))
    with pytest.raises(ValueError, match="Every domain must have a share and a strength above 0"):
        Mixing(shares=(0.5,), strengths=(0.0,))
    with pytest.raises(ValueError, match="share must lie between 0 and 1, received -1"):
        Mixing(shares=(-1.0,), strengths=(1.0,))
