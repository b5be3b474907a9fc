"""A batch: a thousand files of which some are broken, cancelled, retried, killed, begun again."""

import io
import os
import signal
import subprocess
import sys
from functools import partial

import pytest
from PIL import Image

from geocore.analysis.canonical import sha256_hex
from geocore.analysis.case_file import open_case
from geocore.analysis.case_state import case_state
from geocore.casework.batch import Batch
from geocore.casework.batch_items import ANSWERED, CANCELLED, FAILED, READING, WAITING
from geocore.casework.photo_cache import PhotoCache
from geocore.errors import CaseError
from tests.browser.harness import ROOT
from tests.casework.stand_in import StandIn
from tests.inference.calibrated_bundle import calibrated_bundle

KILLED = """
import sys
from functools import partial
from pathlib import Path
from geocore.analysis.case_file import open_case
from geocore.casework.batch import Batch
from tests.casework.stand_in import StandIn
opened = partial(open_case, sys.argv[1], create=True)
batch = Batch(partial(StandIn, folder=sys.argv[3]), opened)
batch.add(((path.name, path) for path in sorted(Path(sys.argv[2]).iterdir())), analyst="Ada")
while not batch.wait(0.01):
    print(batch.progress.counts["answered"], flush=True)
"""


def photo(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), (number % 256, number // 256, 90)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "flood.case"


@pytest.fixture
def make(path):
    made = []

    def make(predictor=None, **settings):
        opened = partial(open_case, path, create=True)
        made.append(Batch(lambda: predictor or StandIn(), opened, **settings))
        return made[-1]

    yield make
    for batch in made:
        batch.cancel()
        batch.wait(10)


def finished(batch):
    assert batch.wait(120)
    return batch.progress.counts


def statuses(batch):
    return [item.status for item in batch.items]


def test_every_photo_is_answered_into_the_case(make, path):
    batch = make()
    batch.add([("a.png", photo(1)), ("b.png", photo(2))], analyst="Ada")
    assert finished(batch)[ANSWERED] == 2
    assert not batch.progress.is_running
    with open_case(path) as case:
        assert case.verify().ok
        state = case_state(case.entries())
    assert [seen.name for seen in state.photos.values()] == ["a.png", "b.png"]
    assert all(seen.answer["areas"] for seen in state.photos.values())


def test_broken_files_are_rows_and_stop_nothing(make, path, tmp_path):
    batch = make()
    files = [
        (f"{number}.png", b"broken" + bytes([number]) if number % 10 == 3 else photo(number))
        for number in range(40)
    ]
    batch.add([*files, ("gone.png", tmp_path / "gone.png")], analyst="Ada")
    counts = finished(batch)
    assert (counts[ANSWERED], counts[FAILED]) == (36, 5)
    assert all(item.error for item in batch.items if item.status == FAILED)
    with open_case(path) as case:
        state = case_state(case.entries())
    assert sum(seen.failure is not None for seen in state.photos.values()) == 4
    assert "gone.png" in state.failures[0][1]


def test_the_same_photo_twice_is_asked_once(make):
    predictor = StandIn()
    batch = make(predictor)
    batch.add([("a.png", photo(1)), ("copy.png", photo(1))], analyst="Ada")
    assert finished(batch)[ANSWERED] == 2
    assert predictor.n_asked == 1
    assert [item.was_known for item in batch.items] == [False, True]


def test_a_batch_begun_again_asks_only_what_is_missing(make):
    batch = make()
    batch.add([("a.png", photo(1)), ("b.png", photo(2))], analyst="Ada")
    finished(batch)
    predictor = StandIn()
    again = make(predictor)
    again.add([("a.png", photo(1)), ("b.png", photo(2)), ("c.png", photo(3))], analyst="Ada")
    assert finished(again)[ANSWERED] == 3
    assert predictor.n_asked == 1
    other = make(other_head := StandIn(), head="MC")
    other.add([("a.png", photo(1))], analyst="Ada")
    finished(other)
    assert other_head.n_asked == 1, "another head's answer is another answer"


def test_answered_photos_lie_in_the_cache_and_no_longer_in_the_queue(make):
    cache = PhotoCache(max_bytes=len(photo(2)))
    batch = make(cache=cache)
    batch.add([("a.png", photo(1)), ("b.png", photo(2)), ("no.png", b"no")], analyst="Ada")
    finished(batch)
    assert [len(item.source) for item in batch.items] == [0, 0, 2], "what failed can be retried"
    assert batch.photo(sha256_hex(photo(2))) == photo(2)
    assert batch.photo(sha256_hex(photo(1))) is None, "it made room"
    assert make(cache=cache).photo(sha256_hex(photo(2))) is None, "another case's photo"


def test_cancelled_photos_wait_for_a_retry(make):
    predictor = StandIn()
    predictor.gate.clear()
    batch = make(predictor)
    batch.add([(f"{number}.png", photo(number)) for number in range(5)], analyst="Ada")
    while READING not in statuses(batch):
        pass
    batch.cancel()
    assert statuses(batch) == [READING, *[CANCELLED] * 4]
    predictor.gate.set()
    assert finished(batch)[ANSWERED] == 1
    batch.retry()
    assert finished(batch)[ANSWERED] == 5


def test_photos_may_be_added_while_others_are_read(make):
    predictor = StandIn()
    predictor.gate.clear()
    batch = make(predictor)
    batch.add([("a.png", photo(1))], analyst="Ada")
    batch.add([("b.png", photo(2))], analyst="Ada")
    assert batch.progress.counts[WAITING] + batch.progress.counts[READING] == 2
    assert batch.progress.is_running
    predictor.gate.set()
    assert finished(batch)[ANSWERED] == 2
    assert batch.progress.n_done == 2


def test_failures_are_asked_again(make, tmp_path):
    late = tmp_path / "late.png"
    batch = make()
    batch.add([("late.png", late)], analyst="Ada")
    assert finished(batch)[FAILED] == 1
    late.write_bytes(photo(1))
    batch.retry()
    assert finished(batch)[ANSWERED] == 1
    assert batch.items[0].error is None


def test_a_case_that_cannot_be_written_stops_the_batch_and_loses_nothing(make, monkeypatch):
    def refuse(*_, **__):
        raise CaseError("flood.case: the disk is full.")

    batch = make()
    with monkeypatch.context() as patched:
        patched.setattr("geocore.analysis.case_file.Case.append_many", refuse)
        batch.add([("a.png", photo(1)), ("b.png", photo(2))], analyst="Ada")
        assert finished(batch)[WAITING] == 2
    assert batch.progress.stopped_by == "flood.case: the disk is full."
    batch.start()
    assert finished(batch)[ANSWERED] == 2
    assert batch.progress.stopped_by is None


def test_photos_are_kept_only_when_asked(make, path):
    for keeps, number in ((False, 1), (True, 2)):
        batch = make()
        batch.add([(f"{number}.png", photo(number))], analyst="Ada", keeps_photos=keeps)
        finished(batch)
        with open_case(path) as case:
            assert (case.photo(batch.items[0].sha256) is not None) is keeps


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_kill_loses_at_most_the_photo_in_flight(make, path, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}.png").write_bytes(photo(number))
    command = [sys.executable, "-c", KILLED, path, folder, calibrated_bundle().folder]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    n_answered = 0
    while n_answered < 5:
        n_answered = int(process.stdout.readline())
    process.kill()
    process.wait()
    with open_case(path) as case:
        assert case.verify().ok
        n_kept = len(case.entries(kinds=["answer"]))
    assert n_answered <= n_kept < 200
    predictor = StandIn()
    batch = make(predictor)
    batch.add(((file.name, file) for file in sorted(folder.iterdir())), analyst="Ada")
    assert finished(batch)[ANSWERED] == 200
    assert predictor.n_asked == 200 - n_kept


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_leaves_no_batch_that_seems_to_work(make):
    predictor = StandIn()
    predictor.read = None  # calling it is a defect
    batch = make(predictor)
    batch.add([("a.png", photo(1))], analyst="Ada")
    assert finished(batch)[WAITING] == 1
    assert "ended unexpectedly" in batch.progress.stopped_by
    assert not batch.progress.is_running
