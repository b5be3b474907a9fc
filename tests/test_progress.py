"""Progress lines: written only where somebody watches, read even while being written."""

import json

import pytest

from geocore.progress import VARIABLE, Counter, Steps, read_progress, report_progress


@pytest.fixture
def watched(tmp_path, monkeypatch):
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def without_time(lines):
    return [{key: value for key, value in line.items() if key != "time"} for line in lines]


def test_nothing_is_written_where_nobody_watches(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    report_progress("epoch", epoch=1)
    Steps(["a"]).begin("a")
    Counter(3).add(3)
    assert list(tmp_path.iterdir()) == []


def test_what_is_said_is_read_back_in_order(watched):
    steps = Steps(["photos", "MC"])
    steps.begin("photos")
    steps.begin("MC")
    report_progress("epoch", epoch=1, of=4, loss=0.5)
    assert without_time(read_progress(watched)) == [
        {"kind": "step", "name": "photos", "number": 1, "of": 2},
        {"kind": "step", "name": "MC", "number": 2, "of": 2},
        {"kind": "epoch", "epoch": 1, "of": 4, "loss": 0.5},
    ]


def test_an_unknown_step_is_refused():
    with pytest.raises(ValueError, match=r"Unknown step 'b'. Steps: a."):
        Steps(["a"]).begin("b")


def test_a_counter_speaks_seldom_and_at_the_end(watched):
    counter = Counter(100, every_s=3600)
    for _ in range(50):
        counter.add(2)
    assert [line["done"] for line in read_progress(watched)] == [2, 100]


def test_a_counter_that_may_speak_always_does(watched):
    counter = Counter(3, every_s=0)
    for _ in range(3):
        counter.add(1)
    assert [line["done"] for line in read_progress(watched)] == [1, 2, 3]


def test_half_lines_and_foreign_lines_are_left_out(watched):
    report_progress("count", done=1, of=2)
    with watched.open("a") as stream:
        stream.write('[1]\n{"kind": 3, "time": 1}\n{"kind": "epoch"}\nnot json\n{"time": 17, "ki')
    assert [line["kind"] for line in read_progress(watched)] == ["count"]


def test_a_loss_that_is_no_number_is_read_back(watched):
    report_progress("epoch", epoch=1, loss=float("nan"))
    assert json.dumps(read_progress(watched)[0]["loss"]) == "NaN"


def test_no_file_yet_is_no_line(tmp_path):
    assert read_progress(tmp_path / "absent.jsonl") == []


def test_a_file_that_cannot_be_written_stops_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "no" / "such" / "folder"))
    report_progress("epoch", epoch=1)
