"""Where a model is blind: every square is judged by its leaf and the next training photo."""

import numpy as np
import pandas as pd
import pytest

from geocore.analysis.blindness import KINDS, REACH_KM, blind_squares, kind_shares
from geocore.analysis.yardstick import load_yardstick
from geocore.cells import s2
from geocore.cells.geodesy import distance_km

# Leaves: face 0 (Africa), face 2's four children (Asia, the North), the last without tests.
FACES = s2.cells_at_level(0)
LEAVES = np.sort(np.append(s2.children(FACES[2:3]).ravel(), FACES[0]))


def cells(recalls, n_held_out):
    return pd.DataFrame({"cell_id": LEAVES, "recall MC": recalls, "n_held_out": n_held_out})


@pytest.fixture(scope="module")
def squares():
    table = cells([0.5, 0.0, 0.1, 0.5, np.nan], [10, 4, 10, 2, 0])
    return blind_squares(table, "MC", [0.0], [10.0], load_yardstick())


def test_a_square_outside_every_leaf_is_told(squares):
    ids = s2.from_token(squares["token"])
    faces = s2.parent(ids, 0)
    is_inside = np.isin(faces, FACES[[0, 2]])
    assert ((squares["kind"] == "outside") == ~is_inside).all()
    assert 0 < is_inside.sum() < len(squares)


def test_what_is_far_from_every_training_photo_is_told(squares):
    lat, lng = s2.centers(s2.from_token(squares["token"]))
    assert squares["nearest_km"].to_numpy() == pytest.approx(distance_km(lat, lng, 0.0, 10.0))
    inside = squares[squares["kind"] != "outside"]
    assert ((inside["kind"] == "far") == (inside["nearest_km"] > REACH_KM)).all()
    near = inside[inside["kind"] == "recognised"]
    assert len(near) and (near["n_right"] == 5).all() and (near["n_held_out"] == 10).all()


@pytest.mark.parametrize(
    ("recall", "n_held_out", "kind"),
    [
        (0.0, 3, "never"),
        (0.2, 10, "seldom"),
        (0.25, 4, "recognised"),
        (np.nan, 0, "untested"),
    ],
)
def test_recall_decides_where_there_are_photos(recall, n_held_out, kind):
    table = cells([recall] * 5, [n_held_out] * 5)
    lat, lng = s2.centers(s2.cells_at_level(3))
    squares = blind_squares(table, "MC", lat, lng, load_yardstick())
    assert set(squares["kind"]) == {"outside", kind}


def test_without_training_photos_everything_is_far():
    squares = blind_squares(cells([1.0] * 5, [1] * 5), "MC", [], [], load_yardstick())
    assert set(squares["kind"]) == {"outside", "far"}


def test_shares_are_of_people_and_sum_to_one(squares):
    shares = kind_shares(squares)
    assert list(shares.index) == list(KINDS)
    assert shares.sum() == pytest.approx(1)
    people = squares["inhabitants"]
    assert shares["far"] == pytest.approx(people[squares["kind"] == "far"].sum() / people.sum())
