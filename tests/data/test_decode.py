"""The image door: every usable file becomes upright RGB, every other one a clear sentence."""

import contextlib
import hashlib
import io
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from geocore.data import images
from geocore.data.images import decode_photo, open_photo, photo_sha256, thumbnail
from geocore.errors import ImageError
from tests.conftest import encode, made_photo

PHOTO = made_photo(64, 48)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "BMP"])
def test_lossless_formats_give_the_very_pixels(file_format: str) -> None:
    assert np.array_equal(pixels(decode_photo(encode(PHOTO, file_format))), pixels(PHOTO))


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "HEIF", "AVIF"])
def test_lossy_formats_give_nearly_the_pixels(file_format: str) -> None:
    smooth = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    decoded = decode_photo(encode(smooth, file_format, quality=95))
    assert (decoded.mode, decoded.size) == ("RGB", (64, 48))
    assert np.abs(pixels(decoded) - pixels(smooth)).max() < 8


def test_path_bytes_and_file_object_give_the_same(tmp_path: Path) -> None:
    content = encode(PHOTO)
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    stream = io.BytesIO(content)
    stream.read(10)
    results = [decode_photo(x) for x in (path, str(path), content, bytearray(content), stream)]
    assert all(np.array_equal(pixels(results[0]), pixels(other)) for other in results[1:])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
def test_every_exif_orientation_is_turned_upright(orientation: int, file_format: str) -> None:
    upright = Image.new("RGB", (64, 48), "white")
    upright.paste((255, 0, 0), (0, 0, 32, 24))
    upright.paste((0, 0, 255), (32, 24, 64, 48))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode_photo(encode(stored, file_format, exif=exif.tobytes()))
    assert decoded.size == (64, 48)
    assert np.abs(pixels(decoded) - pixels(upright)).mean() < 12


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_malformed_exif_does_not_hide_the_photo() -> None:
    content = encode(PHOTO, exif=b"Exif\0\0II*\0\xff\xff\xff\x7f" + b"\xff" * 40)
    assert decode_photo(content).size == (64, 48)


def test_cmyk_keeps_its_colours() -> None:
    red = Image.new("RGB", (32, 32), (220, 30, 30)).convert("CMYK")
    assert np.abs(pixels(decode_photo(encode(red))) - (220, 30, 30)).max() < 12


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_brightness(file_format: str) -> None:
    deep = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    decoded = decode_photo(encode(Image.fromarray(deep), file_format))
    assert np.abs(pixels(decoded)[..., 0] - deep / 257).max() <= 1


def test_float_grey_uses_the_range_it_has() -> None:
    values = np.linspace(-3, 7, 32 * 32, dtype=np.float32).reshape(32, 32)
    decoded = pixels(decode_photo(encode(Image.fromarray(values), "TIFF")))
    assert (decoded.min(), decoded.max()) == (0, 255)


def test_a_uniform_deep_image_is_no_division_by_zero() -> None:
    flat = Image.fromarray(np.full((32, 32), 5, np.float32))
    assert decode_photo(encode(flat, "TIFF")).getextrema() == ((0, 0),) * 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "YCbCr", "RGBA", "CMYK", "I", "F"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new(mode, (32, 24)) if mode in ("I", "F", "PA") else PHOTO.convert(mode)
    assert decode_photo(encode(image, "TIFF")).mode == "RGB"


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_transparency_is_laid_on_white(file_format: str) -> None:
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    assert pixels(decode_photo(encode(clear, file_format))).min() == 255


def test_transparent_palette_entry_is_white() -> None:
    image = Image.new("P", (32, 32), 3)
    image.putpalette([0] * 768)
    assert pixels(decode_photo(encode(image, "PNG", transparency=3))).min() == 255


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_an_animation_counts(file_format: str) -> None:
    first, second = (Image.new("RGB", (32, 32), colour) for colour in ("red", "blue"))
    content = encode(first, file_format, save_all=True, append_images=[second])
    assert np.abs(pixels(decode_photo(content)) - (255, 0, 0)).max() < 8


