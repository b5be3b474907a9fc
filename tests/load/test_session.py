"""A visitor without a browser, on a real Streamlit server."""

from pathlib import Path

import pytest

from geocore.load.session import Session, SessionError
from tests.browser import harness


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(harness, "can_cut_off", lambda: False)  # the visitor sits out here
        folder = tmp_path_factory.mktemp("load")
        with harness.serve(Path(__file__).with_name("load_page.py"), folder) as server:
            yield server.url


@pytest.fixture
def session(url):
    with Session(url) as session:
        session.open()
        yield session


def test_what_is_filled_in_chosen_and_dropped_reaches_the_page(session):
    assert ", red, one, []" in session.texts
    session.write("Name", "Ada")
    session.select("Colour", "green")
    session.select("Row", "two")
    session.drop({"a.jpg": b"first", "b.jpg": b"second"})
    assert "Ada, green, two, ['a.jpg', 'b.jpg']" in session.texts
    assert session.download("Take it") == b"Ada"
    assert session.download("Make it") == b"made for Ada"  # when it is asked for
    with pytest.raises(SessionError, match="A file could not be made"):
        session.download("Break it")
    session.drop({"c.jpg": b"third"})
    assert "Ada, green, two, ['c.jpg']" in session.texts


def test_a_pressed_button_is_pressed_once_and_errors_are_told(session):
    assert session.errors == []
    session.click("Fail")
    assert session.errors == ["It failed."]
    session.write("Name", "Ben")
    assert session.errors == []


def test_a_part_runs_alone_and_may_ask_for_the_whole(session):
    assert "part run 1" in session.texts
    session.select("Inner", "b")
    assert "part run 2" in session.texts and ", red, one, []" in session.texts
    session.click("All again")
    assert "part run 4" in session.texts  # once as a part, once as the whole
    assert not session.look_again()


def test_two_visitors_see_their_own(url):
    with Session(url) as ada, Session(url) as ben:
        for session, name in ((ada, "Ada"), (ben, "Ben")):
            session.open()
            session.write("Name", name)
        ada.select("Colour", "green")
        ben.select("Colour", "green")
        assert "Ada, green, one, []" in ada.texts and "Ben, green, one, []" in ben.texts


def test_what_is_not_there_is_named(session):
    with pytest.raises(SessionError, match="No button 'Send'"):
        session.click("Send")
