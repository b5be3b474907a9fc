"""Killing on purpose, with work that takes no time to start: what is lost is found."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from geocore.faults import warm_start
from geocore.faults.chaos import _kill, torment
from geocore.faults.flickr_double import FlickrDouble, MadePhotos
from geocore.faults.trials import Trial, trials
from geocore.faults.victims import _confirm, confirmed
from geocore.faults.warm_start import WarmProcess
from scripts.chaos import main

SOUND = 'cd "$0"; while [ $(wc -l < log) -lt 20 ]; do echo line >> log; sleep 0.02; done'
FORGETFUL = 'cd "$0"; [ -e begun ] && echo lost > log; touch begun; ' + SOUND


def trial(script: str, check=lambda folder: []) -> Trial:
    return Trial(
        name="lines",
        prepare=lambda folder: (folder / "log").touch(),
        command=lambda folder: ["sh", "-c", script, str(folder)],
        check=check,
        result=lambda folder: (folder / "log").read_text(),
    )


def test_work_that_goes_on_passes(tmp_path):
    report = torment(trial(SOUND), 3, 1, tmp_path)
    assert (report.n_kills, report.problems) == (3, [])
    assert "3 kills" in report.summary
    assert [path.name for path in tmp_path.iterdir()] == ["unkilled"]


def test_work_that_loses_something_is_found_and_kept(tmp_path):
    report = torment(trial(FORGETFUL), 1, 1, tmp_path)
    assert report.problems[0].endswith("The end differs from that of the run that nobody killed.")
    assert (tmp_path / report.problems[0].partition(":")[0]).exists()


def test_a_state_that_may_not_be_is_found(tmp_path):
    def check(folder: Path) -> list[str]:
        raise OSError("half a file")

    report = torment(trial(SOUND, check), 1, 1, tmp_path)
    assert [text.partition(": ")[2] for text in report.problems] == ["OSError: half a file"]


def test_a_number_cut_off_by_a_kill_was_not_confirmed(tmp_path):
    assert confirmed(tmp_path) == 0
    _confirm(tmp_path, 7)
    with (tmp_path / "confirmed").open("a") as file:
        file.write("8")
    assert confirmed(tmp_path) == 7


def test_a_lost_entry_of_a_case_is_found(tmp_path):
    with FlickrDouble(MadePhotos.random(1)) as flickr:
        check = trials(flickr)["case"].check
    assert check(tmp_path) == []
    _confirm(tmp_path, 1)
    assert check(tmp_path) == ["The case is gone."]


def test_the_command_refuses_unknown_work(capsys):
    with pytest.raises(SystemExit):
        main(["--kills", "sleep=3"])
    assert "received sleep=3. Work: case, collect, clean, train, batch" in capsys.readouterr().err


def test_work_that_is_done_too_soon_is_killed_sooner(tmp_path):
    """The undisturbed run may be slow to begin: then the first moments come after the end."""
    slow_once = '[ -e "$0/../begun" ] || { touch "$0/../begun"; sleep 0.5; }; echo x > "$0/log"'
    report = torment(trial(slow_once + "; sleep 0.1"), 2, 1, tmp_path)
    assert (report.n_kills, report.problems) == (2, [])


def test_a_warm_command_is_waited_for_and_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(warm_start, "LOADED", ())
    script, said = tmp_path / "script.py", tmp_path / "said"
    script.write_text(
        "import sys, time\n"
        "print('begun', sys.argv[1], flush=True)\n"
        "time.sleep(float(sys.argv[1]))\n"
        "sys.exit(3)\n"
    )
    command = [sys.executable, str(script)]
    assert WarmProcess([*command, "0"], said).wait(60) == 3
    assert said.read_text() == "begun 0\n"
    process = WarmProcess([*command, "600"], said)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.1)
    _kill(process.pid)
    assert process.wait(60) == -signal.SIGKILL


def test_a_warm_module_says_why_it_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(warm_start, "LOADED", ())
    said = tmp_path / "said"
    assert WarmProcess([sys.executable, "-m", "geocore.no_such_part"], said).wait(60) == 1
    assert "no_such_part" in said.read_text()
