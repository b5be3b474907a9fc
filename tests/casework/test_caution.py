"""Photos of a kind that waits are held back until the case says what their answers are for."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geocore.analysis.canonical import sha256_hex
from geocore.analysis.case_file import open_case
from geocore.analysis.case_state import case_state
from geocore.analysis.exporting.report import report_of
from geocore.casework.batch import Batch
from geocore.casework.batch_items import ANSWERED, HELD
from geocore.casework.caution import (
    SENTENCE,
    Caution,
    confirm,
    hold_back,
    shows_person,
    shows_room,
)
from geocore.data.faces import face_share
from geocore.data.samples import load_samples
from geocore.inference.photo_look import PhotoLook
from geocore.inference.prediction import PhotoFailure, Prediction
from tests.browser.harness import photo_bytes
from tests.casework.stand_in import StandIn
from tests.data.test_faces import PORTRAIT

FACE, STREET, OTHER = (photo_bytes((red, 90, 90)) for red in (1, 2, 3))


@pytest.fixture
def case(tmp_path):
    with open_case(tmp_path / "flood.case", create=True) as case:
        yield case


@pytest.fixture
def batch(tmp_path, case):
    opened = partial(open_case, tmp_path / "flood.case")
    batch = Batch(StandIn, opened, is_held=lambda content: content in (FACE, OTHER))
    batch.add([("face", FACE), ("street", STREET)], analyst="Ada")
    assert batch.wait(60)
    return batch


def statuses(batch):
    assert batch.wait(60)
    return [item.status for item in batch.items]


def test_a_face_is_held_back_and_nothing_of_it_is_in_the_case(batch, case):
    assert statuses(batch) == [HELD, ANSWERED]
    assert batch.progress.counts[HELD] == 1 and batch.progress.n_done == 1
    assert [entry.body["name"] for entry in case.entries(kinds=["photo"])] == ["street"]


def test_without_a_confirmation_it_is_held_back_again(batch):
    batch.release()
    assert statuses(batch) == [HELD, ANSWERED]


def test_once_confirmed_it_is_answered_and_so_are_later_ones_of_that_analyst(batch, case):
    confirm(case, [sha256_hex(FACE)], "Exercise", analyst="Ada")
    batch.release()
    assert statuses(batch) == [ANSWERED, ANSWERED]
    batch.add([("other", OTHER)], analyst="Ada")
    assert statuses(batch)[-1] == ANSWERED


def test_what_one_analyst_confirmed_holds_for_those_photos_only(batch, case):
    confirm(case, [sha256_hex(FACE)], "Exercise", analyst="Ben")
    batch.add([("other", OTHER)], analyst="Ada")
    batch.release()
    assert statuses(batch) == [ANSWERED, ANSWERED, HELD]


def test_a_confirmation_needs_a_purpose_and_stands_in_log_and_report(case):
    with pytest.raises(ValueError, match="need a purpose"):
        confirm(case, ["a" * 64], " ", analyst="Ada")
    confirm(case, ["b" * 64, "a" * 64, "a" * 64], "Exercise", analyst="Ada")
    (entry,) = case.entries(kinds=["caution"])
    assert entry.body["photo_sha256s"] == ["a" * 64, "b" * 64]
    facts = dict(report_of(case_state(case.entries()), None, None, None).facts)
    said = f"2 held back until Ada confirmed: {SENTENCE} Purpose: Exercise."
    assert facts["Photos of people or homes"] == said


def test_without_a_gate_all_pass(case):
    assert not Caution(case, None).must_wait(FACE, "a" * 64, "Ada")


def test_who_shows_a_person():
    assert shows_person(PORTRAIT.read_bytes())
    assert not shows_person(STREET) and not shows_person(b"dear")


def test_a_sample_photo_never_waits():
    rock = next(path for path in load_samples().photos["path"] if "rushmore" in str(path))
    content = Path(rock).read_bytes()
    assert face_share(content) > 0 and not shows_person(content)


ROOM = PhotoLook(features=np.zeros(1), even_share=0.0, colours_share=0.0, indoor_score=0.7)


class InRooms(StandIn):
    """A predictor that sees furniture in one of the photos."""

    def look(self, reading):
        return replace(ROOM, indoor_score=0.7 if reading == "room" else 0.3)


def test_a_room_is_held_back_until_it_is_confirmed_what_for(tmp_path, case):
    opened = partial(open_case, tmp_path / "flood.case")
    batch = Batch(InRooms, opened, is_held=lambda content: False)
    batch.add([("room", FACE), ("street", STREET)], analyst="Ada")
    assert statuses(batch) == [HELD, ANSWERED]
    assert [entry.body["name"] for entry in case.entries(kinds=["photo"])] == ["street"]
    confirm(case, [sha256_hex(FACE)], "Exercise", analyst="Ada")
    batch.release()
    assert statuses(batch) == [ANSWERED, ANSWERED]


def test_who_shows_a_room(case):
    assert shows_room(ROOM) and not shows_room(replace(ROOM, indoor_score=0.5))
    assert not shows_room(None), "nothing is known of it"
    sample = sha256_hex(Path(load_samples().photos["path"].iloc[0]).read_bytes())
    caution = Caution(case, lambda content: False)
    assert caution.must_wait_inside(ROOM, "a" * 64, "Ada")
    assert not caution.must_wait_inside(ROOM, sample, "Ada")
    assert not Caution(case, None).must_wait_inside(ROOM, "a" * 64, "Ada")


def test_answers_of_rooms_are_held_back_and_those_of_samples_are_not(tmp_path):
    room = tmp_path / "room.jpg"
    room.write_bytes(STREET)
    sample = Path(load_samples().photos["path"].iloc[0])
    answers = [
        Prediction(
            photo=path.name, head="MC", lat=0.0, lng=0.0, probs=np.ones(1), indoor_score=score,
            leaves=pd.DataFrame(),
        )
        for path, score in ((room, 0.7), (room, 0.5), (sample, 0.7))
    ]  # fmt: skip
    held, *others = hold_back(answers, [room, room, sample])
    assert held == PhotoFailure(photo="room.jpg", error=held.error)
    assert "the inside of a room" in held.error and "--no-private-person" in held.error
    assert others == answers[1:]
    assert list(hold_back(answers, [room, room, sample], is_confirmed=True)) == answers
