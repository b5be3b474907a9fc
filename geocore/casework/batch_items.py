"""A photo in a batch's queue, and how far a queue is.

Stage: casework. It must not know who works through the queue, nor pages.

Source: own.
"""

from dataclasses import dataclass
from pathlib import Path

WAITING, READING, ANSWERED, FAILED, CANCELLED, HELD = (
    "waiting", "reading", "answered", "failed", "cancelled", "held back",
)  # fmt: skip
DONE = (ANSWERED, FAILED, CANCELLED)


@dataclass(frozen=True, kw_only=True)
class BatchItem:
    """One photo of the queue.

    Attributes:
        name: as it was given; text from outside.
        source: path, or the encoded photo; empty once that was answered and lies in the cache.
        analyst: who asked.
        is_kept: whether the case keeps the photo itself.
        status: WAITING, READING, ANSWERED, FAILED, CANCELLED, or HELD until it is confirmed
            what the answer is for.
        sha256: of the encoded photo, once it was read.
        error: sentence why it FAILED.
        was_known: the case held this bundle's answer already; it was not asked again.
    """

    name: str
    source: Path | bytes
    analyst: str
    is_kept: bool = False
    status: str = WAITING
    sha256: str | None = None
    error: str | None = None
    was_known: bool = False


@dataclass(frozen=True, kw_only=True)
class BatchProgress:
    """How far a batch is: number of photos in each status, and what stopped it, if anything did."""

    n_photos: int
    counts: dict[str, int]
    is_running: bool
    stopped_by: str | None

    @property
    def n_done(self) -> int:
        """Photos that need no more work."""
        return sum(self.counts[status] for status in DONE)
