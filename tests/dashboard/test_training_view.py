"""Training on the page Photo set, with a stand-in for the training that does what it is told."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import training_words
from geocore.jobs import Status, cancel_job, list_jobs, load_job
from geocore.jobs.record import read_job
from geocore.jobs.watch import how_far
from tests.dashboard.measured_bundle import PAGES, save_measured_bundle, texts

# Says how far it is, then waits to be let go; started again, it says that it goes on.
STAND_IN = """
import json, os, pathlib, shutil, sys, time
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
out = pathlib.Path(options["--out"])
here = pathlib.Path(__file__).parent
def say(kind, **figures):
    with open(os.environ["GEOCORE_PROGRESS"], "a") as stream:
        stream.write(json.dumps({"time": time.time(), "kind": kind, **figures}) + "\\n")
print("goes on" if (here / "seen").exists() else "begins")
(here / "seen").touch()
say("step", name="features", number=1, of=4)
say("step", name="MC", number=2, of=4)
for epoch in (1, 2):
    say("epoch", epoch=epoch, of=8, loss=1.0, val_cross_entropy=3.0 - epoch, seconds=90.0)
while not (here / "go").exists():
    time.sleep(0.02)
if (here / "bad").exists():
    sys.exit("Error: photos.csv: <b>no</b> column *LAT*.")
out.parent.mkdir(exist_ok=True)
shutil.copytree(here / "bundle", out)
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return save_measured_bundle(tmp_path_factory.mktemp("made") / "bundle")


@pytest.fixture
def stand_in(tmp_path, bundle, monkeypatch):
    """The folder of the stand-in; the file `go` in it lets it end."""
    folder = tmp_path / "stand_in"
    shutil.copytree(bundle, folder / "bundle")
    (folder / "train.py").write_text(STAND_IN)
    monkeypatch.setattr("geocore.jobs.training.SCRIPT", folder / "train.py")
    monkeypatch.setenv("GEOCORE_JOBS", str(tmp_path / "jobs"))
    yield folder
    for job in list_jobs():
        if job.is_active:
            cancel_job(job.job_id, patience_s=5)


@pytest.fixture
def app(stand_in, tiny_photo_folder, monkeypatch):
    """The page, on forty made photos, in the part that trains."""
    monkeypatch.setenv("GEOCORE_PHOTOS", str(tiny_photo_folder))
    app = AppTest.from_file(str(PAGES.parent / "Home.py"), default_timeout=60)
    app.query_params["photo_set_use"] = "Train a model on them"
    app.query_params["photo_source"] = tiny_photo_folder.name
    app.switch_page("pages/5_Photo_set.py").run()
    assert not app.exception and not app.error
    return app


def said(app):
    return texts(app).replace("**", "")


def button(app, words):
    return next(x for x in app.button if words in x.label)


def has_button(app, words):
    return any(words in x.label for x in app.button)


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.03)


def start(app):
    """Press start and wait until the stand-in has said its two epochs."""
    button(app, "Start training").click().run()
    assert not app.exception and not app.error
    job = list_jobs()[0]
    until(lambda: how_far(job).done == 2)
    app.run()
    return load_job(job.job_id)


def until_status(app, status):
    until(lambda: list_jobs()[0].status == status)
    app.run()
    assert not app.exception
    return said(app)


def test_the_form_says_what_will_be_trained(app):
    words = said(app)
    assert "New training" in words and "photos.csv: 40 of 40 photos can be used." in words
    assert "cells to choose from" in words and "on disk" in words
    assert "Only 8 photos are kept for testing" in words
    assert "The shipped bundle" in words and "How long it took on its own photos: about" in words
    assert "scripts/" not in words
    assert app.text_input(key="training_name_photos").value == "photos"
    assert not button(app, "Start training").disabled


def test_what_cannot_work_cannot_be_started(app):
    fewest = next(x for x in app.number_input if x.label == "Fewest photos per cell")
    fewest.set_value(100).run()
    assert "No cells can be made" in said(app)
    assert button(app, "Start training").disabled
    button(app, "which suit so many photos").click().run()
    assert not button(app, "Start training").disabled


