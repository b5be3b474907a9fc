"""The page Photo set: the bundle's photos, listed and typed sets, words where one is no good."""

import io
import os
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.photo_set_choice import listed_sources
from dashboard.photo_set_view import PARTS, _archive
from geocore.analysis.photo_description import describe_source
from geocore.data.cleaning.clean import clean_photos
from geocore.data.cleaning.report import save_report
from geocore.data.photos import load_photos
from geocore.data.sampling import split_photos
from tests.conftest import write_photo_folder, write_table
from tests.dashboard.measured_bundle import PAGES, save_measured_bundle, texts
from tests.inference.tiny_bundle import tiny_photos

PAGE = str(PAGES / "5_Photo_set.py")
NASTY = "![x](http://evil.example/y.png)"


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Three photo sets in one folder: made photos, the same cleaned, and a table without images."""
    folder = tmp_path_factory.mktemp("sets")
    made = write_photo_folder(folder / "made", 12)
    rng = np.random.default_rng(2)
    for k in range(12):  # patchwork that no hash takes for one another
        patches = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
        patches.resize((320, 240), Image.Resampling.NEAREST).save(made / "images" / f"{k}.jpg")
    copy = (made / "images" / "0.jpg").read_bytes()
    (made / "images" / "12.jpg").write_bytes(copy)
    with (made / "photos.csv").open("a") as table:
        table.write("images/12.jpg,41.9,12.5,Rome\n")
    photos = load_photos(made).photos
    photos = photos.assign(split=split_photos(photos, test=0.3, validation=0.2))
    save_report(clean_photos(photos), folder / "cleaned")
    header = ("IMG_ID", "LAT", "LON", "tags", "owner", "date_taken", "width", "height")
    rows = [
        (f"{k}.jpg", 48 + k / 100, 2.3, ("city", "lake", "")[k % 3], k % 4, 2010 + k % 3, 640, 480)
        for k in range(30)
    ]
    (folder / "tagged").mkdir()
    write_table(
        folder / "tagged" / "photos.csv", [*rows, ("bad.jpg", "north", 2, "", "", "", 0, 0)], header
    )
    return folder


@pytest.fixture
def app(tmp_path_factory, sets, monkeypatch):
    bundle = save_measured_bundle(tmp_path_factory.mktemp("bundles") / "alpha")
    monkeypatch.setenv("GEOCORE_BUNDLES", str(bundle))
    monkeypatch.setenv("GEOCORE_PHOTOS", str(sets))
    app = AppTest.from_file(PAGE, default_timeout=60)
    app.session_state["bundle"] = str(bundle.resolve())
    return app


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def show(app, part):
    """One part of the page, without a complaint."""
    app.segmented_control(key="about").set_value(part).run()
    assert not app.exception and not app.error
    return app


def test_without_any_folder_it_shows_the_bundles_photos(app, monkeypatch):
    monkeypatch.delenv("GEOCORE_PHOTOS")
    app.run()
    assert not app.exception and not app.error
    assert metrics(app)["Photos with a place"] == f"{len(tiny_photos()):,}"
    assert "Only their places are shipped, no images" in texts(app)
    assert len(app.selectbox(key="photo_source").options) == 2
    continents = app.dataframe[0].value
    assert continents["n_photos"].iloc[-1] == continents["n_photos"].iloc[:-1].sum() == 400
    assert continents["thesis_photos"].iloc[-1] == 926_053
    for part in PARTS:
        show(app, part)
    assert set(app.dataframe[0].value["part"]) == {"Training", "Validation", "Test"}
    assert "has no cleaning report" in texts(app)


def test_a_listed_set_with_every_column(app, sets):
    app.run()
    app.selectbox(key="photo_source").set_value(str(sets / "tagged")).run()
    assert metrics(app) == {
        "Photos with a place": "30", "Countries": "1 of 226", "Half of them from": "1 country",
        "Rows not usable": "1",
    }  # fmt: skip
    show(app, "lack")
    ranking = app.dataframe[0].value
    assert ranking["name"].iloc[0] == "China" and "France" in ranking["name"].iloc[-1]
    app.segmented_control(key="sparse_cells").set_value("the bundle's").run()
    assert not app.exception and not app.error
    show(app, "facts")
    groups = app.dataframe[0].value.set_index("group")["n_photos"].to_dict()
    assert groups == {"Natural": 10, "Urban": 10, "Other tags": 0, "No tags": 10}
    facts = " ".join(str(part.value) for part in app.get("html"))
    assert "30 of 30" in facts and "640 × 480 pixels" in facts
    assert "This set does not say" not in texts(app)
    show(app, "split")
    assert "not split yet" in texts(app)
    assert app.dataframe[0].value["reason"].tolist() == ["LAT or LON not a number"]


def test_the_report_of_a_cleaned_set(app, sets):
    app.run()
    app.selectbox(key="photo_source").set_value(str(sets / "cleaned")).run()
    show(app, "split")
    words = texts(app)
    dropped = pd.read_csv(sets / "cleaned" / "dropped.csv")
    assert f"Of **13 photos** {13 - len(dropped)} were kept" in words
    shown = [table.value for table in app.dataframe if "detail" in table.value]
    assert shown[0]["photo_id"].tolist() == dropped["photo_id"].tolist()
    app.selectbox(key="left_out_for").set_value("copy: the same file").run()
    assert not app.exception and not app.error


def test_a_set_is_opened_by_its_path_and_only_read(app, sets):
    before = sorted(sets.rglob("*"))
    app.run()
    app.selectbox(key="photo_source").set_value("typed").run()
    assert "Type where the photo set lies" in texts(app)
    app.text_input(key="photo_path").set_value(str(sets / "made" / "photos.csv")).run()
    assert not app.exception and not app.error
    assert metrics(app)["Photos with a place"] == "13"
    show(app, "facts")
    assert "13 of 13 photos drawn at random have an image file" in texts(app)
    assert sorted(sets.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"/nowhere/{NASTY}", "There is nothing at"),
        ("EMPTY", "neither is there"),
        ("BROKEN", "no column LAT"),
    ],
)
def test_what_is_no_photo_set_is_a_sentence(app, tmp_path, text, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.csv").write_text("IMG_ID,NORTH,LON\na.jpg,1,2\n")
    paths = {"EMPTY": str(tmp_path / "empty"), "BROKEN": str(tmp_path / "broken.csv")}
    app.run()
    app.selectbox(key="photo_source").set_value("typed").run()
    app.text_input(key="photo_path").set_value(paths.get(text, text)).run()
    assert not app.exception and len(app.error) == 1
    message = str(app.error[0].value)
    assert words in message.replace("\\", "") and "![x](" not in message


def test_a_view_can_be_shared_by_its_address(app):
    for key, value in {
        "photo_source": "tagged", "about": "What is missing", "unit": "Regions", "due_by": "People"
    }.items():  # fmt: skip
        app.query_params[key] = value
    app.run()
    assert not app.exception and not app.error
    assert metrics(app)["Photos with a place"] == "30"
    assert app.segmented_control(key="unit").value == "region"
    assert "share of the 30 photos as it holds of the world's inhabitants" in texts(app)


def test_a_set_that_vanished_gives_way_to_the_bundles(app, sets):
    app.session_state["photo_source"] = str(sets / "gone")
    app.run()
    assert not app.exception and not app.error
    assert metrics(app)["Photos with a place"] == "400"


def test_sources_may_be_sets_tables_and_folders_of_sets(sets, monkeypatch):
    named = [str(sets), str(sets / "tagged" / "photos.csv"), str(sets / "no such")]
    monkeypatch.setenv("GEOCORE_PHOTOS", os.pathsep.join(named))
    names = [path.name for path in listed_sources().values()]
    assert names == ["cleaned", "made", "tagged", "photos.csv", "no such"]


def test_everything_can_be_taken_along(sets):
    photos = describe_source(sets / "tagged")
    with zipfile.ZipFile(io.BytesIO(_archive(photos))) as archive:
        names = set(archive.namelist())
        table = pd.read_csv(archive.open("table_5_2.csv"))
    assert {"description.json", "table_5_1.csv", "collect_regions.csv", "density.svg"} <= names
    assert table["n_photos"].sum() == 30
