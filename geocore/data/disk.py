"""Data stage: a disk that is full, or may not be written to, said in a sentence.

Source: own.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from geocore.errors import DiskError

_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@contextmanager
def disk_faults() -> Iterator[None]:
    """Around long work, or as its decorator.

    Raises:
        DiskError: what it wrote to is full or read-only; HDF5 has its own way of saying so.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        fault = next((number for number in _FAULTS if _says(error, number)), None)
        if fault is None:
            raise
        place = getattr(error, "filename", None)
        raise DiskError(
            f"{os.strerror(fault)}{f': {place}' if place else ''}. Free space, or give another "
            "folder, then start the same command again: it goes on from what was done."
        ) from error


def _says(error: OSError | RuntimeError, number: int) -> bool:
    return getattr(error, "errno", None) == number or f"errno = {number}," in str(error)
