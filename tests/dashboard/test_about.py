"""Page 7: what the model is for, where it is blind, and exactly which one it is."""

import numpy as np
import pytest

import geocore
from geocore.inference.bundle import load_bundle
from geocore.inference.bundle_files import MANIFEST, file_sha256
from geocore.inference.photo_kinds import kind_figures
from tests.dashboard.measured_bundle import (
    measured_parts,
    page_with,
    save_measured_bundle,
    texts,
)

PAGE = "7_About_this_model.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_measured_bundle(tmp_path_factory.mktemp("bundles") / "measured")


@pytest.fixture
def app(folder, monkeypatch):
    return page_with(PAGE, folder, monkeypatch)


def html(app) -> str:
    return "\n".join(str(part.value) for part in app.get("html"))


def test_it_says_what_it_is_for_and_how_often_it_is_wrong(app, folder):
    words = texts(app)
    figures = load_bundle(folder).report["heads"]["HMC-tree"]["all"]
    wrong = f"{1 - figures['top_1']['value']:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
    assert f"wrong for **{wrong}** of {figures['n_photos']} photos" in words
    assert "It must not be used" in words and "where a private person lives" in words
    assert "stands for a whole cell" in words


def test_the_smallest_cell_is_named_as_the_finest_answer(app, folder):
    from geocore.cells import s2

    areas = s2.cell_area_km2(load_bundle(folder).grid.leaves["cell_id"].to_numpy())
    assert f"{areas.min() / 1e6:.1f} million km²" in texts(app)


def test_the_blind_map_has_its_legend_and_its_sentence(app):
    assert "no training photo within 500 km" in html(app)
    assert "live where this model is blind" in texts(app).replace("\n", " ")


def test_other_heads_have_other_blind_spots(folder, monkeypatch):
    app = page_with(PAGE, folder, monkeypatch)
    app.sidebar.selectbox(key="head").set_value("MC").run()
    assert not app.exception and not app.error
    assert "head MC" in texts(app)


def test_kinds_of_photos_are_told_where_they_were_measured(app, tmp_path, monkeypatch):
    assert "Not measured for this model" in texts(app)
    parts = measured_parts()
    rows = parts["predictions"].query("head == 'HMC-tree'")
    kinds = {"Light": np.where(np.arange(len(rows)) < 9, "dim", "bright")}
    report = parts["report"] | {"kinds": {"HMC-tree": kind_figures(rows, kinds)}}
    other = page_with(PAGE, save_measured_bundle(tmp_path / "kinds", report=report), monkeypatch)
    tables = [frame.value for frame in other.dataframe if "Photos" in frame.value]
    assert tables[0].set_index("Photos").loc["Light: dim", "Number"] == "9"
    assert f"{len(rows)} unseen photos" in texts(other) and "stand-in for dusk" in texts(other)


def test_others_are_named_with_a_source(app):
    words = texts(app)
    for name in ("GeoSpy", "PIGEON", "technadu.com", "kqed.org"):
        assert name in words


def test_versions_and_hashes_are_those_of_the_bundle(app, folder):
    shown = html(app)
    assert file_sha256(folder / MANIFEST) in shown
    assert f"geocore {geocore.__version__}" in shown
    files = load_bundle(folder).manifest["files"]
    table = app.dataframe[0].value
    assert dict(zip(table["File"], table["SHA-256"], strict=True)) == files
    assert app.code[0].value == load_bundle(folder).card.rstrip()


def test_photo_sets_are_counted_by_what_they_were_for(app, folder):
    photos = load_bundle(folder).photos
    counts = photos[photos["split"] == "train"].groupby("photo_set").size()
    assert "Learned from" in html(app) and len(counts)
    for count in counts:
        assert f"<td>{count:,}</td>" in html(app)


def test_names_of_photo_sets_are_shown_as_text(tmp_path, monkeypatch, folder):
    photos = load_bundle(folder).photos.assign(photo_set="<b>x</b>")
    hostile = save_measured_bundle(tmp_path / "hostile", photos=photos)
    assert "<b>x" not in html(page_with(PAGE, hostile, monkeypatch))