def test_metadata_does_not_survive() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret"
    assert decode_photo(encode(PHOTO, exif=exif.tobytes(), comment=b"secret")).info == {}


def test_large_photos_are_reduced_to_the_working_size() -> None:
    decoded = decode_photo(encode(Image.new("RGB", (3000, 1500), "teal")))
    assert decoded.size == (2048, 1024)
    assert thumbnail(encode(Image.new("RGB", (3000, 1500), "teal")), 100).size == (100, 50)


def test_a_wide_strip_keeps_at_least_one_pixel() -> None:
    assert decode_photo(encode(Image.new("RGB", (40000, 16)), "PNG")).size == (2048, 1)


def test_a_hundred_megapixel_jpeg_takes_little_memory() -> None:
    """In a process of its own, so that the peak is this photo's; full RGB would be 300 MB."""
    content = encode(Image.new("RGB", (12_500, 8_000), "teal"), quality=50)
    script = (
        "import sys, resource; from geocore.data.images import decode_photo\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "content = sys.stdin.buffer.read(); before = peak()\n"
        "print(*decode_photo(content).size, peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=content, capture_output=True, check=True
    )
    width, height, peak_kib = map(int, done.stdout.split())
    assert (width, height) == (2048, 1311)
    assert peak_kib < 150 * 1024


def test_decoding_needs_no_tensorflow_and_no_temporary_file(tmp_path: Path) -> None:
    script = (
        "import sys, tempfile; from geocore.data.images import decode_photo\n"
        "def refuse(*a, **k): raise AssertionError('temporary file')\n"
        "tempfile.mkstemp = tempfile.TemporaryFile = tempfile.NamedTemporaryFile = refuse\n"
        "decode_photo(sys.stdin.buffer.read()); assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], input=encode(PHOTO, "HEIF"), check=True)


# What is refused, and with which words


def bomb(file_format: str) -> bytes:
    return encode(Image.new("1", (20_000, 10_000)), file_format)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("file_format", ["PNG", "GIF", "TIFF", "BMP"])
def test_a_200_megapixel_image_is_refused_before_it_is_decoded(
    file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bomb(file_format)

    def no_load(*_: object) -> None:
        raise AssertionError("decoded a bomb")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", no_load)
    with pytest.raises(ImageError, match=r"bomb: .*at most 64 megapixels.*Save it smaller"):
        decode_photo(content, name="bomb")


def test_far_over_the_limit_pillow_itself_refuses() -> None:
    small = encode(Image.new("1", (16, 16)), "PNG")
    chunk = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + small[24:29]
    huge = small[:12] + chunk + zlib.crc32(chunk).to_bytes(4, "big") + small[33:]
    with pytest.raises(ImageError, match=r"at most 120 megapixels"):
        decode_photo(huge)


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (400, 15)])
def test_too_few_pixels(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match=rf"dot\.png: .*at least 16 .*{size[0]} x {size[1]}"):
        decode_photo(encode(Image.new("RGB", size), "PNG"), name="dot.png")


def test_sixteen_pixels_are_enough() -> None:
    assert decode_photo(encode(Image.new("RGB", (16, 16)), "PNG")).size == (16, 16)


def test_truncated_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    content = encode(made_photo(640, 480))
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=r"cut\.jpg: .*damaged or incomplete.*Copy it again"):
        decode_photo(path)


