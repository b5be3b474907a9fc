"""Regions pasted by people: every usual form is read, everything else is a sentence."""

import json

import pytest
import shapely

from geocore.analysis.region_text import MAX_CORNERS, corners_prior, read_region

SQUARE = {"type": "Polygon", "coordinates": [[[6, 36], [19, 36], [19, 48], [6, 48], [6, 36]]]}
FEATURE = {"type": "Feature", "properties": {}, "geometry": SQUARE}
POINT = {
    "type": "Feature",
    "properties": None,
    "geometry": {"type": "Point", "coordinates": [1, 2]},
}


def _area(prior) -> float:
    return shapely.geometry.shape(prior.polygon).area


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SQUARE),
        json.dumps(FEATURE),
        json.dumps({"type": "FeatureCollection", "features": [FEATURE, POINT, FEATURE]}),
        json.dumps({"type": "GeometryCollection", "geometries": [SQUARE]}),
        " POLYGON((6 36, 19 36, 19 48, 6 48, 6 36))\n",
        "SRID=4326;POLYGON Z((6 36 1, 19 36 1, 19 48 1, 6 48 1, 6 36 1))",
        "MULTIPOLYGON(((6 36, 19 36, 19 48, 6 48, 6 36)))",
    ],
)
def test_every_usual_form_is_read(text):
    prior = read_region(text)
    assert _area(prior) == pytest.approx(13 * 12)
    assert prior.label == "drawn region from 36° N to 48° N, 6° E to 19° E"


def test_a_region_across_the_antimeridian_is_cut_there():
    for text in (
        "POLYGON((170 -20, 190 -20, 190 -10, 170 -10, 170 -20))",
        "POLYGON((-190 -20, -170 -20, -170 -10, -190 -10, -190 -20))",
    ):
        prior = read_region(text)
        assert prior.polygon["type"] == "MultiPolygon" and _area(prior) == pytest.approx(200)
        assert prior.label.endswith("170° E to 170° W")


def test_an_outline_that_crosses_itself_is_repaired():
    assert _area(read_region("POLYGON((0 0, 10 10, 10 0, 0 10, 0 0))")) == pytest.approx(50)


def test_corners_make_a_region_in_their_order():
    assert _area(corners_prior([(0, 0), (0, 10), (10, 10), (10, 0)], "box")) == pytest.approx(100)
    with pytest.raises(ValueError, match="at least three corners, received 2"):
        corners_prior([(0, 0), (1, 1)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  ", "is empty"),
        ("{", "looks like GeoJSON"),
        ('{"type": "Polygon"' + "[" * 100_000, "looks like GeoJSON"),
        ("{}", "holds no polygon"),
        (json.dumps(POINT), "holds no polygon"),
        ('{"type": "Feature", "geometry": null}', "holds no polygon"),
        ('{"type": "Polygon", "coordinates": "x"}', "broken 'Polygon'"),
        ('{"type": "Circle"}', "broken 'Circle'"),
        ("Italy", "neither GeoJSON nor WKT"),
        ("POLYGON((0 0, 1 1", "neither GeoJSON nor WKT"),
        ("LINESTRING(0 0, 1 1)", "holds no polygon"),
        ("SRID=3857;POLYGON((0 0, 1 0, 1 1, 0 0))", "SRID 4326"),
        ("POLYGON((0 0, 1 0, 2 0, 0 0))", "no area"),
        ("POLYGON((10 0, 10 120, 12 1, 10 0))", "received 120. Were latitude and longitude"),
        ("POLYGON((0 0, 1e9 0, 1 1, 0 0))", "must be degrees"),
        ("POLYGON((0 0, nan 0, 1 1, 0 0))", "must be degrees"),
        ("POINT(0 0)" + " " * 1_000_001 + ".", "characters long"),
    ],
)
def test_what_is_no_region_is_a_sentence_that_says_what_to_paste(text, words):
    with pytest.raises(ValueError, match=words) as caught:
        read_region(text)
    assert len(str(caught.value)) < 400


def test_too_many_corners_are_refused():
    ring = [[i / 1000, i % 2 / 1000] for i in range(MAX_CORNERS + 1)]
    with pytest.raises(ValueError, match="at most 20,000 corners"):
        read_region(json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}))
