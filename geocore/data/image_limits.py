"""Data stage: what one photo may cost, whatever its file claims. It decodes nothing itself.

Time: the parsers of Pillow that are written in Python, and the decoders that are fed piece by
piece, ask for bytes again and again; `MeteredStream` counts the processor time between the first
byte and the last. The other decoders get the whole file at once and cannot be stopped; what they
would do is bounded beforehand, by the pixels (`check_pixels`) and by what multiplies the work per
pixel: the scans of a progressive JPEG, the strips and tiles of a TIFF (`check_work`).

Source: own.
"""

import re
import time
from typing import BinaryIO

from PIL import Image

from geocore.errors import ImageError

MAX_PIXELS = 120_000_000
MAX_PIXELS_BY_FORMAT = {"JPEG": MAX_PIXELS, "MPO": MAX_PIXELS, "JPEG2000": 32_000_000}
MAX_PIXELS_WHOLE = 64_000_000  # formats that cannot be reduced while they are decoded
MIN_SIDE_PX = 16
MAX_SCANNED_PIXELS = 2_000_000_000
MAX_STRIPS = 100_000
MAX_CPU_S = 10.0
MAX_OPENING_READS = 200_000  # of a photo, some hundreds; a JPEG's junk is read byte by byte

_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_SCAN, _START, _END, _FIRST_WITH_LENGTH = 0xDA, 0xD8, 0xD9, 0xC0
_STRIP_BYTES, _TILE_BYTES = 279, 325


class MeteredStream:
    """The encoded photo, which can be read as long as its decoding takes no undue time.

    Only the processor time of the reading thread counts, so that a busy machine refuses no photo.
    Until it is told that the photo was `opened`, which asks for its header alone, it also counts
    how often it is read. Beyond a limit, `read` raises `ImageError`. It is neither a file nor a
    buffer that a decoder could get hold of behind its back.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._begun_s = time.thread_time()
        self._n_reads: int | None = 0

    def opened(self) -> None:
        """The header was read; what follows is the picture."""
        self._n_reads = None

    def read(self, n_bytes: int = -1) -> bytes:
        """The next bytes.

        Raises:
            ImageError: decoding has taken longer than `MAX_CPU_S`, or the header has more than
                `MAX_OPENING_READS` parts.
        """
        if self._n_reads is not None:
            self._n_reads += 1
            if self._n_reads > MAX_OPENING_READS:
                raise ImageError(
                    f"{self._name}: the header of a photo must have at most "
                    f"{MAX_OPENING_READS:,} parts, this file has more; it may have been made to "
                    "block the program. Save it as JPEG in an image viewer."
                )
        if time.thread_time() - self._begun_s > MAX_CPU_S:
            raise ImageError(
                f"{self._name}: reading a photo must take at most {MAX_CPU_S:g} s, this file takes "
                "longer; it may have been made to. Save it as JPEG in an image viewer."
            )
        return self._stream.read(n_bytes)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place in the file."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """The place in the file."""
        return self._stream.tell()


def check_pixels(image: Image.Image, name: str) -> None:
    """Refuse a photo that is too large for its format, or too small to show a place.

    Raises:
        ImageError: see above.
    """
    width, height = image.size
    most = MAX_PIXELS_BY_FORMAT.get(image.format or "", MAX_PIXELS_WHOLE)
    if width * height > most:
        raise ImageError(too_many_pixels(name, most, f", received {width} x {height}"))
    if min(width, height) < MIN_SIDE_PX:
        raise ImageError(
            f"{name}: a photo must have at least {MIN_SIDE_PX} pixels a side to show a place, "
            f"received {width} x {height}. Give the original photo."
        )


def too_many_pixels(name: str, most: int = MAX_PIXELS, received: str = "") -> str:
    """The sentence for a photo over `most` pixels."""
    return (
        f"{name}: the photo must have at most {most // 1_000_000} megapixels{received}. "
        "Save it smaller in an image viewer."
    )


def check_work(image: Image.Image, stream: BinaryIO, name: str) -> None:
    """Refuse a file whose decoding would go over its pixels again and again.

    Args:
        image: opened, not loaded.
        stream: of the encoded photo; left where it was.
        name: what errors call the photo.

    Raises:
        ImageError: a JPEG of too many scans, a TIFF of too many or overlapping strips.
    """
    if image.format in ("JPEG", "MPO"):
        _check_scans(image, stream, name)
    elif image.format == "TIFF":
        _check_strips(image, stream, name)


def _check_scans(image: Image.Image, stream: BinaryIO, name: str) -> None:
    width, height = image.size
    most = MAX_SCANNED_PIXELS // (width * height)
    place = stream.tell()
    stream.seek(0)
    n_scans = count_scans(stream.read(), most)
    stream.seek(place)
    if n_scans > most:
        raise ImageError(
            f"{name}: a JPEG of {width} x {height} pixels must have at most {most} passes over "
            "them, this one has more; it may have been made to block the program. Save it again "
            "in an image viewer."
        )


def count_scans(content: bytes, most: int) -> int:
    """Scans of the first image in a JPEG file; counting ends above `most`.

    A decoder that comes upon damage may skip a marker that stands here for a segment, but never one
    that stands for a scan: the result is never too small.
    """
    n_scans, place = 0, 2
    while n_scans <= most and (found := _MARKER.search(content, place)):
        place, marker = found.end(), found.group()[1]
        if marker == _END:
            break
        n_scans += marker == _START_OF_SCAN
        if marker >= _FIRST_WITH_LENGTH and marker != _START:
            place += int.from_bytes(content[place : place + 2], "big")
    return n_scans


def _check_strips(image: Image.Image, stream: BinaryIO, name: str) -> None:
    tags = getattr(image, "tag_v2", {})
    sizes = [tags.get(tag) or () for tag in (_STRIP_BYTES, _TILE_BYTES)]
    n_bytes = [x for part in sizes for x in (part if isinstance(part, tuple) else (part,))]
    place = stream.tell()
    n_file_bytes = stream.seek(0, 2)
    stream.seek(place)
    if len(n_bytes) > MAX_STRIPS or sum(n_bytes) > 2 * n_file_bytes + len(n_bytes):
        raise ImageError(
            f"{name}: the parts of a TIFF must be at most {MAX_STRIPS:,} and lie side by side in "
            f"the file, received {len(n_bytes):,} that claim more bytes than there are. "
            "Save it again in an image viewer."
        )
