"""Data stage: what cleaning must know of one photo file, from one reading of it.

Its hash, its size, and a perceptual hash that survives another size, quality or format. It knows no
table and compares nothing.
"""

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from geocore.data.images import open_photo, photo_bytes, upright_grey
from geocore.errors import ImageError

SIDE_PX = 32  # of the copy that is hashed
HASH_BITS = 256
FACTS_VERSION = 1  # of what is kept on disk: to be raised when any fact is computed otherwise

_ANGLE = np.pi * (2 * np.arange(SIDE_PX) + 1) / (2 * SIDE_PX)
_COSINES = np.cos(np.arange(16)[:, None] * _ANGLE).astype(np.float32)

PhotoFilter = Callable[[Path], str]


class PhotoFacts(NamedTuple):
    """What one file is.

    Attributes:
        sha256: of the file, 64 hexadecimal digits; "" if it could not be read.
        width_px: as stored, before the EXIF orientation; 0 if it could not be decoded.
        height_px: see width_px.
        contrast: standard deviation of the brightness in a 32 x 32 copy, 0 to 127.5.
        look: perceptual hash, 32 bytes; b"" if it could not be decoded.
        problem: why the file is no photo, "" if it is one.
        is_lasting: whether the same file will always give the same answer; not so where it could
            not be read at all.
        filtered: what the first filter that objects has against it, as "name: why"; else "".
    """

    sha256: str = ""
    width_px: int = 0
    height_px: int = 0
    contrast: float = 0.0
    look: bytes = b""
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
    name = Path(path).name
    try:
        with open_photo(content, name=name) as image:
            width_px, height_px = image.size
            grey = np.asarray(upright_grey(image, SIDE_PX), dtype=np.float32)
    except ImageError as error:
        is_lasting = not isinstance(error.__cause__, MemoryError)
        return PhotoFacts(sha256, problem=str(error), is_lasting=is_lasting)
    asked = ((name, function(Path(path))) for name, function in filters)
    filtered = next((f"{name}: {why}" for name, why in asked if why), "")
    look = perceptual_hash(grey)
    return PhotoFacts(sha256, width_px, height_px, _spread(grey), look, filtered=filtered)


def perceptual_hash(grey: np.ndarray) -> bytes:
    """A hash that stays nearly the same when a photo is scaled, recompressed or retouched a little.

    Two copies differ in few of the 256 bits, two photos of different things in about half.

    Args:
        grey: brightness of the photo squeezed to (SIDE_PX, SIDE_PX).

    Returns:
        32 bytes: which of the 16 x 16 lowest frequencies of the brightness are above their median.

    Source:
        The DCT hash of C. Zauner, Implementation and benchmarking of perceptual image hash
        functions (2010), with 256 instead of 64 bits.
    """
    frequencies = (_COSINES @ grey @ _COSINES.T).ravel()
    median = np.partition(frequencies, HASH_BITS // 2 - 1)[HASH_BITS // 2 - 1]
    return np.packbits(frequencies > median).tobytes()


def _spread(grey: np.ndarray) -> float:
    """Standard deviation; spelt out, because np.std takes a tenth of the time of a small photo."""
    values = grey.ravel().astype(np.float64)
    variance = values @ values / values.size - (values.sum() / values.size) ** 2
    return math.sqrt(max(variance, 0.0))
