"""What one photo may cost: bombs, lies and files that are two things at once."""

import io
import struct
import zlib

import pytest
from PIL import Image

from geocore.data import image_limits
from geocore.data.image_limits import MAX_OPENING_READS, MeteredStream, count_scans
from geocore.data.images import ACCEPTED, FORMATS, PHOTO_SUFFIXES, decode_photo, open_photo
from geocore.errors import ImageError
from tests.conftest import encode, made_photo

PHOTO = made_photo(64, 48)
START_OF_SCAN, END = b"\xff\xda", b"\xff\xd9"


def repeated_scans(content: bytes, n: int) -> bytes:
    """A progressive JPEG whose last pass over the pixels is made n times more."""
    last = content.rindex(START_OF_SCAN)
    assert content.endswith(END)
    return content[:-2] + content[last:-2] * n + END


@pytest.fixture
def few_passes(monkeypatch):
    monkeypatch.setattr(image_limits, "MAX_SCANNED_PIXELS", 64 * 48 * 20)


def test_a_jpeg_that_goes_over_its_pixels_again_and_again_is_refused(few_passes):
    content = encode(PHOTO, progressive=True)
    assert decode_photo(content).size == (64, 48)
    with pytest.raises(ImageError, match=r"b\.jpg: .*at most 20 passes.*Save it again"):
        decode_photo(repeated_scans(content, 20), name="b.jpg")


def test_a_header_alone_may_be_read_of_it(few_passes):
    bomb = repeated_scans(encode(PHOTO, progressive=True), 20)
    with open_photo(bomb, header_only=True) as image:
        assert image.size == (64, 48)


def test_the_largest_photo_may_be_progressive():
    n_usual_passes = count_scans(encode(PHOTO, progressive=True), 1000)
    assert n_usual_passes == 10
    assert n_usual_passes <= image_limits.MAX_SCANNED_PIXELS // image_limits.MAX_PIXELS


def test_scans_are_counted_neither_in_texts_nor_behind_the_end():
    comment = encode(PHOTO, comment=START_OF_SCAN * 50, exif=b"Exif\0\0" + START_OF_SCAN * 50)
    assert count_scans(comment + START_OF_SCAN * 50, 1000) == 1


def test_an_invalid_marker_hides_no_scan():
    """A decoder in search of a restart marker skips it without its length; so does the count."""
    content = encode(PHOTO)
    hidden = content[:-2] + b"\xff\x05\x10\x00" + content[content.rindex(START_OF_SCAN) :]
    assert count_scans(hidden, 1000) == 2


def test_reading_without_end_is_ended(monkeypatch):
    clock = iter([0.0, 3.0, 9.9, 10.1])
    monkeypatch.setattr(image_limits.time, "thread_time", lambda: next(clock))
    stream = MeteredStream(io.BytesIO(b"abc"), "slow.gif")
    assert (stream.read(1), stream.read(1)) == (b"a", b"b")
    with pytest.raises(ImageError, match=r"slow\.gif: .*at most 10 s.*Save it as JPEG"):
        stream.read(1)


def many_comments(n: int) -> bytes:
    """A GIF with a comment in n pieces, which Pillow joins one by one."""
    content = encode(PHOTO.convert("P"), "GIF", comment=b"c")
    comment = b"\x21\xfe\x01c\x00"
    assert comment in content
    return content.replace(comment, b"\x21\xfe" + (b"\xff" + b"c" * 255) * n + b"\x00")


def many_chunks(n: int) -> bytes:
    """A PNG with n empty chunks that nobody knows."""
    content = encode(PHOTO, "PNG")
    chunk = struct.pack(">I", 0) + b"aaAa" + struct.pack(">I", zlib.crc32(b"aaAa"))
    return content[:33] + chunk * n + content[33:]


