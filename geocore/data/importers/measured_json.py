"""Importers: a JSON file of which no entry may be endless or deep; it knows no photo.

The parser writes out the names of all that an entry lies in for each of its parts: some kilobytes
of brackets would keep it busy for minutes.
"""

import re
from typing import IO

import ijson
import numpy as np

MAX_ENTRY_BYTES = 16 << 20
MAX_DEPTH = 100
# A text, or the beginning of one that the next bytes close; nothing is looked at twice.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+("|\\?\Z)', re.DOTALL)
_DEEPER = np.zeros(256, np.int32)
_DEEPER[list(b"[{")], _DEEPER[list(b"]}")] = 1, -1


class MeasuredJson:
    """A binary file that `ijson` reads."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._n_bytes = self._depth = 0
        self._open_text = b""

    def start_anew(self) -> None:
        """An entry has come to its end."""
        self._n_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            JSONError: They are too many for one entry, or for what stands before the first one; or
                lie too deep.
        """
        data = self._file.read(size)
        if self._n_bytes > MAX_ENTRY_BYTES:
            raise ijson.JSONError(f"an entry is longer than {MAX_ENTRY_BYTES:,} bytes")
        self._n_bytes += len(data)
        rest, n_texts = _TEXT.subn(rb"\1", self._open_text + data)
        is_open = n_texts > rest.count(b'"')
        self._open_text = (b'"\\' if rest.endswith(b"\\") else b'"') if is_open else b""
        depths = self._depth + np.cumsum(_DEEPER[np.frombuffer(rest, np.uint8)])
        if len(depths):
            self._depth = int(depths[-1])
            if depths.max() > MAX_DEPTH:
                raise ijson.JSONError(f"an entry is nested more than {MAX_DEPTH} times")
        return data
