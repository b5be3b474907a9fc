"""Home and the frame of every page: what is shown, what is remembered, what is never loaded."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import common
from dashboard.key_figures import (
    _validation_words,
    interval,
    kind_name,
    percent,
    small_percent,
)
from geocore.errors import GridError
from geocore.inference.bundle import load_bundle
from tests.dashboard.measured_bundle import PAGES, measured_parts, save_measured_bundle, texts

HOME = str(PAGES.parent / "Home.py")
EXPLORER = str(PAGES / "1_Cell_explorer.py")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """A folder with two good bundles."""
    folder = tmp_path_factory.mktemp("bundles")
    save_measured_bundle(folder / "alpha")
    save_measured_bundle(folder / "beta")
    return folder


@pytest.fixture
def app(bundles, tmp_path, monkeypatch):
    """Home, not yet run, with these two bundles alone."""
    monkeypatch.setattr(common, "DEFAULT_BUNDLE", tmp_path / "none")
    monkeypatch.setenv("GEOCORE_BUNDLES", str(bundles))
    return AppTest.from_file(HOME, default_timeout=60)


def test_home_says_how_often_the_answer_is_right_and_of_what(app, bundles):
    app.run()
    assert not app.exception and not app.error
    report = load_bundle(bundles / "alpha").report["heads"]["HMC-tree"]["street"]
    words = texts(app)
    share = percent(report["within_km"]["750"]["value"])
    assert f"{share} of {report['n_photos']} street photos" in words
    assert f"95 % interval {interval(report['within_km']['750'])}" in words
    table = next(str(html.value) for html in app.get("html") if "key-figures" in str(html.value))
    assert table.count("<tr>") == 3
    assert "alpha" in words and "SHA-256" in words
    assert {metric.label for metric in app.metric} >= {"Classes", "Photos per cell", "Levels"}
    assert "confirm it with other evidence" in words


def test_a_model_of_made_images_says_so_on_every_page(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "DEFAULT_BUNDLE", tmp_path / "none")
    monkeypatch.setenv("GEOCORE_BUNDLES", str(tmp_path))
    photos = measured_parts()["photos"].assign(MADE="made image")
    save_measured_bundle(tmp_path / "made", photos=photos)
    app = AppTest.from_file(HOME, default_timeout=60).run()
    assert "are made images, drawn by rule" in app.warning[0].value


def test_figures_are_those_of_the_chosen_head(app, bundles):
    app.run()
    app.sidebar.selectbox(key="head").set_value("MC").run()
    figure = load_bundle(bundles / "alpha").report["heads"]["MC"]["street"]["within_km"]["750"]
    assert f"{percent(figure['value'])} of" in texts(app)
    assert "Head MC." in texts(app)


def test_the_right_cell_among_the_first_and_validation(app, bundles):
    app.run()
    bundle = load_bundle(bundles / "alpha")
    figure = bundle.report["heads"]["HMC-tree"]["all"]["top_5"]
    table = next(str(html.value) for html in app.get("html") if "In first 5" in str(html.value))
    assert f"<b>{percent(figure['value'])}</b><small>{interval(figure)}</small>" in table
    assert "How it did on validation photos was not kept." in texts(app)


def test_validation_loss_and_accuracy_beside_guessing(bundles):
    training = {"HMC-tree": {"best_validation_loss": 1.2345, "validation_accuracy": 0.25}}
    made = load_bundle(bundles / "alpha")
    bundle = replace(made, report=made.report | {"training": training})
    n_photos = (made.photos["split"] == "validation").sum()
    words = _validation_words(bundle, "HMC-tree").replace("\\", "")
    guessing = np.log(made.grid.n_leaves)
    assert f"On the {n_photos} validation photos" in words
    assert f"loss 1.234 ({guessing:.3f} for guessing), right cell first 25.0 %" in words


def test_a_report_without_kinds_or_figures_is_no_error(app, bundles):
    report = {
        "heads": {"MC": {"all": {"n_photos": 3}}},
        "default_head": "MC",
        "training": {},
    }
    parts = {"report": report, "head_weights": {"MC": [np.zeros((2, 2), np.float32)]}}
    save_measured_bundle(bundles.parent / "poor" / "poor", **parts)
    app.session_state["bundle"] = ""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEOCORE_BUNDLES", str(bundles.parent / "poor"))
        app.run()
    assert not app.exception and not app.error
    assert any("not measured" in str(html.value) for html in app.get("html"))


def test_dropped_photos_lead_straight_to_the_answer(app, monkeypatch):
    gone_to = []
    monkeypatch.setattr("streamlit.switch_page", lambda page, **_: gone_to.append(page))
    app.run()
    app.file_uploader(key="home_upload").set_value(
        [("a.jpg", b"one", "image/jpeg"), ("b.png", b"two", "image/png")]
    ).run()
    assert app.session_state["photos"] == [("a.jpg", b"one"), ("b.png", b"two")]
    assert gone_to == ["pages/2_Predict_and_explain.py"]
    assert (PAGES / "2_Predict_and_explain.py").is_file()


def test_dropped_photos_lead_there_whatever_the_address_says(app):
    """A bundle chosen in the sidebar stands in the address, which may not be cleared as it is."""
    app.query_params["bundle"] = "beta"
    app.run()
    assert app.sidebar.selectbox(key="bundle").value.endswith("beta")
    app.file_uploader(key="home_upload").set_value([("a.jpg", b"one", "image/jpeg")]).run()
    assert app.title[0].value.endswith("Predict and explain")


def test_the_sidebar_is_remembered_from_page_to_page(app, bundles):
    app.run()
    app.sidebar.selectbox(key="bundle").set_value(str(bundles / "beta")).run()
    app.sidebar.selectbox(key="head").set_value("HMC").run()
    app.switch_page("pages/1_Cell_explorer.py").run()
    assert app.title[0].value.endswith("Cell explorer")
    assert app.sidebar.selectbox(key="bundle").value == str(bundles / "beta")
    assert app.sidebar.selectbox(key="head").value == "HMC"
    app.switch_page("Home.py").run()
    assert app.sidebar.selectbox(key="head").value == "HMC"
    assert not app.error and not app.exception


def test_two_readers_do_not_share_their_choices(app, bundles):
    app.run()
    other = AppTest.from_file(HOME, default_timeout=60).run()
    app.sidebar.selectbox(key="bundle").set_value(str(bundles / "beta")).run()
    other.run()
    assert other.sidebar.selectbox(key="bundle").value == str(bundles / "alpha")
    assert "alpha" in texts(other) and "beta" in texts(app)


@pytest.mark.parametrize("page", [HOME, EXPLORER])
def test_an_altered_bundle_is_a_sentence_and_another_can_be_picked(
    page, bundles, tmp_path, monkeypatch
):
    monkeypatch.setattr(common, "DEFAULT_BUNDLE", bundles / "alpha")
    monkeypatch.setenv("GEOCORE_BUNDLES", str(tmp_path))
    broken = save_measured_bundle(tmp_path / "broken")
    cells = (broken / "cells.csv").read_bytes()
    (broken / "cells.csv").write_bytes(cells.replace(b"1", b"2", 1))
    app = AppTest.from_file(page, default_timeout=60)
    app.session_state["bundle"] = str(broken)
    app.run()
    assert not app.exception
    assert "cells.csv was changed after the bundle was made" in plain_text(app.error[0].value)
    assert len(app.error) == 1 and not app.metric
    assert "confirm it with other evidence" in texts(app)
    app.sidebar.selectbox(key="bundle").set_value(str(bundles / "alpha")).run()
    assert not app.error and not app.exception


def plain_text(markdown: str) -> str:
    return markdown.replace("\\", "")


def test_no_bundle_at_all_says_what_to_do(app, tmp_path, monkeypatch):
    monkeypatch.setenv("GEOCORE_BUNDLES", str(tmp_path))
    app.run()
    assert not app.exception
    text = plain_text(app.error[0].value)
    assert "No bundle was found" in text and "scripts/train.py" in text


@pytest.mark.parametrize(
    "place", ["dashboard.common._bundle_line", "dashboard.key_figures.show_key_figures"]
)
def test_an_unexpected_failure_is_a_sentence_without_a_traceback(app, monkeypatch, place):
    def fail(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(place, fail)
    app.run()
    assert not app.exception
    assert [str(error.value)[:25] for error in app.error] == ["This part of the page fai"]
    assert "secret" not in texts(app) + app.error[0].value
    assert "confirm it with other evidence" in texts(app)


def test_a_failing_fragment_leaves_the_rest_of_the_page(app, monkeypatch):
    def fail(*_, **__):
        raise GridError("photos.csv: *no* cell is left.")

    monkeypatch.setattr("dashboard.cell_panels.show_cells", fail)
    app.run()
    assert not app.exception and app.metric
    assert plain_text(app.error[0].value) == "photos.csv: *no* cell is left."


def test_names_from_outside_show_as_they_are():
    shown = common.plain("![x](http://a/b.png) <b>").replace("\N{WORD JOINER}", "")
    assert shown == r"\!\[x\]\(http\://a/b\.png\) \<b\>"


def test_shares_and_intervals_in_words():
    assert percent(0.456) == "46\N{NO-BREAK SPACE}%" and percent(None) == "–"
    assert small_percent(0.034) == "3.4\N{NO-BREAK SPACE}%"
    assert small_percent(0.5) == "50\N{NO-BREAK SPACE}%"
    assert interval({"ci95": [0.401, 0.522]}) == "40–52\N{NO-BREAK SPACE}%"
    assert interval({"ci95": [2100.2, 3899]}, "km") == "2,100–3,899\N{NO-BREAK SPACE}km"
    assert interval({"ci95": [None, None]}) == "–"
    assert kind_name("street_photos") == "street photos" and kind_name("street") == "street photos"


@pytest.mark.parametrize("page", [HOME, EXPLORER])
def test_the_page_never_loads_tensorflow(page, bundles):
    code = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({page!r}, default_timeout=60)\n"
        f"app.session_state['bundle'] = {str(bundles / 'alpha')!r}\n"
        "app.run()\n"
        "assert not app.exception and not app.error, app.error\n"
        "assert app.metric\n"
        "heavy = {'tensorflow', 'keras'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    environment = {"GEOCORE_BUNDLES": str(bundles), "PATH": "", "PYTHONPATH": str(PAGES.parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