def test_without_photos_there_is_nothing_to_train_on(app):
    app.selectbox(key="photo_source").set_value("own").run()
    assert "To train, choose a photo set above" in said(app)
    assert not has_button(app, "Start training")


def test_a_training_is_watched_finishes_and_its_bundle_is_chosen(app, stand_in):
    next(x for x in app.button_group if x.label == "Heads").set_value(["MC"]).run()
    job = start(app)
    words = said(app)
    assert "photos · running" in words
    assert "40 photos of photos · 1 head" in words
    assert job.about["heads"] == ["MC"]
    progress = app.get("progress")[0].proto
    assert progress.text.replace("\\", "") == (
        "Step 2 of 4: training head MC, epoch 2 of at most 8, "
        "at most about 9 min left for this step"
    )
    assert progress.value == pytest.approx(100 * (1 + 2 / 8) / 4, abs=1)
    assert any("begins" in str(code.value) for code in app.code)
    assert app.text_input(key="training_name_photos-2").value == "photos-2"
    (stand_in / "go").touch()
    assert "photos · finished" in until_status(app, Status.DONE)
    folder = str(Path(job.result).resolve())
    assert any(label == "photos" for label in app.sidebar.selectbox(key="bundle").options)
    button(app, "Look at it").click().run()
    assert not app.exception and not app.error
    assert app.title[0].value.endswith("Where was this photo taken?")
    assert app.sidebar.selectbox(key="bundle").value == folder


def test_a_cancelled_training_is_resumed(app, stand_in):
    start(app)
    assert "What has been computed is kept" in said(app)
    button(app, "Cancel this training").click().run()
    words = said(app)
    assert "photos · cancelled" in words
    assert "resume goes on from there. It was at step 2 of 4, training head MC." in words
    (stand_in / "go").touch()
    button(app, "Resume").click().run()
    until_status(app, Status.DONE)
    assert any("goes on" in str(code.value) for code in app.code)


def test_a_killed_training_is_said_to_be_interrupted(app, stand_in):
    job = start(app)
    os.kill(read_job(job.folder).processes[-1].pid, signal.SIGKILL)
    words = until_status(app, Status.INTERRUPTED)
    assert "photos · interrupted" in words and "ran out of memory" in words
    assert has_button(app, "Resume")


def test_a_failed_training_says_why_and_shows_only_text(app, stand_in):
    start(app)
    (stand_in / "bad").touch()
    (stand_in / "go").touch()
    until_status(app, Status.FAILED)
    assert app.error[0].value.startswith(r"photos\.csv\: \<b\>no\</b\> column \*LAT\*\.")
    button(app, "Delete it from the list").click().run()
    assert list_jobs() == [] and "Earlier trainings" not in said(app)


def test_a_second_training_waits_unless_it_is_the_same(app, stand_in):
    start(app)
    button(app, "Start training").click().run()
    assert "'photos' is running already with the same photos and settings" in app.error[0].value
    next(x for x in app.number_input if x.label == "Epochs at most").set_value(3).run()
    button(app, "Start training").click().run()
    assert not app.error
    assert "photos-2 · waiting, next in line" in said(app)
    assert [job.status for job in list_jobs()] == [Status.QUEUED, Status.RUNNING]


def test_two_readers_see_the_same_trainings_and_use_no_name_twice(app, tiny_photo_folder):
    """The second reader opened the page before the first one pressed start."""
    other = AppTest.from_file(str(PAGES / "5_Photo_set.py"), default_timeout=60)
    other.query_params["photo_set_use"] = "Train a model on them"
    other.query_params["photo_source"] = tiny_photo_folder.name
    other.run()
    start(app)
    other.run()
    assert "photos · running" in said(other)
    next(x for x in other.number_input if x.label == "Epochs at most").set_value(3).run()
    other.text_input(key="training_name_photos-2").set_value("photos").run()
    button(other, "Start training").click().run()
    words = other.error[0].value.replace("\\", "")
    assert "is running and makes photos as well. Choose another name." in words
    assert len(list_jobs()) == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59.4, "59 s"), (61, "1 min"), (3599, "60 min"), (3700, "1 h 2 min")],
)
def test_lengths_of_time(seconds, words):
    assert training_words.duration(seconds) == words
