"""Continent of a country or of a point (stage: cells). Knows nothing about cells or photos.

A point belongs to the continent of its country (UN M49, the Americas as one). Russia alone is
divided, at the Urals: east of 60 degrees it counts as Asia.
"""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geocore.cells.place_names import ASSETS

CONTINENTS = ("Africa", "Americas", "Antarctica", "Asia", "Europe", "Oceania")
AT_SEA = "At sea"
_URALS_LNG = 60.0


@cache
def load_countries() -> pd.DataFrame:
    """Name and continent of every country code, the code being the index."""
    path = ASSETS / "places_countries.csv"
    return pd.read_csv(path, index_col="code", keep_default_na=False)


def continents_of(codes: ArrayLike, lng: ArrayLike) -> NDArray[np.object_]:
    """Continent of each point, `AT_SEA` where its country code is "" or unknown.

    Args:
        codes: ISO 3166 country codes, `(n_points,)`, as from `PlaceNamer.locate`.
        lng: Longitudes in degrees, `(n_points,)`.

    Source: UN M49; thesis table 5.2 for the six names (its Australia is Oceania here).
    """
    positions, known = pd.factorize(np.asarray(codes, object))
    continents = load_countries()["continent"].reindex(known).fillna(AT_SEA).to_numpy(object)
    found = continents[positions]
    # Chukotka, Russia's far end, lies beyond 180 degrees.
    lng = np.asarray(lng, float)
    in_russia = np.flatnonzero(known == "RU")
    if len(in_russia):
        found[(positions == in_russia[0]) & ((lng > _URALS_LNG) | (lng < 0))] = "Asia"
    return found
