"""Distances from points to cells against walking along their borders in small steps."""

import numpy as np
import pytest

from geocore.analysis.area_distance import cell_distances_km
from geocore.cells import s2
from geocore.cells.geodesy import distance_km, lat_lng, unit_vectors

EDGES = np.array([[90, 0], [-90, 0], [0, 180], [0, -180], [0, 0], [45, 45]])


def by_steps(lat, lng, cell) -> np.ndarray:
    """Distance from each point to the border of one cell."""
    corners = unit_vectors(*np.moveaxis(s2.vertices([cell]), -1, 0))[0]
    steps = np.linspace(0, 1, 301)[:, None]
    border = [(1 - steps) * corners[i] + steps * corners[(i + 1) % 4] for i in range(4)]
    border_lat, border_lng = lat_lng(np.concatenate(border))
    return distance_km(lat[:, None], lng[:, None], border_lat, border_lng).min(axis=1)


@pytest.mark.parametrize("level", [0, 1, 4])
def test_distances_are_those_to_the_nearest_point_of_the_border(level):
    rng = np.random.default_rng(level)
    lat = np.append(np.degrees(np.arcsin(rng.uniform(-1, 1, 40))), EDGES[:, 0])
    lng = np.append(rng.uniform(-180, 180, 40), EDGES[:, 1])
    ids = np.unique(s2.parent(s2.cell_ids(lat[:8], lng[:8]), level))
    km = cell_distances_km(lat, lng, ids)
    for column, cell in enumerate(ids):
        is_inside = s2.parent(s2.cell_ids(lat, lng), level) == cell
        assert (km[is_inside, column] == 0).all()
        expected = by_steps(lat, lng, cell)[~is_inside]
        np.testing.assert_allclose(km[~is_inside, column], expected, atol=3)


def test_both_names_of_the_antimeridian_are_equally_far():
    ids = s2.cells_at_level(1)[:4]
    km = cell_distances_km(np.array([10.0, 10.0]), np.array([180.0, -180.0]), ids)
    np.testing.assert_allclose(km[0], km[1], atol=1e-6)
