"""Page 2 with a calibrated bundle: where to search, claims held against the photo, regions."""

import io
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from geocore.cells.place_names import load_place_namer
from geocore.inference.calibrating import calibrate_bundle
from tests.dashboard.measured_bundle import page_with, texts
from tests.inference import tiny_model
from tests.inference.calibrated_bundle import predictions_that_know_something

PAGE = Path(__file__).resolve().parents[2] / "dashboard" / "pages" / "2_Predict_and_explain.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    tiny_model.save_tiny_model(folder, predictions=predictions_that_know_something())
    calibrate_bundle(folder, load_place_namer())
    return folder


@pytest.fixture
def app(folder, monkeypatch):
    monkeypatch.setenv("GEOCORE_BUNDLES", str(folder.parent))
    app = AppTest.from_file(str(PAGE), default_timeout=120)
    app.session_state["bundle"] = str(folder.resolve())
    buffer = io.BytesIO()
    tiny_model.made_photo(1).save(buffer, "JPEG")
    app.session_state["photos"] = [("a.jpg", buffer.getvalue())]
    return app


def _drawing() -> bytes:
    """A screen: even areas of few colours."""
    image = Image.new("RGB", (400, 300), (250, 250, 250))
    image.paste((20, 80, 160), (100, 100, 300, 200))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _ran(app: AppTest) -> str:
    app.run()
    assert not app.exception and not app.error
    return texts(app) + "\n".join(warning.value for warning in app.warning).replace("\\", "")


def _field(app: AppTest):
    return next(field for field in app.text_input if field.key.startswith("claim_"))


def _area_km2(app: AppTest) -> float:
    value = next(m.value for m in app.metric if m.label == "Area to search")
    number = float(value.split()[0].replace(",", ""))
    return number * (1e6 if "million" in value else 1)


def test_the_area_its_size_and_what_was_measured_meet_the_eye(app):
    text = _ran(app)
    assert "Where to search" in text and "of all land on Earth" in text
    assert "Measured:" in text and "of photos that calibration did not see" in text
    assert "Promised:" in text and "Not promised:" in text
    usual = _area_km2(app)
    chooser = next(b for b in app.get("button_group") if b.key == "area_level")
    chooser.set_value(0.95)
    _ran(app)
    assert _area_km2(app) >= usual > 0


def test_a_typed_claim_gets_a_verdict_and_nonsense_a_sentence(app):
    _ran(app)
    _field(app).set_value("33.87 S, 151.2 E")
    text = _ran(app)
    assert "Claimed: 33.87" in text and "p-value" in [metric.label for metric in app.metric]
    assert "proof" in text + "\n".join(box.value for box in app.info)
    _field(app).set_value("<b>qqqqzzzz![x](http://evil.example/x.png)")
    text = _ran(app)
    assert any("No known town" in warning.value for warning in app.warning)
    assert all("![x](" not in warning.value for warning in app.warning)


def test_a_region_restricts_stays_in_sight_and_is_removed_by_one_click(app):
    _ran(app)
    app.multiselect(key="prior_codes").set_value(["AU"])
    app.button(key="prior_set").click()
    text = _ran(app)
    assert "Restricted to Australia" in text and "Most probably" in text
    assert "Such answers right" not in [metric.label for metric in app.metric]
    assert "photo alone gives this region" in text
    app.button(key="prior_remove").click()
    assert "Restricted to" not in _ran(app)
    assert "Such answers right" in [metric.label for metric in app.metric]


def test_a_region_without_a_cell_and_one_that_cannot_be_read_are_sentences(app):
    _ran(app)
    app.button(key="prior_set").click()
    assert "Choose at least one country" in _ran(app)
    app.multiselect(key="prior_codes").set_value(["AQ"])
    app.button(key="prior_set").click()
    app.run()
    assert not app.exception
    assert "no cell of this model lies there" in app.error[0].value
    assert _area_km2(app) > 0


def test_no_usable_answer_is_said_before_anything_else(app):
    app.session_state["photos"] = [("screen.png", _drawing()), app.session_state["photos"][0]]
    app.run()
    assert not app.exception
    assert app.error[0].value.startswith("**No usable answer.**")
    assert "drawing" in app.error[0].value
    assert app.dataframe[0].value["Most probable area"][0] == "no usable answer"
    assert any(heading.value.startswith("If anything, most probably") for heading in app.subheader)


def test_page_4_shows_what_areas_cost(folder, monkeypatch):
    app = page_with("4_Calibration_and_confusion.py", folder, monkeypatch)
    text = texts(app)
    assert "How large an area to search must be" in text
    assert "of photos that calibration did not see" in text
    assert "Recall against area to search: promised 50 %" in text
