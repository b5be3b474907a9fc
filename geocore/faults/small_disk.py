"""Faults: work on a disk that fills up or may not be written to, and what comes out of it.

The disks are pieces of memory (tmpfs), which only root may mount.

Source: own.
"""

import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from geocore.faults.chaos import OUTPUT, Start, checked, exit_code
from geocore.faults.trials import Trial

_SPARE_BYTES = 8 << 10  # pages of the file system itself
READ_ONLY, WRITABLE = "ro", "rw"


@dataclass(kw_only=True)
class DiskReport:
    """What happened to one kind of work.

    Attributes:
        name: of the work.
        n_disks: full or read-only disks that it was begun on.
        n_stopped: on how many of them it stopped with a sentence; on the others there was room.
        problems: sentences, what must not have happened.
    """

    name: str
    n_disks: int = 0
    n_stopped: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """One line, and one more per problem."""
        line = (
            f"{self.name:8} {self.n_disks:4} full or read-only disks, stopped with a sentence on "
            f"{self.n_stopped} and went on once there was room, {len(self.problems)} problems"
        )
        return "\n  ".join([line, *self.problems[:10]])


def why_no_disks(folder: Path) -> str:
    """Why no disk can be made here; "" where one can."""
    try:
        with small_disk(folder / "probe", 1 << 20):
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no disk of a given size can be mounted here ({type(error).__name__})"


@contextmanager
def small_disk(folder: Path, n_bytes: int) -> Iterator[Callable[[str], None]]:
    """A disk of a given size; what is given changes it: "size=…", "ro", "rw"."""
    folder.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={n_bytes}", "tmpfs", str(folder))
    try:
        yield lambda option: _run("mount", "-o", f"remount,{option}", str(folder))
    finally:
        _run("umount", str(folder))
        folder.rmdir()


def starve(trial: Trial, n_full: int, seed: int, folder: Path, start: Start) -> DiskReport:
    """Begin one kind of work on disks of random size, and on one that may not be written to.

    Args:
        trial: the work.
        n_full: how many disks fill up.
        seed: of their sizes.
        folder: to work in.
        start: begins its command.
    """
    rng, report = random.Random(f"{seed} {trial.name}"), DiskReport(name=trial.name)
    sound = folder / "sound"
    sound.mkdir(parents=True)
    trial.prepare(sound)
    n_before = _n_bytes(sound)
    if code := exit_code(start, trial.command(sound), folder / OUTPUT):
        report.problems.append(f"exit code {code} on a disk with room: {_said(folder)[-1:]}")
        return report
    n_added, expected = _n_bytes(sound) - n_before, trial.result(sound)
    sizes = [n_before + _SPARE_BYTES + int(rng.uniform(0, 0.9) * n_added) for _ in range(n_full)]
    for option, size in [*((WRITABLE, size) for size in sizes), (READ_ONLY, 2 * n_before + 2**20)]:
        with small_disk(folder / "disk", size) as change:
            trial.prepare(folder / "disk")
            change(option)
            _try(trial, folder, start, report)
            change(f"{WRITABLE},size={16 * (n_before + n_added) + 2**24}")
            report.problems += checked(trial, folder / "disk")
            end = exit_code(start, trial.command(folder / "disk"), folder / OUTPUT)
            if end or trial.result(folder / "disk") != expected:
                report.problems.append(f"With room again it ended otherwise (exit code {end}).")
    shutil.rmtree(folder)
    return report


def _try(trial: Trial, folder: Path, start: Start, report: DiskReport) -> None:
    """Begin it where there is no room; it ends well, or with a sentence."""
    (folder / OUTPUT).unlink()
    code = exit_code(start, trial.command(folder / "disk"), folder / OUTPUT)
    report.n_disks += 1
    if isinstance(code, str):
        report.problems.append(f"Without room it did not end (exit code {code}).")
        return
    report.n_stopped += code != 0
    said = _said(folder)
    if code and (not said or any(line.startswith("Traceback") for line in said)):
        report.problems.append(f"It stopped without a sentence: {said[-1:]}")


def _said(folder: Path) -> list[str]:
    return (folder / OUTPUT).read_text("utf-8", errors="replace").strip().splitlines()


def _n_bytes(folder: Path) -> int:
    """What the files take on a disk of pages of 4 KB."""
    sizes = (path.stat().st_size for path in folder.rglob("*") if _takes_room(path))
    return sum(-(-size // 4096) * 4096 for size in sizes)


def _takes_room(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
