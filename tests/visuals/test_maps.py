"""Offline maps: nothing is loaded from elsewhere, nothing foreign is run, and the thesis's rule."""

import re

import folium
import folium.plugins
import numpy as np
import pytest
from folium.elements import JSCSSMixin
from streamlit_folium import generate_leaflet_string

from geocore.cells import generate_cells, s2
from geocore.visuals.colours import NO_VALUE, colour_scale, legend_html, ramp
from geocore.visuals.maps import (
    MAX_CELLS,
    WORLD_BOUNDS,
    MapPoint,
    OfflineMap,
    cell_map,
    confidence_map,
    confidence_opacity,
    map_bounds,
)

NASTY = "<img src=x onerror=alert(1)>`${alert(1)}`</script>"


@pytest.fixture(scope="module")
def leaves():
    rng = np.random.default_rng(0)
    lat, lng = rng.uniform(-80, 80, 2000), rng.uniform(-180, 180, 2000)
    return generate_cells(lat, lng, t_min=5, t_max=60).leaves


@pytest.fixture
def scale(leaves):
    return colour_scale(leaves["n_photos"], "photos")


def walk(element):
    yield element
    for child in element._children.values():
        yield from walk(child)


def addresses(world: folium.Map, layer: folium.FeatureGroup | None = None) -> list[str]:
    """Every address that a browser showing this map would load."""
    if layer is not None:
        layer.add_to(world)
    root = world.get_root()
    root.render()
    links = [
        url
        for element in walk(root)
        if isinstance(element, JSCSSMixin)
        for _, url in [*element.default_js, *element.default_css]
    ]
    return [url for url in [*links, *re.findall(r"\S*://\S*", script(world))] if "://" in url]


def script(element) -> str:
    return generate_leaflet_string(element)


def styles(layer: folium.FeatureGroup) -> dict[str, dict]:
    """Token -> style of the cells that a layer draws."""
    cells = [
        child
        for child in layer._children.values()
        if isinstance(child, folium.GeoJson) and child.marker is None
    ]
    return {
        feature["properties"]["token"]: child.style_function(feature)
        for child in cells
        for feature in child.data["features"]
    }


def points_of(layer: folium.FeatureGroup) -> list[list[float]]:
    return [c.location for c in layer._children.values() if isinstance(c, folium.Marker)]


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_on_a_map_comes_from_elsewhere(leaves, scale, dark):
    cells = cell_map(leaves, scale, selected=leaves["token"][:1])
    assert addresses(OfflineMap("../leaflet", dark=dark), cells) == []
    points = [MapPoint(lat=1, lng=2, label=k, kind=k) for k in ("best", "true", "exif", "other")]
    shaded = confidence_map(leaves, np.full(len(leaves), 0.3), points=points)
    assert addresses(OfflineMap("../leaflet", dark=dark), shaded) == []


def test_the_search_for_addresses_would_find_one():
    assert any("cdn" in url for url in addresses(folium.Map(tiles=None)))
    assert any("openstreetmap" in url for url in addresses(folium.Map()))
    pin = folium.FeatureGroup().add_child(folium.plugins.BeautifyIcon())
    assert addresses(OfflineMap("../leaflet"), pin)


@pytest.mark.parametrize("assets", ["https://cdn.example/leaflet", "//cdn.example/leaflet"])
def test_a_map_refuses_assets_of_another_server(assets):
    with pytest.raises(ValueError, match="must come from the page's own server"):
        OfflineMap(assets)


def test_text_from_outside_is_shown_and_never_run(leaves, scale):
    cells = leaves.assign(place=NASTY)
    layers = [
        cell_map(cells, scale),
        confidence_map(
            cells, np.full(len(cells), 0.5), points=[MapPoint(lat=0, lng=0, label=NASTY)]
        ),
    ]
    for layer in layers:
        layer.add_to(OfflineMap("../leaflet"))
        text = script(layer)
        assert "<img" not in text and "</script" not in text
        assert "onerror" in text


def test_cells_are_one_layer_with_a_tooltip_and_the_chosen_one_outlined(leaves, scale):
    token = leaves["token"].iloc[3]
    layer = cell_map(leaves, scale, selected=[token])
    drawn = styles(layer)
    assert list(drawn) == [*leaves["token"].drop(3), token]  # the chosen one lies on top
    weights = {key: style["weight"] for key, style in drawn.items()}
    assert weights.pop(token) > max(weights.values())
    assert drawn[token]["fillColor"] == scale.colours[3]
    layer.add_to(OfflineMap("../leaflet"))
    text = script(layer)
    assert all(f'"{name}"' in text for name in ("Class", "Photos", "Level", "Place"))
    assert text.count("L.geoJson(") == 2  # the cells and their centroids, whatever their number


def test_a_map_has_a_limit_of_cells(leaves, scale):
    many = leaves.loc[np.resize(np.arange(len(leaves)), MAX_CELLS + 1)]
    values = colour_scale(many["n_photos"], "photos")
    with pytest.raises(ValueError, match=r"at most 3000 cells, received 3001\. Keep the largest"):
        cell_map(many, values)
    with pytest.raises(ValueError, match="one colour per cell"):
        cell_map(leaves.iloc[1:], scale)


def test_confidence_is_shaded_by_the_rule_of_the_thesis():
    probs = np.array([0.0, 0.0499, 0.05, 0.1, 0.2, 0.5, 1.0])
    assert confidence_opacity(probs, 0.05, 0.8, 5).tolist() == [0, 0, 0.25, 0.5, 1, 1, 1]
    assert confidence_opacity(np.array([0.9, 1.0]), 0.05, 0.8, 1).tolist() == [0.8, 0.8]


