"""A public demo: no page takes a visitor's photo, the samples are answered."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.public_demo import is_samples_only
from tests.dashboard.measured_bundle import PAGES, save_measured_bundle, texts
from tests.inference import tiny_model

EVERY_PAGE = [PAGES.parent / "Home.py", *sorted(PAGES.glob("*.py"))]
PREDICT = PAGES / "2_Predict_and_explain.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_model.save_tiny_model(tmp_path_factory.mktemp("bundles") / "tiny", ("MC",))


@pytest.fixture(scope="module")
def read_only(tmp_path_factory):
    """A bundle whose pages load no model."""
    return save_measured_bundle(tmp_path_factory.mktemp("measured") / "measured")


@pytest.fixture
def open_page(tmp_path, monkeypatch):
    def run(page, folder, demo="1", **state):
        monkeypatch.setenv("GEOCORE_BUNDLES", str(folder.parent))
        monkeypatch.setenv("GEOCORE_CASES", str(tmp_path))
        monkeypatch.setenv("GEOCORE_SAMPLES_ONLY", demo)
        app = AppTest.from_file(str(page), default_timeout=120)
        app.session_state["bundle"] = str(folder.resolve())
        for key, value in state.items():
            app.session_state[key] = value
        return app.run()

    return run


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.stem)
def test_no_page_has_a_drop_zone(page, read_only, open_page):
    assert not open_page(page, read_only).get("file_uploader")


@pytest.mark.parametrize("page", [EVERY_PAGE[0], PREDICT], ids=lambda page: page.stem)
def test_it_says_so_and_without_the_switch_there_is_one(page, read_only, open_page):
    assert "takes no others" in texts(open_page(page, read_only))
    assert open_page(page, read_only, demo="0").get("file_uploader")


def test_a_photo_that_was_smuggled_in_is_not_answered(read_only, open_page):
    app = open_page(PREDICT, read_only, photos=[("mine.jpg", b"not a sample")])
    assert "mine" not in texts(app) and not app.error


def test_a_sample_is_answered(folder, open_page):
    app = open_page(PREDICT, folder)
    next(b for b in app.button if b.key == "sample_colosseum.jpg").click()
    app.run()
    assert "Most probably" in texts(app) and not app.error


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("", False)])
def test_the_switch(value, expected, monkeypatch):
    monkeypatch.setenv("GEOCORE_SAMPLES_ONLY", value)
    assert is_samples_only() is expected


def test_a_typing_error_opens_nothing(monkeypatch):
    monkeypatch.setenv("GEOCORE_SAMPLES_ONLY", "ja")
    with pytest.raises(ValueError, match="must be 1 or 0, received 'ja'"):
        is_samples_only()
