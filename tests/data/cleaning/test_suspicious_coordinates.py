"""Positions that nobody measured: nowhere, the middle of a country, rounded."""

import numpy as np
import pandas as pd
import pytest

from geocore.data.cleaning.suspicious_coordinates import (
    BASEMAP,
    country_in_the_middle_of,
    is_coarse,
    is_null_island,
    km_between,
    shared_positions,
)
from geocore.data.photos import load_coordinates

FLICKR = BASEMAP.parent / "flickr_100k.csv.gz"


def positions(*pairs):
    return np.array(pairs, float).T


def test_null_island_is_a_disk_in_the_sea():
    lat, lng = positions((0, 0), (0.0, 0.0001), (0.08, 0), (0.1, 0), (0, 180), (0, -179.99))
    assert is_null_island(lat, lng, 10).tolist() == [True, True, True, False, False, False]
    assert not is_null_island(lat, lng, 0).any()


def test_the_middle_of_a_country_is_named():
    lat, lng = positions((-26.5, 31.4), (41.9, 12.5), (56.0684, 9.8665))
    assert country_in_the_middle_of(lat, lng, 2) == ["Eswatini", "", "Denmark"]
    assert country_in_the_middle_of(lat, lng, 0) == ["", "", ""]
    assert country_in_the_middle_of(lat[:0], lng[:0], 2) == []


def test_countries_across_180_degrees_have_their_middle_on_land():
    lat, lng = positions((-17.8, 178.0))
    assert country_in_the_middle_of(lat, lng, 60) == ["Fiji"]


@pytest.mark.parametrize(
    ("lat", "lng", "step", "expected"),
    [
        (38.0, -97.0, 0.5, True),
        (28.5, 84.0, 0.5, True),
        (38.1, -97.0, 0.5, False),
        (0.3, -0.7, 0.1, True),
        (0.3, -0.71, 0.1, False),
        (90.0, -180.0, 0.5, True),
        (38.0, -97.0, 0.0, False),
    ],
)
def test_rounded_positions(lat, lng, step, expected):
    assert is_coarse(np.array([lat]), np.array([lng]), step).tolist() == [expected]


def test_real_positions_are_hardly_ever_suspicious():
    photos = load_coordinates(FLICKR).photos
    lat, lng = photos["lat"].to_numpy(), photos["lng"].to_numpy()
    assert is_null_island(lat, lng, 10).sum() == 0
    assert sum(name != "" for name in country_in_the_middle_of(lat, lng, 2)) == 3
    assert is_coarse(lat, lng, 0.5).sum() == 8


def test_positions_that_many_photos_share():
    photos = pd.DataFrame({"lat": [1.5] * 3 + [2.5] * 5 + [3.5], "lng": [1.0] * 8 + [2.0]})
    shared = shared_positions(photos, n_least=3)
    assert shared.to_dict("records") == [
        {"lat": 2.5, "lng": 1.0, "n_photos": 5},
        {"lat": 1.5, "lng": 1.0, "n_photos": 3},
    ]
    assert len(shared_positions(photos, n_least=1, n_most=2)) == 2
    assert shared_positions(photos[:0]).empty


def test_distances():
    zero, quarter = np.zeros(2), np.array([90.0, 0.0])
    km = km_between(zero, zero, zero, quarter)
    assert km == pytest.approx([10007.557, 0], abs=0.01)
    assert km_between(*positions((0, 179.9)), *positions((0, -179.9))) == pytest.approx(
        [22.239], abs=0.01
    )
