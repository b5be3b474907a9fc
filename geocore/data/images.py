"""Data stage: the one door through which bytes become pixels. It knows no models, no TensorFlow.

Whatever the bytes are, `decode_photo` returns an upright RGB image or raises `ImageError`;
it writes no temporary file.
"""

import hashlib
import io
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pillow_heif
from PIL import Image, UnidentifiedImageError

from geocore.data.image_limits import (
    MAX_PIXELS,
    MIN_SIDE_PX,
    MeteredStream,
    check_pixels,
    check_work,
    too_many_pixels,
)
from geocore.errors import ImageError

Photo = str | Path | bytes | bytearray | memoryview | BinaryIO

MAX_BYTES = 50 * 1024 * 1024
WORKING_SIDE_PX = 2048
# Formats whose files are known by their first bytes, that start no other program (EPS would start
# Ghostscript), and whose decoder is not Python code that a large file would keep busy for minutes.
FORMATS = (
    *("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "GIF", "BMP"),
    *("JPEG2000", "PPM", "PSD", "SGI", "PCX"),
)
ACCEPTED = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP, JPEG 2000, PPM, PSD, SGI, PCX"
PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".heic", ".heif"}
    | {".avif", ".tif", ".tiff", ".gif", ".bmp"}
    | {".jp2", ".j2k", ".jpx", ".ppm", ".pgm", ".psd", ".sgi", ".pcx"}
)

# Pillow's parsers let through whatever a malformed file made them stumble upon.
DECODER_ERRORS = (
    *(OSError, EOFError, MemoryError, RuntimeError, SyntaxError, ValueError, TypeError),
    *(AttributeError, LookupError, ArithmeticError, AssertionError, BufferError),
    *(struct.error, Warning, Image.DecompressionBombError),
)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def decode_photo(
    photo: Photo, *, name: str | None = None, max_side_px: int = WORKING_SIDE_PX
) -> Image.Image:
    """Decode one photo of any accepted format into an upright RGB image.

    Of an animation the first frame counts; transparency is laid on white; 16-bit grey keeps its
    upper eight bits; the EXIF orientation is applied. A photo whose longer side exceeds
    `max_side_px` is reduced to it while it is decoded, so that a 100-megapixel JPEG costs little
    time and memory.

    Args:
        photo: Path, encoded bytes, or a binary file object (read from its beginning).
        name: What error messages call the photo; by default the file's name.
        max_side_px: Longest side of the result, in pixels, at least `MIN_SIDE_PX`.

    Returns:
        Image of mode RGB; no side longer than `max_side_px`, aspect ratio kept.

    Raises:
        ImageError: The file is missing, over `MAX_BYTES` or `MAX_PIXELS`, under `MIN_SIDE_PX` a
            side, damaged, or no photo at all.
        TypeError: `photo` is none of the accepted types.
        ValueError: `max_side_px` is too small.

    Source:
        own.
    """
    if max_side_px < MIN_SIDE_PX:
        raise ValueError(f"max_side_px must be at least {MIN_SIDE_PX}, received {max_side_px}.")
    with open_photo(photo, name=name) as image:
        return _rgb(_upright(_reduced(image, max_side_px)))


def upright_grey(image: Image.Image, side_px: int) -> Image.Image:
    """The brightness of a photo that `open_photo` opened, squeezed into a square.

    To be called inside the `with` block of `open_photo`, which names what goes wrong. Of a JPEG
    no more pixels are made than it needs; every byte is decoded all the same, so that a truncated
    file is found.

    Returns:
        Image of mode L, `side_px` x `side_px`.
    """
    image.draft("L", (2 * side_px, 2 * side_px))
    turn = _turn(image)
    grey = image if image.mode == "L" else _rgb(_reduced(image, 8 * side_px)).convert("L")
    square = grey.resize((side_px, side_px), Image.Resampling.BICUBIC)
    return square if turn is None else square.transpose(turn)


def thumbnail(photo: Photo, side_px: int = 480, *, name: str | None = None) -> Image.Image:
    """Decode one photo for display: as `decode_photo`, at most `side_px` pixels a side."""
    return decode_photo(photo, name=name, max_side_px=side_px)


def photo_sha256(photo: Photo, *, name: str | None = None) -> str:
    """SHA-256 of the encoded file, as 64 hexadecimal digits.

    Raises:
        ImageError: The file is missing or over `MAX_BYTES`.
    """
    return hashlib.sha256(photo_bytes(photo, name=name)).hexdigest()


def photo_bytes(photo: Photo, *, name: str | None = None) -> bytes:
    """The encoded file, whatever is in it.

    Raises:
        ImageError: The file is missing, cannot be read, is empty, or over `MAX_BYTES`.
    """
    name = name or photo_name(photo)
    with _byte_stream(photo, name) as stream:
        try:
            return stream.read()
        except OSError as error:
            raise ImageError(
                f"{name}: reading the file failed ({error.strerror}). Check the disk it lies on."
            ) from error


