"""Distances, vectors and means on the sphere."""

import numpy as np
import pytest
import s2sphere
from hypothesis import given
from hypothesis import strategies as st

from geocore.cells.geodesy import (
    EARTH_RADIUS_KM,
    centroid,
    distance_km,
    lat_lng,
    unit_vectors,
)

LATS, LNGS = st.floats(-90, 90), st.floats(-180, 180)


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((0, 0), (0, 0), 0),
        ((0, 179.5), (0, -179.5), np.pi / 180 * EARTH_RADIUS_KM),
        ((90, 0), (90, 123), 0),
        ((90, 0), (-90, 0), np.pi * EARTH_RADIUS_KM),
        ((0, 0), (0, 180), np.pi * EARTH_RADIUS_KM),
        ((36.12, -86.67), (33.94, -118.4), 2886.448),  # the usual example: Nashville, Los Angeles
    ],
)
def test_known_distances(here, there, km):
    assert distance_km(*here, *there) == pytest.approx(km, rel=1e-6, abs=1e-9)


def test_distance_broadcasts():
    lat, lng = np.zeros(3), np.array([0.0, 1.0, 2.0])
    table = distance_km(lat[:, None], lng[:, None], lat, lng)
    assert table.shape == (3, 3)
    np.testing.assert_allclose(table, table.T)


@given(LATS, LNGS, LATS, LNGS)
def test_distance_equals_the_reference(lat1, lng1, lat2, lng2):
    here, there = (s2sphere.LatLng.from_degrees(*p) for p in ((lat1, lng1), (lat2, lng2)))
    expected = here.get_distance(there).radians * EARTH_RADIUS_KM
    assert distance_km(lat1, lng1, lat2, lng2) == pytest.approx(expected, rel=1e-6, abs=1e-3)


@given(LATS, LNGS)
def test_vectors_have_length_one_and_lead_back(lat, lng):
    vector = unit_vectors(lat, lng)
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert distance_km(lat, lng, *lat_lng(vector)) == pytest.approx(0, abs=1e-6)


def test_centroid_across_180_degrees_and_round_a_pole():
    lat, lng = centroid([0, 0], [179, -179])
    assert (lat, abs(lng)) == pytest.approx((0, 180))
    assert centroid([80, 80, 80, 80], [0, 90, 180, -90])[0] == pytest.approx(90)


def test_points_without_a_centroid_are_refused_in_words():
    with pytest.raises(ValueError, match=r"at least one point, received none"):
        centroid([], [])
    with pytest.raises(ValueError, match=r"2 points cancel out on the sphere"):
        centroid([0, 0], [0, 180])
