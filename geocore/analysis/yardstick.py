"""How much of the populated world lies where: the yardstick that photo sets are measured with.

Stage: analysis. It knows no photos. Populated land is land within 50 km of a place with 5,000 or
more inhabitants; inhabitants are those of such places. Both come from what ships with geocore
(Natural Earth, GeoNames): islands that the world map leaves out count by their inhabitants alone,
and whoever lives in smaller places does not count.

Source: own.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.analysis.located_photos import country_codes
from geocore.cells import s2
from geocore.cells.continents import load_countries
from geocore.cells.geodesy import EARTH_RADIUS_KM, unit_vectors
from geocore.cells.place_names import NEAR_KM, PlaceNamer, load_place_namer

UNITS = ("country", "region", "3", "4")
"""What the world can be divided into: countries, their regions, S2 cells of level 3 or 4."""
LAND_LEVEL = 8
_COARSE_LEVEL, _COARSE_RADIUS_KM = 6, 125.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Yardstick:
    """The populated world in small pieces: cells of populated land, and towns.

    Attributes:
        lat, lng: middle of each piece, degrees, (n_pieces,).
        ids: its cell id at level 30, uint64.
        towns: row in `places` of its nearest town.
        countries: its position in `country_codes()`.
        land_km2: its populated land; 0 for a town.
        inhabitants: 0 for land.
        places: `PlaceNamer.places`.
    """

    lat: NDArray[np.float64]
    lng: NDArray[np.float64]
    ids: s2.IdArray
    towns: NDArray[np.intp]
    countries: NDArray[np.intp]
    land_km2: NDArray[np.float64]
    inhabitants: NDArray[np.float64]
    places: pd.DataFrame

    def units(self, unit: str) -> pd.DataFrame:
        """Populated land and inhabitants of every country, region or cell that has any.

        Args:
            unit: of `UNITS`.

        Returns:
            Index: the unit's key, as from `unit_keys`. Columns name, country, land_km2,
            inhabitants, and south, west, north, east of its populated part in degrees; west is
            above east where that part crosses 180 degrees.
        """
        keys = unit_keys(unit, self.ids, self.towns, self.countries, self.places)
        pieces = pd.DataFrame(
            {"key": keys, "land_km2": self.land_km2, "inhabitants": self.inhabitants}
        )
        units = pieces.groupby("key").sum()
        largest = self.places.iloc[self.towns[_largest(pieces)]]
        units.insert(0, "name", _names(unit, largest))
        units.insert(1, "country", largest["country"].to_numpy(object))
        return units.join(_boxes(keys, self.lat, self.lng))


def unit_keys(
    unit: str,
    ids: np.ndarray,
    towns: np.ndarray,
    countries: np.ndarray,
    places: pd.DataFrame,
) -> np.ndarray:
    """The unit that each point belongs to.

    Args:
        unit: of `UNITS`.
        ids: uint64 (n_points,), cells at level 30.
        towns: (n_points,) row of the nearest town in `places`, -1 for none.
        countries: (n_points,) position in `country_codes()`.
        places: `PlaceNamer.places`.

    Returns:
        (n_points,): the position of the country, the number of the region (-1 for none), or the
        cell's id.

    Raises:
        ValueError: unknown unit.
    """
    if unit == "country":
        return countries
    if unit == "region":
        return np.append(_region_numbers(places), -1)[towns]
    if unit in UNITS:
        return s2.parent(ids, int(unit))
    raise ValueError(f"Unknown unit {unit!r}. Known units: {', '.join(UNITS)}.")


@cache
def load_yardstick() -> Yardstick:
    """The yardstick over the places and countries that ship with geocore."""
    return build_yardstick(load_place_namer())


def build_yardstick(namer: PlaceNamer) -> Yardstick:
    """Measure the populated land round the towns of a namer, and take their inhabitants."""
    cells = _cells_near_towns(namer)
    lat, lng = s2.centers(cells)
    towns = namer.near_towns(lat, lng)
    is_populated = towns >= 0
    is_populated[is_populated] = namer.on_land(lat[is_populated], lng[is_populated])
    cells, places = cells[is_populated], namer.places
    no_land, no_people = np.zeros(len(places)), np.zeros(len(cells))
    towns = np.append(towns[is_populated], np.arange(len(places)))
    lat = np.append(lat[is_populated], places["lat"])
    lng = np.append(lng[is_populated], places["lng"])
    codes = pd.Index(country_codes())
    return Yardstick(
        lat=lat,
        lng=lng,
        ids=s2.cell_ids(lat, lng),
        towns=towns,
        countries=codes.get_indexer(places["code"].to_numpy(object)[towns]),
        land_km2=np.append(s2.cell_area_km2(cells), no_land),
        inhabitants=np.append(no_people, places["population"]),
        places=places,
    )


def _cells_near_towns(namer: PlaceNamer) -> s2.IdArray:
    """Cells of `LAND_LEVEL` whose middle may lie within `NEAR_KM` of a town."""
    cells = s2.cells_at_level(_COARSE_LEVEL)
    chord, _ = namer.tree.query(unit_vectors(*s2.centers(cells)))
    cells = cells[chord * EARTH_RADIUS_KM <= NEAR_KM + _COARSE_RADIUS_KM]
    for _ in range(LAND_LEVEL - _COARSE_LEVEL):
        cells = s2.children(cells).ravel()
    return cells


def _region_numbers(places: pd.DataFrame) -> np.ndarray:
    return (places["code"] + "/" + places["region"]).factorize()[0]


def _largest(pieces: pd.DataFrame) -> np.ndarray:
    """Row of the piece with most inhabitants of each unit, in the order of the keys."""
    return pieces.groupby("key")["inhabitants"].idxmax().to_numpy()


def _names(unit: str, largest: pd.DataFrame) -> list[str]:
    """What to call each unit, from its largest town."""
    if unit == "country":
        return load_countries()["name"].reindex(largest["code"]).tolist()
    place = largest["region"] if unit == "region" else "round " + largest["city"]
    parts = zip(place, largest["country"], strict=True)
    return [", ".join(dict.fromkeys(filter(None, pair))) for pair in parts]


def _boxes(keys: np.ndarray, lat: np.ndarray, lng: np.ndarray) -> pd.DataFrame:
    """South, west, north and east of each unit, the short way round."""
    points = pd.DataFrame({"lat": lat, "lng": lng, "eastward": lng % 360})
    ends = points.groupby(keys).agg(["min", "max"])
    direct = ends["lng", "max"] - ends["lng", "min"] <= 180
    west = ends["lng", "min"].where(direct, ends["eastward", "min"])
    east = ends["lng", "max"].where(direct, ends["eastward", "max"])
    boxes = {"south": ends["lat", "min"], "west": west, "north": ends["lat", "max"], "east": east}
    box = pd.DataFrame(boxes)
    for side in ("west", "east"):
        box[side] = (box[side] + 180) % 360 - 180
    return box
