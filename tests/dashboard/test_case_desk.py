"""The case desk: a case begun, photos queued, decided on, noted, and the log checked."""

import re
import time
from functools import partial
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import memory
from dashboard.case_choice import PURPOSES
from dashboard.desk_queue import not_taken
from geocore.analysis import online_names
from geocore.analysis.canonical import sha256_hex
from geocore.analysis.case_file import open_case
from geocore.analysis.case_state import case_state
from geocore.analysis.exporting.formats import FORMATS
from geocore.analysis.records import opened_record
from geocore.casework.batch import Batch
from tests.browser.harness import photo_bytes
from tests.casework.stand_in import StandIn
from tests.dashboard.measured_bundle import PAGES, texts
from tests.data.test_faces import PORTRAIT
from tests.inference.calibrated_bundle import calibrated_bundle

PAGE = str(PAGES / "6_Case_desk.py")
PACIFIC = "POLYGON((-150 -60, -140 -60, -140 -50, -150 -60))"
NASTY = '<img src=x onerror="alert(1)">.jpg'


@pytest.fixture
def cases(tmp_path, monkeypatch):
    folder = tmp_path / "cases"
    bundle = calibrated_bundle()
    monkeypatch.setenv("GEOCORE_CASES", str(folder))
    monkeypatch.setenv("GEOCORE_BUNDLES", str(bundle.folder.parent))
    monkeypatch.setattr(memory, "_load_predictor", lambda *_: StandIn())
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


def test_a_queue_outlives_those_of_fifty_other_cases(cases):
    """It had made room at the seventeenth: twenty readers' photos left each other's pages."""
    bundle = calibrated_bundle()
    first, *_ = [memory.shared_batch(bundle, "MC", cases / f"{n}.case") for n in range(50)]
    assert memory.shared_batch(bundle, "MC", cases / "0.case") is first


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
    assert re.search(r"90.% search area: \*\*\d+\.\d million km²", texts(app))  # no false precision
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


def wait_for(case, n_answers):
    """Until the thread that works for the page has written its answers."""
    end = time.monotonic() + 60
    while len(case.entries(kinds=["answer"])) < n_answers and time.monotonic() < end:
        time.sleep(0.02)
    return len(case.entries(kinds=["answer"])) == n_answers


def state_of(case):
    return case_state(case.entries())


def test_a_decision_is_taken_back_by_another_entry(case):
    app = desk(case="flood", analyst="Ben")
    button(app, "Accept").click().run()
    n_entries = len(case.entries())
    button(app, "Undo").click().run()
    assert "Photo 1 of 4** · open" in texts(app)
    assert len(case.entries()) == n_entries + 1
    assert button(app, "Undo").disabled, "only what was decided by oneself is taken back"


def test_a_claim_is_checked_kept_and_filtered_by(case):
    app = desk(case="flood", analyst="Ben")
    field = next(box for box in app.text_input if box.label == "The photo is said to be from")
    field.set_value("33.87 S, 151.2 E").run()
    assert not app.exception and not app.error
    button(app, "Keep this verdict in the case").click().run()
    (claim,) = next(iter(state_of(case).photos.values())).claims
    assert "Kept in the case: **33.87" in texts(app)
    assert not [b for b in app.button if b.label.startswith("Keep this verdict")]
    pills = next(b for b in app.get("button_group") if b.key == "desk_claims")
    pills.set_value([claim["verdict"]]).run()
    assert "Photo 1 of 1" in texts(app)
    assert app.dataframe[0].value["Claim"].tolist() == [claim["verdict"]]


def test_a_region_restricts_all_answers_until_it_is_removed(case):
    app = desk(case="flood", analyst="Ben")
    app.multiselect(key="desk_prior_codes").set_value(["AU"])
    app.button(key="desk_prior_set").click().run()
    assert not app.exception and not app.error
    assert any("restricted to Australia" in box.value for box in app.warning)
    photos = [x for x in state_of(case).photos.values() if x.answer]
    assert {x.answer["prior"]["label"] for x in photos} == {"Australia"}
    assert {x.from_photo["prior"] for x in photos} == {None}
    app.button(key="prior_remove").click().run()
    assert {x.answer["prior"] for x in state_of(case).photos.values() if x.answer} == {None}
    assert not any("restricted" in box.value for box in app.warning)


def test_setting_a_region_by_its_corners_ends_the_drawing(case):
    app = desk(case="flood")
    kind = next(b for b in app.get("button_group") if b.key == "desk_prior_kind")
    kind.set_value("Clicks on the map").run()
    assert "**All photos**" in texts(app)
    app.session_state["desk_prior_corners"] = [(-45, 110), (-45, 160), (-10, 160), (-10, 110)]
    app.button(key="desk_prior_set").click().run()
    assert state_of(case).prior is not None
    assert "**All photos**" not in texts(app)  # the map was there for the clicks alone
    app.button(key="prior_remove").click().run()
    assert "**All photos**" not in texts(app)
    assert not app.exception and not app.error


def test_a_region_without_a_cell_is_refused_with_a_sentence(case):
    app = desk(case="flood")
    app.multiselect(key="desk_prior_codes").set_value(["AQ"])
    app.button(key="desk_prior_set").click().run()
    assert any("No cell of this model lies" in box.value for box in app.warning)
    assert state_of(case).prior is None


def test_only_photos_whose_area_touches_a_drawn_region_are_shown(case):
    app = desk(case="flood", desk_all=True)
    kind = next(b for b in app.get("button_group") if b.key == "desk_region_kind")
    kind.set_value("Pasted outline").run()
    area = next(iter(state_of(case).photos.values())).answer["areas"]["0.9"]
    assert not area["is_everywhere"]
    app.text_area(key="desk_region_text").set_value(PACIFIC)
    app.button(key="desk_region_set").click().run()
    assert any("No photo fits" in box.value for box in app.info)
    app.button(key="desk_region_off").click().run()
    assert "Photo 1 of 4" in texts(app)


