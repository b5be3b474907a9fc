"""The photos of the simulated analysts: each has their own, of which the answer is known.

Stage: load. Sample photos made brighter or darker, so that no two analysts have the same answer in
every digit; a mark behind the picture makes each file new to the server and changes no pixel.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from PIL import Image, ImageEnhance

from geocore.data.samples import SAMPLES
from geocore.inference.predictor import Predictor

N_OWN = 2
_FACES = "mount-rushmore.jpg"  # would be answered only after its reader has said what for
_DARKEST, _BRIGHTEST = 0.7, 1.3


@dataclass(frozen=True)
class OwnPhoto:
    """A photo of one analyst and what the default head says about it without any server."""

    content: bytes
    lat: float
    lng: float
    confidence: float


def own_photos(n_analysts: int, bundle: Path) -> list[list[OwnPhoto]]:
    """Per analyst `N_OWN` photos with the answers that they must get."""
    predictor = Predictor.load(bundle)
    samples = [path for path in sorted(SAMPLES.parent.glob("*.jpg")) if path.name != _FACES]
    step = (_BRIGHTEST - _DARKEST) / max(1, n_analysts - 1)
    made = []
    for analyst in range(n_analysts):
        paths = [samples[(analyst * N_OWN + i) % len(samples)] for i in range(N_OWN)]
        contents = [_brightened(path, _DARKEST + step * analyst) for path in paths]
        answers = [predictor.predict(content, name="own") for content in contents]
        made.append(
            [
                OwnPhoto(content, answer.lat, answer.lng, answer.confidence)
                for content, answer in zip(contents, answers, strict=True)
            ]
        )
    return made


def named_photos(analyst: int, photos: list[OwnPhoto]) -> Iterator[tuple[str, bytes, OwnPhoto]]:
    """Name, bytes and expected answer of one file after the other, none like another."""
    for number in count():
        photo = photos[number % len(photos)]
        name = f"visitor{analyst:02d}photo{number:04d}.jpg"
        yield name, photo.content + name.encode(), photo


def _brightened(path: Path, factor: float) -> bytes:
    stream = io.BytesIO()
    with Image.open(path) as image:
        ImageEnhance.Brightness(image.convert("RGB")).enhance(factor).save(stream, "JPEG")
    return stream.getvalue()
