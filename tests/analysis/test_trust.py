"""What became of held-out photos about which the model was as sure."""

import numpy as np
import pytest

from geocore.analysis.trust import trust_of, wilson_interval


def test_only_photos_of_like_confidence_count():
    confidence = np.r_[np.full(50, 0.2), np.full(50, 0.9)]
    is_right = np.r_[np.zeros(50, bool), np.ones(50, bool)]
    error_km = np.r_[np.full(50, 5000.0), np.full(50, 100.0)]
    sure = trust_of(0.85, confidence, is_right, error_km, n_alike=50)
    unsure = trust_of(0.1, confidence, is_right, error_km, n_alike=50)
    assert (sure.share_right, sure.share_near, sure.median_km) == (1, 1, 100)
    assert (unsure.share_right, unsure.share_near, unsure.median_km) == (0, 0, 5000)
    assert sure.n_photos == 50 and sure.confidence == (0.9, 0.9)
    assert trust_of(0.85, confidence, is_right, error_km).confidence == (0.2, 0.9)


def test_the_order_of_the_photos_does_not_matter_for_distinct_confidences():
    rng = np.random.default_rng(0)
    confidence, is_right, error_km = (
        rng.permutation(200) / 200,
        rng.random(200) < 0.3,
        rng.random(200),
    )
    order = rng.permutation(200)
    assert trust_of(0.401, confidence, is_right, error_km) == trust_of(
        0.401, confidence[order], is_right[order], error_km[order]
    )


def test_too_few_photos_give_no_statement():
    assert trust_of(0.5, np.ones(19), np.ones(19, bool), np.ones(19)) is None
    assert trust_of(0.5, np.ones(20), np.ones(20, bool), np.ones(20)).n_photos == 20


def test_arrays_of_different_length_are_refused():
    with pytest.raises(ValueError, match="received 3, 2 and 3"):
        trust_of(0.5, np.ones(3), np.ones(2, bool), np.ones(3))


def test_wilson_interval_of_published_values():
    # Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for n_hits, n_photos, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        np.testing.assert_allclose(wilson_interval(n_hits, n_photos), (low, high), atol=5e-5)


def test_impossible_counts_are_refused():
    for n_hits, n_photos in [(1, 0), (3, 2), (-1, 2)]:
        with pytest.raises(ValueError, match=f"received {n_hits} of {n_photos}"):
            wilson_interval(n_hits, n_photos)
