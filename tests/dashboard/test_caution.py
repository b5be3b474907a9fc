"""The caution gate: who drops a face must say what for before there is an answer."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import encode, made_photo
from tests.dashboard.measured_bundle import texts
from tests.data.test_faces import PORTRAIT


def gate() -> None:
    import streamlit as st

    from dashboard.caution_view import cautious

    allowed = cautious(st.session_state["photos"])
    st.markdown("answered: " + ",".join(name for name, _ in allowed))


@pytest.fixture
def app():
    app = AppTest.from_function(gate, default_timeout=60)
    street = encode(made_photo(320, 240))
    app.session_state["photos"] = [("face", PORTRAIT.read_bytes()), ("street", street)]
    return app.run()


def test_a_face_is_held_back_and_the_others_are_answered(app):
    assert "answered: street" in texts(app)
    assert "seems to show a person" in app.warning[0].value and not app.exception


@pytest.mark.parametrize(("purpose", "is_meant"), [(None, True), ("Emergency response", False)])
def test_half_a_confirmation_is_none(app, purpose, is_meant):
    app.selectbox[0].set_value(purpose)
    app.checkbox[0].set_value(is_meant)
    app.button[0].click().run()
    assert "answered: street" in texts(app)
    assert "confirm the sentence" in app.error[0].value


def test_said_once_it_is_answered_and_not_asked_again(app):
    app.selectbox[0].set_value("Emergency response")
    app.checkbox[0].set_value(True)
    app.button[0].click().run()
    assert "answered: face,street" in texts(app) and not app.warning
    assert app.session_state["caution_purpose"] == "Emergency response"
    app.run()
    assert "answered: face,street" in texts(app)


def test_what_cannot_be_read_is_left_to_the_answer():
    app = AppTest.from_function(gate, default_timeout=60)
    app.session_state["photos"] = [("note", b"dear")]
    assert "answered: note" in texts(app.run())


def rooms() -> None:
    import numpy as np
    import streamlit as st

    from dashboard.caution_view import cautious, without_rooms
    from dashboard.predict_view import Answer
    from geocore.inference.photo_look import PhotoLook
    from geocore.inference.prediction import PhotoFailure

    def answer(name: str, content: bytes) -> Answer:
        score = 0.7 if name == "room" else 0.3
        look = PhotoLook(
            features=np.zeros(1), even_share=0.0, colours_share=0.0, indoor_score=score
        )
        return Answer(
            name=name, content=content, predictions={}, from_photo={}, look=look,
            position=None, position_kind="",
        )  # fmt: skip

    chosen = st.session_state["photos"]
    photos = cautious(chosen)
    answers = [answer(*photo) for photo in photos] + [PhotoFailure(photo="note", error="no photo")]
    shown = without_rooms(answers, is_asking=len(photos) < len(chosen))
    st.markdown("shown: " + ",".join(getattr(x, "name", "failure") for x in shown))


def run_rooms(*names: str) -> AppTest:
    app = AppTest.from_function(rooms, default_timeout=60)
    pictures = {"face": PORTRAIT.read_bytes()}
    street = encode(made_photo(320, 240))
    app.session_state["photos"] = [(name, pictures.get(name, street)) for name in names]
    return app.run()


def test_a_room_is_not_shown_before_its_reader_has_spoken():
    app = run_rooms("room", "street")
    assert "shown: street,failure" in texts(app)
    assert "seems to show the inside of a room" in app.warning[0].value and not app.exception
    app.selectbox[0].set_value("Emergency response")
    app.checkbox[0].set_value(True)
    app.button[0].click().run()
    assert "shown: room,street,failure" in texts(app) and not app.warning


def test_a_face_and_a_room_together_are_asked_about_once():
    app = run_rooms("face", "room", "street")
    assert "shown: street,failure" in texts(app) and not app.exception
    assert len(app.warning) == 1
    app.selectbox[0].set_value("Emergency response")
    app.checkbox[0].set_value(True)
    app.button[0].click().run()
    assert "shown: face,room,street,failure" in texts(app)
