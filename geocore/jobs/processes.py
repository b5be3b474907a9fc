"""Processes of this machine: which one is ours, whether it still runs, how it is ended.

Belongs to the background jobs. It must not know what a process does.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_CLOCK_S = 1.5  # the machine's start is known to the second
_PAUSE_S = 0.05


@dataclass(frozen=True)
class ProcessId:
    """A process that is not mistaken for a later one with the same number.

    Attributes:
        pid: its number, which the machine gives away again after its end.
        started_s: when it started, in seconds after the machine did: a clock that is set anew
            changes nothing.
    """

    pid: int
    started_s: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """The running process with that number."""
        return cls(pid, _started_s(psutil.Process(pid)))

    def is_alive(self) -> bool:
        """Whether it runs; one that has ended and is only waited for does not."""
        try:
            process = psutil.Process(self.pid)
            is_same = abs(_started_s(process) - self.started_s) < _CLOCK_S
            return is_same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def start_detached(command: Sequence[str], log: Path, variables: Mapping[str, str]) -> ProcessId:
    """Start a command in a session of its own: it stays when the starter ends.

    Args:
        command: program and arguments.
        log: file that its output is appended to.
        variables: added to the environment.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **variables},
        )
    started = ProcessId.of(process.pid)  # before it may be waited for and vanish
    threading.Thread(target=process.wait, daemon=True).start()
    return started


def end_group(members: Sequence[ProcessId], patience_s: float) -> None:
    """Ask the process group of these processes to end; kill what has not after a while.

    Args:
        members: processes of one group; those that do not run any more are left alone, as are
            others that have got their numbers.
        patience_s: how long to wait after asking, and again after killing.
    """
    for request in (signal.SIGTERM, signal.SIGKILL):
        alive = [member for member in members if member.is_alive()]
        if not alive:
            return
        with suppress(ProcessLookupError):
            os.killpg(os.getpgid(alive[0].pid), request)
        end = time.monotonic() + patience_s
        while any(member.is_alive() for member in alive) and time.monotonic() < end:
            time.sleep(_PAUSE_S)


def _started_s(process: psutil.Process) -> float:
    return process.create_time() - psutil.boot_time()