@pytest.mark.parametrize("bomb", [many_comments(200), many_chunks(2000)], ids=["GIF", "PNG"])
def test_a_file_of_endless_small_parts_is_ended(bomb, monkeypatch):
    assert decode_photo(bomb).size == (64, 48)
    ticks = iter(range(10**6))
    monkeypatch.setattr(image_limits.time, "thread_time", lambda: next(ticks) / 10)
    with pytest.raises(ImageError, match="takes longer"):
        decode_photo(bomb)


def test_a_header_of_endless_junk_is_refused_soon():
    """Found by the fuzzer: the junk between two segments of a JPEG is read byte by byte."""
    content = encode(made_photo(64, 48))
    end = 4 + int.from_bytes(content[4:6], "big")  # of the first segment
    junk = content[:end] + b"\0" * (MAX_OPENING_READS + 1) + content[end:]
    with pytest.raises(ImageError, match="at most 200,000 parts"):
        decode_photo(junk)
    few = content[:end] + b"\0" * 1000 + content[end:]
    assert decode_photo(few).size == (64, 48)


def test_many_reads_of_the_picture_itself_are_none_of_the_header():
    stream = MeteredStream(io.BytesIO(b"ab"), "large.gif")
    stream.opened()
    for _ in range(MAX_OPENING_READS + 1):
        stream.read(0)
    assert stream.read() == b"ab"


def test_a_tiff_whose_strips_lie_over_one_another_is_refused():
    content = bytearray(encode(PHOTO, "TIFF", compression="tiff_lzw", strip_size=64 * 3))
    with open_photo(bytes(content)) as image:
        first, sizes = image.tag_v2[273], image.tag_v2[279]
    assert len(sizes) == 48
    stored = struct.pack("<48H", *sizes) if max(sizes) < 65536 else b""
    place = content.find(stored) if stored else -1
    assert place > 0 and first
    content[place : place + 96] = struct.pack("<48H", *[60_000] * 48)
    with pytest.raises(ImageError, match=r"parts of a TIFF must be .* side by side"):
        decode_photo(bytes(content))


def test_a_jpeg_2000_must_be_smaller_as_it_takes_most_memory():
    content = encode(PHOTO, "JPEG2000", no_jp2=True)
    large = content[:8] + struct.pack(">IIII", 8000, 5000, 0, 0) + content[24:]
    with pytest.raises(ImageError, match=r"at most 32 megapixels, received 8000 x 5000"):
        decode_photo(large)


def test_programs_are_never_started_and_files_without_a_mark_never_guessed():
    assert not {"EPS", "WMF", "TGA", "QOI", "PCD", "IPTC", "MIC", "FPX"} & set(FORMATS)
    assert {".jp2", ".psd", ".ppm"} <= PHOTO_SUFFIXES
    assert "JPEG 2000" in ACCEPTED
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"
    with pytest.raises(ImageError, match="not a photo in a known format"):
        decode_photo(eps, name="photo.jpg")


def test_the_name_decides_nothing(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encode(PHOTO, "WEBP"))
    assert decode_photo(path).size == (64, 48)


def test_a_file_that_is_also_a_web_page_or_an_archive_is_only_ever_a_photo():
    both = encode(PHOTO) + b"<script>alert(1)</script>PK\x03\x04"
    assert decode_photo(both).info == {}
    with pytest.raises(ImageError, match="not a photo"):
        decode_photo(b"<html><script>alert(1)</script>" + encode(PHOTO))


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt", b"iTXt"])
def test_a_profile_or_text_that_unpacks_to_gigabytes_is_never_unpacked(kind):
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    head = {b"iCCP": b"a\0\0", b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}[kind]
    body = kind + head + packed
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    content = encode(PHOTO, "PNG")
    bomb = content[:33] + chunk + content[33:]
    try:
        assert decode_photo(bomb).size == (64, 48)
    except ImageError as error:
        assert "damaged" in str(error)


def test_a_photo_of_more_frames_than_it_has_is_its_first_one():
    first, *others = (Image.new("RGB", (32, 32), (i, 9, 9)) for i in range(40))
    content = encode(first, "GIF", save_all=True, append_images=others)
    assert decode_photo(content[: len(content) // 2]).size == (32, 32)
