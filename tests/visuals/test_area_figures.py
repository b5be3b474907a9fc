"""The curve of recall against area: what is drawn is what was measured, also in words."""

import pandas as pd
import pytest

from geocore.visuals.area_figures import describe_area_curve, plot_area_curve

CURVE = pd.DataFrame(
    {
        "level": [0.8, 0.9],
        "coverage": [0.79, 0.91],
        "coverage_lowest": [0.7, 0.85],
        "coverage_highest": [0.85, 0.95],
        "area_km2": [2e7, 5e7],
        "land_km2": [1.5e7, 4e7],
    }
)


def test_land_and_sea_are_two_lines_with_the_spread_of_the_halves():
    land, sea = plot_area_curve(CURVE).data
    assert list(land.x) == [15, 40] and list(sea.x) == [20, 50]
    assert list(land.y) == list(sea.y) == pytest.approx([79, 91])
    assert list(land.error_y.array) == pytest.approx([6, 4])
    assert list(land.error_y.arrayminus) == pytest.approx([9, 6])


def test_the_words_say_the_same():
    words = describe_area_curve(CURVE)
    assert "promised 90 %, seen 91.0 %, 50.0 million km², 40.0 of it land" in words
    assert "without a point" in describe_area_curve(CURVE[:0])
