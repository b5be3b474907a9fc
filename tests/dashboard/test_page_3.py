import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from geocore.evaluation.baselines import UNIFORM
from geocore.evaluation.measures import MEASURES
from geocore.evaluation.thesis import THESIS_TABLE_6_8
from tests.dashboard.measured_bundle import (
    PAGES,
    measured_parts,
    one_cell_parts,
    page_with,
    save_measured_bundle,
    texts,
)
from tests.inference.tiny_bundle import bundle_parts, save_bundle, tiny_photos

PAGE = "3_Model_comparison.py"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return save_measured_bundle(tmp_path_factory.mktemp("bundles") / "made")


def cleaned(table):
    table = table.replace({"\xa0": " ", "\u2060": ""}, regex=True)
    return table.rename(lambda name: name.replace("\xa0", " "))


def test_it_says_in_words_which_of_two_is_better_and_what_that_does_not_show(bundle, monkeypatch):
    words = texts(page_with(PAGE, bundle, monkeypatch))
    n_photos = measured_parts()["report"]["heads"]["MC"]["all"]["n_photos"]
    assert f"Both answered the same {n_photos} photos, which neither had seen before." in words
    assert "In the share of right cells, HMC-tree is better than MC by" in words
    assert "more than chance explains" in words
    assert "It does not show which is better on other kinds of photos" in words


def test_two_heads_stand_side_by_side_with_a_test_and_the_thesis_apart(bundle, monkeypatch):
    table = page_with(PAGE, bundle, monkeypatch).table[0].value
    assert list(table.columns) == [
        "HMC-tree", "MC", "Difference", "More than chance?", "Thesis: MC, other photos",
    ]  # fmt: skip
    row = cleaned(table).loc["Right cell first ↑"]
    figure = measured_parts()["report"]["heads"]["MC"]["all"]["top_1"]
    low, high = figure["ci95"]
    assert row["MC"] == f"{figure['value'] * 100:.1f} % ({low * 100:.1f}–{high * 100:.1f})"
    assert row["Difference"].startswith("+")
    assert row["More than chance?"].startswith("yes (p ")
    assert row["Thesis: MC, other photos"] == "2.3 %"


def test_a_baseline_can_be_compared(tmp_path, monkeypatch):
    parts = measured_parts()
    n_leaves = parts["grid"].n_leaves
    rows = parts["predictions"][parts["predictions"]["head"] == "MC"]
    even = [np.full(n_leaves, 1 / n_leaves, np.float32)] * len(rows)
    parts["predictions"] = pd.concat([parts["predictions"], rows.assign(head=UNIFORM, probs=even)])
    arrays = {UNIFORM: [np.full(n_leaves, 1 / n_leaves, np.float32)]}
    folder = save_bundle(tmp_path / "b", **parts, baselines=arrays)
    app = page_with(PAGE, folder, monkeypatch)
    app.selectbox(key="second").set_value(UNIFORM).run()
    assert not app.exception
    assert not app.error
    assert "Uniform: every cell equally likely." in texts(app)


def test_the_same_twice(bundle, monkeypatch):
    app = page_with(PAGE, bundle, monkeypatch)
    app.selectbox(key="second").set_value("HMC-tree").run()
    assert "Both are the same. Choose another one as the second." in texts(app)
    assert not app.error


@pytest.mark.parametrize("which", ["surest", "first", "second"])
def test_the_photos_they_disagree_about(bundle, monkeypatch, which):
    app = page_with(PAGE, bundle, monkeypatch)
    app.segmented_control(key="disagreement").set_value(which).run()
    assert not app.error
    table = app.table[1].value
    assert {"Taken", "MC: answer", "HMC-tree: error, km", "Apart, km"} <= set(table)
    shares = [table[f"{head}: confidence"].str.rstrip("\xa0%") for head in ("MC", "HMC-tree")]
    sure = np.prod([share.astype(float) for share in shares], axis=0)
    assert sure[0] >= sure[-1]


