"""Faults: commands begun in copies of one process that has loaded all libraries already.

Loading TensorFlow costs seconds of processor time and is not what is to be killed: begun like this,
nearly every kill hits the work itself, and two hundred of them take minutes.

Source: own; the copies are Python's own (multiprocessing, "forkserver").
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

LOADED = (
    "geocore.analysis.case_file",
    "geocore.casework.batch",
    "geocore.data.cleaning.run",
    "geocore.data.flickr.crawl",
    "geocore.inference.predictor",
    "geocore.pipeline",
)


class WarmProcess:
    """A command in a copy; it is waited for like a `subprocess.Popen`."""

    def __init__(self, command: Sequence[str], output: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(LOADED))
        self._command = [*command]
        self._process: ForkServerProcess = context.Process(target=_run, args=(command, output))
        self._process.start()
        self.pid = int(self._process.pid or 0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code.

        Raises:
            subprocess.TimeoutExpired: it still works after so many seconds.
        """
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._command, timeout or 0)
        return self._process.exitcode


def warm_up() -> None:
    """Load everything now, so that the first command takes no longer than the next ones."""
    WarmProcess([sys.executable, "-m", "this"], Path(os.devnull)).wait()


def _run(command: Sequence[str], output: Path) -> None:
    """Become `python -m MODULE …` or `python SCRIPT …`, the leader of a group of its own."""
    os.setsid()
    target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(target, stream)
    _, *rest = command
    if rest[0] == "-m":
        sys.argv = rest[1:]
        runpy.run_module(rest[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = rest
        runpy.run_path(rest[0], run_name="__main__")
