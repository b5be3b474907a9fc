"""How densely photos lie: counts in cells of one level, for a map of any number of photos.

Stage: analysis. Located photos in, a table of at most some thousand cells out.

Source: own.
"""

import numpy as np
import pandas as pd

from geocore.analysis.located_photos import LocatedPhotos
from geocore.cells import s2
from geocore.cells.place_names import PlaceNamer

MOST_CELLS = 3000
LEVELS = (3, 4, 5, 6, 7, 8)
"""Levels to count at: cells from about 1,200 km wide down to 36 km."""
DEFAULT_LEVEL = 5


def density_levels(photos: LocatedPhotos) -> dict[int, int]:
    """The levels of `LEVELS` at which at most `MOST_CELLS` cells hold photos, with their number."""
    cells = photos.ids
    filled = {}
    for level in reversed(LEVELS):
        cells = s2.parent(cells, level)
        # They rise: the last of equal ones stands before another, or at the end.
        cells = cells[np.append(cells[:-1] != cells[1:], True)[: len(cells)]]
        if len(cells) <= MOST_CELLS:
            filled[level] = len(cells)
    return dict(sorted(filled.items()))


def density_cells(
    photos: LocatedPhotos, namer: PlaceNamer, level: int = DEFAULT_LEVEL
) -> pd.DataFrame:
    """Photos per cell of one level.

    Args:
        photos: of the set.
        namer: names the middle of each cell.
        level: of `density_levels`.

    Returns:
        One row per cell with photos, in the order of their ids: token, level, n_photos, area_km2,
        per_100000_km2 (photos per 100,000 km2), place, lat, lng (its middle, degrees).

    Raises:
        ValueError: more than `MOST_CELLS` cells of that level hold photos.
    """
    cells, counts = np.unique(s2.parent(photos.ids, level), return_counts=True)
    if len(cells) > MOST_CELLS:
        raise ValueError(
            f"At most {MOST_CELLS:,} cells can be drawn, but photos lie in {len(cells):,} cells of "
            f"level {level}. Choose a lower level."
        )
    area_km2 = s2.cell_area_km2(cells)
    lat, lng = s2.centers(cells)
    return pd.DataFrame(
        {
            "token": s2.token(cells),
            "level": level,
            "n_photos": counts,
            "area_km2": area_km2,
            "per_100000_km2": counts / area_km2 * 100_000,
            "place": namer.names(lat, lng),
            "lat": lat,
            "lng": lng,
        }
    )