def test_text_file_named_jpg(tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("I was in Rome.")
    with pytest.raises(ImageError, match=r"notes\.jpg: .*not a photo.*Give one of JPEG, PNG"):
        decode_photo(path)


def test_missing_file_folder_and_empty_file(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.jpg: there is no such file.*Check the path"):
        decode_photo(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="no such file"):
        decode_photo(tmp_path)
    with pytest.raises(ImageError, match="no such file"):
        decode_photo("a\0b.jpg")
    with pytest.raises(ImageError, match=r"photo: the file is empty"):
        decode_photo(b"")


def test_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 1 << 20)
    content = encode(PHOTO) + b"\0" * (1 << 20)
    path = tmp_path / "big.jpg"
    path.write_bytes(content)
    for photo in (path, content, io.BytesIO(content)):
        with pytest.raises(ImageError, match=r"at most 1 MB, received more\. Save it smaller"):
            decode_photo(photo)


@pytest.mark.parametrize("content", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"RIFF\0\0\0\0WAVE", b"\0" * 99])
def test_formats_that_are_not_accepted(content: bytes) -> None:
    with pytest.raises(ImageError, match="not a photo"):
        decode_photo(content)


def test_a_wrong_argument_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="path, bytes or a binary file object, received int"):
        decode_photo(3)
    with pytest.raises(TypeError, match="binary mode"):
        decode_photo(io.StringIO("text"))
    with pytest.raises(ValueError, match="max_side_px must be at least 16, received 2"):
        decode_photo(encode(PHOTO), max_side_px=2)


def test_the_name_in_messages_is_the_given_or_the_file_s_own(tmp_path: Path) -> None:
    stream = io.BytesIO(b"text")
    stream.name = "upload.jpg"
    with pytest.raises(ImageError, match=r"^upload\.jpg: "):
        decode_photo(stream)
    with pytest.raises(ImageError, match=r"^mine: "):
        decode_photo(stream, name="mine")


def test_opening_reads_no_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("PIL.ImageFile.ImageFile.load")
    with open_photo(encode(PHOTO)) as image:
        assert image.size == (64, 48)


def test_sha256_is_that_of_the_encoded_bytes(tmp_path: Path) -> None:
    content = encode(PHOTO)
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    expected = hashlib.sha256(content).hexdigest()
    assert photo_sha256(path) == photo_sha256(content) == expected
    with pytest.raises(ImageError, match="no such file"):
        photo_sha256(tmp_path / "gone.jpg")


# Any bytes at all


def decodes_or_refuses(content: bytes) -> None:
    with contextlib.suppress(ImageError):
        assert decode_photo(content).mode == "RGB"


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_image_error(content: bytes) -> None:
    decodes_or_refuses(content)


SEEDS = {
    "JPEG": encode(PHOTO, exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"),
    "progressive": encode(PHOTO, progressive=True),
    "PNG": encode(PHOTO.convert("P"), "PNG"),
    "TIFF": encode(PHOTO, "TIFF", compression="tiff_lzw"),
    "GIF": encode(PHOTO, "GIF"),
    "WEBP": encode(PHOTO, "WEBP"),
    "HEIF": encode(PHOTO, "HEIF"),
    "AVIF": encode(PHOTO, "AVIF"),
    "BMP": encode(PHOTO, "BMP"),
}


@pytest.mark.parametrize("kind", SEEDS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_mutated_files_raise_nothing_but_image_error(kind: str) -> None:
    rng = np.random.default_rng(42)
    for _ in range(300 if kind == "JPEG" else 60):
        content = np.frombuffer(SEEDS[kind], np.uint8).copy()
        at = rng.integers(0, min(len(content), rng.choice([64, 700, len(content)])), size=4)
        content[at] = rng.integers(0, 256, size=4)
        decodes_or_refuses(content[: rng.integers(len(content) // 2, len(content) + 1)].tobytes())


@given(width=st.integers(16, 90), height=st.integers(16, 90), side_px=st.integers(16, 64))
def test_aspect_ratio_is_kept_and_the_longer_side_bounded(
    width: int, height: int, side_px: int
) -> None:
    decoded = decode_photo(encode(Image.new("RGB", (width, height)), "PNG"), max_side_px=side_px)
    factor = min(1.0, side_px / max(width, height))
    assert max(decoded.size) <= side_px
    assert np.abs(np.subtract(decoded.size, np.multiply((width, height), factor))).max() <= 1
