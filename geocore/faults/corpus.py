"""Faults: the sound files that are then spoilt, of every format the door accepts, made in the run.

The pictures are a made drawing and a sample photo; the files carry EXIF, ICC, XMP, text, previews
and several frames, because their parsers are what a hostile file aims at.

Source: own.
"""

import io
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from geocore.data.images import decode_photo
from geocore.data.made_world.table import WorldSettings
from geocore.data.made_world.world import make_world
from geocore.data.samples import load_samples

SIDE_PX = 96
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


def corpus() -> dict[str, bytes]:
    """Sound files by name, the same in every run."""
    files: dict[str, bytes] = {}
    for name, picture in _pictures().items():
        files |= {f"{name} {kind}": content for kind, content in _files(picture).items()}
    return files


def _pictures() -> dict[str, Image.Image]:
    with tempfile.TemporaryDirectory() as folder:
        make_world(Path(folder), 1, WorldSettings(size_px=128))
        drawing = next((Path(folder) / "images").rglob("*.jpg"))
        drawn = decode_photo(drawing, max_side_px=SIDE_PX)
    photo = decode_photo(Path(load_samples().photos["path"].iloc[0]), max_side_px=SIDE_PX)
    return {"drawing": drawn, "photo": photo}


def exif_block() -> bytes:
    """An EXIF block with texts, an orientation, a preview's place and a position."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x010F] = 6, "<script>alert(1)</script>", "=cmd|'/c calc'!A1"
    exif.get_ifd(0x8769).update({0x9003: "2011:03:11 14:46:00", 0x927C: b"\0" * 64})
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (37.0, 25.0, 17.0), 3: "E", 4: (141.0, 1.0, 57.0), 29: "2011:03:11"}
    )
    return exif.tobytes()


def noise_jpeg(width: int, height: int, seed: int = 0) -> bytes:
    """A photo of nothing."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return _saved(Image.fromarray(pixels), "JPEG")


def _files(picture: Image.Image) -> dict[str, bytes]:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    meta = {"exif": exif_block(), "icc_profile": icc}
    frames = {"save_all": True, "append_images": [picture.rotate(90), picture.rotate(180)]}
    return {
        **_common_files(picture, meta, frames),
        **_tiff_files(picture, meta, frames),
        "HEIC": _saved(picture, "HEIF", **meta, xmp=XMP),
        "many HEIC": _saved(picture, "HEIF", **frames),
        "AVIF": _saved(picture, "AVIF", **meta, xmp=XMP),
        "animated AVIF": _saved(picture, "AVIF", **frames),
        "JPEG 2000": _saved(picture, "JPEG2000"),
        "tiled JPEG 2000": _saved(
            picture, "JPEG2000", tile_size=(32, 32), num_resolutions=3, no_jp2=True
        ),
        "BMP": _saved(picture, "BMP"),
        "PPM": _saved(picture, "PPM"),
        "plain PPM": b"P3 32 32 255 " + b"12 200 7 " * 1024,
        "SGI": _saved(picture, "SGI"),
        "PCX": _saved(picture, "PCX"),
        "PSD": _psd(picture),
    }


def _common_files(
    picture: Image.Image, meta: dict[str, Any], frames: dict[str, Any]
) -> dict[str, bytes]:
    """JPEG, PNG, GIF and WebP in all their kinds."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "[link](javascript:alert(1)) " * 20, zip=True)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    alpha = picture.convert("RGBA")
    return {
        "JPEG": _saved(picture, "JPEG", **meta, xmp=XMP, comment=b"a" * 99),
        "progressive JPEG": _saved(
            picture, "JPEG", **meta, progressive=True, restart_marker_rows=1
        ),
        "grey JPEG": _saved(picture.convert("L"), "JPEG"),
        "CMYK JPEG": _saved(picture.convert("CMYK"), "JPEG"),
        "MPO": _saved(picture, "MPO", **frames, exif=meta["exif"]),
        "PNG": _saved(picture, "PNG", **meta, pnginfo=text),
        "palette PNG": _saved(picture.convert("P"), "PNG", transparency=3),
        "alpha PNG": _saved(alpha, "PNG"),
        "deep PNG": _saved(_deep_grey(), "PNG"),
        "animated PNG": _saved(picture, "PNG", **frames),
        "GIF": _saved(picture.convert("P"), "GIF", **frames, comment=b"b" * 600),
        "WebP": _saved(picture, "WEBP", **meta, xmp=XMP),
        "lossless WebP": _saved(alpha, "WEBP", lossless=True),
        "animated WebP": _saved(picture, "WEBP", **frames),
    }


def _tiff_files(
    picture: Image.Image, meta: dict[str, Any], frames: dict[str, Any]
) -> dict[str, bytes]:
    files = {
        "TIFF": _saved(picture, "TIFF", **meta),
        "many TIFF": _saved(picture, "TIFF", **frames),
        "deep TIFF": _saved(_deep_grey(), "TIFF", compression="tiff_lzw"),
    }
    for compression in ("jpeg", "packbits", "tiff_lzw", "tiff_adobe_deflate", "group4"):
        image = picture.convert("1") if compression == "group4" else picture
        files[f"{compression} TIFF"] = _saved(image, "TIFF", compression=compression)
    return files


def _deep_grey() -> Image.Image:
    return Image.frombytes("I;16", (48, 48), bytes(range(256)) * 18)


def _saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    if frames := options.pop("append_images", None):
        options["append_images"] = [frame.copy() for frame in frames]
    image.copy().save(stream, file_format, **options)  # it leaves settings behind in its images
    return stream.getvalue()


def _psd(picture: Image.Image) -> bytes:
    """A flat Photoshop file, which Pillow reads and cannot write."""
    width, height = picture.size
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, height, width, 8, 3)
    resource = b"8BIM" + struct.pack(">HHI", 0x0404, 0, 4) + b"text"
    sections = struct.pack(">II", 0, len(resource)) + resource + struct.pack(">I", 0)
    planes = b"".join(channel.tobytes() for channel in picture.split())
    return head + sections + struct.pack(">H", 0) + planes
