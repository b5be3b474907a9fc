import json
from types import SimpleNamespace
from unittest import mock

import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard import confusion_view
from dashboard.cell_words import countries_at
from dashboard.confusion_photos import pictures
from dashboard.confusion_view import matrix_at, pairs_at
from geocore.data.images import photo_sha256
from geocore.inference.bundle import load_bundle, save_bundle
from geocore.inference.held_out import held_out_answers
from tests.dashboard.measured_bundle import (
    PAGES,
    measured_parts,
    one_cell_parts,
    page_with,
    save_measured_bundle,
    texts,
)

PAGE = "4_Calibration_and_confusion.py"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return save_measured_bundle(tmp_path_factory.mktemp("bundles") / "made")


def test_it_says_whether_confidences_can_be_believed(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    assert "sure on average and right in" in texts(app)
    figures = {metric.label: metric.value for metric in app.metric}
    ece = measured_parts()["report"]["heads"]["HMC-tree"]["all"]["ece"]
    assert figures["Mean gap (ECE)"] == f"{ece['value'] * 100:.1f} %"
    low, high = ece["ci95"]
    assert f"95 % interval {low * 100:.1f}–{high * 100:.1f}" in texts(app)
    assert "equally likely has log-loss ln " in texts(app)
    assert len(app.get("plotly_chart")) == 4
    assert all(chart.proto.alt for chart in app.get("plotly_chart"))


def test_the_sidebar_chooses_the_head(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    before = [metric.value for metric in app.metric]
    app.selectbox(key="head").set_value("MC").run()
    assert [metric.value for metric in app.metric] != before


def test_a_photo_set_can_be_chosen(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    app.session_state["photo_set"] = "street"
    app.run()
    n_street = int((load_bundle(bundle).predictions("MC")["photo_set"] == "street").sum())
    assert app.dataframe[0].value["taken_there"].sum() <= n_street
    assert not app.error


def test_the_confusion_matrix_is_drawn_at_every_level(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    hierarchy = load_bundle(bundle).hierarchy
    finest = app.dataframe[0].value
    assert len(finest) == hierarchy.n_leaves
    assert finest["excess"].is_monotonic_decreasing
    for depth in range(hierarchy.depth):
        app.select_slider(key="depth").set_value(depth).run()
        assert not app.exception
        assert not app.error
        table = app.dataframe[0].value
        assert table["predicted"].sum() == table["taken_there"].sum()
        assert table["predicted"].sum() == finest["predicted"].sum()
    assert "Given as the answer too often: " in texts(app)


@pytest.mark.parametrize(
    ("values", "title"),
    [("photos", "Photos"), ("shares", "Share of row"), ("km", "Mean error, km")],
)
def test_an_entry_shows_photos_shares_or_kilometres(bundle, monkeypatch, values, title):
    app = page_with(PAGE, bundle, monkeypatch)
    app.selectbox(key="values").set_value(values).run()
    assert not app.error
    assert title in app.get("plotly_chart")[-1].proto.spec


def test_cells_by_branch_are_the_same_photos_in_another_order(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    before = heat_map(app)
    app.selectbox(key="order").set_value("branches").run()
    after = heat_map(app)
    assert before["x"] != after["x"] and sorted(before["x"]) == sorted(after["x"])
    assert not app.error


def heat_map(app):
    return json.loads(app.get("plotly_chart")[-1].proto.spec)["data"][0]


def choose(app, taken, answered):
    app.selectbox(key="taken").set_value(taken)
    app.selectbox(key="answered").set_value(answered).run()
    assert not app.exception and not app.error


def test_an_entry_leads_to_its_photos(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    assert "Click an entry of the matrix" in texts(app)
    names = app.selectbox(key="taken").options
    answers = held_out_answers(load_bundle(bundle), "HMC-tree")
    answers = answers[answers["class_index"] >= 0]
    pair = answers.groupby(["class_index", answers.columns[-2]])["photo_id"].agg(list)
    (taken, answered), photo_ids = pair.index[0], pair.iloc[0]
    choose(app, names[taken], names[answered])
    assert f"{len(photo_ids)} photo" in texts(app)
    assert "GEOCORE_PHOTOS set to the folder" in texts(app)
    shown = next(table.value for table in app.dataframe if "photo_id" in table.value)
    assert sorted(shown["photo_id"]) == sorted(photo_ids)
    nobody = next(n for n in range(len(names)) if (taken, n) not in pair.index)
    choose(app, names[taken], names[nobody])
    assert "No photo taken in" in texts(app)


def test_pictures_are_shown_only_where_they_are_the_very_photos(tmp_path, monkeypatch):
    parts = measured_parts()
    first, second = parts["predictions"].query("head == 'HMC-tree'")["photo_id"].head(2)
    for name in (first, second):
        Image.new("RGB", (30, 20), (90, 140, 190)).save(tmp_path / name)
    sha256 = photo_sha256(tmp_path / first)
    photos = parts["photos"]
    known = photos["sha256"].where(photos["photo_id"] != first, sha256)
    bundle = load_bundle(
        save_measured_bundle(tmp_path / "made", photos=photos.assign(sha256=known))
    )
    found = pictures(bundle, (first, second, "missing.jpg"), str(tmp_path))
    assert list(found) == [first]
    assert found[first].shape == (20, 30, 3)


def test_before_temperature_scaling_stands_beside_it(tmp_path, monkeypatch):
    parts = measured_parts()
    report = {**parts["report"], "temperatures": {"HMC-tree": 1.6}}
    app = page_with(PAGE, save_measured_bundle(tmp_path / "hot", report=report), monkeypatch)
    assert "temperature 1.60" in texts(app) and "before" in texts(app)
    charts = len(app.get("plotly_chart"))
    app.toggle(key="before").set_value(True).run()
    assert len(app.get("plotly_chart")) == charts
    assert "before temperature scaling" in app.get("plotly_chart")[0].proto.spec


def test_a_view_can_be_shared_by_its_address(bundle, monkeypatch):
    monkeypatch.setenv("GEOCORE_BUNDLES", str(bundle))
    app = AppTest.from_file(str(PAGES / PAGE), default_timeout=60)
    for key, value in {
        "bundle": "made", "head": "MC", "photo_set": "street photos", "values": "Mean error in km"
    }.items():  # fmt: skip
        app.query_params[key] = value
    app.run()
    assert not app.exception and not app.error
    assert app.selectbox(key="head").value == "MC"
    assert app.selectbox(key="values").value == "km"
    assert "Mean error, km" in app.get("plotly_chart")[-1].proto.spec


def test_thousands_of_cells_are_summed_up(bundle, monkeypatch):
    monkeypatch.setattr("dashboard.confusion_view.MAX_CELLS", 5)
    made = load_bundle(bundle)
    matrix = matrix_at(made, "HMC", "all", made.hierarchy.depth - 1, "branches")
    assert len(matrix.names) == 6 and matrix.names[-1] == "all other cells"
    whole = pairs_at(made, "HMC", "all", made.hierarchy.depth - 1)
    assert matrix.counts.sum() == len(whole.photos)
    assert len(matrix.balance) == made.grid.n_leaves == matrix.n_left_out + 5


def test_a_cell_is_named_after_its_photos_where_its_middle_lies_elsewhere(tmp_path):
    """Photos in Rome and Naples; a centroid said to be at sea, or in Italy, or nowhere known."""
    photos = pd.DataFrame({"class_index": [0, 0], "lat": [41.9, 40.85], "lng": [12.5, 14.27]})
    bundle = SimpleNamespace(
        photos=photos, hierarchy=load_bundle(save_measured_bundle(tmp_path / "b")).hierarchy
    )
    n_cells, level = bundle.hierarchy.n_leaves, bundle.hierarchy.levels[-1]
    for place, expected in (
        ("Mediterranean Sea", "0 · Italy"),
        ("near Latina, Lazio, Italy (3.4 km)", "0 · near Latina, Lazio, Italy"),
    ):
        cells = pd.DataFrame({"place": [place] + [""] * (n_cells - 1), "token": "4c"})
        with mock.patch("dashboard.confusion_view.countries_at", countries_at.__wrapped__):
            names = confusion_view._names(bundle, cells, level)
        assert names[0] == expected
        assert names[1] == "1 · cell 4c"


def test_probs_that_do_not_sum_to_one_are_a_sentence(tmp_path, monkeypatch):
    rows = measured_parts()["predictions"]
    bad = rows.assign(probs=[probs / 2 for probs in rows["probs"]])
    folder = save_measured_bundle(tmp_path / "bad", predictions=bad)
    monkeypatch.setenv("GEOCORE_BUNDLES", str(folder))
    app = AppTest.from_file(str(PAGES / PAGE), default_timeout=60)
    app.session_state["bundle"] = str(folder.resolve())
    app.run()
    assert "sum to 1" in app.error[0].value and "Choose another head" in app.error[0].value
    assert not app.get("plotly_chart")


def test_a_bundle_without_predictions_says_so(tmp_path, monkeypatch):
    none = measured_parts()["predictions"].iloc[:0]
    app = page_with(PAGE, save_measured_bundle(tmp_path / "bare", predictions=none), monkeypatch)
    assert "holds no predictions of HMC-tree on held-out photos" in texts(app)
    assert not app.get("plotly_chart")


def test_a_bundle_with_one_cell_says_so(tmp_path, monkeypatch):
    app = page_with(PAGE, save_bundle(tmp_path / "one", **one_cell_parts()), monkeypatch)
    assert "a single cell" in texts(app)
    assert not app.get("plotly_chart")


def test_photos_outside_all_cells_leave_nothing_to_judge(tmp_path, monkeypatch):
    outside = measured_parts()["predictions"].assign(class_index=-1)
    app = page_with(PAGE, save_measured_bundle(tmp_path / "sea", predictions=outside), monkeypatch)
    assert "None of the photos that were kept for testing lies in a cell" in texts(app)
    assert not app.get("plotly_chart")


def test_a_photo_set_outside_all_cells_has_no_broken_chart(tmp_path, monkeypatch):
    rows = measured_parts()["predictions"]
    outside = rows.assign(class_index=rows["class_index"].where(rows["photo_set"] != "street", -1))
    folder = save_measured_bundle(tmp_path / "half", predictions=outside)
    app = page_with(PAGE, folder, monkeypatch)
    app.session_state["photo_set"] = "street"
    app.run()
    assert not app.exception and not app.error
    assert "None of these photos lies in a cell" in texts(app)
