"""Cells named after the countries of their photos."""

import numpy as np
import pandas as pd
import pytest

from geocore.analysis.cell_countries import countries_in_words, countries_of_cells
from geocore.cells.place_names import load_place_namer

PHOTOS = pd.DataFrame(
    [
        (0, 41.9, 12.5),  # Rome
        (0, 45.46, 9.19),  # Milan
        (0, 36.81, 10.17),  # Tunis
        (1, -13.53, -71.97),  # Cuzco
        (2, 0.0, -140.0),  # the Pacific
        (-1, 52.5, 13.4),  # Berlin, outside all cells
    ],
    columns=["class_index", "lat", "lng"],
)


def test_countries_are_counted_per_cell_most_first():
    cells = countries_of_cells(PHOTOS, load_place_namer(), np.array([0, 1, 2]))
    assert cells == [[("Italy", 2), ("Tunisia", 1)], [("Peru", 1)], []]


def test_merged_cells_add_their_leaves_up():
    cells = countries_of_cells(PHOTOS, load_place_namer(), np.array([0, 0, 1]))
    assert cells == [[("Italy", 2), ("Tunisia", 1), ("Peru", 1)], []]


def test_no_photos_give_no_countries():
    assert countries_of_cells(PHOTOS.iloc[:0], load_place_namer(), np.array([0, 1])) == [[], []]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["Peru"], "Peru"),
        (["Peru", "Chile"], "Peru or Chile"),
        (["Peru", "Chile", "Cuba"], "Peru, Chile or Cuba"),
        (["Peru", "Chile", "Cuba", "Fiji"], "Peru, Chile, Cuba or elsewhere"),
    ],
)
def test_countries_in_words(names, words):
    assert countries_in_words([(name, 1) for name in names]) == words
