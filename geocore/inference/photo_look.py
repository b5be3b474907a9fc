"""What a photo looks like, apart from where it is from: its features, and its shares of one colour.

Stage: inference. Arrays in, arrays out; it must not know TensorFlow, bundles or what is concluded.

Source: own.
"""

from dataclasses import dataclass

import numpy as np

N_COLOURS = 5
_STEP = 8  # colours are counted in 32 steps per channel


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoLook:
    """What `geocore.analysis.abstention` and `geocore.casework.caution` judge beside the probs.

    Attributes:
        features: float32 (n_features,), pooled, of the bundle's backbone.
        even_share: share of the pixels, 0-1, whose right and lower neighbour are of exactly the
            same colour.
        colours_share: share of the pixels that have one of the N_COLOURS commonest colours.
        indoor_score: how much it looks like the inside of a room, see
            `geocore.inference.indoor_probe`; 0 where the backbone cannot say.
    """

    features: np.ndarray
    even_share: float
    colours_share: float
    indoor_score: float = 0.0


def even_share(pixels: np.ndarray) -> float:
    """See `PhotoLook`; pixels uint8 (height, width, 3), at least 2 x 2."""
    is_like_right = (pixels[:-1, :-1] == pixels[:-1, 1:]).all(axis=-1)
    is_like_below = (pixels[:-1, :-1] == pixels[1:, :-1]).all(axis=-1)
    return float((is_like_right & is_like_below).mean())


def colours_share(pixels: np.ndarray) -> float:
    """See `PhotoLook`; pixels uint8 (height, width, 3)."""
    red, green, blue = np.moveaxis(pixels // _STEP, -1, 0).astype(np.int32)
    n = np.bincount((red * 1024 + green * 32 + blue).ravel())
    return float(np.sort(n)[-N_COLOURS:].sum() / n.sum())


def mean_brightness(pixels: np.ndarray) -> float:
    """Mean luma, 0 black to 1 white; pixels uint8 (height, width, 3).

    Source: ITU-R BT.601.
    """
    return float(pixels.reshape(-1, 3).mean(axis=0) @ (0.299, 0.587, 0.114)) / 255
