import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.evaluation.risk_coverage import (
    area_under_curve,
    risk_coverage,
    risk_coverage_sentence,
    thinned,
)


def test_a_case_by_hand():
    """Sure and right, sure and wrong at the same confidence, then right, then wrong."""
    curve = risk_coverage(np.array([0.5, 0.9, 0.9, 0.2]), np.array([1, 1, 0, 0], bool))
    assert curve["threshold"].tolist() == [0.9, 0.5, 0.2]
    assert curve["n"].tolist() == [2, 3, 4]
    assert curve["coverage"].tolist() == [0.5, 0.75, 1.0]
    assert curve["risk"].tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 2])
    assert area_under_curve(curve) == pytest.approx(0.5 / 2 + 0.25 / 3 + 0.25 / 2)
    assert (curve["risk_low"] < curve["risk"]).all() and (curve["risk"] < curve["risk_high"]).all()


def test_perfect_order_beats_chance_beats_the_worst():
    is_right = np.repeat([True, False], 50)
    falling, rising = np.linspace(1, 0, 100), np.linspace(0, 1, 100)
    best, worst = (area_under_curve(risk_coverage(c, is_right)) for c in (falling, rising))
    flat = area_under_curve(risk_coverage(np.full(100, 0.3), is_right))
    assert best < flat < worst
    assert flat == 0.5


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40), st.randoms())
def test_the_order_of_the_photos_does_not_matter(photos, rng):
    mixed = list(photos)
    rng.shuffle(mixed)
    one, other = (risk_coverage(*map(np.array, zip(*x, strict=True))) for x in (photos, mixed))
    assert one.equals(other)
    assert one["coverage"].iloc[-1] == 1
    assert one["threshold"].is_monotonic_decreasing


def test_no_photo_is_an_empty_curve():
    empty = risk_coverage(np.zeros(0), np.zeros(0, bool))
    assert empty.empty
    assert np.isnan(area_under_curve(empty))
    assert "no photo" in risk_coverage_sentence(empty)


def test_thinning_keeps_both_ends():
    rng = np.random.default_rng(0)
    curve = risk_coverage(rng.random(5000), rng.random(5000) < 0.4)
    few = thinned(curve, 100)
    assert len(few) == 100
    assert few.iloc[0].equals(curve.iloc[0]) and few.iloc[-1].equals(curve.iloc[-1])
    assert thinned(few, 100) is few


def test_the_curve_in_words():
    confidence = np.linspace(1, 0, 100)
    words = risk_coverage_sentence(risk_coverage(confidence, np.arange(100) < 40))
    assert words.startswith("Answering every photo, 40 % of the answers are right.")
    assert "only the surest 80 % (confidence 20 % or more), 50 % are right" in words
    flat = risk_coverage(np.full(100, 0.3), np.arange(100) < 40)
    assert "does not make it reliable" in risk_coverage_sentence(flat)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match=r"received \(3,\) outcomes and \(2,\) confidences"):
        risk_coverage(np.zeros(2), np.zeros(3))
