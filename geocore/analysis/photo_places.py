"""Photos per continent, country and cell, beside the thesis's numbers.

Stage: analysis. Located photos in, tables out. It must not know pages.

Source: thesis table 5.2; own.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.analysis.located_photos import CONTINENT_NAMES, LocatedPhotos
from geocore.analysis.yardstick import Yardstick
from geocore.cells import s2
from geocore.cells.continents import AT_SEA, load_countries

THESIS_CELLS = (3000, 30_000)
"""Fewest and most photos per cell in table 5.2."""
THESIS_TABLE_5_2 = pd.DataFrame(
    [("Africa", 2, 22_163), ("Americas", 35, 440_200), ("Antarctica", 1, 6_663),
     ("Asia", 5, 52_050), ("Oceania", 2, 21_575), ("Europe", 27, 378_424)],
    columns=["continent", "thesis_cells", "thesis_photos"],
)  # fmt: skip
"""Thesis table 5.2, row by row; its Australia is called Oceania here."""
THESIS_TOTAL_5_2 = {"thesis_cells": 72, "thesis_photos": 926_053}
"""Its last row as printed."""
THESIS_NOTE_5_2 = (
    "The thesis: 72 cells with 3,000 to 30,000 photos each; its Australia is called Oceania here. "
    "Its total is as printed: its rows add up to 921,075."
)


def continent_table(photos: LocatedPhotos, cells: pd.DataFrame | None = None) -> pd.DataFrame:
    """Photos and cells of each continent, beside those of the thesis.

    Args:
        photos: of the set.
        cells: those that count, with cell_id and continent as from `filled_cells`.

    Returns:
        One row per continent and one for photos at sea: continent, n_photos, share; with cells
        also n_cells and n_in_cells (photos of the continent inside one of the cells); thesis_cells,
        thesis_photos (NaN where the thesis has no such row).

    Source: thesis table 5.2.
    """
    counts = np.bincount(photos.continents, minlength=len(CONTINENT_NAMES))
    table = pd.DataFrame(
        {"continent": CONTINENT_NAMES, "n_photos": counts, "share": counts / max(len(photos), 1)}
    )
    if cells is not None:
        n_cells = cells["continent"].value_counts().reindex(CONTINENT_NAMES, fill_value=0)
        inside = photos_per_cell(cells["cell_id"].to_numpy(np.uint64), photos).sum(axis=0)
        table = table.assign(n_cells=n_cells.to_numpy(), n_in_cells=inside)
    return table.merge(THESIS_TABLE_5_2, how="left", on="continent")


def country_table(photos: LocatedPhotos, yardstick: Yardstick) -> pd.DataFrame:
    """Photos of every country that has photos or towns, most photos first.

    Returns:
        country (`AT_SEA` for none), code, continent, n_photos, share, land_km2 and inhabitants (of
        the populated world), per_100000_km2 (photos per 100,000 km2 of populated land, NaN without
        any), per_million (photos per million inhabitants of towns, NaN without any).
    """
    countries = load_countries()
    codes = [*countries.index, ""]
    counts = np.bincount(photos.countries, minlength=len(codes))
    table = pd.DataFrame(
        {
            "country": [*countries["name"], AT_SEA],
            "code": codes,
            "continent": [*countries["continent"], AT_SEA],
            "n_photos": counts,
            "share": counts / max(len(photos), 1),
        }
    )
    table.loc[table["code"] == "RU", "continent"] = "Europe, Asia"  # it is divided, see continents
    units = yardstick.units("country")[["land_km2", "inhabitants"]]
    table = table.join(units.reindex(table.index, fill_value=0.0))
    table["per_100000_km2"] = (
        table["n_photos"] / table["land_km2"].where(table["land_km2"] > 0) * 1e5
    )
    people = table["inhabitants"].where(table["inhabitants"] > 0)
    table["per_million"] = table["n_photos"] / people * 1e6
    known = table[(table["n_photos"] > 0) | (table["inhabitants"] > 0)]
    return known.sort_values(["n_photos", "country"], ascending=[False, True], ignore_index=True)


def photos_per_cell(cells: s2.IdArray, photos: LocatedPhotos) -> NDArray[np.int64]:
    """Photos in each cell on each of `CONTINENT_NAMES`, `(n_cells, 7)`; no cell inside another."""
    n = len(CONTINENT_NAMES)
    order = np.argsort(cells)
    position = cell_around(cells[order], photos.ids)
    inside = position >= 0
    flat = position[inside] * n + photos.continents[inside]
    counts = np.empty((len(cells), n), np.int64)
    counts[order] = np.bincount(flat, minlength=counts.size).reshape(counts.shape)
    return counts


def cell_around(cells: s2.IdArray, ids: s2.IdArray) -> NDArray[np.int64]:
    """Position of the cell around each id, -1 for none; the cells rise and do not overlap."""
    if not len(cells):
        return np.full(len(ids), -1)
    first, last = s2.id_range(cells)
    position = np.searchsorted(first, ids, "right") - 1
    return np.where((position >= 0) & (ids <= last[position]), position, -1)
