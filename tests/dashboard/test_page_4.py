import numpy as np
import pytest

from geocore.inference.bundle import load_bundle, save_bundle
from tests.dashboard.measured_bundle import (
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
    assert figures["Calibration error (ECE)"] == f"{ece['value'] * 100:.1f} %"
    low, high = ece["ci95"]
    assert f"95 % interval {low * 100:.1f}–{high * 100:.1f}" in texts(app)
    assert "finds every cell equally likely" in texts(app)
    assert len(app.get("plotly_chart")) == 3


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


def test_rows_can_be_shown_as_shares(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    app.toggle(key="is_share").set_value(True).run()
    assert not app.error
    assert "Share of row" in app.get("plotly_chart")[-1].proto.spec


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
    assert "None of these photos lies in a cell" in texts(app)
    assert np.all(app.dataframe[0].value["predicted"] == 0)
