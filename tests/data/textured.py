"""Made photos with as much in them as real ones have, so that they can be told apart."""

from pathlib import Path

import numpy as np
from PIL import Image


def textured_photo(seed: int, width: int = 240, height: int = 180) -> Image.Image:
    """Blobs of all sizes, drawn from the seed."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for side in (3, 6, 12, 24):
        blobs = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
        total += np.asarray(blobs.resize((width, height), Image.Resampling.BICUBIC), float)
    return Image.fromarray((total / 4).astype(np.uint8))


def save_photo(path: Path, seed: int, width: int = 240, height: int = 180, **options) -> Path:
    """Write such a photo; options are those of `Image.save`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    textured_photo(seed, width, height).save(path, **options)
    return path
