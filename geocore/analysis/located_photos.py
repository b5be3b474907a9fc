"""Where the photos of a set lie: cell, nearest town, country and continent of each.

Stage: analysis. Positions in, codes out; it counts nothing and knows no page. A few bytes per photo
are kept, so that millions fit.

Source: own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocore.cells import s2
from geocore.cells.checks import check_coordinates
from geocore.cells.continents import AT_SEA, CONTINENTS, continents_of, load_countries
from geocore.cells.place_names import PlaceNamer

CONTINENT_NAMES = (*CONTINENTS, AT_SEA)
_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False, kw_only=True)
class LocatedPhotos:
    """The photos of a set in the order of their cell ids; every array is (n_photos,).

    Attributes:
        order: position of each photo in the set that it came from.
        ids: cell id at level 30, rising (uint64).
        towns: row in `PlaceNamer.places` of the nearest town, -1 where none is within 50 km.
        countries: position in `country_codes`, of which the last, "", is no country.
        continents: position in `CONTINENT_NAMES`, of which the last is none of the six.
    """

    order: NDArray[np.int64]
    ids: s2.IdArray
    towns: NDArray[np.int32]
    countries: NDArray[np.int16]
    continents: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.ids)


def country_codes() -> list[str]:
    """ISO 3166 codes of all countries, then "" for none."""
    return [*load_countries().index, ""]


def locate_photos(lat: ArrayLike, lng: ArrayLike, namer: PlaceNamer) -> LocatedPhotos:
    """Find cell, nearest town, country and continent of every photo.

    Photos are taken in the order of their cell ids, so that neighbours are looked up one after the
    other: a million take about a second.

    Args:
        lat: degrees, (n_photos,).
        lng: degrees, (n_photos,).
        namer: towns and countries.

    Raises:
        ValueError: a coordinate is missing or out of range.
    """
    lat, lng = check_coordinates(lat, lng)
    ids = s2.cell_ids(lat, lng)
    order = np.argsort(ids)
    n = len(ids)
    towns, countries = np.empty(n, np.int32), np.empty(n, np.int16)
    continents = np.empty(n, np.int8)
    country_number = {code: k for k, code in enumerate(country_codes())}
    continent_number = {name: k for k, name in enumerate(CONTINENT_NAMES)}
    for start in range(0, n, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        rows = order[chunk]
        towns[chunk], codes = namer.locate(lat[rows], lng[rows])
        countries[chunk] = _numbers(codes, country_number)
        continents[chunk] = _numbers(continents_of(codes, lng[rows]), continent_number)
    return LocatedPhotos(
        order=order, ids=ids[order], towns=towns, countries=countries, continents=continents
    )


def _numbers(names: NDArray[np.object_], number: dict[str, int]) -> NDArray[np.int64]:
    """The number of each name; neighbours mostly share one."""
    return np.array([number[name] for name in names.tolist()])
