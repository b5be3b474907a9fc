"""Faults: work killed at random moments, again and again, and what comes out of it.

Source: own.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from geocore.errors import GeocoreError
from geocore.faults.trials import Trial

MAX_IN_A_ROW = 12
OUTPUT = "output"
WAIT_S = 600


class Started(Protocol):
    """A process at work, leader of its own group: a `subprocess.Popen`, or what does as it does."""

    pid: int

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; `subprocess.TimeoutExpired` where it still works."""


Start = Callable[[list[str], Path], Started]


def cold_start(command: list[str], output: Path) -> Started:
    """Begin a command; what it says is added to the file `output`."""
    with output.open("ab") as stream:
        return subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True)


@dataclass(kw_only=True)
class ChaosReport:
    """What happened to one kind of work.

    Attributes:
        name: of the work.
        n_kills: how often it was killed.
        n_finished: how often it came to its end after kills.
        unkilled_s: how long it takes undisturbed.
        problems: sentences, what must not have happened.
    """

    name: str
    n_kills: int = 0
    n_finished: int = 0
    unkilled_s: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """One line, and one more per problem."""
        line = (
            f"{self.name:8} {self.n_kills:4} kills, finished {self.n_finished} times like the run "
            f"that nobody killed ({self.unkilled_s:.0f} s), {len(self.problems)} problems"
        )
        return "\n  ".join([line, *self.problems[:10]])


def torment(
    trial: Trial,
    n_kills: int,
    seed: int,
    folder: Path,
    said: Callable[[str], object] = str,
    start: Start = cold_start,
) -> ChaosReport:
    """Kill one kind of work at random moments until it was killed often enough.

    In one folder it is killed at most `MAX_IN_A_ROW` times, then left to finish and compared with
    the run that nobody killed.

    Args:
        trial: the work.
        n_kills: how often it is killed.
        seed: of the moments.
        folder: to work in; what failed stays there.
        said: called with a few words after every kill.
        start: begins its command.
    """
    rng, report = random.Random(f"{seed} {trial.name}"), ChaosReport(name=trial.name)
    begun_s = time.monotonic()
    expected = _finished(trial, _fresh(trial, folder / "unkilled"), start)
    report.unkilled_s = time.monotonic() - begun_s
    window_s = min(trial.window_s, report.unkilled_s)
    while report.n_kills < n_kills:
        place = _fresh(trial, folder / f"{trial.name}-{report.n_finished}")
        problems: list[str] = []
        for _ in range(min(MAX_IN_A_ROW, n_kills - report.n_kills)):
            if not _killed(trial, place, rng.uniform(0.05, 0.95) * window_s, start):
                window_s *= 0.7  # it was done before: the undisturbed run was slow to begin
                break
            report.n_kills += 1
            problems += checked(trial, place)
            said(f"{trial.name}: {report.n_kills} kills")
        if _finished(trial, place, start) != expected:
            problems.append("The end differs from that of the run that nobody killed.")
        report.n_finished += 1
        report.problems += [f"{place.name}: {problem}" for problem in problems]
        if not problems:
            shutil.rmtree(place)
    return report


def _fresh(trial: Trial, place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    trial.prepare(place)
    return place


def _killed(trial: Trial, place: Path, after_s: float, start: Start) -> bool:
    """Start the work and kill it, with all that it started; False where it ended before."""
    process = start(trial.command(place), place / OUTPUT)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        _kill(process.pid)
        process.wait()
        return True
    return False


def _kill(pid: int) -> None:
    """End a process and its group; one that leads no group yet has started nothing either."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def exit_code(start: Start, command: list[str], output: Path) -> int | str:
    """How a command ended; "none after … s" where it did not, and then it is killed."""
    process = start(command, output)
    try:
        return process.wait(WAIT_S)
    except subprocess.TimeoutExpired:
        _kill(process.pid)
        process.wait()
        return f"none after {WAIT_S} s"


def _finished(trial: Trial, place: Path, start: Start) -> object:
    """Let the work come to its end; its result, or why there is none."""
    code = exit_code(start, trial.command(place), place / OUTPUT)
    if code:
        last = (place / OUTPUT).read_text("utf-8", errors="replace").strip().splitlines()[-1:]
        return f"exit code {code}: {last}"
    return trial.result(place)


def checked(trial: Trial, place: Path) -> list[str]:
    """What the work's own check finds, whatever way it finds it."""
    try:
        return trial.check(place)
    except (GeocoreError, OSError, ValueError) as error:
        return [f"{type(error).__name__}: {error}"]
