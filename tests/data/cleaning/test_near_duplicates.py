"""The search finds what comparing everything with everything finds, and keeps the right ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocore.data.cleaning.near_duplicates import chance_of_missing, first_copies, near_pairs


def random_looks(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 32), dtype=np.uint8)


def flipped(look: np.ndarray, n_bits: int, seed: int = 0) -> np.ndarray:
    bits = np.unpackbits(look)
    bits[np.random.default_rng(seed).choice(256, n_bits, replace=False)] ^= 1
    return np.packbits(bits)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 60), st.lists(st.integers(0, 60), max_size=8))
def test_the_search_finds_what_comparing_all_pairs_finds(seed, n, distances):
    looks = random_looks(n, seed)
    copies = [flipped(looks[k % n], d, seed + k) for k, d in enumerate(distances)]
    looks = np.concatenate([looks, *[copy[None] for copy in copies]])
    apart = np.bitwise_count(looks[:, None] ^ looks[None]).sum(axis=2, dtype=int)
    expected = [(i, j) for j in range(len(looks)) for i in range(j) if apart[i, j] <= 40]
    pairs, bits = near_pairs(looks.view(np.uint64), 40)
    assert [tuple(pair) for pair in pairs.tolist()] == expected
    assert bits.tolist() == [apart[pair] for pair in expected]


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_kept_photos_are_far_from_each_other_and_dropped_ones_near_a_kept_one(seed, n_kinds):
    rng = np.random.default_rng(seed)
    kinds = random_looks(n_kinds, seed)
    looks = np.stack([flipped(kinds[rng.integers(n_kinds)], 15, k) for k in range(40)])
    kept, bits = first_copies(looks, 28)
    apart = np.bitwise_count(looks[:, None] ^ looks[None]).sum(axis=2, dtype=int)
    assert (kept <= np.arange(40)).all() and (kept[kept] == kept).all()
    assert (apart[np.arange(40), kept] == bits).all() and (bits <= 28).all()
    originals = np.unique(kept)
    assert (apart[np.ix_(originals, originals)] + 999 * np.eye(len(originals)) > 28).all()


def test_in_a_chain_of_copies_the_first_is_kept_and_what_is_far_from_it():
    a = random_looks(1)[0]
    b = flipped(a, 30, 1)
    c = np.packbits(np.unpackbits(b) ^ np.unpackbits(flipped(np.zeros(32, np.uint8), 30, 2)))
    kept, bits = first_copies(np.stack([a, b, c, b]), 40)
    assert kept.tolist() == [0, 0, 2, 0]
    assert bits.tolist() == [0, 30, 0, 30]


def test_equal_hashes_and_the_smallest_tables():
    look = random_looks(1)
    assert first_copies(np.repeat(look, 4, axis=0), 0)[0].tolist() == [0, 0, 0, 0]
    assert first_copies(look, 40)[0].tolist() == [0]
    kept, bits = first_copies(np.zeros((0, 32), np.uint8), 40)
    assert len(kept) == len(bits) == 0


def test_a_thousand_equal_photos_among_others_cost_no_pairs_of_equals():
    looks = np.concatenate([random_looks(50), np.repeat(random_looks(1, 9), 5000, axis=0)])
    kept, _ = first_copies(looks, 40)
    assert kept[:50].tolist() == list(range(50))
    assert (kept[50:] == 50).all()


def test_among_many_photos_near_pairs_are_still_found():
    looks = random_looks(8_000)
    copies = np.stack([flipped(looks[k], 40, k) for k in range(200)])
    kept, _ = first_copies(np.concatenate([looks, copies]), 40)
    assert (kept[:8_000] == np.arange(8_000)).all()
    assert (kept[8_000:] == np.arange(200)).all()


def test_the_chance_of_missing_a_pair():
    assert chance_of_missing(1_000_000, 0) == 0
    assert chance_of_missing(1_000_000, 20) < 1e-9
    assert chance_of_missing(1_000_000, 40) == pytest.approx((1 - (216 / 256) ** 17) ** 100)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"looks must be uint8 \(n_photos, 32\), received float64"):
        first_copies(np.zeros((3, 32)), 40)
    with pytest.raises(ValueError, match=r"received uint8 \(3, 8\)"):
        first_copies(np.zeros((3, 8), np.uint8), 40)
    with pytest.raises(ValueError, match=r"max_bits must lie within \[0, 255\], received -1"):
        first_copies(random_looks(2), -1)
