"""Cells too few photos fall in.

Stage: analysis. Located photos and cells in, tables out. It must not know pages.

Source: thesis algorithm 1 (what it drops) and 8.2; own.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from geocore.analysis.located_photos import CONTINENT_NAMES, LocatedPhotos
from geocore.analysis.photo_places import cell_around, photos_per_cell
from geocore.analysis.yardstick import Yardstick
from geocore.cells import generate_cells
from geocore.cells.continents import AT_SEA

COLUMNS = ("token", "level", "n_photos", "lack", "land_km2", "inhabitants", "town", "country")


def divided_world(lat: ArrayLike, lng: ArrayLike, t_max: int) -> pd.DataFrame:
    """The whole sphere in cells of at most `t_max` photos, before any is dropped.

    Returns:
        `CellGrid.leaves` of algorithm 1, those with too few photos and empty ones included.
    """
    return generate_cells(lat, lng, t_min=0, t_max=t_max, policy="preserve").leaves


def filled_cells(cells: pd.DataFrame, photos: LocatedPhotos) -> pd.DataFrame:
    """Cells with the photos of a set that lie in them.

    Args:
        cells: leaves of a grid, with cell_id, token and level.
        photos: of the set.

    Returns:
        cell_id, token, level, n_photos, continent (the one most of its photos lie on, `AT_SEA`
        where none does), in the order of the ids.
    """
    cells = cells[["cell_id", "token", "level"]].sort_values("cell_id", ignore_index=True)
    counts = photos_per_cell(cells["cell_id"].to_numpy(np.uint64), photos)
    on_land = counts[:, :-1]
    continents = np.array(CONTINENT_NAMES, object)[on_land.argmax(axis=1)]
    continents[on_land.sum(axis=1) == 0] = AT_SEA
    return cells.assign(n_photos=counts.sum(axis=1), continent=continents)


def sparse_cells(cells: pd.DataFrame, t_min: int, yardstick: Yardstick) -> pd.DataFrame:
    """Cells with fewer than `t_min` photos, where photos, towns or populated land are.

    Args:
        cells: as from `filled_cells`.
        t_min: fewest photos that a cell needs.
        yardstick: the populated world.

    Returns:
        Columns `COLUMNS`, most inhabitants first: lack is what is missing to `t_min`; land_km2 is
        populated land; town the largest one with its country, "" where there is none.
    """
    ids = cells["cell_id"].to_numpy(np.uint64)
    piece = cell_around(ids, yardstick.ids)
    inside, n = piece >= 0, len(cells)
    pieces = pd.DataFrame(
        {
            "cell": piece[inside],
            "land_km2": yardstick.land_km2[inside],
            "inhabitants": yardstick.inhabitants[inside],
            "town": yardstick.towns[inside],
        }
    )
    sums = pieces.groupby("cell")[["land_km2", "inhabitants"]].sum().reindex(range(n), fill_value=0)
    table = cells[["token", "level", "n_photos"]].assign(lack=t_min - cells["n_photos"]).join(sums)
    largest = pieces.loc[pieces.groupby("cell")["inhabitants"].idxmax()].set_index("cell")["town"]
    towns = yardstick.places[["city", "country"]].iloc[largest].set_axis(largest.index)
    table = table.join(towns.rename(columns={"city": "town"}))
    table[["town", "country"]] = table[["town", "country"]].fillna("")
    is_there = (table[["n_photos", "inhabitants", "land_km2"]] > 0).any(axis=1)
    return table[is_there & (table["n_photos"] < t_min)].sort_values(
        ["inhabitants", "land_km2", "n_photos", "token"],
        ascending=[False, False, False, True],
        ignore_index=True,
    )[list(COLUMNS)]
