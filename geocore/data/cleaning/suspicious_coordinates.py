"""Data stage: positions that a device or a person wrote who knew none. It knows no cells.

Three kinds are known: 0 degrees north, 0 degrees east (no fix); the middle of a country (only the
country was known); whole and half degrees, which most lists of countries give as their middle.
"""

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geocore.data.place_groups import EARTH_RADIUS_KM

BASEMAP = Path(__file__).resolve().parents[2] / "assets" / "basemap.geojson"

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


def is_null_island(lat: FloatArray, lng: FloatArray, within_km: float) -> BoolArray:
    """Whether a position is 0 degrees north, 0 degrees east, or that near to it.

    The place is open sea, 570 km off the coast.
    """
    if within_km <= 0:
        return np.zeros(len(lat), dtype=bool)
    return km_between(lat, lng, np.zeros_like(lat), np.zeros_like(lng)) <= within_km


def country_in_the_middle_of(lat: FloatArray, lng: FloatArray, within_km: float) -> list[str]:
    """Name of the country in whose middle each position lies, "" where in none.

    Args:
        lat: (n_photos,), degrees.
        lng: (n_photos,), degrees.
        within_km: how near to the centroid; 0 finds none.

    Returns:
        Names (n_photos,).

    Source:
        Centroids of the world map that ships with geocore: of each country, and of its largest
        part. Lists of centroids differ by 2 to 400 km, so that a position of another list is found
        only where it is rounded (see `is_coarse`).
    """
    if within_km <= 0 or not len(lat):
        return [""] * len(lat)
    names, centroids = _country_centroids()
    chord = 2 * np.sin(within_km / (2 * EARTH_RADIUS_KM))
    distance, nearest = cKDTree(centroids).query(_unit_vectors(lat, lng))
    return [names[i] if d <= chord else "" for d, i in zip(distance, nearest, strict=True)]


def is_coarse(lat: FloatArray, lng: FloatArray, step_deg: float) -> BoolArray:
    """Whether latitude and longitude both are multiples of a step, such as 38.0 and -97.5.

    Of positions to 4 decimals chance makes one in 25 million a multiple of 0.5 degrees.

    Args:
        lat: (n_photos,), degrees.
        lng: (n_photos,), degrees.
        step_deg: the step; 0 finds none.
    """
    if step_deg <= 0:
        return np.zeros(len(lat), dtype=bool)
    is_step = [np.abs(x / step_deg - np.round(x / step_deg)) < 1e-9 for x in (lat, lng)]
    return is_step[0] & is_step[1]


def shared_positions(photos: pd.DataFrame, n_least: int = 10, n_most: int = 20) -> pd.DataFrame:
    """Positions that many photos have to the last digit: a stand, a hotel, or somebody's default.

    Args:
        photos: lat, lng.
        n_least: photos that a position must have to be named.
        n_most: positions named at most, those of most photos.

    Returns:
        Columns lat, lng, n_photos; falling by n_photos.
    """
    counts = photos.groupby(["lat", "lng"], as_index=False).size()
    counts = counts.rename(columns={"size": "n_photos"}).query("n_photos >= @n_least")
    order = ["n_photos", "lat", "lng"]
    return counts.sort_values(order, ascending=[False, True, True], ignore_index=True)[:n_most]


def km_between(
    lat: FloatArray, lng: FloatArray, other_lat: FloatArray, other_lng: FloatArray
) -> FloatArray:
    """Great-circle distance of each two positions, in km."""
    difference = _unit_vectors(lat, lng) - _unit_vectors(other_lat, other_lng)
    chord = np.sqrt((difference**2).sum(axis=1))
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1.0))


@lru_cache(maxsize=1)
def _country_centroids() -> tuple[list[str], FloatArray]:
    """Name and unit vector of the centroid of every country and of its largest part."""
    features = json.loads(BASEMAP.read_text(encoding="utf-8"))["features"]
    names, points = [], []
    for feature in features:
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        largest = max(shapely.get_parts(shape), key=shapely.area)
        for centroid in (shape.centroid, largest.centroid):
            names.append(feature["properties"]["name"])
            points.append((centroid.y, centroid.x))
    return names, _unit_vectors(*np.array(points).T)


def _unit_vectors(lat: FloatArray, lng: FloatArray) -> FloatArray:
    phi, theta = np.radians(lat), np.radians(lng)
    cos_phi = np.cos(phi)
    return np.stack([np.cos(theta) * cos_phi, np.sin(theta) * cos_phi, np.sin(phi)], axis=1)
