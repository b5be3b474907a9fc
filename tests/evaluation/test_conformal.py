"""Conformal sets: the promise holds exactly, and two kept libraries find the same sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.evaluation.conformal import (
    APS,
    EPSILON,
    LEAST_AREA,
    LEVELS,
    METHODS,
    MIN_OWN,
    RAPS,
    RAPS_FREE,
    RAPS_PENALTY,
    WHOLE_CELLS,
    grouped_p_values,
    grouped_thresholds,
    is_like,
    label_scores,
    p_values,
    threshold,
    true_scores,
)
from tests.evaluation.made import made_probs

Y_TRUE, Y_PROB = made_probs(400, 8)
KNOWN, NEW = slice(0, 201), slice(201, 400)
EQUAL = np.ones(8)


@given(
    scores=st.lists(st.integers(0, 5) | st.just(np.inf), min_size=2, max_size=40),
    level=st.sampled_from([*LEVELS, 0.5, 0.75]),
)
def test_whichever_photo_is_the_new_one_at_least_the_level_is_covered(scores, level):
    """The promise itself: photos in any order are equally probable, so each is the new one once."""
    scores = np.array(scores, float)
    covered = [
        score <= threshold(np.delete(scores, k), level) for k, score in enumerate(scores.tolist())
    ]
    assert np.mean(covered) >= level - EPSILON
    if len(np.unique(scores)) == len(scores):
        assert np.mean(covered) < level + 1 / len(scores) + EPSILON


@given(
    known=st.lists(st.integers(0, 9) | st.just(np.inf), max_size=60),
    level=st.floats(0.05, 0.95),
)
def test_the_threshold_and_the_p_value_say_the_same(known, level):
    known, candidates = np.array(known, float), np.arange(-1.0, 11.0)
    by_p = p_values(candidates, known) > 1 - level + EPSILON
    assert (by_p == (candidates <= threshold(known, level))).all()


def test_p_values_by_hand():
    known = np.array([1.0, 2.0, 2.0, np.inf])
    assert p_values(np.array([0.0, 1.0, 2.0, 3.0]), known) == pytest.approx([1, 1, 0.8, 0.4])
    assert p_values(np.array([[5.0]]), np.zeros(0)) == 1


def test_scores_by_hand():
    probs, km2 = np.array([[0.5, 0.2, 0.3]]), np.array([10.0, 1.0, 1.0])
    assert label_scores(APS, probs, km2) == pytest.approx(np.array([[0.5, 1.0, 0.8]]))
    u = np.array([0.5])
    assert label_scores(APS, probs, km2, u) == pytest.approx(np.array([[0.25, 0.9, 0.65]]))
    assert np.exp(label_scores(WHOLE_CELLS, probs, km2)) == pytest.approx(
        np.array([[20, 5, 10 / 3]])
    )


def test_raps_charges_for_the_cells_beyond_the_first_few():
    extra = label_scores(RAPS, Y_PROB, EQUAL) - label_scores(APS, Y_PROB, EQUAL)
    ranks = np.argsort(np.argsort(-Y_PROB, axis=1), axis=1) + 1
    assert extra == pytest.approx(RAPS_PENALTY * np.maximum(0, ranks - RAPS_FREE))


def test_a_leaf_with_no_probability_at_all_still_has_a_score():
    scores = label_scores(LEAST_AREA, np.array([[1.0, 0.0]]), np.ones(2))
    assert np.isfinite(scores).all()
    assert scores[0, 1] > scores[0, 0]


def test_photos_outside_all_cells_are_never_covered():
    assert true_scores(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, -1])).tolist() == [
        2,
        np.inf,
    ]


def test_too_few_photos_promise_nothing():
    assert threshold(np.arange(18.0), 0.95) == np.inf
    assert threshold(np.arange(19.0), 0.95) == 18
    assert threshold(np.zeros(0), 0.5) == np.inf


@pytest.mark.parametrize("method", METHODS)
def test_p_values_are_those_of_crepes(method):
    from crepes import ConformalClassifier

    scores = label_scores(method, Y_PROB, np.arange(1.0, 9.0))
    known = true_scores(scores, Y_TRUE)[KNOWN]
    theirs = ConformalClassifier().fit(known).predict_p(scores[NEW], smoothing=False)
    assert p_values(scores[NEW], known) == pytest.approx(theirs)


def test_p_values_by_group_are_those_of_crepes_mondrian():
    from crepes import ConformalClassifier

    scores, groups = label_scores(APS, Y_PROB, EQUAL), np.array(list("aaabbbbb"))
    known, of_photo = true_scores(scores, Y_TRUE)[KNOWN], groups[Y_TRUE[KNOWN]]
    ours = grouped_p_values(scores[NEW], groups, known, of_photo)
    classifier = ConformalClassifier().fit(known, bins=of_photo)
    for group in "ab":
        bins = np.full(199, group)
        theirs = classifier.predict_p(scores[NEW], bins=bins, smoothing=False)
        assert ours[:, groups == group] == pytest.approx(theirs[:, groups == group])


@pytest.mark.parametrize(("name", "method"), [("lac", WHOLE_CELLS), ("aps", APS)])
def test_sets_are_those_of_mapie(name, method):
    """MAPIE always draws APS at random; with the same draws the sets are the same."""
    from mapie.classification import SplitConformalClassifier
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Given(ClassifierMixin, BaseEstimator):
        def fit(self, probs, labels):
            self.classes_ = np.unique(labels)
            return self

        def predict_proba(self, probs):
            return probs

        def predict(self, probs):
            return probs.argmax(axis=1)

    mapie = SplitConformalClassifier(
        Given().fit(Y_PROB, Y_TRUE), confidence_level=list(LEVELS), conformity_score=name,
        random_state=7,
    )  # fmt: skip
    mapie.conformalize(Y_PROB[KNOWN], Y_TRUE[KNOWN])
    options = {"include_last_label": "randomized"}
    _, theirs = mapie.predict_set(Y_PROB[NEW], conformity_score_params=options)

    def scores(part):
        u = np.random.RandomState(7).uniform(size=len(Y_PROB[part]))
        return label_scores(method, Y_PROB[part], EQUAL, u if method == APS else None)

    known = true_scores(scores(KNOWN), Y_TRUE[KNOWN])
    for k, level in enumerate(LEVELS):
        ours = scores(NEW) <= threshold(known, level)
        assert (ours == theirs[:, :, k]).all()


def test_a_group_with_few_photos_can_hardly_be_excluded():
    scores, groups = np.array([[9.0, 9.0, 9.0]]), np.array(["a", "b", "c"])
    known, of_photo = np.zeros(44), np.repeat(["a", "b"], [40, 4])
    found = grouped_p_values(scores, groups, known, of_photo)
    assert found == pytest.approx(np.array([[1 / 41, 1 / 5, 1]]))
    assert grouped_thresholds(groups, known, of_photo, 0.9).tolist() == [0, np.inf, np.inf]


@given(level=st.sampled_from(LEVELS), seed=st.integers(0, 20))
def test_thresholds_by_group_say_what_their_p_values_say(level, seed):
    rng = np.random.default_rng(seed)
    groups, of_photo = rng.choice(list("abc"), 6), rng.choice(list("abc"), 90)
    known, scores = rng.integers(0, 9, 90).astype(float), rng.integers(0, 9, (4, 6)).astype(float)
    by_p = grouped_p_values(scores, groups, known, of_photo) > 1 - level + EPSILON
    assert (by_p == (scores <= grouped_thresholds(groups, known, of_photo, level))).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("area", Y_PROB, EQUAL), "Unknown method 'area'. Known methods: least-area, whole-cells"),
        ((APS, Y_PROB, EQUAL[:3]), "one number above 0 for each of 8 cells, received an array"),
        ((APS, Y_PROB, EQUAL - 1), "the smallest value 0.0"),
        ((APS, 2 * Y_PROB, EQUAL), "sum to 1"),
        ((LEAST_AREA, Y_PROB, EQUAL, np.zeros(400)), "least-area draws nothing at random"),
    ],
)
def test_what_cannot_be_scored_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        label_scores(*arguments)


@pytest.mark.parametrize("level", [0, 1, -0.1, True, "0.9", None])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match="above 0 and below 1, such as"):
        threshold(np.zeros(5), level)


def test_photos_are_held_against_their_own_domain_if_it_has_enough():
    domains = np.array(["street"] * 60 + ["scene"] * (MIN_OWN - 1))
    assert is_like(domains, "street").sum() == 60
    assert is_like(domains, "scene") is None
    assert is_like(domains, None) is None
    assert is_like(None, "street") is None
