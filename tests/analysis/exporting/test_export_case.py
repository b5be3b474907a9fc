"""A case in every format: what programs read back, and that no text becomes more than text."""

import csv
import io
import json
from functools import cache

import pypdf
import pytest
import shapely

from geocore.analysis.exporting.content import one_event, some_photos
from geocore.analysis.exporting.formats import FORMATS, export_case, format_of
from tests.analysis.exporting.small_case import (
    FIRST,
    FORMULA,
    MARKUP,
    SECOND,
    THIRD,
    answer,
    small_case,
)
from tests.inference.calibrated_bundle import calibrated_bundle

pyogrio = pytest.importorskip("pyogrio", reason="GDAL reads the map exports")


@cache
def exported(format: str) -> bytes:
    return export_case(small_case(), format, bundle=calibrated_bundle())


def features(kind: str) -> list[dict]:
    found = json.loads(exported("geojson"))["features"]
    return [feature for feature in found if feature["properties"]["kind"] == kind]


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_case_gives_the_same_bytes(format):
    again = export_case(small_case(), format, bundle=calibrated_bundle())
    assert exported(format) == again


@pytest.mark.parametrize("format", FORMATS)
def test_a_bare_answer_is_exported_too(format):
    assert export_case([answer(FIRST, "a.jpg")], format)


@pytest.mark.parametrize("format", FORMATS)
def test_a_case_without_photos_is_exported(format):
    assert export_case([], format)


def test_every_area_is_valid_wound_as_asked_and_within_180():
    areas = features("areas") + features("event_areas") + features("region")
    assert len(areas) == 3 * 3 + 1 + 1
    for area in areas:
        shape = shapely.from_geojson(json.dumps(area["geometry"]))
        assert shape.is_valid
        west, _, east, _ = shape.bounds
        assert -180 <= west <= east <= 180
        assert all(part.exterior.is_ccw for part in shapely.get_parts(shape))


def test_a_region_drawn_across_180_is_cut_in_two():
    (region,) = features("region")
    shape = shapely.from_geojson(json.dumps(region["geometry"]))
    assert sorted(part.bounds[0] for part in shapely.get_parts(shape)) == [-180, 170]
    assert shape.area == pytest.approx(25 * 20)


@pytest.mark.parametrize("format", ["geojson", "kml", "gpkg"])
def test_gdal_reads_what_was_written(format, tmp_path):
    path = tmp_path / f"case.{format}"
    path.write_bytes(exported(format))
    n_features = sum(
        pyogrio.read_info(path, layer=layer)["features"] for layer, _ in pyogrio.list_layers(path)
    )
    expected = len(json.loads(exported("geojson"))["features"])
    assert n_features == expected + (5 if format == "gpkg" else 0)  # case_facts


def test_gdal_reads_the_same_shapes_from_the_geopackage(tmp_path):
    path = tmp_path / "case.gpkg"
    path.write_bytes(exported("gpkg"))
    info, _, geometry, columns = pyogrio.raw.read(path, layer="areas")
    names = dict(zip(info["fields"], columns, strict=True))
    shapes = [shapely.from_geojson(json.dumps(x["geometry"])) for x in features("areas")]
    read = shapely.from_wkb(geometry)
    assert all(a.symmetric_difference(b).area < 1e-2 for a, b in zip(read, shapes, strict=True))
    assert list(names["photo"][:3]) == [MARKUP] * 3
    assert info["crs"] == "EPSG:4326"


def test_the_table_runs_no_formula_and_holds_every_row():
    rows = list(csv.DictReader(io.StringIO(exported("csv").decode())))
    assert [row["kind"] for row in rows] == ["photo"] * 3 + ["event", "unreadable"]
    assert not any(value.startswith(("=", "@", "+")) for row in rows for value in row.values())
    assert rows[0]["claim"] == "'" + FORMULA
    assert rows[0]["notes"].startswith("Ada: <img")


def test_the_page_holds_text_and_no_markup_of_strangers():
    page = exported("html").decode()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    for words in ("Flood &lt;i&gt;", "find &amp; help", "Look again.", "No usable answer", "@case"):
        assert words in page


def test_the_report_names_every_hash():
    state = small_case()
    page = exported("html").decode()
    assert all(sha256 in page for sha256 in (FIRST, SECOND, THIRD, state.head_hash))


def test_the_pdf_says_what_the_page_says():
    text = "\n".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(exported("pdf"))).pages
    )
    joined = "".join(text.split())
    for words in (MARKUP, "Flood<i>", FIRST, "Lookagain.", "Nousableanswer.", "@case", "Page1"):
        assert words in joined


def test_kml_texts_cannot_become_web_pages():
    kml = exported("kml").decode()
    assert "&lt;" not in kml
    assert "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}script" in kml


@pytest.mark.parametrize("format", FORMATS)
def test_no_format_holds_control_characters_or_turned_writing(format):
    content = exported(format)
    assert "\u202e".encode() not in content
    if format in ("html", "kml", "csv"):
        assert b"\x00" not in content


def test_photos_are_shown_only_where_they_are_given():
    page = exported("html")
    assert b"data:image" not in page


def test_an_event_alone_takes_its_photos_along():
    part = one_event(small_case(), "e1")
    assert list(part.photos) == [FIRST, SECOND]
    assert list(part.events) == ["e1"]
    assert b"c" * 64 not in export_case(part, "csv")


def test_what_is_not_in_the_case_is_refused():
    with pytest.raises(ValueError, match=r"no event 'e9'. Its events: e1"):
        one_event(small_case(), "e9")
    with pytest.raises(ValueError, match=r"1 of 2 are not in it, e\.g\. 'zz'"):
        some_photos(small_case(), [FIRST, "zz"])


def test_unknown_formats_and_sources_are_refused():
    with pytest.raises(ValueError, match=r"Unknown format 'shp'\. Known formats: html, pdf"):
        export_case(small_case(), "shp")
    with pytest.raises(ValueError, match=r"a\.doc: the name must end in one of \.html"):
        format_of("a.doc")
    with pytest.raises(TypeError, match="takes a case or answer records"):
        export_case(["text"], "csv")
    assert format_of("A.GeoJSON") == "geojson"
