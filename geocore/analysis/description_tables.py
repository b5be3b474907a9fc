"""The tables of a described photo set: made together, and written as files.

Stage: analysis. It must not read a photo set, nor know scripts or pages.

Source: thesis tables 5.1 and 5.2; own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from geocore.analysis.collecting import places_to_collect, rule_in_words
from geocore.analysis.density import DEFAULT_LEVEL, density_cells, density_levels
from geocore.analysis.export import disarmed
from geocore.analysis.photo_description import PhotoDescription
from geocore.analysis.photo_places import THESIS_CELLS, continent_table, country_table
from geocore.analysis.sparse_cells import divided_world, filled_cells, sparse_cells
from geocore.analysis.yardstick import UNITS, load_yardstick
from geocore.cells.place_names import load_place_namer
from geocore.data.whole_files import whole_file
from geocore.evaluation.thesis import scaled_thresholds
from geocore.inference.bundle_files import as_json

_FILES = {"country": "countries", "region": "regions", "3": "large_cells", "4": "small_cells"}
_SHORT = ("table_5_1", "table_5_2", "years", "parts", "photo_sets", "dropped")


@dataclass(frozen=True, eq=False, kw_only=True)
class Cells:
    """The cells that a set is counted in, and the fewest photos that one needs.

    Attributes:
        cells: as from `sparse_cells.filled_cells`; those of a given grid, or the whole sphere.
        t_min: fewest photos that a cell needs.
        t_max: most photos of an undivided cell; None where the grid was given.
    """

    cells: pd.DataFrame
    t_min: int
    t_max: int | None

    @property
    def kept(self) -> pd.DataFrame:
        """Cells with enough photos."""
        return self.cells[self.cells["n_photos"] >= self.t_min]


def cells_of_set(
    photos: PhotoDescription,
    grid: pd.DataFrame | None = None,
    *,
    t_min: int | None = None,
    t_max: int | None = None,
) -> Cells:
    """Divide the world for a set, or count the set in given cells.

    Args:
        photos: the set.
        grid: leaves of a grid (cell_id, token, level); None divides the world by the set itself.
        t_min: fewest photos that a cell needs; by default the thesis's, scaled by the set's size.
        t_max: most photos of an undivided cell; by default likewise.

    Raises:
        ValueError: thresholds that contradict each other, or `t_max` beside a grid.
    """
    own_min, own_max = scaled_thresholds(*THESIS_CELLS, len(photos))
    low = own_min if t_min is None else t_min
    if low < 1:
        raise ValueError(f"t_min must be at least 1 photo, received {low}.")
    if grid is not None:
        if t_max is not None:
            raise ValueError(f"t_max divides the world anew; with a grid received t_max = {t_max}.")
        return Cells(cells=filled_cells(grid, photos.located), t_min=low, t_max=None)
    high = max(own_max, low) if t_max is None else t_max
    if low > high:
        raise ValueError(f"t_min must not be above t_max, received {low} and {high}.")
    world = divided_world(photos.lat, photos.lng, high)
    return Cells(cells=filled_cells(world, photos.located), t_min=low, t_max=high)


def all_tables(photos: PhotoDescription, cells: Cells) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file, those that the set has no columns for left out."""
    located, yardstick = photos.located, load_yardstick()
    level = min(DEFAULT_LEVEL, max(density_levels(located)))
    tables = {
        "table_5_1": photos.tags,
        "table_5_2": continent_table(located, cells.kept),
        "countries": country_table(located, yardstick),
        "density": density_cells(located, load_place_namer(), level),
        "sparse_cells": sparse_cells(cells.cells, cells.t_min, yardstick),
        **{
            f"collect_{_FILES[unit]}": places_to_collect(located, yardstick, unit) for unit in UNITS
        },
        "years": photos.years,
        "parts": photos.parts,
        "photo_sets": photos.sets,
        "dropped": photos.dropped,
    }
    return {name: table for name, table in tables.items() if table is not None}


def key_figures(photos: PhotoDescription, cells: Cells) -> dict[str, Any]:
    """The figures that are no tables, and how they were made."""
    return {
        "name": photos.name,
        "n_photos": len(photos),
        "n_dropped": int(photos.dropped["n_photos"].sum()),
        "cells": {
            "t_min": cells.t_min,
            "t_max": cells.t_max,
            "n_cells": len(cells.kept),
            "n_photos": int(cells.kept["n_photos"].sum()),
        },
        "photographers": photos.photographers,
        "sizes": photos.sizes,
        "files": {"n_looked_for": photos.n_drawn, "n_found": photos.n_found},
        "share_of_test_near_training": photos.share_near_training,
        "rule_for_collecting": rule_in_words(len(photos)),
    }


def description_files(
    figures: dict[str, Any], tables: dict[str, pd.DataFrame], maps: dict[str, str]
) -> dict[str, str]:
    """What to write about a set: description.json, a CSV per table and an SVG per map.

    Args:
        figures: as from `key_figures`.
        tables: as from `all_tables`; short ones stand in the JSON too.
        maps: SVG pictures by the name of their file.

    Returns:
        Text by the name of the file.
    """
    short = {name: tables[name].to_dict("records") for name in _SHORT if name in tables}
    files = {"description.json": as_json(figures | short)}
    files |= {f"{name}.csv": t.map(disarmed).to_csv(index=False) for name, t in tables.items()}
    return files | {f"{name}.svg": picture for name, picture in maps.items()}


def save_files(files: dict[str, str], folder: Path) -> None:
    """Write texts into a folder, made where it is missing; each file is whole or not there.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with whole_file(folder / name) as scratch:
            scratch.write_text(text, encoding="utf-8")
