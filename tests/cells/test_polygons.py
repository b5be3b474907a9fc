"""Borders of cells: they tile the flat map, are valid, and follow great circles."""

import json

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from geocore.cells import generate_cells, s2
from geocore.cells.polygons import MAX_CHORD_ERROR_DEG, cell_polygon, cells_geojson
from tests.cells.test_grid import clustered_points

WORLD_DEG2 = 360 * 180


def shapes(ids):
    return [shape(f["geometry"]) for f in cells_geojson(s2.token(ids))["features"]]


@pytest.mark.parametrize("level", [0, 1, 2, 3, 4])
def test_the_cells_of_a_level_tile_the_map(level):
    found = shapes(s2.cells_at_level(level))
    assert all(polygon.is_valid for polygon in found)
    assert sum(polygon.area for polygon in found) == pytest.approx(WORLD_DEG2, abs=1e-6)
    assert shapely.union_all(found).area == pytest.approx(WORLD_DEG2, abs=1e-6)
    bounds = np.array([polygon.bounds for polygon in found])
    assert bounds[:, 0].min() == -180 and bounds[:, 2].max() == 180
    assert bounds[:, 1].min() == -90 and bounds[:, 3].max() == 90


def test_the_leaves_of_a_grid_tile_the_map_up_to_the_chords():
    grid = generate_cells(*clustered_points(), t_min=1, t_max=10, policy="preserve")
    found = shapes(grid.leaves["cell_id"].to_numpy())
    assert all(polygon.is_valid for polygon in found)
    assert sum(polygon.area for polygon in found) == pytest.approx(WORLD_DEG2, rel=1e-4)


@settings(max_examples=200, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180), st.integers(0, 30))
@example(0.0, 180.0, 27)
@example(0.0, -180.0, 30)
def test_every_cell_is_valid_counter_clockwise_and_holds_its_points(lat, lng, level):
    ids = s2.cell_ids(lat, lng, level)
    polygon = shape(cell_polygon(ids[0]))
    assert polygon.is_valid
    for part in shapely.get_parts(polygon):
        assert part.exterior.is_ccw
        assert len(part.interiors) == 0
    middle = shapely.Point(*(float(x[0]) for x in s2.centers(ids)[::-1]))
    if level < 25:  # smaller cells lie within rounding of the map's edges
        assert polygon.distance(middle) < 1e-6


@pytest.mark.parametrize(
    ("lat", "lng", "level"),
    [(90, 0, 0), (-90, 0, 0), (90, 0, 1), (-90, 0, 5), (0, 180, 0), (0, -180, 3), (45, 180, 1)],
)
def test_poles_and_180_degrees_are_reached_exactly(lat, lng, level):
    ids = s2.cell_ids(lat, lng, level)
    west, south, east, north = shape(cell_polygon(ids[0])).bounds
    if abs(lat) == 90:
        assert lat in (south, north)
        assert east - west == (360 if level == 0 else 90)
    else:
        assert abs(west) == 180 or abs(east) == 180


def test_a_cell_across_180_degrees_comes_in_two_parts():
    geometry = cell_polygon(s2.cell_ids(0.0, 180.0, 0)[0])
    west, east = (shape({"type": "Polygon", "coordinates": c}) for c in geometry["coordinates"])
    assert geometry["type"] == "MultiPolygon"
    assert (west.bounds[0], west.bounds[2]) == pytest.approx((135, 180))
    assert (east.bounds[0], east.bounds[2]) == pytest.approx((-180, -135))


@pytest.mark.parametrize("level", [0, 1, 3, 6])
def test_borders_follow_great_circles(level):
    # The middle of an edge on the sphere lies on the drawn border.
    ids = s2.cells_at_level(level)[:: max(1, 4**level // 16)]
    corners = np.radians(s2.vertices(ids))
    xyz = np.stack(
        [
            np.cos(corners[..., 0]) * np.cos(corners[..., 1]),
            np.cos(corners[..., 0]) * np.sin(corners[..., 1]),
            np.sin(corners[..., 0]),
        ],
        axis=-1,
    )
    middle = xyz * 0.3 + np.roll(xyz, -1, axis=1) * 0.7
    lat = np.degrees(np.arctan2(middle[..., 2], np.hypot(middle[..., 0], middle[..., 1])))
    lng = np.degrees(np.arctan2(middle[..., 1], middle[..., 0]))
    for polygon, points in zip(shapes(ids), np.stack([lng, lat], -1), strict=True):
        for point in points[np.abs(points[:, 0]) < 179.9]:
            assert polygon.boundary.distance(shapely.Point(point)) < MAX_CHORD_ERROR_DEG


def test_geojson_carries_token_and_properties():
    tokens = ["5", "47c1"]
    properties = pd.DataFrame({"place": ["x", None], "n": [1, 2], "share": [0.5, np.nan]})
    collection = cells_geojson(tokens, properties)
    assert collection["type"] == "FeatureCollection"
    assert [feature["id"] for feature in collection["features"]] == tokens
    assert [feature["properties"] for feature in collection["features"]] == [
        {"place": "x", "n": 1, "share": 0.5, "token": "5"},
        {"place": None, "n": 2, "share": None, "token": "47c1"},
    ]
    assert json.loads(json.dumps(collection, allow_nan=False)) == collection


def test_no_cells_make_an_empty_collection():
    assert cells_geojson([]) == {"type": "FeatureCollection", "features": []}


def test_bad_arguments_are_refused_in_words():
    with pytest.raises(ValueError, match=r"one row per cell, received 1 rows for 2 tokens"):
        cells_geojson(["5", "47c1"], pd.DataFrame({"n": [1]}))
    with pytest.raises(ValueError, match=r"'zz' is not the token of an S2 cell"):
        cells_geojson(["zz"])
