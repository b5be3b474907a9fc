"""The line on a page: the place is shown and comes down, is left; what is kept needs none."""

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from dashboard import line
from geocore.casework.turns import Turns

PAGE = """
import streamlit as st
from dashboard.common import error_box, keep
from dashboard.line import page_turn

@keep("Working", is_heavy=True)
def work(number):
    return f"result {number}"

with page_turn(), error_box():
    st.write(work(st.session_state.get("number", 1)))
"""


@pytest.fixture(autouse=True)
def turns(monkeypatch):
    turns = Turns(1)
    monkeypatch.setattr(line, "TURNS", turns)
    monkeypatch.setattr(line, "EVERY_S", 0.001)
    return turns


@pytest.fixture
def app():
    import streamlit as st

    st.cache_data.clear()
    return AppTest.from_string(PAGE)


def is_free(turns):
    with turns.ask("probe") as turn:
        return turn.wait(0)


def watch(monkeypatch, then):
    """Note each place that is shown, and let something happen then."""
    shown = []

    def words(place):
        shown.append(place)
        then(len(shown))
        return f"number {place}"

    monkeypatch.setattr(line, "place_words", words)
    return shown


def test_who_need_not_wait_sees_no_line(app, turns):
    app.run()
    assert [part.value for part in app.markdown] == ["result 1"]
    assert not app.info and not app.button and is_free(turns)


def test_the_place_is_shown_until_it_is_this_readers_turn(app, turns, monkeypatch):
    first, second = turns.ask("first"), turns.ask("second")
    shown = watch(monkeypatch, lambda n: {3: first, 6: second}[n].end() if n in (3, 6) else None)
    app.run()
    assert shown[:6] == [2, 2, 2, 1, 1, 1]
    assert [part.value for part in app.markdown] == ["result 1"]
    assert not app.info and not app.button and is_free(turns)


def test_what_is_kept_needs_no_turn(app, turns):
    app.run()
    with turns.ask("other"):
        app.run()
    assert [part.value for part in app.markdown] == ["result 1"]


def test_a_page_that_is_gone_leaves_the_line(app, turns, monkeypatch):
    def gone(n):
        raise StopException

    first = turns.ask("first")
    shown = watch(monkeypatch, gone)
    app.run()
    assert shown == [1] and not app.markdown
    first.end()
    assert is_free(turns)


def test_the_button_leaves_the_line_until_something_is_changed(app, turns, monkeypatch):
    def gone(n):
        raise StopException  # as when a button is clicked meanwhile

    first = turns.ask("first")
    watch(monkeypatch, gone)
    app.run()
    app.button[0].click().run()
    assert "You left the line" in app.error[0].value
    assert not app.markdown
    first.end()
    assert is_free(turns)
    app.run()
    assert [part.value for part in app.markdown] == ["result 1"]


def test_a_failure_on_the_page_ends_the_turn(turns):
    page = PAGE.replace('return f"result {number}"', "raise OSError")
    app = AppTest.from_string(page).run()
    assert "failed unexpectedly" in app.error[0].value and is_free(turns)


def test_a_turn_taken_twice_is_one_and_giving_way_ends_it(turns):
    with line.turn_scope():
        with line.turn_scope():
            line.take_turn()
            line.take_turn()
        other = turns.ask("other")
        assert other.place == 1
        line.give_way()
        assert other.place == 0
        with pytest.raises(line.NotYetOurTurn):
            line.check_turn()
