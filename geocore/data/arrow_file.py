"""Data stage: a file that Arrow reads ahead in a thread of its own, and that can be ended.

A program that ends while such a thread still asks Python for bytes hangs for ever, or crashes: a
table refused at its first line could keep a command from ending.
"""

import atexit
import io
import threading
import time
from typing import IO

_QUIET_S = 0.2


class FileForArrow(io.BufferedIOBase):
    """A binary file as a context: after it, nobody reads any more.

    Attributes:
        n_quotes: Quotation marks read so far; one too many swallows the rest of the rows.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.n_quotes = file, 0
        self._n_reads = 0
        self._is_stopped = self._has_ended = False
        self._lock = threading.Lock()

    def __enter__(self) -> "FileForArrow":
        atexit.register(self.stop)
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        atexit.unregister(self.stop)
        self.close()

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes; none once the file has been stopped."""
        with self._lock:
            data = b"" if self._is_stopped else self.file.read(-1 if size is None else size)
            self._n_reads += 1
            self._has_ended = self._has_ended or not data
            self.n_quotes += data.count(b'"')
            return data

    def stop(self) -> None:
        """End the file here, and wait until whoever reads it has noticed or has read enough."""
        self._is_stopped = True
        n_before = -1
        while not self._has_ended:
            with self._lock:  # a read that takes long is waited for
                n_reads = self._n_reads
            if n_reads == n_before:
                return
            n_before = n_reads
            time.sleep(_QUIET_S)
