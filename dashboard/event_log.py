"""What the server did, as JSON lines: for whoever runs it, and never about what a photo shows.

Stage: dashboard. A line holds a time, a level, an event's fixed name and facts of `FACTS`: no photo
content, file names, coordinates, place names, case titles or secrets. Of an error it holds the kind
and the lines of code it passed through, not its message, which may quote any of those.

GEOCORE_LOG names a file to write to (5 MB, three older ones kept); without it lines go to the
terminal.
"""

import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

FACTS = ("page", "bundle_sha256", "seconds", "n_photos", "n_failed", "position")
_ROOT = Path(__file__).resolve().parents[1]
_MAX_BYTES, _N_OLDER = 5_000_000, 3
_LOG = logging.getLogger("dashboard")


class JsonLines(logging.Formatter):
    """One JSON object per record; messages are never filled in, errors never quoted."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": str(record.msg),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            line["at"] = [f"{_place(f.filename)}:{f.lineno} {f.name}" for f in frames]
        return json.dumps(line, ensure_ascii=True)


class _Terminal(logging.StreamHandler):
    """Writes to what is the terminal at that moment, not at the time of the start."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)


def start_event_log() -> None:
    """Write the dashboard's events from now on; nothing happens the second time."""
    if any(isinstance(handler.formatter, JsonLines) for handler in _LOG.handlers):
        return
    path = os.environ.get("GEOCORE_LOG")
    handler: logging.Handler = (
        RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=_N_OLDER, encoding="utf-8")
        if path
        else _Terminal()
    )
    handler.setFormatter(JsonLines())
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False


def log_event(event: str, **facts: str | float) -> None:
    """Note an event.

    Args:
        event: fixed words, never made from what a visitor sent.
        facts: of `FACTS`.

    Raises:
        ValueError: another fact.
    """
    if unknown := sorted(set(facts) - set(FACTS)):
        raise ValueError(
            f"A line of the log may hold {', '.join(FACTS)}, received {', '.join(unknown)}. "
            "Whatever says something about a photo or a visitor stays out of it."
        )
    _LOG.info(event, extra={"facts": facts})


def _place(filename: str) -> str:
    """A file of this project from its folder on, any other by its name alone."""
    path = Path(filename)
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name
