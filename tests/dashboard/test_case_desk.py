"""The case desk: a case begun, photos queued, decided on, noted, and the log checked."""

from functools import partial

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import common
from dashboard.case_choice import PURPOSES
from geocore.analysis.case_file import open_case
from geocore.analysis.case_state import case_state
from geocore.analysis.records import opened_record
from geocore.casework.batch import Batch
from tests.browser.harness import photo_bytes
from tests.casework.stand_in import StandIn
from tests.dashboard.measured_bundle import PAGES, texts
from tests.inference.calibrated_bundle import calibrated_bundle

PAGE = str(PAGES / "6_Case_desk.py")
NASTY = '<img src=x onerror="alert(1)">.jpg'


@pytest.fixture
def cases(tmp_path, monkeypatch):
    folder = tmp_path / "cases"
    bundle = calibrated_bundle()
    monkeypatch.setenv("GEOCORE_CASES", str(folder))
    monkeypatch.setenv("GEOCORE_BUNDLES", str(bundle.folder.parent))
    monkeypatch.setattr(common, "_load_predictor", lambda *_: StandIn())
    yield folder
    st.cache_resource.clear()


@pytest.fixture
def case(cases):
    """A case with three answered photos and one that is none."""
    cases.mkdir()
    path = cases / "flood.case"
    with open_case(path, create=True) as case:
        case.append("opened", opened_record("Flood", PURPOSES[0], "0"), analyst="Ada")
        batch = Batch(StandIn, partial(open_case, path))
        photos = [(f"{n}.jpg", photo_bytes((90 * n, 90, 90))) for n in range(2)]
        batch.add([*photos, (NASTY, photo_bytes((9, 9, 9))), ("no.jpg", b"no")], analyst="Ada")
        assert batch.wait(60)
        yield case


def desk(**state):
    app = AppTest.from_file(PAGE, default_timeout=120)
    app.session_state["bundle"] = str(calibrated_bundle().folder.resolve())
    for key, value in state.items():
        app.session_state[key] = value
    return app.run()


def button(app, label):
    return next(b for b in app.button if b.label == label)


def test_a_case_is_begun_with_a_title_and_a_purpose(cases):
    app = desk()
    assert not app.exception and not app.error
    button(app, "Begin the case").click().run()
    assert [error.value for error in app.error] == ["A case needs a title and a purpose."]
    app.text_input(key="analyst").set_value("Ada")
    next(box for box in app.text_input if box.label == "Title").set_value("Flood: a/b ../x")
    next(b for b in app.selectbox if b.label.startswith("What are")).set_value(PURPOSES[1])
    button(app, "Begin the case").click().run()
    assert not app.exception and not app.error
    (path,) = cases.glob("*.case")
    assert path.name == "Flood-a-b-x.case"
    assert f"Purpose: {PURPOSES[1]}" in texts(app)
    with open_case(path) as case:
        (opened,) = case.entries()
    assert (opened.analyst, opened.body["title"]) == ("Ada", "Flood: a/b ../x")


def test_photos_are_decided_on_one_after_the_other(case):
    app = desk(case="flood", analyst="Ben")
    assert not app.exception and not app.error
    assert "Photo 1 of 4" in texts(app)
    button(app, "Accept").click().run()
    assert "Photo 2 of 4" in texts(app)
    button(app, "Reject").click().run()
    button(app, "Previous").click().run()
    assert "Photo 2 of 4** · ✗ rejected" in texts(app)
    state = case_state(case.entries())
    assert [photo.decision for photo in state.photos.values()][:2] == ["accepted", "rejected"]
    assert case.entries()[-1].analyst == "Ben"


def test_a_note_is_kept_and_shown_to_all(case):
    first, second = desk(case="flood", analyst="Ben"), desk(case="flood", analyst="Cleo")
    note = next(box for box in first.text_input if box.label == "Note")
    note.set_value("river **bank**").run()
    for app in (first, second.run()):
        assert any(r"river \*\*bank\*\*" in part.value for part in app.markdown)


def test_text_from_outside_is_only_text(case):
    shown = list(case_state(case.entries()).photos)
    app = desk(case="flood", desk_photo=shown[2])
    assert any(r"\<img" in caption.value for caption in app.caption)


def test_a_photo_that_was_not_kept_says_so(case):
    app = desk(case="flood")
    assert any("not kept in this case" in info.value for info in app.info)


def test_the_log_is_verified(case):
    app = desk(case="flood", desk_part="Log")
    button(app, "Verify the case").click().run()
    assert any("as they were written" in box.value for box in app.success)


def test_a_case_that_is_none_is_a_sentence(cases):
    cases.mkdir()
    (cases / "bad.case").write_bytes(b"no case at all" * 50)
    app = desk(case="bad")
    assert not app.exception
    (error,) = app.error
    assert "this is no case file" in error.value
