"""A heat map laid over its photo, as an image.

Stage: inference. NumPy and Pillow only; it must not know where a heat map comes from.
"""

import numpy as np
from PIL import Image

OVERLAY_FACTOR = 0.4  # thesis 6.7
STYLES = ("grey", "colour")

# Dark blue, violet, red, orange, yellow: lightness rises with heat, for colour-blind readers too.
_RAMP = np.array(
    [(13, 8, 135), (126, 3, 168), (204, 71, 120), (248, 149, 64), (240, 249, 33)], np.float32
)


def overlay_heat_map(
    photo: Image.Image,
    heat_map: np.ndarray,
    *,
    opacity: float = OVERLAY_FACTOR,
    style: str = "grey",
) -> Image.Image:
    """Lay a heat map over the photo it belongs to.

    Args:
        photo: RGB, any size.
        heat_map: (h, w) in 0..1, stretched over the whole photo.
        opacity: 0 shows the photo, 1 the heat map at its full strength.
        style: "grey" adds the map to the photo as light, as the thesis does; "colour" blends in a
            ramp from dark blue to yellow, stronger where the map is.

    Returns:
        RGB image of the photo's size.

    Raises:
        ValueError: the opacity lies outside 0..1, or the style is unknown.

    Source: thesis 6.7 (grey-scale map, factor 0.4); colour ramp own.
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity must lie in [0, 1], received {opacity}.")
    if style not in STYLES:
        raise ValueError(f"style must be one of {', '.join(STYLES)}, received {style!r}.")
    pixels = np.asarray(photo.convert("RGB"), np.float32)
    heat = _stretched(heat_map, photo.size)[..., None]
    if style == "grey":
        laid = pixels + 255 * heat * opacity
    else:
        alpha = opacity * np.sqrt(heat)
        laid = (1 - alpha) * pixels + alpha * _coloured(heat[..., 0])
    return Image.fromarray(np.clip(laid, 0, 255).astype(np.uint8))


def _stretched(heat_map: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """(h, w) -> (height_px, width_px), bicubic."""
    image = Image.fromarray(np.clip(heat_map, 0, 1).astype(np.float32))
    return np.clip(np.asarray(image.resize(size_px, Image.Resampling.BICUBIC)), 0, 1)


def _coloured(heat: np.ndarray) -> np.ndarray:
    """(h, w) in 0..1 -> (h, w, 3) in 0..255 along the ramp."""
    stops = np.linspace(0, 1, len(_RAMP))
    return np.stack([np.interp(heat, stops, _RAMP[:, i]) for i in range(3)], axis=-1)
