"""Data stage: files that are there whole or not at all. It knows nothing of what is in them."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; at the end of the `with` block it takes `path`'s place.

    Whatever happens before (an error, a full disk, a killed process), `path` keeps what it held.

    Raises:
        OSError: The file cannot be written; what was begun is removed.
    """
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.new")
    try:
        yield scratch
        flush_to_disk(scratch)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def flush_to_disk(path: Path) -> None:
    """Return once the file's content would survive a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
