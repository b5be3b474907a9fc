"""Faults: the photo door under many spoilt files, in processes that may crash or hang.

Source: own.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from geocore.faults.corpus import corpus
from geocore.faults.fuzz_worker import Outcome
from geocore.faults.mutations import mutated

MAX_CPU_S = 2.0
MAX_PEAK_MB = 2000.0
_SILENCE_S = 600.0  # a busy machine may be slow to start a process
_PER_PROCESS = 5000
_NONE = Outcome(-1, "", "", 0.0, 0.0)
_WORKER = (sys.executable, "-m", "geocore.faults.fuzz_worker")


@dataclass(kw_only=True)
class FuzzReport:
    """What a run found.

    Attributes:
        n_files: spoilt files that were read.
        n_decoded: of them were photos all the same; the others were refused with a sentence.
        failures: number of a file -> what it did: another exception, a crash, a hang.
        slowest: of all files.
        peak_mb: largest memory of a process, of which about 100 MB is Python itself.
        n_by_kind: how many were made from each kind of file.
    """

    n_files: int = 0
    n_decoded: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    slowest: Outcome = _NONE
    peak_mb: float = 0.0
    n_by_kind: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.n_files > 0 and not self.failures and self.peak_mb <= MAX_PEAK_MB

    def summary(self) -> str:
        """The figures, and the first failures."""
        found = [f"  file {number}: {what}" for number, what in sorted(self.failures.items())[:20]]
        return "\n".join(
            [
                f"{self.n_files:,} spoilt files of {len(self.n_by_kind)} kinds: "
                f"{self.n_decoded:,} decoded, the others refused, {len(self.failures)} failures.",
                f"Slowest: {self.slowest.cpu_s:.2f} s of processor time (limit {MAX_CPU_S:g} s), "
                f"file {self.slowest.number}, {self.slowest.kind}.",
                f"Peak memory of a process: {self.peak_mb:,.0f} MB (limit {MAX_PEAK_MB:,.0f} MB).",
                *found,
            ]
        )

    def add(self, outcome: Outcome) -> None:
        """Count one file."""
        self.n_files += 1
        self.n_decoded += outcome.outcome == "decoded"
        self.n_by_kind[outcome.kind] += 1
        self.peak_mb = max(self.peak_mb, outcome.peak_mb)
        if outcome.cpu_s > self.slowest.cpu_s:
            self.slowest = outcome
        if outcome.cpu_s > MAX_CPU_S:
            self.failures[outcome.number] = f"took {outcome.cpu_s:.1f} s of processor time"


def fuzz(
    n_files: int,
    seed: int,
    keep: Path,
    progress: Callable[[int], object] = lambda n: None,
    *,
    first: int = 0,
) -> FuzzReport:
    """Spoil files and read each through the photo door.

    Args:
        n_files: how many.
        seed: the same seed gives the same files.
        keep: folder for the files that did what they must not; made when there is one.
        progress: called with 1 after every file.
        first: number of the file to begin with, to look again at what a longer run met.
    """
    report, number, end = FuzzReport(), first, first + n_files
    while number < end:
        number = _one_process(report, seed, number, min(number + _PER_PROCESS, end), progress)
    if report.failures:
        keep.mkdir(parents=True, exist_ok=True)
        files = list(corpus().values())
        for failed in report.failures:
            (keep / f"{seed}-{failed}.bin").write_bytes(mutated(files, seed, failed)[1])
    return report


def _one_process(
    report: FuzzReport, seed: int, first: int, end: int, progress: Callable[[int], object]
) -> int:
    """Read files until the process ends; returns the number of the next file."""
    command = [*_WORKER, *map(str, (seed, first, end))]
    with (  # a pipe for what decoders complain of would fill up, and the process wait for ever
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        number, is_open = first, False
        for line in _lines(process):
            if line.startswith("begin "):
                number, is_open = int(line[6:]), True
                continue
            report.add(Outcome(*json.loads(line)))
            number, is_open = number + 1, False
            progress(1)
        silent = process.poll() is None
        process.kill()
        process.wait()
        errors.seek(0)
        said = _last_words(errors.read().decode(errors="replace").splitlines())
    if is_open:
        last = said[:300] or f"exit code {process.returncode}"
        report.failures[number] = "no answer" if silent else f"ended the process: {last}"
        return number + 1
    if number == first:
        raise RuntimeError(f"The fuzzing process did not start: {said or 'it said nothing'}.")
    return number


def _last_words(said: list[str]) -> str:
    """Why a process ended: where it was when a decoder crashed, otherwise its last line."""
    crash = [number for number, line in enumerate(said) if line.startswith("Fatal Python error")]
    if not crash:
        return said[-1] if said else ""
    where = [line.strip() for line in said[crash[-1] :] if line.startswith("  File")]
    return " ".join([said[crash[-1]], *where[:3]])


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """What the process says, line by line, until it ends or is silent for too long."""
    if process.stdout is None:
        return
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(_SILENCE_S):
            if not (part := os.read(process.stdout.fileno(), 1 << 16)):
                process.wait()
                return
            *lines, rest = (rest + part).split(b"\n")
            yield from (line.decode() for line in lines)
