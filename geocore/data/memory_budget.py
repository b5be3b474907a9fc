"""Data stage: how much of this machine's memory a table may take. It knows no table.

A compressed file of two megabytes can stand for 200 million rows.
"""

from pathlib import Path

import psutil

from geocore.errors import PhotoTableError

_GROUP = Path("/sys/fs/cgroup")
_PEAK = 3
"""At the end a table is held about three times: in pieces, joined, and while it is checked."""


class MemoryBudget:
    """What is held of one table, against the memory that was free when it was begun.

    Args:
        name: Of the table, for the message.
    """

    def __init__(self, name: str) -> None:
        self._name, self._limit, self._n_bytes = name, free_bytes() // _PEAK, 0

    def take(self, n_bytes: int) -> None:
        """Hold so much more.

        Raises:
            PhotoTableError: It would be too much.
        """
        self._n_bytes += n_bytes
        if self._n_bytes > self._limit:
            raise PhotoTableError(too_large(self._name, self._n_bytes))


def too_large(name: str, n_bytes: int = 0) -> str:
    """What to say of a table that does not fit; `n_bytes` is what is known of its size."""
    size = f" over {n_bytes / 1e9:,.1f} GB," if n_bytes >= 1e8 else ""
    return (
        f"{name}: the table must fit into memory, but takes{size} more than a third of what is "
        "free. Divide it, leave columns out, or use a machine with more memory; "
        "scripts/import_photos.py needs less."
    )


def free_bytes() -> int:
    """Memory that is free on this machine, or within the limit of a container."""
    free = int(psutil.virtual_memory().available)
    try:
        limit = int((_GROUP / "memory.max").read_text())
        return max(0, min(free, limit - int((_GROUP / "memory.current").read_text())))
    except (OSError, ValueError):  # no limit, or none that can be read
        return free
