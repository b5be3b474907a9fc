"""Names of places without internet (stage: cells). Knows nothing about cells or photos.

The nearest of 60,000 towns is found in a k-d tree of unit vectors, which is right across +-180
degrees and at the poles; far from any town the country's name stands, and at sea the ocean's.
"""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from geocore.cells.checks import check_coordinates
from geocore.cells.geodesy import EARTH_RADIUS_KM, FloatArray, unit_vectors
from geocore.cells.oceans import sea_names

ASSETS = Path(__file__).resolve().parents[1] / "assets"
NEAR_KM = 50.0


@dataclass(frozen=True, eq=False)
class PlaceNamer:
    """Names points on Earth after the nearest town, the country or the ocean.

    Attributes:
        places: Towns: city, region, country ("" where unknown), code (ISO 3166), lat, lng,
            population.
        countries: Countries: name, code, shape (shapely geometry in lng, lat).
        tree: Unit vectors of the towns.
    """

    places: pd.DataFrame
    countries: pd.DataFrame
    tree: cKDTree

    def names(self, lat: ArrayLike, lng: ArrayLike) -> list[str]:
        """One name per point: "near Ubud, Bali, Indonesia (3.4 km)", "Chad" or "Pacific Ocean".

        Args:
            lat: Latitudes in degrees, `(n_points,)`.
            lng: Longitudes in degrees, `(n_points,)`.

        Raises:
            ValueError: If a coordinate is missing or out of range.
        """
        lat, lng = check_coordinates(lat, lng)
        town, town_km = self._nearest(lat, lng)
        country = self._country(lat, lng)
        country_names = np.append(self.countries["name"].to_numpy(object), "")[country]
        far = np.where(country >= 0, country_names, sea_names(lat, lng))
        return [
            _near(self.places.iloc[k], km) if km <= NEAR_KM else str(name)
            for k, km, name in zip(town, town_km, far, strict=True)
        ]

    def country_codes(self, lat: ArrayLike, lng: ArrayLike) -> list[str]:
        """ISO 3166 code of each point's country: the near town's, else the shape's, "" at sea."""
        return self.locate(lat, lng)[1].tolist()

    def locate(
        self, lat: ArrayLike, lng: ArrayLike
    ) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
        """Town and country of each point, fast enough for millions if they come sorted by place.

        Args:
            lat: Latitudes in degrees, `(n_points,)`.
            lng: Longitudes in degrees, `(n_points,)`.

        Returns:
            towns: rows of `places`, -1 where no town lies within `NEAR_KM`.
            codes: ISO 3166 code of the near town, else of the shape around the point, "" at sea.

        Raises:
            ValueError: If a coordinate is missing or out of range.
        """
        lat, lng = check_coordinates(lat, lng)
        town = self.near_towns(lat, lng)
        codes = self._town_codes[town]
        far = town < 0
        by_shape = np.append(self.countries["code"].to_numpy(object), "")
        codes[far] = by_shape[self._country(lat[far], lng[far])]
        return town, codes

    def near_towns(self, lat: ArrayLike, lng: ArrayLike) -> NDArray[np.intp]:
        """Row in `places` of the nearest town of each point, -1 where none is within `NEAR_KM`."""
        town, town_km = self._nearest(*check_coordinates(lat, lng))
        return np.where(town_km <= NEAR_KM, town, -1)

    @cached_property
    def _town_codes(self) -> NDArray[np.object_]:
        return self.places["code"].to_numpy(object)

    def on_land(self, lat: ArrayLike, lng: ArrayLike) -> NDArray[np.bool_]:
        """Whether each point, in degrees, lies inside the shape of a country."""
        return self._country(*check_coordinates(lat, lng)) >= 0

    def _nearest(self, lat: FloatArray, lng: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
        """Row of the nearest town and the distance to it in km."""
        chord, town = self.tree.query(unit_vectors(lat, lng))
        return town, 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1))

    def _country(self, lat: FloatArray, lng: FloatArray) -> NDArray[np.intp]:
        """Row of the country whose shape contains each point, -1 for none."""
        found = np.full(len(lat), -1, dtype=np.intp)
        tree = shapely.STRtree(self.countries["shape"].to_numpy())
        point, country = tree.query(shapely.points(lng, lat), predicate="intersects")
        found[point] = country
        return found


@cache
def load_place_namer() -> PlaceNamer:
    """The namer over the places and countries that ship with geocore (GeoNames, Natural Earth)."""
    country_name = _read("places_countries.csv").set_index("code")["name"]
    places = _read("places.csv.gz").astype({"lat": float, "lng": float, "population": float})
    places["country"] = places["code"].map(country_name).fillna("")
    world = (ASSETS / "basemap.geojson").read_text(encoding="utf-8")
    features = json.loads(world)["features"]
    countries = pd.DataFrame(
        {
            "name": [feature["properties"]["name"] for feature in features],
            "code": [feature["properties"]["code"] for feature in features],
            "shape": shapely.get_parts(shapely.from_geojson(world)),
        }
    )
    return PlaceNamer(places, countries, cKDTree(unit_vectors(places["lat"], places["lng"])))


def is_near_town(lat: ArrayLike, lng: ArrayLike) -> NDArray[np.bool_]:
    """Whether a town is within `NEAR_KM` of each point, as of 98 % of the photos on Flickr."""
    return load_place_namer().near_towns(lat, lng) >= 0


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(ASSETS / name, dtype=str, keep_default_na=False)


def _near(town: pd.Series, km: float) -> str:
    parts = (town["city"], town["region"], town["country"])
    distance = f"{km:.1f}" if km < 10 else f"{km:.0f}"
    return f"near {', '.join(dict.fromkeys(filter(None, parts)))} ({distance} km)"
