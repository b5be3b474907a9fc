"""Heat maps laid over photos."""

import numpy as np
import pytest
from PIL import Image

from geocore.inference.overlay import overlay_heat_map

PHOTO = Image.new("RGB", (64, 32), (100, 50, 200))


def test_grey_adds_light_with_the_factor_of_the_thesis():
    heat = np.ones((2, 4), np.float32)
    pixels = np.asarray(overlay_heat_map(PHOTO, heat))
    assert pixels.shape == (32, 64, 3)
    np.testing.assert_array_equal(pixels[5, 5], [202, 152, 255])  # +0.4 * 255, at most 255


@pytest.mark.parametrize("style", ["grey", "colour"])
def test_no_opacity_or_no_heat_leaves_the_photo(style):
    flat = np.zeros((3, 3), np.float32)
    for heat, opacity in [(np.ones((3, 3)), 0.0), (flat, 1.0)]:
        laid = overlay_heat_map(PHOTO, heat, opacity=opacity, style=style)
        np.testing.assert_array_equal(np.asarray(laid), np.asarray(PHOTO))


def test_colour_ends_in_yellow():
    laid = overlay_heat_map(PHOTO, np.ones((3, 3)), opacity=1, style="colour")
    np.testing.assert_array_equal(np.asarray(laid)[0, 0], [240, 249, 33])


def test_the_heat_lies_where_the_map_says():
    heat = np.zeros((2, 4), np.float32)
    heat[1, 3] = 1  # bottom right
    added = np.asarray(overlay_heat_map(PHOTO, heat)).astype(int) - np.asarray(PHOTO)
    assert added[31, 63].max() > 90 and added[:, :32].max() == 0 and added[0, 63].max() == 0


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"opacity must lie in \[0, 1\], received 1.5"):
        overlay_heat_map(PHOTO, np.zeros((2, 2)), opacity=1.5)
    with pytest.raises(ValueError, match="style must be one of grey, colour, received 'jet'"):
        overlay_heat_map(PHOTO, np.zeros((2, 2)), style="jet")
