"""Page 2 run without a browser: photos in, a readable answer or a readable sentence out."""

import io
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.cell_words import around, cells_at, most_probable
from geocore.cells import s2
from geocore.data.samples import load_samples
from geocore.inference import load_bundle
from geocore.inference.prediction import Prediction
from tests.inference import tiny_model

PAGE = Path(__file__).resolve().parents[2] / "dashboard" / "pages" / "2_Predict_and_explain.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    return tiny_model.save_tiny_model(folder, ("MC", "HMC", "HMC-tree"))


@pytest.fixture
def run(folder, monkeypatch):
    """Run the page with the tiny bundle and the given photos."""
    monkeypatch.setenv("GEOCORE_BUNDLES", str(folder.parent))

    def run_page(photos=(), **state) -> AppTest:
        app = AppTest.from_file(str(PAGE), default_timeout=120)
        app.session_state["bundle"] = str(folder.resolve())
        if photos:
            app.session_state["photos"] = list(photos)
        for key, value in state.items():
            app.session_state[key] = value
        return app.run()

    return run_page


def _jpeg(seed: int) -> bytes:
    buffer = io.BytesIO()
    tiny_model.made_photo(seed).save(buffer, "JPEG")
    return buffer.getvalue()


def _texts(app: AppTest) -> str:
    parts = [*app.markdown, *app.subheader, *app.caption, *app.info, *app.error]
    return "\n".join(part.value for part in parts)


def test_without_photos_it_offers_ten_samples(run):
    app = run()
    assert not app.exception and not app.error
    assert len([b for b in app.button if b.key.startswith("sample_")]) == len(load_samples().photos)
    assert "CC0" in _texts(app) and "Public domain" in _texts(app)
    assert any("click a sample" in info.value for info in app.info)


def test_a_clicked_sample_is_answered_with_its_error_in_km(run):
    app = run()
    next(b for b in app.button if b.key == "sample_colosseum.jpg").click()
    app.run()
    assert not app.exception and not app.error
    text = _texts(app)
    assert "Most probably" in text and "Best single point" in text
    assert "Confidence" in [metric.label for metric in app.metric]
    assert "Known place** 41.8902, 12.4922" in text and "km** from the best" in text


def test_a_handed_over_photo_shows_two_heads_side_by_side(run):
    app = run([("a.jpg", _jpeg(1))], head="HMC-tree")
    assert not app.exception and not app.error
    headings = [m.value for m in app.markdown if m.value.startswith("####")]
    assert headings == ["#### HMC\\-tree", "#### MC"]
    assert "hold no position" in _texts(app)
    app.selectbox(key="second_of_HMC-tree").set_value("none").run()
    assert [m.value for m in app.markdown if m.value.startswith("####")] == ["#### HMC\\-tree"]


def test_the_confidence_stands_beside_what_such_a_confidence_was_worth(run, folder):
    app = run([("a.jpg", _jpeg(1))], head="MC")
    assert [m.label for m in app.metric] == [
        "Confidence",
        "Such answers right",
        "Their median error",
    ]
    assert "the 60 held-out photos about which it was most nearly as sure" in _texts(app)
    bundle = load_bundle(folder)
    confidence = bundle.probs("MC").max(axis=1)
    own = float(app.metric[0].value.replace("\xa0%", "")) / 100
    like = np.argsort(np.abs(confidence - own))[:60]
    right = bundle.probs("MC").argmax(axis=1) == bundle.predictions("MC")["class_index"].to_numpy()
    assert ("more often wrong than right" in _texts(app)) == (right[like].mean() < 0.5)
    shown = float(app.metric[1].value.replace("\xa0%", "")) / 100
    assert shown == pytest.approx(right[like].mean(), abs=0.04)


def test_a_bad_file_is_one_sentence_and_the_others_are_answered(run):
    app = run([("note.jpg", b"dear"), ("a.jpg", _jpeg(1)), ("empty.png", b""), ("b.jpg", _jpeg(2))])
    assert not app.exception
    assert len(app.error) == 2
    assert "content is not a photo" in app.error[0].value
    assert "file is empty" in app.error[1].value
    assert list(app.dataframe[0].value["Photo"]) == ["a.jpg", "b.jpg"]


def test_only_bad_files_give_only_sentences(run):
    app = run([("note.jpg", b"dear")])
    assert not app.exception and len(app.error) == 1
    assert not app.subheader


def test_names_from_outside_are_shown_as_text(run):
    name = "<script>alert(1)</script>![x](http://evil.example/x.png).jpg"
    app = run([(name, _jpeg(1)), ("bad" + name, b"x")])
    assert not app.exception
    for part in [*app.markdown, *app.caption, *app.error]:
        assert "<script>" not in part.value.replace("\\<script\\>", "")
        assert "![x](" not in part.value


def test_controls_change_the_answer_without_failing(run):
    app = run([("a.jpg", _jpeg(1))])
    app.slider(key="n_top").set_value(2).run()
    assert len(app.dataframe[0].value) == 2
    level = app.slider(key="map_level")
    level.set_value(level.min).run()
    assert set(app.dataframe[0].value["level"]) == {level.min}
    app.slider(key="low").set_value(0.5).run()
    assert any("no clear idea" in info.value for info in app.info)
    for key, value in [("evidence_opacity", 1.0), ("cap", 0.1), ("gain", 0.5)]:
        app.slider(key=key).set_value(value).run()
    app.radio(key="evidence_style").set_value("grey").run()
    assert not app.exception and not app.error


def test_answers_can_be_taken_along(run):
    app = run([("a.jpg", _jpeg(1))])
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["JSON", "GeoJSON", "CSV", "PNG of the evidence"]


def test_merged_cells_conserve_probability(folder):
    bundle = load_bundle(folder)
    n_leaves = bundle.grid.n_leaves
    probs = np.random.default_rng(0).dirichlet(np.ones(n_leaves)).astype(np.float32)
    prediction = Prediction(
        photo="a", head="MC", lat=0.0, lng=0.0, probs=probs, leaves=bundle.grid.leaves
    )
    for level in bundle.hierarchy.levels:
        cells = cells_at(bundle, prediction, level)
        assert cells["prob"].sum() == pytest.approx(1, abs=1e-5)
        assert cells["token"].is_unique and (cells["level"] <= level).all()


def test_a_cell_larger_than_a_region_is_not_named_after_one_town(folder):
    bundle = load_bundle(folder)
    leaves = bundle.grid.leaves
    areas = s2.cell_area_km2(leaves["cell_id"].to_numpy())
    largest = np.eye(len(leaves), dtype=np.float32)[int(areas.argmax())]
    prediction = Prediction(photo="a", head="MC", lat=0.0, lng=0.0, probs=largest, leaves=leaves)
    assert areas.max() > 100_000 and most_probable(bundle, prediction).startswith("in ")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("near Ubud, Bali, Indonesia (3.4 km)", "around Ubud, Bali, Indonesia"),
        ("Chad", "in Chad"),
        ("United States or Mexico", "in the United States or Mexico"),
        ("Pacific Ocean", "in the Pacific Ocean"),
        ("", "in an unnamed area"),
    ],
)
def test_places_read_as_part_of_a_sentence(place, words):
    assert around(place) == words
