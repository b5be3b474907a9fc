"""A dashboard of its own for the load test, and how much memory it takes.

Stage: load. It must not know what analysts do.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests

HOME = Path(__file__).resolve().parents[2] / "dashboard" / "Home.py"
_START_S = 120.0
_EVERY_S = 5.0


class Server:
    """A running dashboard.

    Attributes:
        url: its address.
        started: time of `time.monotonic` at which its process was started.
        memory: (seconds since the start, resident MB) every 5 s.
    """

    def __init__(self, url: str, process: subprocess.Popen, started: float) -> None:
        self.url, self.started = url, started
        self._process = psutil.Process(process.pid)
        self.memory: list[tuple[float, float]] = []
        self._stopped = threading.Event()
        self._watch = threading.Thread(target=self._measure, daemon=True)
        self._watch.start()

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time so far, user and system."""
        times = self._process.cpu_times()
        return times.user + times.system

    @property
    def age_s(self) -> float:
        """Seconds since its process was started."""
        return time.monotonic() - self.started

    def stop_watching(self) -> None:
        """Measure no more."""
        self._stopped.set()
        self._watch.join()

    def _measure(self) -> None:
        while not self._stopped.wait(_EVERY_S):
            megabytes = self._process.memory_info().rss / 1e6
            self.memory.append((round(self.age_s, 1), round(megabytes, 1)))


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """The dashboard on a free port of this machine; cases, jobs and log lie in `folder`.

    Raises:
        RuntimeError: it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(HOME)]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    own = {"GEOCORE_CASES": "cases", "GEOCORE_JOBS": "jobs", "GEOCORE_LOG": "events.jsonl"}
    environment = os.environ | {key: str(folder / name) for key, name in own.items()}
    started, log = time.monotonic(), folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=HOME.parents[1], env=environment, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log)
        server = Server(url, process, started)
        yield server
        server.stop_watching()
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < end:
        try:
            if requests.get(f"{url}/_stcore/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise RuntimeError(f"The dashboard did not start:\n{log.read_text()}")
