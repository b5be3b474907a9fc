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
