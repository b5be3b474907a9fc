"""Leaves cut into pieces, and pieces put together again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.cells import s2
from geocore.cells.pieces import cut_into_pieces, find_pieces, merge_pieces

LEAVES = s2.from_token(["04", "11", "464", "884c"])


def test_pieces_tile_their_leaves():
    ids, leaf = cut_into_pieces(LEAVES, 3)
    assert np.bincount(leaf).tolist() == [16, 4, 1, 1]
    assert (np.diff(ids) > 0).all()
    assert (s2.level_of(ids) == np.where(leaf == 3, s2.level_of(LEAVES)[3], 3)).all()
    areas = np.bincount(leaf, s2.cell_area_km2(ids))
    assert areas == pytest.approx(s2.cell_area_km2(LEAVES))


def test_leaves_may_come_in_any_order():
    ids, leaf = cut_into_pieces(LEAVES[::-1], 3)
    again, forward = cut_into_pieces(LEAVES, 3)
    assert (ids == again).all()
    assert (leaf == 3 - forward).all()


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=20))
def test_every_point_of_a_leaf_lies_in_a_piece_of_it(points):
    lat, lng = np.array(points).T
    ids, leaf = cut_into_pieces(s2.cells_at_level(1), 3)
    found = find_pieces(ids, lat, lng)
    assert (s2.parent(s2.cell_ids(lat, lng), 1) == s2.cells_at_level(1)[leaf[found]]).all()


def test_points_outside_all_pieces_are_in_none():
    rome, quito = (41.9, 12.5), (-0.2, -78.5)
    pieces = s2.cell_ids([rome[0]], [rome[1]], 4)
    assert find_pieces(pieces, *np.array([rome, quito]).T).tolist() == [0, -1]


def test_complete_siblings_become_their_parent_up_to_the_faces():
    ids, _ = cut_into_pieces(s2.cells_at_level(0), 3)
    assert (merge_pieces(ids) == s2.cells_at_level(0)).all()
    face = s2.cells_at_level(0)[:1]
    ids, _ = cut_into_pieces(face, 2)
    merged = merge_pieces(ids[1:])
    assert s2.level_of(merged).tolist() == [2, 2, 2, 1, 1, 1]
    assert s2.cell_area_km2(merged).sum() == pytest.approx(s2.cell_area_km2(ids[1:]).sum())


def test_nothing_merges_to_nothing():
    assert merge_pieces(np.zeros(0, np.uint64)).size == 0
