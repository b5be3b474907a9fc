"""The fuzzer: it spoils files the same way again, and finds what it is meant to find."""

import json
import sys

import pytest

from geocore.data.images import FORMATS, decode_photo, open_photo
from geocore.errors import ImageError
from geocore.faults import fuzz_worker, fuzzing
from geocore.faults.corpus import corpus
from geocore.faults.fuzz_worker import Outcome, door_outcome
from geocore.faults.fuzzing import FuzzReport, fuzz
from geocore.faults.mutations import MAX_BYTES, mutated
from scripts.fuzz import main


@pytest.fixture(scope="module")
def files():
    return corpus()


def test_the_sound_files_are_photos_of_every_accepted_format(files):
    formats = set()
    for content in files.values():
        assert decode_photo(content).mode == "RGB"
        with open_photo(content) as image:
            formats.add(image.format)
    assert formats == {*FORMATS, "MPO"}


def test_the_same_number_is_the_same_spoilt_file(files):
    contents = list(files.values())
    twice = [[mutated(contents, 1, number) for number in range(60)] for _ in range(2)]
    assert twice[0] == twice[1]
    assert len({content for _, content in twice[0]}) == 60
    assert [which for which, _ in twice[0][:3]] == [0, 1, 2]
    assert max(len(content) for _, content in twice[0]) <= MAX_BYTES


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_spoilt_files_are_decoded_or_refused(files):
    contents = list(files.values())
    outcomes = [door_outcome(mutated(contents, 3, number)[1]) for number in range(2 * len(files))]
    assert set(outcomes) == {"decoded", "refused"}


def worker(monkeypatch, code):
    monkeypatch.setattr(fuzzing, "_WORKER", (sys.executable, "-c", code))


FIRST_GOOD = "import sys, os, json; first = int(sys.argv[2]); print('begin', first, flush=True)\n"
ANSWER = "print(json.dumps([first, 'PNG', 'refused', {cpu_s}, {peak}]), flush=True)\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("os._exit(9)", "ended the process: exit code 9"),
        ("raise KeyError('lost')", "ended the process: KeyError: 'lost'"),
        (
            "import faulthandler; faulthandler.enable(); os.kill(os.getpid(), 11)",
            'ended the process: Fatal Python error: Segmentation fault File "<string>", line 2 '
            "in <module>",
        ),
        (ANSWER.format(cpu_s=2.5, peak=1), "took 2.5 s of processor time"),
    ],
)
def test_a_crash_another_exception_and_a_slow_file_are_found_and_kept(
    monkeypatch, tmp_path, code, said
):
    worker(monkeypatch, FIRST_GOOD + code)
    report = fuzz(1, 5, tmp_path / "keep")
    assert not report.ok
    assert report.failures == {0: said}
    assert said in report.summary()
    assert [path.name for path in (tmp_path / "keep").iterdir()] == ["5-0.bin"]


def test_a_hang_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(fuzzing, "_SILENCE_S", 2)
    monkeypatch.setattr(fuzzing, "_WORKER", ("sh", "-c", "echo begin 0; exec sleep 600"))
    assert fuzz(1, 5, tmp_path).failures == {0: "no answer"}


def test_a_decoder_that_complains_without_end_stops_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(fuzzing, "_SILENCE_S", 5)
    loud = "print('Bad code word' * 30_000, file=sys.stderr, flush=True)\n"
    worker(monkeypatch, FIRST_GOOD + loud + ANSWER.format(cpu_s=0.1, peak=1))
    assert fuzz(1, 5, tmp_path).ok


def test_a_process_that_grows_too_large_is_found(monkeypatch, tmp_path):
    worker(monkeypatch, FIRST_GOOD + ANSWER.format(cpu_s=0.1, peak=2001))
    report = fuzz(1, 5, tmp_path / "keep")
    assert not report.failures
    assert not report.ok


def test_a_run_may_begin_at_a_later_file(monkeypatch, tmp_path):
    every = "for first in range(first, int(sys.argv[3])): print('begin', first); " + ANSWER
    code = FIRST_GOOD.partition("print")[0] + "\n" + every.format(cpu_s=2.5, peak=1)
    worker(monkeypatch, code)
    assert list(fuzz(3, 5, tmp_path / "keep", first=24_908).failures) == [24908, 24909, 24910]


def test_no_file_read_is_no_success(monkeypatch, tmp_path):
    assert not FuzzReport().ok
    worker(monkeypatch, "raise SystemExit('no memory')")
    with pytest.raises(RuntimeError, match="did not start: no memory"):
        fuzz(1, 5, tmp_path)


def test_the_worker_says_what_became_of_each_file(monkeypatch, capsys):
    monkeypatch.setattr(fuzz_worker.resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(fuzz_worker, "corpus", lambda: {"text": b"no photo"})
    fuzz_worker.main(1, 7, 8)
    begun, line = capsys.readouterr().out.splitlines()
    assert begun == "begin 7"
    assert Outcome(*json.loads(line))[:3] == (7, "text", "refused")


def test_a_fault_of_the_door_is_not_swallowed(monkeypatch):
    def fails(content):
        raise ZeroDivisionError

    monkeypatch.setattr(fuzz_worker, "exif_position", fails)
    with pytest.raises(ZeroDivisionError):
        door_outcome(b"no photo")
    with pytest.raises(ImageError):
        decode_photo(b"no photo")


def test_the_command(monkeypatch, tmp_path, capsys):
    worker(monkeypatch, FIRST_GOOD + ANSWER.format(cpu_s=0.1, peak=100))
    options = ["--n", "1", "--keep", str(tmp_path / "keep")]
    assert main(options) == 0
    assert "1 spoilt files of 1 kinds: 0 decoded" in capsys.readouterr().out
    worker(monkeypatch, FIRST_GOOD + "os._exit(1)")
    assert main(options) == 1
    for wrong in (["--n", "0"], ["--first", "-1"]):
        with pytest.raises(SystemExit):
            main(wrong)
        assert f"received {wrong[1]}" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["keep"]
