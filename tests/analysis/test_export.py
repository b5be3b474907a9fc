"""Answers as JSON, CSV, GeoJSON and a table; file names are hostile."""

import csv
import io
import json

import numpy as np
import pytest
from shapely.geometry import shape

import geocore
from geocore.analysis.export import CSV_COLUMNS, export, origin_of
from geocore.cells import generate_cells, s2
from geocore.inference.bundle import load_bundle
from geocore.inference.bundle_files import MANIFEST, file_sha256
from geocore.inference.prediction import PhotoFailure, Prediction
from tests.inference.tiny_bundle import tiny_photos


@pytest.fixture(scope="module")
def answers():
    photos = tiny_photos()
    leaves = generate_cells(photos["lat"], photos["lng"], t_min=5, t_max=60).leaves
    leaves = leaves.assign(place="near Ubud, Bali, Indonesia (3.4 km)")
    probs = np.random.default_rng(0).dirichlet(np.ones(len(leaves))).astype(np.float32)
    good = Prediction(
        photo='=HYPERLINK("x")<script>.jpg',
        head="MC",
        lat=-1.5,
        lng=2.5,
        probs=probs,
        leaves=leaves,
    )
    return [good, PhotoFailure(photo="@bad.jpg", error="bad.jpg: the file is empty.")]


def test_json_has_one_object_per_photo(answers):
    good, bad = json.loads(export(answers, "json", top=3))
    assert (
        list(good) == ["photo", "head", "lat", "lng", "cell_km2", "cells"]
        and len(good["cells"]) == 3
    )
    assert (good["lat"], good["lng"]) == (-1.5, 2.5)
    assert bad == {"photo": "@bad.jpg", "error": "bad.jpg: the file is empty."}


def test_csv_has_one_row_per_cell_and_disarms_formulas(answers):
    rows = list(csv.DictReader(io.StringIO(export(answers, "csv", top=2))))
    assert tuple(rows[0]) == CSV_COLUMNS and len(rows) == 3
    assert [row["rank"] for row in rows] == ["1", "2", ""]
    assert rows[0]["photo"] == '\'=HYPERLINK("x")<script>.jpg'
    assert rows[2]["photo"] == "'@bad.jpg" and rows[2]["error"] == "bad.jpg: the file is empty."
    assert float(rows[0]["lat"]) == -1.5  # a negative number is no formula
    assert float(rows[0]["prob"]) >= float(rows[1]["prob"])


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_every_beginning_of_a_formula_is_disarmed(name):
    text = export([PhotoFailure(photo=name, error="e")], "csv")
    assert next(csv.DictReader(io.StringIO(text, newline="")))["photo"] == "'" + name.replace(
        "\r", " "
    )


def test_geojson_has_the_point_and_valid_borders(answers):
    features = json.loads(export(answers, "geojson", top=2))["features"]
    assert [f["properties"]["kind"] for f in features] == ["point", "cell", "cell", "error"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [2.5, -1.5]}
    for rank, cell in enumerate(features[1:3], start=1):
        assert shape(cell["geometry"]).is_valid and shape(cell["geometry"]).area > 0
        assert cell["properties"]["rank"] == rank and cell["properties"]["head"] == "MC"
        assert 0 < cell["properties"]["prob"] <= 1 and cell["properties"]["place"]
        assert cell["properties"]["photo"] == answers[0].photo
    assert features[3]["geometry"] is None and "empty" in features[3]["properties"]["error"]


def test_table_keeps_control_characters_from_the_terminal(answers):
    text = export([*answers, PhotoFailure(photo="\x1b[2Jx", error="e\nf")], "table", top=1)
    cell = f"{answers[0].cell_km2:,.0f} km2"
    assert f"best single point -1.50, 2.50  (MC; stands for a cell of {cell})" in text
    assert "near Ubud, Bali, Indonesia (3.4 km)" in text
    assert "error: bad.jpg: the file is empty." in text
    assert "\x1b" not in text and "�[2Jx" in text and "e�f" in text


def test_bad_arguments_are_refused(answers):
    with pytest.raises(ValueError, match=r"Unknown format 'xml'. Known formats: table, json, csv"):
        export(answers, "xml")
    with pytest.raises(ValueError, match="top must be at least 1, received 0"):
        export(answers, "json", top=0)


@pytest.mark.parametrize("format", ["table", "json", "csv", "geojson"])
def test_no_answers_give_an_empty_file_of_the_format(format):
    assert isinstance(export([], format), str)


def test_every_answer_says_how_large_the_cell_is_that_its_point_stands_for(answers):
    """No answer is finer than the bundle's cells, and no file lets one believe it."""
    good = answers[0]
    leaves = good.leaves
    ids = s2.cell_ids([good.lat], [good.lng])
    first, last = s2.id_range(s2.from_token(leaves["token"]))
    inside = np.flatnonzero((first <= ids) & (ids <= last))
    leaf = inside[0] if len(inside) else good.probs.argmax()
    km2 = round(s2.cell_area_km2(s2.from_token(leaves["token"].iloc[[leaf]]))[0])
    assert json.loads(export(answers, "json"))[0]["cell_km2"] == km2
    row = next(csv.DictReader(io.StringIO(export(answers, "csv"))))
    assert int(row["cell_km2"]) == km2
    point = json.loads(export(answers, "geojson"))["features"][0]["properties"]
    assert point["cell_km2"] == km2
    assert f"{km2:,.0f} km2" in export(answers, "table")


@pytest.mark.parametrize("inside", [True, False])
def test_the_cell_of_a_point_is_its_own_or_the_most_probable(answers, inside):
    good = answers[0]
    leaves = good.leaves
    chosen = leaves.iloc[1]
    area = s2.cell_area_km2(leaves["cell_id"].to_numpy())
    lat, lng = (chosen["lat"], chosen["lng"]) if inside else (-89.9, 0.0)
    moved = Prediction(photo="a", head="MC", lat=lat, lng=lng, probs=good.probs, leaves=leaves)
    assert moved.cell_km2 == pytest.approx(area[1 if inside else good.probs.argmax()])


@pytest.mark.parametrize("format", ["table", "json", "csv", "geojson"])
def test_every_export_says_which_bundle_and_program_answered(answers, format):
    bundle = load_bundle()
    origin = origin_of(bundle)
    sha256 = file_sha256(bundle.folder / MANIFEST)
    assert origin == {
        "bundle": bundle.name, "bundle_sha256": sha256, "app_version": geocore.__version__
    }  # fmt: skip
    text = export(answers, format, origin=origin)
    assert bundle.name in text and sha256[:12] in text and geocore.__version__ in text
