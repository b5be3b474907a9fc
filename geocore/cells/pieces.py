"""Leaves cut into pieces of one size (stage: cells). Knows nothing about photos.

A leaf may be as large as a continent while photos come from a part of it; pieces are what such a
part is made of.
"""

import numpy as np

from geocore.cells import s2


def cut_into_pieces(leaf_ids: s2.IdArray, level: int) -> tuple[s2.IdArray, s2.IntArray]:
    """The cells of a level that leaves are made of; a leaf at or below the level stays whole.

    Args:
        leaf_ids: uint64 (n_leaves,), none inside another.
        level: S2 level of the pieces.

    Returns:
        Ids of the pieces (n_pieces,), and for each the position of its leaf in `leaf_ids`; ordered
        by id.
    """
    done, owners = [], []
    current, owner = np.asarray(leaf_ids, np.uint64), np.arange(len(leaf_ids))
    while len(current):
        is_done = s2.level_of(current) >= level
        done.append(current[is_done])
        owners.append(owner[is_done])
        current = s2.children(current[~is_done]).ravel()
        owner = np.repeat(owner[~is_done], 4)
    pieces, leaf = np.concatenate(done), np.concatenate(owners)
    order = np.argsort(pieces)
    return pieces[order], leaf[order]


def find_pieces(pieces: s2.IdArray, lat: np.ndarray, lng: np.ndarray) -> s2.IntArray:
    """Position of the piece that holds each point, -1 where none does.

    Args:
        pieces: uint64 (n_pieces,), ascending, none inside another.
        lat: degrees, (n_points,).
        lng: degrees, (n_points,).
    """
    ids = s2.cell_ids(lat, lng)
    first, last = s2.id_range(pieces)
    position = np.searchsorted(first, ids, "right") - 1
    return np.where((position >= 0) & (ids <= last[position]), position, -1)


def merge_pieces(pieces: s2.IdArray) -> s2.IdArray:
    """The fewest cells that cover the same area: four siblings become their parent, and so on.

    Args:
        pieces: uint64 (n_pieces,), none inside another.

    Returns:
        Ids, ascending.
    """
    kept: list[s2.IdArray] = []
    current = np.sort(np.asarray(pieces, np.uint64))
    for level in range(s2.MAX_LEVEL, 0, -1):
        is_here = s2.level_of(current) == level
        if not is_here.any():
            continue
        here, current = current[is_here], current[~is_here]
        parents, position, n = np.unique(
            s2.parent(here, level - 1), return_inverse=True, return_counts=True
        )
        kept.append(here[n[position] < 4])
        current = np.concatenate([current, parents[n == 4]])
    return np.sort(np.concatenate([*kept, current]))