def photo_name(photo: Photo) -> str:
    """What messages call a photo: its file name, or "photo" when it has none."""
    given = photo if isinstance(photo, str | Path) else getattr(photo, "name", None)
    return Path(given).name if isinstance(given, str | Path) else "photo"


@contextmanager
def open_photo(
    photo: Photo, *, name: str | None = None, header_only: bool = False
) -> Iterator[Image.Image]:
    """Open a photo without decoding its pixels; format, size and what decoding would cost checked.

    With `header_only` the rest of the file is not looked at: the pixels must not be decoded then.
    Inside the `with` block every failure of the decoder becomes an `ImageError` that names the
    file.

    Raises:
        ImageError: See `decode_photo`.
    """
    name = name or photo_name(photo)
    with _byte_stream(photo, name) as stream:
        try:
            metered = MeteredStream(stream, name)  # as much of a stream as Pillow asks
            with Image.open(cast(BinaryIO, metered), formats=FORMATS) as image:
                metered.opened()
                check_pixels(image, name)
                if not header_only:
                    check_work(image, stream, name)
                yield image
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise ImageError(too_many_pixels(name)) from error
        except UnidentifiedImageError as error:
            raise ImageError(
                f"{name}: the content is not a photo in a known format, whatever the file is "
                f"called. Give one of {ACCEPTED}."
            ) from error
        except DECODER_ERRORS as error:
            raise ImageError(
                f"{name}: the photo is damaged or incomplete ({type(error).__name__}: {error}). "
                "Copy it again from its source, or save it as JPEG in an image viewer."
            ) from error


@contextmanager
def _byte_stream(photo: Photo, name: str) -> Iterator[BinaryIO]:
    """The encoded photo as a seekable stream of at most `MAX_BYTES`."""
    if isinstance(photo, str | Path):
        with _open_file(Path(photo), name) as file:
            yield file
        return
    if isinstance(photo, bytes | bytearray | memoryview):
        content = bytes(photo)
    elif hasattr(photo, "read"):
        content = _read_from_start(photo)
    else:
        raise TypeError(
            f"photo must be a path, bytes or a binary file object, received {type(photo).__name__}."
        )
    _check_n_bytes(len(content), name)
    yield io.BytesIO(content)


def _open_file(path: Path, name: str) -> BinaryIO:
    if not path.is_file():
        raise ImageError(f"{name}: there is no such file at {path}. Check the path.")
    try:
        _check_n_bytes(path.stat().st_size, name)
        return path.open("rb")
    except OSError as error:
        raise ImageError(
            f"{name}: the file cannot be read ({error.strerror}). Check its permissions."
        ) from error


def _read_from_start(file: BinaryIO) -> bytes:
    if hasattr(file, "seek"):
        file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if not isinstance(content, bytes):
        raise TypeError("photo must be a file opened in binary mode ('rb'), received a text file.")
    return content


def _check_n_bytes(n_bytes: int, name: str) -> None:
    if n_bytes == 0:
        raise ImageError(f"{name}: the file is empty (0 bytes). Copy it again from its source.")
    if n_bytes > MAX_BYTES:
        raise ImageError(
            f"{name}: the file must have at most {MAX_BYTES >> 20} MB, received more. "
            "Save it smaller, for example as JPEG."
        )


def _reduced(image: Image.Image, max_side_px: int) -> Image.Image:
    """The decoded image, no side longer than `max_side_px`; JPEG is reduced while decoding."""
    width, height = image.size
    factor = max_side_px / max(width, height)
    if factor < 1:
        image.draft(None, (math.ceil(width * factor), math.ceil(height * factor)))
    if image.mode in ("1", "P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((max_side_px, max_side_px), Image.Resampling.BICUBIC)
    image.load()
    return image


def _upright(image: Image.Image) -> Image.Image:
    turn = _turn(image)
    return image if turn is None else image.transpose(turn)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What the EXIF orientation asks for; an unreadable EXIF block leaves the image as it is."""
    try:
        return _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG, 1))
    except DECODER_ERRORS:
        return None


def _rgb(image: Image.Image) -> Image.Image:
    """The image in mode RGB without metadata: alpha on white, deep grey scaled to eight bits."""
    if image.mode.startswith(("I", "F")):
        image = _eight_bit_grey(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    rgb = Image.new("RGB", image.size)
    rgb.paste(image.convert("RGB"))
    return rgb


def _eight_bit_grey(image: Image.Image) -> Image.Image:
    """Scale 16-bit grey by its full range, 32-bit integers and floats by the range they use."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    low, high = (0.0, 65535.0) if image.mode.startswith("I;16") else (values.min(), values.max())
    scaled = (values - low) * (255.0 / max(high - low, 1e-12))
    return Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8), mode="L")
