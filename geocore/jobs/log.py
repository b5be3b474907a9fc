"""What a job's command wrote: its last lines, and the sentence on why it failed.

Belongs to the background jobs. It must not know what the command computes.
"""

import re
import signal
from pathlib import Path

from geocore.jobs.record import LOG, Job

_TAIL_BYTES = 64_000
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
_OWN_ERROR = re.compile(r"^Error: (.+)")
_KNOWN = {
    "No space left on device": "The disk is full. Free some space, then resume: it goes on where "
    "it was.",
    "MemoryError": "The memory ran out. Close other programs, or choose fewer photos.",
    "ResourceExhausted": "The memory ran out. Close other programs, or choose fewer photos.",
}
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
INTERRUPTED = (
    "It stopped without having come to its end: the computer was shut down or ran out of memory, "
    "or somebody ended it. Resume goes on where it was."
)
UNEXPECTED = "It failed unexpectedly. The last lines of its log say why."
BEGIN = "-- begin "


def read_log(job: Job, n_lines: int = 200) -> str:
    """The last lines that the command wrote, each as a terminal would show it in the end."""
    return "\n".join(_last_lines(job.folder / LOG)[-n_lines:])


def failure_sentence(job: Job, otherwise: str = UNEXPECTED) -> str:
    """Why the last run failed, from what it wrote; `otherwise` where that does not tell."""
    lines = _last_lines(job.folder / LOG)
    begins = [number for number, line in enumerate(lines) if line.startswith(BEGIN)]
    lines = lines[begins[-1] :] if begins else lines
    for line in reversed(lines):
        if said := _OWN_ERROR.match(line):
            return said[1]
        if known := next((text for key, text in _KNOWN.items() if key in line), None):
            return known
    return otherwise


def is_from_outside(exit_code: int) -> bool:
    """Whether somebody or something else ended the command."""
    return -exit_code in _FROM_OUTSIDE


def _last_lines(path: Path) -> list[str]:
    """Progress bars draw over themselves: what was drawn last counts."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            text = stream.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    drawn = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return [_CONTROL.sub("", line) for line in drawn if line.strip()]