def two_bundles(folder, parts, monkeypatch, **changes):
    """The page on bundle `one` beside bundle `two`, made of other parts."""
    save_measured_bundle(folder / "one")
    other = save_bundle(folder / "two", **(parts | changes))
    app = page_with(PAGE, folder / "one", monkeypatch)
    monkeypatch.setenv("GEOCORE_BUNDLES", str(folder))
    app.run()
    app.selectbox(key="second_bundle").set_value(str(other.resolve())).run()
    assert not app.exception
    assert not app.error
    return app


def test_bundles_over_different_cells_compare_in_km(tmp_path, monkeypatch):
    app = two_bundles(tmp_path, one_cell_parts(), monkeypatch)
    words = texts(app)
    assert "divide the world into different cells" in words
    assert "cannot be set against each other" in words
    measures = cleaned(app.table[0].value).index.str.rpartition(" ").get_level_values(0).tolist()
    assert "Median error" in measures
    assert "Right cell first" not in measures


def test_bundles_without_a_photo_in_common(tmp_path, monkeypatch):
    photos = tiny_photos(seed=5).assign(sha256=[f"{i + 1000:064x}" for i in range(400)])
    parts = bundle_parts(photos=photos)
    app = two_bundles(tmp_path, parts, monkeypatch)
    assert "have no held-out photo in common" in texts(app)


def test_all_heads_stand_in_one_table_with_their_intervals(bundle, monkeypatch):
    table = page_with(PAGE, bundle, monkeypatch).table[2].value
    assert list(table.columns) == ["HMC", "HMC-tree", "MC"]
    assert len(table) == len(MEASURES) + 1
    figure = measured_parts()["report"]["heads"]["MC"]["all"]["top_1"]
    low, high = figure["ci95"]
    expected = f"{figure['value'] * 100:.1f} % ({low * 100:.1f}–{high * 100:.1f})"
    assert cleaned(table).loc["Right cell first ↑", "MC"] == expected


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
    assert f"the same {n_street} photos" in texts(app)


def test_tables_can_be_downloaded(bundle, monkeypatch):
    buttons = page_with(PAGE, bundle, monkeypatch).get("download_button")
    labels = {button.proto.label for button in buttons}
    assert {
        "Comparison as CSV", "Cells as CSV", "Disagreements as CSV", "Download all figures",
    } <= labels  # fmt: skip


def test_a_bundle_without_figures_says_so(tmp_path, monkeypatch):
    report = {"heads": {}, "default_head": "MC", "training": {}}
    folder = save_measured_bundle(tmp_path / "bare", report=report)
    app = page_with(PAGE, folder, monkeypatch)
    assert "holds no measured figures" in texts(app)
    assert not any("More than chance?" in table.value for table in app.table)


def test_a_bundle_without_predictions_keeps_its_report(tmp_path, monkeypatch):
    parts = measured_parts()
    folder = save_bundle(tmp_path / "b", **(parts | {"predictions": parts["predictions"][:0]}))
    app = page_with(PAGE, folder, monkeypatch)
    assert "have no held-out photo in common" in texts(app)
    assert len(app.table) >= 1


def test_probs_that_do_not_sum_to_one_are_a_sentence(tmp_path, monkeypatch):
    parts = measured_parts()
    rows = parts["predictions"]
    doubled = rows.assign(probs=[2 * x for x in rows["probs"]])
    folder = save_bundle(tmp_path / "b", **(parts | {"predictions": doubled}))
    monkeypatch.setenv("GEOCORE_BUNDLES", str(folder))
    app = AppTest.from_file(str(PAGES / PAGE), default_timeout=60)
    app.session_state["bundle"] = str(folder.resolve())
    app.run()
    assert not app.exception
    assert {"sum to 1" in error.value for error in app.error} == {True}


def test_photos_outside_all_cells(tmp_path, monkeypatch):
    parts = measured_parts()
    rows = parts["predictions"].assign(class_index=-1)
    folder = save_bundle(tmp_path / "b", **(parts | {"predictions": rows}))
    table = page_with(PAGE, folder, monkeypatch).table[0].value
    assert cleaned(table).loc["Loss on held-out photos ↓", "Difference"] == "–"


def test_one_cell_draws(tmp_path, monkeypatch):
    parts = one_cell_parts()
    photos = parts["photos"].assign(class_index=0)
    page_with(PAGE, save_bundle(tmp_path / "b", **(parts | {"photos": photos})), monkeypatch)
