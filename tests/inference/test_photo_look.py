"""Shares of one colour in pictures."""

import numpy as np
import pytest

from geocore.inference.photo_look import colours_share, even_share


def test_one_colour_is_even_and_noise_is_not():
    grey = np.full((20, 30, 3), 90, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    assert (even_share(grey), colours_share(grey)) == (1, 1)
    assert even_share(noise) < 0.01
    assert colours_share(noise) < 0.02


def test_a_gradient_has_like_neighbours_but_many_colours():
    gradient = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    gradient = np.repeat(gradient, 50, axis=0)
    assert even_share(gradient) == 0  # each pixel differs from its right neighbour
    assert colours_share(gradient) == pytest.approx(5 / 32)


def test_shares_by_hand():
    pixels = np.zeros((3, 3, 3), np.uint8)
    pixels[1, 1] = 200
    assert even_share(pixels) == 1 / 4
    assert colours_share(pixels) == 1
