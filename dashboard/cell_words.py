"""Cells in an analyst's words: the countries and towns that a cell stands for.

Stage: dashboard. It must not compute: countries come from analysis, merged probs from inference.
"""

import pandas as pd

from dashboard.common import keep
from geocore.analysis.cell_countries import Countries, countries_in_words, countries_of_cells
from geocore.cells import s2
from geocore.cells.place_names import load_place_namer
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction, merged_cells, roll_up

_TOWN_KM2 = 100_000.0  # a larger cell is not described by one town
_WITH_ARTICLE = (
    "United ",
    "Netherlands",
    "Philippines",
    "Dominican Republic",
    "Central African",
    "Democratic Republic",
    "Bahamas",
    "Solomon Islands",
)


@keep("Naming the cells …", max_entries=64)
def countries_at(bundle: Bundle, level: int) -> list[Countries]:
    """Countries of the known photos of each cell at a level, in the order of `merged_cells`."""
    _, cell_of_leaf = merged_cells(bundle.hierarchy, level)
    return countries_of_cells(bundle.photos, load_place_namer(), cell_of_leaf)


def cells_at(bundle: Bundle, prediction: Prediction, level: int) -> pd.DataFrame:
    """Cells at a level with their probs: token, level, place, centroid, lat, lng, prob.

    The place is that of the cell's known photos; where there is none, that of its centroid.
    """
    ids, probs = roll_up(prediction.probs, bundle.hierarchy, level)
    cells = bundle.grid.cells.set_index("cell_id").loc[ids].assign(prob=probs).reset_index()
    words = [countries_in_words(countries) for countries in countries_at(bundle, level)]
    places = [word or place for word, place in zip(words, cells["place"], strict=True)]
    cells = cells.assign(centroid=cells["place"], place=places)
    return cells[["token", "level", "place", "centroid", "lat", "lng", "prob"]]


def leaf_names(bundle: Bundle) -> list[str]:
    """The countries of each leaf's known photos, else its own place, else its token."""
    words = map(countries_in_words, countries_at(bundle, bundle.hierarchy.levels[-1]))
    cells = bundle.grid.leaves[["place", "token"]].itertuples(index=False)
    return [word or cell.place or cell.token for word, cell in zip(words, cells, strict=True)]


def most_probable(bundle: Bundle, prediction: Prediction) -> str:
    """Where the most probable cell lies, as part of a sentence.

    "around Lyon, France" for a small cell in one country, else "in France or Spain".
    """
    cells = cells_at(bundle, prediction, bundle.hierarchy.levels[-1])
    top = cells.loc[cells["prob"].idxmax()]
    is_small = s2.cell_area_km2(s2.from_token([top["token"]]))[0] < _TOWN_KM2
    is_one_country = top["centroid"].rpartition(" (")[0].endswith(top["place"])
    return around(top["centroid"] if is_small and is_one_country else top["place"])


def around(place: str) -> str:
    """A place in a sentence: "near Ubud, Bali (3.4 km)" becomes "around Ubud, Bali"."""
    if place.startswith("near "):
        return f"around {place.removeprefix('near ').rpartition(' (')[0] or place[5:]}"
    has_article = place.endswith(("Ocean", "Sea")) or place.startswith(_WITH_ARTICLE)
    return f"in {'the ' * has_article}{place or 'an unnamed area'}"
