"""Data stage: which photos are copies of another one, by their perceptual hashes.

A million photos make 500,000 million pairs; only those are compared that agree in some dozen bits,
drawn in many ways (locality-sensitive hashing by bit sampling). It knows no file and no position.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from geocore.data.cleaning.photo_hashes import HASH_BITS

IntArray = NDArray[np.int64]
WordArray = NDArray[np.uint64]

N_TABLES = 100
_SEED = 42


def first_copies(
    looks: NDArray[np.uint8], max_bits: int, progress: Callable[[int], object] | None = None
) -> tuple[IntArray, IntArray]:
    """For every photo the photo that it is a copy of: itself, or one that comes before it.

    From the first photo on, a photo is kept unless its hash differs in at most `max_bits` from
    that of one that is kept already: of those, the first. So no two kept photos are that near, and
    no photo is dropped for one that is itself dropped.

    Args:
        looks: uint8 (n_photos, 32), perceptual hashes; the photos to prefer come first.
        max_bits: from 0 to 255.
        progress: called with 1 for each of the N_TABLES comparisons that is done.

    Returns:
        kept: int (n_photos,), position of the photo that is kept in its place, its own if it is.
        bits: int (n_photos,), in how many bits the two differ, 0 for a kept photo.

    Raises:
        ValueError: `looks` has another shape, or `max_bits` is out of range.

    Source:
        own; the search: P. Indyk and R. Motwani, Approximate nearest neighbors (1998).
    """
    words = _words(looks)
    if not 0 <= max_bits < HASH_BITS:
        raise ValueError(f"max_bits must lie within [0, {HASH_BITS - 1}], received {max_bits}.")
    _, first, inverse = np.unique(words, axis=0, return_index=True, return_inverse=True)
    first, rank = np.sort(first), np.argsort(np.argsort(first))
    distinct = words[first]
    kept = np.arange(len(distinct))
    bits = np.zeros(len(distinct), dtype=np.int64)
    pairs, distances = near_pairs(distinct, max_bits, progress)
    for (earlier, later), distance in zip(pairs.tolist(), distances.tolist(), strict=True):
        if kept[later] == later and kept[earlier] == earlier:
            kept[later], bits[later] = earlier, distance
    look = rank[inverse.ravel()]
    return first[kept[look]], bits[look]


def near_pairs(
    words: WordArray, max_bits: int, progress: Callable[[int], object] | None = None
) -> tuple[IntArray, IntArray]:
    """All pairs of hashes that differ in at most `max_bits` bits.

    A pair may be missed, the less likely the nearer it is; `chance_of_missing` says how likely.

    Args:
        words: uint64 (n, 4).
        max_bits: the largest difference.
        progress: see `first_copies`.

    Returns:
        pairs: int (n_pairs, 2), the smaller position first; sorted by the larger, then the smaller.
        bits: int (n_pairs,), in how many bits they differ.
    """
    n = len(words)
    codes = np.zeros(0, dtype=np.int64)
    for positions in _tables(_key_bits(n)):
        found = [codes]
        for low, high in _agreeing(words, positions):
            is_near = _bits_between(words[low], words[high]) <= max_bits
            found.append(high[is_near] * n + low[is_near])
        codes = np.unique(np.concatenate(found))
        if progress is not None:
            progress(1)
    pairs = np.stack([codes % max(n, 1), codes // max(n, 1)], axis=1)
    return pairs, _bits_between(words[pairs[:, 0]], words[pairs[:, 1]])


def chance_of_missing(n_photos: int, bits: int) -> float:
    """Chance that a pair that differs in so many bits is not found among so many photos.

    As if every table drew its bits independently; drawing them without repeats, as is done, misses
    fewer.
    """
    agree = (1 - bits / HASH_BITS) ** _key_bits(n_photos)
    return float((1 - agree) ** N_TABLES)


def _words(looks: NDArray[np.uint8]) -> WordArray:
    if looks.ndim != 2 or looks.shape[1] * 8 != HASH_BITS or looks.dtype != np.uint8:
        raise ValueError(
            f"looks must be uint8 (n_photos, {HASH_BITS // 8}), "
            f"received {looks.dtype} {looks.shape}."
        )
    return np.ascontiguousarray(looks).view(np.uint64)


def _key_bits(n: int) -> int:
    """So many bits that about eight photos share a key by chance."""
    return min(max(8, round(math.log2(max(n, 1))) - 3), 24)


def _tables(n_bits: int) -> Iterator[NDArray[np.int64]]:
    """Positions of the bits of each table; those of successive tables differ as far as possible."""
    rng = np.random.default_rng(_SEED)
    per_shuffle = HASH_BITS // n_bits
    for table in range(N_TABLES):
        if table % per_shuffle == 0:
            shuffled = rng.permutation(HASH_BITS)
        start = table % per_shuffle * n_bits
        yield shuffled[start : start + n_bits]


def _agreeing(words: WordArray, positions: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Pairs of photos that agree in all the bits, a part at a time: smaller, larger position."""
    keys = np.zeros(len(words), dtype=np.uint32)
    for position in positions.tolist():
        bit = (words[:, position // 64] >> np.uint64(position % 64)) & np.uint64(1)
        keys = (keys << np.uint32(1)) | bit.astype(np.uint32)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    left = np.arange(len(keys) - 1)
    for step in range(1, len(keys)):
        left = left[left + step < len(keys)]
        left = left[keys[left] == keys[left + step]]
        if not len(left):
            return
        yield order[left], order[left + step]


def _bits_between(a: WordArray, b: WordArray) -> IntArray:
    return np.bitwise_count(a ^ b).sum(axis=1, dtype=np.int64)
