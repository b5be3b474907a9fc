"""How far a job is, read from what it said."""

import json

import pytest

from geocore.jobs.record import PROGRESS, Job, Status
from geocore.jobs.watch import EPOCH_COLUMNS, how_far


@pytest.fixture
def watched(tmp_path):
    """A running job that said these lines: (seconds after its start, kind, figures)."""

    def make(*lines, started=1000.0):
        text = "".join(
            json.dumps({"time": 1000.0 + at, "kind": kind, **figures}) + "\n"
            for at, kind, figures in lines
        )
        (tmp_path / PROGRESS).write_text(text)
        return Job(
            folder=tmp_path, title="x", command=("x",), directory="", result="", about={},
            status=Status.RUNNING, created=0.0, queued=0.0, started=started,
        )  # fmt: skip

    return make


def step(at, name, number, of=4):
    return at, "step", {"name": name, "number": number, "of": of}


def count(at, done, of=100):
    return at, "count", {"done": done, "of": of}


def epoch(at, number, of=10, **figures):
    known = {"loss": 1.0 / number, "val_cross_entropy": 2.0 / number, "seconds": 2.0}
    return at, "epoch", {"epoch": number, "of": of, **known, **figures}


def test_nothing_said_yet(watched):
    progress = how_far(watched())
    assert (progress.step, progress.number, progress.n_steps, progress.share) == ("", 0, 0, 0.0)
    assert progress.left_s is None and progress.epochs.empty
    assert list(progress.epochs) == EPOCH_COLUMNS


def test_a_step_without_counts_is_at_its_begin(watched):
    progress = how_far(watched(step(0, "features", 1), step(9, "MC", 2)))
    assert (progress.step, progress.kind, progress.of) == ("MC", "", 0)
    assert progress.share == pytest.approx(1 / 4)


def test_counts_and_the_time_that_is_left(watched):
    """Twenty were there already; forty more took ten seconds, forty are left."""
    progress = how_far(watched(step(0, "features", 1), count(1, 20), count(11, 60)))
    assert (progress.kind, progress.done, progress.of) == ("count", 60, 100)
    assert progress.share == pytest.approx(0.6 / 4)
    assert progress.left_s == pytest.approx(10.0)


@pytest.mark.parametrize("counts", [[count(1, 20)], [count(1, 20), count(2, 40)]])
def test_no_time_is_promised_from_too_little(watched, counts):
    assert how_far(watched(step(0, "features", 1), *counts)).left_s is None


def test_epochs_and_the_time_that_is_left(watched):
    """The first epoch is slow: the median counts."""
    epochs = [epoch(1, 1, seconds=50.0), epoch(2, 2), epoch(4, 3)]
    progress = how_far(watched(step(0, "MC", 2), *epochs))
    assert (progress.kind, progress.done, progress.of) == ("epoch", 3, 10)
    assert progress.share == pytest.approx((1 + 0.3) / 4)
    assert progress.left_s == pytest.approx(7 * 2.0)
    assert progress.epochs["validation_loss"].tolist() == [2.0, 1.0, pytest.approx(2 / 3)]


def batch(at, number, done, of=50, epochs=10):
    return at, "batch", {"epoch": number, "epochs": epochs, "done": done, "of": of}


def test_a_long_first_epoch_shows_how_far_it_is(watched):
    """Ten batches took five seconds, so an epoch takes 25; 9.6 of ten are left."""
    progress = how_far(watched(step(0, "MC", 2), batch(5, 1, 10), batch(10, 1, 20)))
    assert (progress.kind, progress.done, progress.of) == ("epoch", 0, 10)
    assert progress.within == pytest.approx(0.4)
    assert progress.share == pytest.approx((1 + 0.04) / 4)
    assert progress.left_s == pytest.approx(9.6 * 25)
    assert how_far(watched(step(0, "MC", 2), batch(5, 1, 10))).left_s is None


def test_batches_of_a_later_epoch(watched):
    progress = how_far(watched(step(0, "MC", 2), batch(1, 1, 25), epoch(2, 1), batch(3, 2, 25)))
    assert (progress.done, progress.within) == (1, 0.5)
    assert progress.left_s == pytest.approx(8.5 * 2.0)
    assert len(progress.epochs) == 1


def test_epochs_belong_to_the_step_they_were_said_in(watched):
    lines = [step(0, "MC", 1), epoch(1, 1), epoch(2, 2), step(3, "HMC", 2), epoch(4, 1)]
    epochs = how_far(watched(*lines)).epochs
    assert list(zip(epochs["step"], epochs["epoch"], strict=True)) == [
        ("MC", 1),
        ("MC", 2),
        ("HMC", 1),
    ]


def test_a_resumed_run_keeps_the_epochs_and_counts_anew(watched):
    """Epoch 2 was said again after the resume at second 100."""
    before = [step(0, "MC", 2), epoch(1, 1), epoch(2, 2, loss=9.0)]
    job = watched(*before, step(101, "MC", 2), epoch(102, 2, loss=0.25), started=1100.0)
    progress = how_far(job)
    assert progress.done == 2
    assert progress.epochs["epoch"].tolist() == [1, 2]
    assert progress.epochs["loss"].tolist() == [1.0, 0.25]
    assert how_far(watched(*before, started=1100.0)).step == ""


def test_a_loss_that_is_missing_is_no_error(watched):
    line = (1, "epoch", {"epoch": 1, "of": 3, "seconds": 1.0})
    assert how_far(watched(step(0, "MC", 1), line)).epochs["loss"].isna().all()
