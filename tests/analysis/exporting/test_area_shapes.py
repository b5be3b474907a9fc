"""Outlines of search areas: the same ground as their cells, in one piece where they touch."""

import json

import pytest
import shapely

from geocore.analysis.exporting.area_shapes import AreaShapes, region_shape
from geocore.cells.polygons import cells_geojson


def record(*levels, is_everywhere=False):
    areas = {
        f"{0.8 + k / 10:g}": {"tokens": list(tokens), "is_everywhere": is_everywhere}
        for k, tokens in enumerate(levels)
    }
    return {"areas": areas}


def outlines(*levels, **others):
    return [x.shape for x in AreaShapes(levels).outlines(record(*levels, **others))]


def cells(*tokens):
    return [
        shapely.from_geojson(json.dumps(feature["geometry"]))
        for feature in cells_geojson(tokens)["features"]
    ]


def test_a_small_cell_beside_a_large_one_leaves_no_sliver():
    (shape,) = outlines(["14", "1b"])  # of levels 1 and 2 that touch: borders in other points
    parts = shapely.get_parts(shape)
    assert sum(len(part.interiors) for part in parts) == 0
    assert shape.is_valid
    assert shape.area == pytest.approx(sum(cell.area for cell in cells("14", "1b")), rel=1e-3)


def test_each_area_is_its_own_whether_it_holds_the_one_before_or_not():
    nested = outlines(["14"], ["14", "2c"])
    apart = outlines(["14"], ["2c"])
    assert nested[0].equals(apart[0])
    assert nested[1].area == pytest.approx(nested[0].area + apart[1].area)
    assert apart[1].equals(outlines(["2c"])[0])


def test_no_cell_is_an_empty_area_and_everywhere_is_the_world():
    assert outlines([])[0].is_empty
    assert outlines(["14"], is_everywhere=True)[0].area == 360 * 180


def test_a_cell_round_the_pole_and_one_across_180_stay_on_the_map():
    for shape in outlines(["4c"], ["4c", "74"]):  # around the north pole; across 180
        assert shape.is_valid
        west, south, east, north = shape.bounds
        assert (west >= -180, east <= 180, south >= -90, north <= 90) == (True,) * 4


def test_a_region_that_crosses_itself_is_still_a_shape():
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]}
    assert region_shape(bow).is_valid
