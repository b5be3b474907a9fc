"""The area to search on a map: outlined above the shading, shaded inside a region alone."""

import folium
import numpy as np
import pandas as pd
import shapely

from geocore.cells import s2
from geocore.visuals.maps import MapPoint
from geocore.visuals.search_maps import area_colour, region_colour, search_map

TOKENS = s2.token(s2.cell_ids([45.0, -30.0], [9.0, 140.0], 4))
CELLS = pd.DataFrame({"token": TOKENS, "level": 4, "place": ["a <b>", "c"]})


def _layers(layer):
    return [part for part in layer._children.values() if isinstance(part, folium.GeoJson)]


def _style(layer):
    return layer.style_function(layer.data["features"][0])


def test_the_outline_lies_above_the_shading_and_lets_clicks_through():
    point = MapPoint(lat=1.0, lng=2.0, label="claimed", kind="claim")
    shading, area = _layers(search_map(CELLS, np.array([0.6, 0.4]), TOKENS[:1], points=[point]))
    assert len(shading.data["features"]) == 2
    assert _style(area)["color"] == area_colour(False)
    assert area.data["features"][0]["geometry"]["type"] == "MultiPolygon"
    assert "interactive" in str(area.options) and area.options["interactive"] is False


def test_no_token_draws_no_outline():
    assert len(_layers(search_map(CELLS, np.array([0.6, 0.4]), []))) == 1


def test_with_a_region_nothing_outside_it_is_shaded():
    region = {"type": "Polygon", "coordinates": [[[0, 40], [9, 40], [9, 50], [0, 50], [0, 40]]]}
    layer = search_map(CELLS, np.array([0.6, 0.4]), TOKENS, region=region, dark=True)
    shading, drawn, area = _layers(layer)
    whole = shapely.geometry.shape(region)
    assert [feature["id"] for feature in shading.data["features"]] == TOKENS[:1]
    for feature in shading.data["features"]:
        assert whole.buffer(1e-6).covers(shapely.geometry.shape(feature["geometry"]))
    assert _style(drawn)["color"] == region_colour(True) and _style(drawn)["dashArray"]
    assert _style(area)["color"] == area_colour(True)


def test_a_region_without_a_cell_shades_nothing():
    region = {"type": "Polygon", "coordinates": [[[-50, 0], [-40, 0], [-40, 9], [-50, 0]]]}
    assert len(_layers(search_map(CELLS, np.array([0.6, 0.4]), [], region=region))) == 1