def test_confident_cells_and_points_are_drawn_and_no_others(leaves):
    probs = np.zeros(len(leaves))
    probs[[2, 5, 7]] = 0.6, 0.1, 0.04
    points = [MapPoint(lat=10, lng=20, label="Best point", kind="best")]
    layer = confidence_map(leaves, probs, points=points)
    drawn = styles(layer)
    assert {token: style["fillOpacity"] for token, style in drawn.items()} == {
        leaves["token"][2]: 1.0,
        leaves["token"][5]: 0.5,
    }
    assert points_of(layer) == [[10, 20]]
    nothing = confidence_map(leaves, np.zeros(len(leaves)))
    assert not styles(nothing) and addresses(OfflineMap("../leaflet"), nothing) == []
    assert set(styles(confidence_map(leaves, probs, min_confidence=0.02))) > set(drawn)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probs": np.zeros(2)}, r"one confidence per cell, shape \(\d+,\), received \(2,\)"),
        ({"min_confidence": 1.2}, r"must lie in \[0, 1\] and gain above 0, received 1.2, 0.8, 5"),
        ({"gain": 0}, "gain above 0"),
        ({"points": [MapPoint(lat=0, lng=0, label="", kind="?")]}, r"Unknown kind of point '\?'"),
    ],
)
def test_confidence_map_says_what_it_cannot_draw(leaves, arguments, message):
    with pytest.raises(ValueError, match=message):
        confidence_map(leaves, **{"probs": np.full(len(leaves), 0.5), **arguments})


def test_labels_stand_towards_the_middle_and_apart(leaves):
    points = [
        MapPoint(lat=36, lng=-109, label="west", kind="true"),
        MapPoint(lat=36, lng=170, label="east", kind="best"),
        MapPoint(lat=36, lng=170, label="also east", kind="exif"),
    ]
    layer = confidence_map(leaves, np.zeros(len(leaves)), points=points)
    marks = [c.icon.options["html"] for c in layer._children.values()]
    assert ["left:20px" in html for html in marks] == [True, False, False]
    assert all(c.options["interactive"] is False for c in layer._children.values())
    assert ["right:20px" in html for html in marks] == [False, True, True]
    tops = [re.search(r"top:(-?\d+)px\">", html)[1] for html in marks]
    assert len(set(tops)) == 3


def test_labels_of_marks_that_are_close_turn_away_from_each_other(leaves):
    def sides(*longitudes):
        ends = [MapPoint(lat=0, lng=lng, label="") for lng in (-100, 100)]
        points = [MapPoint(lat=5, lng=lng, label="here") for lng in longitudes]
        layer = confidence_map(leaves, np.zeros(len(leaves)), points=[*points, *ends])
        marks = [c.icon.options["html"] for c in layer._children.values()]
        return ["left" if "left:20px" in html else "right" for html in marks[: len(points)]]

    assert sides(-30, -10) == ["right", "left"]
    assert sides(10, 30) == ["right", "left"]
    assert sides(-95, -80) == ["left", "left"], "there is no room at the edge"
    assert sides(-95, -20) == ["left", "left"], "they are not close"


def test_bounds_hold_cells_and_points(leaves):
    assert map_bounds(leaves.iloc[:0]) == WORLD_BOUNDS
    corners = s2.vertices(leaves["cell_id"])
    inland = np.flatnonzero((np.ptp(corners[..., 1], axis=1) < 90))[0]
    (south, west), (north, east) = map_bounds(leaves.iloc[[inland]])
    assert south <= corners[inland, :, 0].min() and north >= corners[inland, :, 0].max()
    assert west <= corners[inland, :, 1].min() and east >= corners[inland, :, 1].max()
    (south, west), (north, east) = map_bounds(
        leaves.iloc[:0], [MapPoint(lat=10, lng=20, label=""), MapPoint(lat=30, lng=-40, label="")]
    )
    assert (south, west, north, east) == (8, -42, 32, 22)
    across = np.flatnonzero(np.ptp(corners[..., 1], axis=1) > 180)
    (_, west), (_, east) = map_bounds(leaves.iloc[across])
    assert (west, east) == (-180, 180)


def test_photos_are_coloured_in_steps_that_the_legend_names():
    scale = colour_scale([1, 1, 2, 10, 300, np.nan], "photos")
    assert [label for _, label in scale.entries] == ["1", "2", "10", "300", "not known"]
    assert scale.colours[0] == scale.colours[1] == scale.entries[0][0]
    assert scale.colours[-1] == NO_VALUE
    assert [label for _, label in colour_scale([7, 7], "photos").entries] == ["7"]
    assert colour_scale([np.nan], "photos").colours == (NO_VALUE,)


def test_levels_and_recall_have_their_own_steps():
    levels = colour_scale([2, 4, 4], "level")
    assert [label for _, label in levels.entries] == ["level 2", "level 4"]
    recall = colour_scale([0, 0.19, 0.2, 1, np.nan], "recall")
    colours = [colour for colour, _ in recall.entries]
    assert recall.colours == (colours[0], colours[0], colours[1], colours[4], NO_VALUE)
    assert recall.entries[0][1] == "0% to 20%"
    with pytest.raises(ValueError, match=r"Unknown colouring 'size'. Known colourings: photos"):
        colour_scale([1], "size")


@pytest.mark.parametrize("dark", [False, True])
def test_the_ramp_reads_the_same_in_grey(dark):
    grey = [
        sum(
            weight * int(colour[i : i + 2], 16)
            for i, weight in ((1, 0.299), (3, 0.587), (5, 0.114))
        )
        for colour in ramp(5, dark)
    ]
    assert all(np.diff(grey) > 8) if dark else all(np.diff(grey) < -8)


def test_the_legend_escapes_its_labels():
    html = legend_html("<b>", [("#000000", NASTY)])
    assert "<img" not in html and "&lt;b&gt;" in html
