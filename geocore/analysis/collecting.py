"""Which places a photo set lacks most, and where to collect next.

Stage: analysis. The rule: a place should hold the share of the photos that it holds of the
populated world, half of it by populated land, half by inhabitants (`geocore.analysis.yardstick`).
Its lack is that many photos less those it has, if the set keeps its size.

Source: own; the motive is the thesis's (5.1.1 and 8.2).
"""

import numpy as np
import pandas as pd

from geocore.analysis.located_photos import LocatedPhotos
from geocore.analysis.yardstick import Yardstick, unit_keys
from geocore.cells import s2

WEIGHTS = {"both": 0.5, "land": 1.0, "people": 0.0}
"""Share of populated land in the yardstick; the rest is inhabitants."""
COLUMNS = (
    *("name", "country", "n_photos", "expected", "lack", "land_km2", "inhabitants"),
    *("south", "west", "north", "east", "token"),
)


def places_to_collect(
    photos: LocatedPhotos, yardstick: Yardstick, unit: str = "country", by: str = "both"
) -> pd.DataFrame:
    """Countries, regions or cells, the one that lacks most photos first.

    Photos at sea and far from any town count for a country or cell where they lie in one, and for
    no region.

    Args:
        photos: of the set.
        yardstick: the populated world.
        unit: of `yardstick.UNITS`.
        by: of `WEIGHTS`: what a place's due is measured by.

    Returns:
        Columns `COLUMNS`: n_photos the photos it has, expected its due, lack = expected - n_photos
        (negative where it has more than its due), populated land, inhabitants, and the box of its
        populated part in degrees (west above east across 180 degrees); token ("" unless a cell).

    Raises:
        ValueError: unknown unit or yardstick.

    Source: own.
    """
    if by not in WEIGHTS:
        raise ValueError(f"Unknown yardstick {by!r}. Known yardsticks: {', '.join(WEIGHTS)}.")
    units = yardstick.units(unit)
    keys = unit_keys(unit, photos.ids, photos.towns, photos.countries, yardstick.places)
    units["n_photos"] = _counts(keys, units.index)
    due = WEIGHTS[by] * _shares(units["land_km2"])
    due += (1 - WEIGHTS[by]) * _shares(units["inhabitants"])
    units["expected"] = due * len(photos)
    units["lack"] = units["expected"] - units["n_photos"]
    units["token"] = s2.token(units.index) if unit.isdigit() else ""
    ranked = units.sort_values(["lack", "name"], ascending=[False, True], ignore_index=True)
    return ranked[list(COLUMNS)]


def rule_in_words(n_photos: int, by: str = "both") -> str:
    """The rule that `places_to_collect` ranks by, for whoever reads the ranking."""
    of_what = {
        "both": "populated land and of the inhabitants of towns, each counting half",
        "land": "populated land",
        "people": "inhabitants of towns",
    }[by]
    return (
        f"A place is due as large a share of the {n_photos:,} photos as it holds of the world's "
        f"{of_what}. Lacking: due minus present. Populated land lies within 50 km of a place with "
        "5,000 or more inhabitants; towns are those places."
    )


def _counts(keys: np.ndarray, wanted: pd.Index) -> np.ndarray:
    """How many of the keys are each of the wanted ones."""
    found, counts = np.unique(keys, return_counts=True)
    return pd.Series(counts, index=found).reindex(wanted, fill_value=0).to_numpy()


def _shares(values: pd.Series) -> pd.Series:
    total = float(values.sum())
    return values / total if total else values * 0.0
