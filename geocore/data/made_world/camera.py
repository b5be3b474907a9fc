"""Data stage, made world: from the canvas to a photo: grain, weather, exposure, noise, the label.

It knows nothing of what is in the picture.
"""

import io
from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from geocore.data.made_world.canvas import OVERSAMPLING, Canvas, Scene
from geocore.data.made_world.land import vignette
from geocore.data.made_world.noise import TEXTURE_PX, texture

LABEL = "made image"
SOFTWARE = "geocore made world"
_DESCRIPTION, _SOFTWARE, _TIME, _GPS = 0x010E, 0x0131, 0x0132, 0x8825  # tags of EXIF
# What the IPTC calls media made by a formula, from no sampled data.
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
_XMP = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    f' Iptc4xmpExt:DigitalSourceType="{_SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
).encode()


def develop(canvas: Canvas, scene: Scene) -> Image.Image:
    """Reduce the canvas, give surfaces their grain, and take the photo; the label comes last."""
    random = canvas.random
    small = canvas.image.reduce(OVERSAMPLING)
    pixels = np.asarray(small)
    height, width = pixels.shape[:2]
    factor = pixels[..., 3] * np.float32(0.5 / 255) * _grain(random, height, width)
    factor = (1 + factor) * vignette(width, height)
    rgb = pixels[..., :3] * factor[..., None]
    rgb += _sensor_noise(random, height, width) * np.float32(scene.grain)
    image = Image.fromarray(np.clip(rgb, 0, 255, out=rgb).astype(np.uint8))
    _fall(image, canvas, scene)
    if random.random() < 0.12:
        image = image.filter(ImageFilter.BoxBlur(0.5 + 0.8 * random.random()))
    image = image.point(_curve(scene))
    image.paste(_label(max(image.size)), (3, image.height - _label(max(image.size)).height - 3))
    return image


def encode(image: Image.Image, scene: Scene, quality: int | None = None) -> bytes:
    """The picture as JPEG, with what marks it as made in EXIF, XMP and comment."""
    stream = io.BytesIO()
    image.save(
        stream,
        "JPEG",
        quality=quality or int(scene.quality),
        exif=_exif(scene),
        xmp=_XMP,
        comment=LABEL.encode(),
    )
    return stream.getvalue()


def _exif(scene: Scene) -> bytes:
    """Label, program, time and position, as a camera would note them."""
    exif = Image.Exif()
    exif[_DESCRIPTION], exif[_SOFTWARE], exif[_TIME] = (
        LABEL,
        SOFTWARE,
        f"{scene.date:%Y:%m:%d %H:%M:00}",
    )
    exif[_GPS] = {
        1: "N" if scene.lat >= 0 else "S",
        2: _degrees_minutes_seconds(abs(scene.lat)),
        3: "E" if scene.lng >= 0 else "W",
        4: _degrees_minutes_seconds(abs(scene.lng)),
    }
    return exif.tobytes()


def _degrees_minutes_seconds(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return float(int(degrees)), float(int(minutes)), round(minutes % 1 * 60, 2)


def _grain(random: Random, rows: int, columns: int) -> NDArray[np.float32]:
    """A piece of the grain of surfaces (rows, columns), values in [-0.5, 0.5]."""
    tile = _grain_tile(max(rows, columns))
    y, x = random.randrange(TEXTURE_PX), random.randrange(TEXTURE_PX)
    return tile[y : y + rows, x : x + columns]


def _sensor_noise(random: Random, rows: int, columns: int) -> NDArray[np.float32]:
    """A piece of sensor noise (rows, columns, 3), standard normal."""
    tile = _noise_tile(max(rows, columns))
    y, x = random.randrange(TEXTURE_PX), random.randrange(TEXTURE_PX)
    return tile[y : y + rows, x : x + columns]


@cache
def _grain_tile(size_px: int) -> NDArray[np.float32]:
    repeats = 1 + -(-size_px // TEXTURE_PX)
    return np.tile(texture("grain") - np.float32(0.5), (repeats, repeats))


@cache
def _noise_tile(size_px: int) -> NDArray[np.float32]:
    shape = (size_px + TEXTURE_PX, size_px + TEXTURE_PX, 3)
    return np.random.default_rng(7).standard_normal(shape, np.float32)


def _curve(scene: Scene) -> list[int]:
    """Exposure, contrast and white balance as one table per channel."""
    x = np.arange(256) / 255
    tables = []
    for shift in (1 + scene.warmth, 1.0, 1 - scene.warmth):
        y = np.clip(x * scene.exposure * shift, 0, None)
        y = 0.5 + (y - 0.5) * scene.contrast
        tables.append(np.clip(255 * y, 0, 255).astype(int))
    return np.concatenate(tables).tolist()


def _fall(image: Image.Image, canvas: Canvas, scene: Scene) -> None:
    """Rain or snow in the air."""
    if scene.weather not in ("rain", "snowfall"):
        return
    random, pen = canvas.random, ImageDraw.Draw(image)
    width, height = image.size
    ink = (214, 220, 226)
    for _ in range(round(0.35 * max(width, height))):
        x, y = random.random() * width, random.random() * height
        if scene.weather == "rain":
            pen.line([(x, y), (x - 1.5, y + height * 0.035)], fill=ink, width=1)
        else:
            r = 0.4 + 1.1 * random.random()
            pen.ellipse((x - r, y - r, x + r, y + r), fill=(246, 248, 250))


@cache
def _label(size_px: int) -> Image.Image:
    """The words that stand in the lower left corner of every picture, the same everywhere."""
    font = ImageFont.load_default(max(7, round(size_px / 36)))
    left, top, right, bottom = font.getbbox(LABEL)
    label = Image.new("RGB", (int(right - left) + 6, int(bottom - top) + 4), (40, 40, 40))
    ImageDraw.Draw(label).text((3 - left, 2 - top), LABEL, font=font, fill=(225, 225, 225))
    return label
