"""How far long work is, said in one line at a time to whoever watches from another process.

Belongs to no stage; every stage may say how far it is. It must not know who watches: the lines go
to the file that the environment variable GEOCORE_PROGRESS names, and nowhere where it is not set.

    {"time": 1795000000.1, "kind": "step", "name": "features", "number": 2, "of": 9}
    {"time": 1795000001.3, "kind": "count", "done": 320, "of": 1202}
    {"time": 1795000041.0, "kind": "batch", "epoch": 1, "epochs": 60, "done": 9, "of": 12}
    {"time": 1795000042.0, "kind": "epoch", "epoch": 1, "of": 60, "loss": 3.1, "val_loss": 3.0}
"""

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

VARIABLE = "GEOCORE_PROGRESS"


def is_watched() -> bool:
    """Whether anybody wants to know."""
    return bool(os.environ.get(VARIABLE))


def report_progress(kind: str, **figures: float | str) -> None:
    """Append one line, in one write, to the file that is watched; nothing where none is.

    A line that cannot be written is lost: watching must never stop what is watched.

    Args:
        kind: "step", "count", "batch" or "epoch".
        figures: what the line says.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return
    line = json.dumps({"time": time.time(), "kind": kind, **figures}) + "\n"
    with suppress(OSError), Path(path).open("ab", buffering=0) as stream:
        stream.write(line.encode())


class Steps:
    """The steps of one long computation, in their order."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def begin(self, name: str) -> None:
        """Say that a step begins, and with it that those before it are done.

        Raises:
            ValueError: it is none of the steps.
        """
        if name not in self.names:
            raise ValueError(f"Unknown step {name!r}. Steps: {', '.join(self.names)}.")
        number = self.names.index(name) + 1
        report_progress("step", name=name, number=number, of=len(self.names))


class Counter:
    """Counts the items of a step; speaks at most once a second, and when the last one is done."""

    def __init__(self, total: int, every_s: float = 1.0) -> None:
        self.done, self.total, self.every_s = 0, total, every_s
        self._spoke = float("-inf")

    def add(self, n_items: int) -> None:
        """Say that so many further items are done."""
        self.done += n_items
        now = time.monotonic()
        if self.done >= self.total or now - self._spoke >= self.every_s:
            self._spoke = now
            report_progress("count", done=self.done, of=self.total)


def read_progress(path: Path) -> list[dict[str, Any]]:
    """All lines of a progress file, oldest first; none where there is no file yet.

    A line that is not complete, because it is being written or the disk was full, is left out.
    """
    try:
        text = path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    found = (_parsed(line) for line in text.splitlines())
    return [line for line in found if line is not None]


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        parsed = json.loads(line)
    except ValueError:
        return None
    is_line = isinstance(parsed, dict) and isinstance(parsed.get("time"), int | float)
    return parsed if is_line and isinstance(parsed.get("kind"), str) else None
