"""Turns: fair order, places that come true, no more at once than allowed, those who leave."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.casework.batch_items import ANSWERED, WAITING
from geocore.casework.turns import Turns
from tests.casework.test_batch import make, path, photo  # noqa: F401 - fixtures


def begun(turns):
    return [turn for turn in turns if turn.place == 0]


def test_everybody_is_served_once_before_anybody_twice():
    turns = Turns(1)
    first = turns.ask("first")
    batch = [turns.ask("batch") for _ in range(3)]
    ada, ben = turns.ask("Ada"), turns.ask("Ben")
    assert [turn.place for turn in (first, *batch, ada, ben)] == [0, 1, 4, 5, 2, 3]
    order = []
    waiting = [*batch, ada, ben]
    first.end()
    while waiting:
        (turn,) = begun(waiting)
        order.append(turn.owner)
        waiting.remove(turn)
        turn.end()
    assert order == ["batch", "Ada", "Ben", "batch", "batch"]


@given(st.lists(st.integers(0, 4), max_size=20), st.integers(1, 3), st.sets(st.integers(0, 19)))
def test_places_come_true(owners, n_at_once, leaving):
    turns = Turns(n_at_once)
    asked = [turns.ask(owner) for owner in owners]
    for number in leaving & set(range(len(asked))):
        asked[number].end()
    left = [turn for number, turn in enumerate(asked) if number not in leaving]
    waiting = sorted((turn for turn in left if turn.place), key=lambda turn: turn.place)
    assert [turn.place for turn in waiting] == list(range(1, len(waiting) + 1))
    working = begun(left)
    assert len(working) == min(n_at_once, len(left))
    while waiting:
        working.pop(0).end()
        working.append(waiting.pop(0))
        assert working[-1].wait(0)
        assert not any(turn.wait(0) for turn in waiting)


def test_who_leaves_makes_room_and_may_leave_twice():
    turns = Turns(1)
    first, second, third = (turns.ask(name) for name in ("a", "b", "c"))
    second.end()
    second.end()
    assert third.place == 1
    first.end()
    first.end()
    assert third.place == 0
    assert turns.ask("d").place == 1


def test_a_failure_in_the_work_ends_the_turn():
    turns = Turns(1)
    with pytest.raises(OSError), turns.ask("a") as turn:
        assert turn.wait(0)
        raise OSError
    assert turns.ask("b").wait(0)


def test_one_slow_piece_of_work_leaves_the_other_place_to_the_rest():
    turns = Turns(2)
    slow = turns.ask("slow")
    for number in range(5):
        with turns.ask(number) as turn:
            assert turn.wait(0)
    assert slow.place == 0


def test_threads_never_work_more_at_once_than_allowed():
    turns, lock = Turns(2), threading.Lock()
    working, most, done = 0, 0, []

    def work(owner):
        nonlocal working, most
        for _ in range(10):
            with turns.ask(owner) as turn:
                assert turn.wait(10)
                with lock:
                    working += 1
                    most = max(most, working)
                time.sleep(0.0005)
                with lock:
                    working -= 1
                    done.append(owner)

    threads = [threading.Thread(target=work, args=(owner,)) for owner in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(done) == 60 and most == 2


def test_a_batch_gives_way_after_each_photo(make):  # noqa: F811
    turns = Turns(1)
    visitor = turns.ask("visitor")
    batch = make(turns=turns)
    batch.add([(f"{number}.png", photo(number)) for number in range(3)], analyst="Ada")
    for _ in range(10_000):
        if batch.place_in_line:
            break
        time.sleep(0.001)
    assert batch.place_in_line == 1
    assert batch.progress.counts[ANSWERED] == 0
    other = turns.ask("other")
    visitor.end()
    assert other.wait(10)
    counts = batch.progress.counts
    assert counts[ANSWERED] <= 1 and counts[WAITING] >= 1
    other.end()
    assert batch.wait(10)
    assert batch.progress.counts[ANSWERED] == 3 and batch.place_in_line == 0


def test_nothing_at_once_is_refused():
    with pytest.raises(ValueError, match="at least 1, received 0"):
        Turns(0)
