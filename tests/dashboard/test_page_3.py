import pytest

from geocore.evaluation.measures import MEASURES
from geocore.evaluation.report import THESIS_TABLE_6_8
from tests.dashboard.measured_bundle import (
    measured_parts,
    page_with,
    save_measured_bundle,
    texts,
)

PAGE = "3_Model_comparison.py"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return save_measured_bundle(tmp_path_factory.mktemp("bundles") / "made")


def test_it_says_in_words_which_head_is_ahead_and_by_how_much(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    words = texts(app)
    assert "HMC-tree is ahead" in words
    assert "The 95 % intervals" in words
    assert "On the very same photos the first is better by" in words
    n_photos = measured_parts()["report"]["heads"]["MC"]["all"]["n_photos"]
    assert f"measured on {n_photos} photos" in words


def test_the_table_shows_every_head_and_measure_with_its_interval(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    table = app.table[0].value
    assert list(table.columns) == ["HMC", "HMC-tree", "MC"]
    assert len(table) == len(MEASURES) + 1
    figure = measured_parts()["report"]["heads"]["MC"]["all"]["top_1"]
    low, high = figure["ci95"]
    expected = f"{figure['value'] * 100:.1f} % ({low * 100:.1f}–{high * 100:.1f})"
    table = table.replace({"\xa0": " ", "\u2060": ""}, regex=True).rename(
        lambda name: name.replace("\xa0", " ")
    )
    assert table.loc["Right cell first ↑", "MC"] == expected


def test_the_thesis_table_is_marked_as_other_data(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    assert app.dataframe[-1].value.equals(THESIS_TABLE_6_8)
    assert "cannot be compared with those above" in texts(app)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_can_be_chosen(bundle, monkeypatch, measure):
    app = page_with(PAGE, bundle, monkeypatch)
    app.selectbox(key="measure").set_value(measure).run()
    assert not app.exception
    assert not app.error
    assert f"{MEASURES[measure].name}: " in texts(app)


def test_a_photo_set_can_be_chosen(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    app.session_state["photo_set"] = "street"
    app.run()
    assert "All figures on street photos" in texts(app)
    n_street = measured_parts()["report"]["heads"]["MC"]["street"]["n_photos"]
    assert f"measured on {n_street} photos" in texts(app)


def test_the_figures_can_be_downloaded(bundle, monkeypatch):
    button = page_with(PAGE, bundle, monkeypatch).get("download_button")[0]
    assert button.proto.label == "Download all figures"


def test_a_bundle_without_figures_says_so(tmp_path, monkeypatch):
    report = {"heads": {}, "default_head": "MC", "training": {}}
    folder = save_measured_bundle(tmp_path / "bare", report=report)
    app = page_with(PAGE, folder, monkeypatch)
    assert "holds no measured figures" in texts(app)
    assert not app.table


def test_without_predictions_the_intervals_still_speak(tmp_path, monkeypatch):
    none = measured_parts()["predictions"].iloc[:0]
    app = page_with(PAGE, save_measured_bundle(tmp_path / "bare", predictions=none), monkeypatch)
    assert "ahead with" in texts(app)
    assert "On the very same photos" not in texts(app)
