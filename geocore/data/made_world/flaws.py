"""Data stage, made world: photos spoilt on purpose, so that cleaning has something to find.

The table's column FLAW says which ones and how, so that what was found can be counted. It knows
nothing of what cleaning does.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from geocore.data.made_world.camera import encode
from geocore.data.made_world.canvas import Scene
from geocore.data.made_world.noise import hashed_seeds, uniforms

COPY, NEAR_COPY, CUT_OFF, TINY, NO_PLACE = "copy", "near copy", "cut off", "tiny", "no place"
FLAWS = (COPY, NEAR_COPY, CUT_OFF, TINY, NO_PLACE)
_TINY_PX = 100
_NEAR_SHARE, _NEAR_QUALITY = 0.85, 70
_CUT_SHARE = 0.4


def flaws_of(seed: int, numbers: NDArray[np.int64], share: float) -> NDArray[np.object_]:
    """What is wrong with each photo of a world: one of `FLAWS`, "" for a sound one.

    A copy shows the photo before it, which is sound.

    Args:
        seed: of the world.
        numbers: of the photos (n,).
        share: of photos that are spoilt, 0 to 1.
    """
    own, before = _drawn(seed, numbers, share), _drawn(seed, numbers - 1, share)
    is_copy = np.isin(own, (COPY, NEAR_COPY))
    return np.where(is_copy & ((before != "") | (numbers == 0)), "", own)


def shown_numbers(numbers: NDArray[np.int64], flaws: NDArray[np.object_]) -> NDArray[np.int64]:
    """Number of the photo that each one shows: its own, a copy that of the one before."""
    return numbers - np.isin(flaws, (COPY, NEAR_COPY))


def without_place(plan: pd.DataFrame, flaws: NDArray[np.object_]) -> pd.DataFrame:
    """The plan's positions as a table gives them: 0, 0 where the place is lost."""
    return plan[["lat", "lng"]].mul(flaws != NO_PLACE, axis=0)


def spoilt(image: Image.Image, scene: Scene, flaw: str) -> bytes:
    """The photo as a file, spoilt as the flaw says."""
    if flaw == NEAR_COPY:
        size = (round(image.width * _NEAR_SHARE), round(image.height * _NEAR_SHARE))
        return encode(image.resize(size), scene, quality=_NEAR_QUALITY)
    if flaw == TINY:
        image = image.copy()
        image.thumbnail((_TINY_PX, _TINY_PX))
    content = encode(image, scene)
    return content[: int(len(content) * _CUT_SHARE)] if flaw == CUT_OFF else content


def _drawn(seed: int, numbers: NDArray[np.int64], share: float) -> NDArray[np.object_]:
    chance = uniforms(hashed_seeds(seed, np.maximum(numbers, 0)), "flaw")
    kind = np.minimum(chance / max(share, 1e-9) * len(FLAWS), len(FLAWS)).astype(np.intp)
    return np.array([*FLAWS, ""], object)[kind]
