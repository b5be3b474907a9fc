"""clean.py from photos to a photo set, its words when it cannot, and killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geocore.data.photos import load_photos
from scripts.clean import main

ROOT = Path(__file__).resolve().parents[2]
# Reads a photo, says so, and takes its time; facts are written after every batch of one.
SLOW = """
import functools, sys, time
from geocore.data.cleaning import fact_store
from scripts.clean import main
fact_store.WRITE_EVERY_S = 0
fact_store.photo_results = functools.partial(fact_store.photo_results, batch=1)
read = fact_store.photo_facts
def slow(path, filters=()):
    time.sleep(float(sys.argv[1]))
    return read(path, filters)
fact_store.photo_facts = slow
raise SystemExit(main(sys.argv[2:]))
"""


def test_from_photos_to_a_photo_set(make_photo_folder, tmp_path, capsys):
    photos, out = make_photo_folder(10), tmp_path / "clean"
    command = ["--photos", str(photos), "--out", str(out), "--min-side-px", "40"]
    assert main([*command, "--near-bits", "-1", "--filter", "drawings"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("10 of 10 photos are kept.")
    assert "cleaning.html" in printed.out and "Reading" in printed.err
    assert len(load_photos(out).photos) == 10


def test_when_nothing_is_left_the_reasons_are_told_and_the_exit_code_is_1(
    make_photo_folder, tmp_path, capsys
):
    command = ["--photos", str(make_photo_folder(3)), "--out", str(tmp_path / "clean")]
    assert main(command) == 1
    printed = capsys.readouterr().out
    assert "0 of 3 photos are kept." in printed and "3 left out: too small" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--photos", "none", "--out", "x"], "none: there is no such file or folder"),
        (["--photos", ".", "--out", "x", "--max-aspect", "0"], "max_aspect, longer side"),
        (["--photos", ".", "--out", "x"], "must not be written into a photo set"),
    ],
)
def test_what_cannot_be_done_ends_with_a_sentence(options, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(options) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("clean.py: ") and message in printed.err
    assert printed.out == "" and list(tmp_path.iterdir()) == []


def test_an_unknown_scheduler_is_refused(make_photo_folder, tmp_path, capsys):
    command = ["--photos", str(make_photo_folder(3)), "--out", str(tmp_path / "clean")]
    assert main([*command, "--scheduler", "somewhere"]) == 2
    assert "received 'somewhere'" in capsys.readouterr().err


def test_killed_in_the_middle_it_goes_on(make_photo_folder, tmp_path):
    photos, out = make_photo_folder(12), tmp_path / "clean"
    options = ["--photos", str(photos), "--out", str(out), "--min-side-px", "0"]
    command = [sys.executable, "-c", SLOW]
    process = subprocess.Popen(
        [*command, "0.4", *options], cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True
    )
    store = out / "facts" / "v1"
    while process.poll() is None and len(list(store.glob("[!.]*.parquet"))) < 3:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (out / "photos.csv").exists()
    known = {path.name for path in store.glob("[!.]*.parquet")}
    done = subprocess.run([*command, "0", *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "12 of 12 photos are kept" in done.stdout.replace(",", "")
    assert known <= {path.name for path in store.glob("*.parquet")}


def test_it_explains_itself():
    command = [sys.executable, "scripts/clean.py", "--help"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--near-bits" in found.stdout and "goes on where it was" in found.stdout
