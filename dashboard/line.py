"""The line of those whose heavy work waits: shown to whoever stands in it, who can leave it.

Stage: dashboard. It must not know what the work is. Within `turn_scope` a reader's work waits once,
when the first of it is found to be heavy, and holds its turn until the scope ends or gives way.
Whoever closes the page or goes to another leaves the line: writing to a page that is gone ends the
wait.
"""

import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from geocore.casework.turns import Turn, Turns
from geocore.errors import GeocoreError

# At least two, so that one slow photo does not hold up everybody.
TURNS = Turns(n_at_once=max(2, os.cpu_count() or 1))
EVERY_S = 0.5
_LEFT = "left_line"
_OWNER = "line_owner"


class NotYetOurTurn(Exception):
    """What was asked for must be computed, and this reader has not waited for it."""


class LeftLineError(GeocoreError):
    """The reader no longer wants to wait."""


class _Held(threading.local):
    """What the page run in this thread holds."""

    n_scopes: int = 0
    turn: Turn | None = None


_held = _Held()


@contextmanager
def turn_scope() -> Iterator[None]:
    """A turn that is taken within ends at the end of the outermost scope, however it ends."""
    _held.n_scopes += 1
    try:
        yield
    finally:
        _held.n_scopes -= 1
        if not _held.n_scopes:
            give_way()


@contextmanager
def page_turn() -> Iterator[None]:
    """A `turn_scope` around all that is shown; the wish to leave the line ends with it."""
    with turn_scope():
        try:
            yield
        finally:
            st.session_state.pop(_LEFT, None)


def check_turn() -> None:
    """Raise `NotYetOurTurn` where no turn is held."""
    if _held.turn is None:
        raise NotYetOurTurn


def take_turn() -> None:
    """Wait for this reader's turn, their place shown meanwhile; at once where one is held.

    Raises:
        LeftLineError: the reader left the line.
    """
    if _held.turn is not None:
        return
    if st.session_state.pop(_LEFT, False):
        raise LeftLineError(
            "You left the line, so this was not worked on. It is asked for again as soon as you "
            "change something on the page or reload it."
        )
    turn = TURNS.ask(st.session_state.setdefault(_OWNER, uuid.uuid4().hex))
    try:
        if not turn.wait(EVERY_S):
            _wait_shown(turn)
    except BaseException:
        turn.end()
        raise
    _held.turn = turn


def give_way() -> None:
    """End the turn that is held, if any, so that others come first."""
    turn, _held.turn = _held.turn, None
    if turn is not None:
        turn.end()


def place_words(place: int) -> str:
    """Where somebody stands in line."""
    return f"You are number {place:,} in line"


def _wait_shown(turn: Turn) -> None:
    def leave() -> None:
        st.session_state[_LEFT] = True

    slot = st.empty()
    with slot.container():
        words = st.empty()
        st.button("Leave the line", key=f"leave_{uuid.uuid4().hex}", on_click=leave)
    while not turn.wait(EVERY_S):
        words.info(
            f"{place_words(max(1, turn.place))}. Photos are looked at a few at a time; everybody "
            "gets a turn before anybody gets a second one.",
            icon=":material/hourglass_top:",
        )
    slot.empty()
