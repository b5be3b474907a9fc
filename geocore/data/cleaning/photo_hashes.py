"""Data stage: what cleaning must know of each photo file, from one reading of it.

Its hash, its size, and a perceptual hash that survives another size, quality or format. It compares
nothing. Reading is done per file, on all cores; what is computed from the 32 x 32 copies is done
for many at once, because NumPy takes a quarter of the time of a small photo when it is called for
that one alone.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.data.images import open_photo, photo_bytes, upright_grey
from geocore.errors import ImageError

SIDE_PX = 32  # of the copy that is hashed
HASH_BITS = 256
FACT_COLUMNS = (
    *("sha256", "width_px", "height_px", "contrast", "look"),
    *("problem", "is_lasting", "filtered"),
)
FACTS_VERSION = 1  # of what is kept on disk: to be raised when any fact is computed otherwise

_ANGLE = np.pi * (2 * np.arange(SIDE_PX) + 1) / (2 * SIDE_PX)
_COSINES = np.cos(np.arange(16)[:, None] * _ANGLE).astype(np.float32)

PhotoFilter = Callable[[Path], str]


class PhotoFacts(NamedTuple):
    """What was read from one file.

    Attributes:
        sha256: of the file, 64 hexadecimal digits; "" if it could not be read.
        width_px: as stored, before the EXIF orientation; 0 if it could not be decoded.
        height_px: see width_px.
        grey: brightness of a copy of SIDE_PX x SIDE_PX, a byte each; b"" if it is not decoded.
        problem: why the file is no photo, "" if it is one.
        is_lasting: whether the same file will always give the same answer; not so where it could
            not be read at all.
        filtered: what the first filter that objects has against it, as "name: why"; else "".
    """

    sha256: str = ""
    width_px: int = 0
    height_px: int = 0
    grey: bytes = b""
    problem: str = ""
    is_lasting: bool = True
    filtered: str = ""


def photo_facts(path: str, filters: tuple[tuple[str, PhotoFilter], ...] = ()) -> PhotoFacts:
    """Read one file once and say what it is; what is wrong with it is an answer, not an error.

    Args:
        path: of the file.
        filters: name and function of each filter that is asked, in this order.
    """
    try:
        content = photo_bytes(path)
    except ImageError as error:
        return PhotoFacts(problem=str(error), is_lasting=False)
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        with open_photo(content, name=path.rpartition(os.sep)[2]) as image:
            width_px, height_px = image.size
            grey = upright_grey(image, SIDE_PX).tobytes()
    except ImageError as error:
        is_lasting = not isinstance(error.__cause__, MemoryError)
        return PhotoFacts(sha256, problem=str(error), is_lasting=is_lasting)
    asked = ((name, function(Path(path))) for name, function in filters)
    filtered = next((f"{name}: {why}" for name, why in asked if why), "")
    return PhotoFacts(sha256, width_px, height_px, grey, filtered=filtered)


def fact_table(facts: Sequence[PhotoFacts]) -> pd.DataFrame:
    """What was read from many files as a table with the columns FACT_COLUMNS.

    Instead of `grey` it has contrast (standard deviation of the brightness, 0 to 127.5) and look
    (perceptual hash, 32 bytes), which are 0 and b"" where a file could not be decoded.
    """
    table = pd.DataFrame(facts, columns=pd.Index(PhotoFacts._fields))
    is_decoded = (table["grey"] != b"").to_numpy(bool)
    greys = np.frombuffer(b"".join(table["grey"]), np.uint8).reshape(-1, SIDE_PX, SIDE_PX)
    contrast = np.zeros(len(table))
    contrast[is_decoded] = greys.std(axis=(1, 2))
    looks = np.full(len(table), b"", dtype=object)
    looks[is_decoded] = [look.tobytes() for look in perceptual_hashes(greys)]
    return table.assign(contrast=contrast, look=looks)[list(FACT_COLUMNS)]


def perceptual_hashes(greys: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Hashes that stay nearly the same when a photo is scaled, recompressed or retouched a little.

    Two copies differ in few of the 256 bits, two photos of different things in about half.

    Args:
        greys: brightness of photos squeezed into squares, (n_photos, SIDE_PX, SIDE_PX).

    Returns:
        uint8 (n_photos, 32): which of the 16 x 16 lowest frequencies of the brightness are above
        their median.

    Source:
        The DCT hash of C. Zauner, Implementation and benchmarking of perceptual image hash
        functions (2010), with 256 instead of 64 bits.
    """
    frequencies = (_COSINES @ greys.astype(np.float32) @ _COSINES.T).reshape(-1, HASH_BITS)
    return np.packbits(frequencies > np.median(frequencies, axis=1, keepdims=True), axis=1)