def test_marked_photos_become_an_event_that_is_shown_again(case):
    app = desk(case="flood", analyst="Ben")
    for _ in range(2):
        button(app, "Mark for an event").click().run()
        button(app, "Next").click().run()
    assert app.dataframe[0].value["Event"].tolist()[:2] == ["● marked"] * 2
    app.session_state["desk_part"] = "Events"
    app.run()
    app.text_input(key="desk_event_name").set_value("Market *x*").run()
    button(app, "Join the photos").click().run()
    assert not app.exception and not app.error
    (event,) = state_of(case).events.values()
    assert (event["name"], len(event["photo_sha256s"])) == ("Market *x*", 2)
    again = desk(case="flood", desk_part="Events")
    assert "Market *x*" in texts(again)
    assert len(again.dataframe[0].value) == 2


def test_one_photo_makes_no_event(case):
    app = desk(case="flood", desk_part="Events")
    button(app, "Join the photos").click().run()
    assert any("at least 2 photos" in box.value for box in app.warning)
    assert not state_of(case).events


@pytest.mark.parametrize("format", list(FORMATS))
def test_an_export_can_be_downloaded_and_stands_in_the_log(case, format):
    app = desk(case="flood", desk_part="Export")
    app.selectbox(key="desk_export_format").set_value(format).run()
    button(app, "Make the file").click().run()
    assert not app.exception and not app.error
    (download,) = app.get("download_button")
    assert FORMATS[format].label in download.proto.label
    (entry,) = case.entries(kinds=["export"])
    assert entry.body["format"] == format and entry.body["n_photos"] == 4
    assert entry.body["sha256"] in "".join(caption.value for caption in app.caption)


def test_only_the_photos_of_the_table_are_exported_when_asked(case):
    app = desk(case="flood")
    button(app, "Accept").click().run()
    pills = next(b for b in app.get("button_group") if b.key == "desk_decisions")
    pills.set_value(["accepted"]).run()
    app.session_state["desk_part"] = "Export"
    app.run()
    app.selectbox(key="desk_export_part").set_value("table").run()
    app.selectbox(key="desk_export_format").set_value("csv").run()
    button(app, "Make the file").click().run()
    assert not app.exception and not app.error
    assert [entry.body["n_photos"] for entry in case.entries(kinds=["export"])] == [1]


@pytest.mark.parametrize("keeps", [False, True])
def test_photos_are_kept_in_the_case_only_if_asked(case, keeps):
    app = desk(case="flood")
    assert app.checkbox(key="desk_keep").value is False
    app.checkbox(key="desk_keep").set_value(keeps).run()
    content = photo_bytes((1, 2, 3))
    app.file_uploader[0].set_value(("new.jpg", content, "image/jpeg")).run()
    assert not app.exception and not app.error
    assert wait_for(case, n_answers=4)
    assert (case.photo(sha256_hex(content)) is not None) is keeps


def test_photos_that_a_browser_tells_of_twice_are_taken_once():
    a, b, c = (SimpleNamespace(file_id=name) for name in "abc")
    taken = set()
    assert not_taken([a, b], taken) == [a, b]
    assert not_taken([a, b, c], taken) == [c]
    assert not_taken([a], taken) == []


def test_a_photo_of_a_person_waits_until_its_purpose_stands_in_the_case(case):
    app = desk(case="flood", analyst="Ben")
    face, street = PORTRAIT.read_bytes(), photo_bytes((7, 7, 7))
    for name, content in (("face.jpg", face), ("street.jpg", street)):
        app.file_uploader[0].set_value((name, content, "image/jpeg")).run()
    assert wait_for(case, n_answers=4)
    app.run()
    assert sha256_hex(face) not in state_of(case).photos
    assert any("seems to show a person" in box.value for box in app.warning)
    purpose = next(box for box in app.selectbox if box.label == "What is it for?")
    assert purpose.value == PURPOSES[0], "the purpose of the case, to be confirmed"
    button(app, "Answer").click().run()
    assert any("confirm the sentence" in box.value for box in app.error)
    assert not state_of(case).cautions
    next(box for box in app.checkbox if "private person" in box.label).set_value(True)
    button(app, "Answer").click().run()
    assert wait_for(case, n_answers=5)
    ((who, said),) = state_of(case).cautions
    assert (who, said["photo_sha256s"]) == ("Ben", [sha256_hex(face)])
    assert said["purpose"] == PURPOSES[0]
    assert not any("show a person" in box.value for box in app.run().warning)


def test_an_online_question_stands_in_the_log_before_it_is_asked(case, monkeypatch):
    asked = []
    monkeypatch.setattr(
        online_names, "_ask", lambda *_: asked.append(case.entries(kinds=["online"])) or "Rome"
    )
    app = desk(case="flood")
    assert case.entries(kinds=["online"]) == []
    next(x for x in app.button if x.label == "Send this point").click().run()
    assert not app.exception and not app.error
    ((entry,),) = asked
    answer = case.entries(kinds=["answer"])[0].body
    point = f"the point {answer['lat']:.2f}, {answer['lng']:.2f}"
    assert entry.body == {"service": "OpenStreetMap", "what": point}


def test_a_case_that_is_none_is_a_sentence(cases):
    cases.mkdir()
    (cases / "bad.case").write_bytes(b"no case at all" * 50)
    app = desk(case="bad")
    assert not app.exception
    (error,) = app.error
    assert "this is no case file" in error.value
