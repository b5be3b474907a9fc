"""Which countries a cell stands for: those that its known photos come from.

Stage: analysis. A cell is named after its centroid, which of a large cell may lie at sea or in a
country without a single photo; the photos themselves say what the model learnt.

Source: own.
"""

from collections import Counter

import numpy as np
import pandas as pd

from geocore.cells.place_names import PlaceNamer

MAX_NAMED = 3
Countries = list[tuple[str, int]]


def countries_of_cells(
    photos: pd.DataFrame, namer: PlaceNamer, cell_of_leaf: np.ndarray
) -> list[Countries]:
    """Countries of the known photos of each cell, the one with most photos first.

    Args:
        photos: class_index, lat, lng; UNASSIGNED photos and those at sea are left out.
        namer: names of places.
        cell_of_leaf: (n_leaves,) position of the cell that each leaf belongs to, from 0.

    Returns:
        Per cell its countries, each with its number of photos.
    """
    counts: list[Counter[str]] = [Counter() for _ in range(int(cell_of_leaf.max()) + 1)]
    photos = photos[photos["class_index"] >= 0]
    if len(photos):
        names = dict(zip(namer.countries["code"], namer.countries["name"], strict=True))
        codes = namer.country_codes(photos["lat"], photos["lng"])
        for class_index, code in zip(photos["class_index"], codes, strict=True):
            if code in names:
                counts[cell_of_leaf[class_index]][names[code]] += 1
    return [counter.most_common() for counter in counts]


def countries_in_words(countries: Countries) -> str:
    """The first countries of a cell in words: "Italy, Greece, Malta or elsewhere"; "" for none."""
    named = [country for country, _ in countries[:MAX_NAMED]]
    if len(countries) > MAX_NAMED:
        return f"{', '.join(named)} or elsewhere"
    return " or ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))
