"""Distances and means on the sphere (stage: cells). Knows nothing about S2, photos or models.

Degrees in, kilometres or degrees out. The Earth is a sphere of its mean radius: at worst 0.5 % off
the ellipsoid, far below the error of any photo geolocation.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_RADIUS_KM = 6371.0088
# A mean vector shorter than this points nowhere: the points cancel out (say, two poles).
SHORTEST_MEAN = 1e-9

FloatArray = NDArray[np.float64]


def unit_vectors(lat: ArrayLike, lng: ArrayLike) -> FloatArray:
    """Points on the unit sphere.

    Args:
        lat: Latitudes in degrees, any shape.
        lng: Longitudes in degrees, the same shape.

    Returns:
        Array `(..., 3)` of x, y, z.
    """
    phi, theta = np.radians(lat), np.radians(lng)
    cos_phi = np.cos(phi)
    return np.stack([np.cos(theta) * cos_phi, np.sin(theta) * cos_phi, np.sin(phi)], axis=-1)


def lat_lng(vectors: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude, in degrees, of vectors `(..., 3)` of any length but zero."""
    x, y, z = np.moveaxis(np.asarray(vectors, dtype=np.float64), -1, 0)
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def distance_km(lat1: ArrayLike, lng1: ArrayLike, lat2: ArrayLike, lng2: ArrayLike) -> FloatArray:
    """Great-circle distance in km; the arguments, in degrees, broadcast against each other.

    Source: haversine formula, exact to rounding for near and for opposite points alike.
    """
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half_dlat = (phi2 - phi1) / 2
    half_dlng = np.radians(np.subtract(lng2, lng1)) / 2
    haversine = np.sin(half_dlat) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin(half_dlng) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(haversine, 0, 1)))


def centroid(lat: ArrayLike, lng: ArrayLike) -> tuple[float, float]:
    """Normalised mean of the points' unit vectors, right across +-180 degrees and at the poles.

    Args:
        lat: Latitudes in degrees, `(n_points,)`.
        lng: Longitudes in degrees, `(n_points,)`.

    Returns:
        Latitude and longitude in degrees.

    Raises:
        ValueError: If there is no point, or if the points cancel out and have no centroid.

    Source: own; the thesis takes the arithmetic mean (7.2), which is wrong across +-180 degrees.
    """
    vectors = unit_vectors(lat, lng).reshape(-1, 3)
    if not len(vectors):
        raise ValueError("A centroid needs at least one point, received none.")
    mean = vectors.mean(axis=0)
    if np.linalg.norm(mean) < SHORTEST_MEAN:
        raise ValueError(f"{len(vectors)} points cancel out on the sphere and have no centroid.")
    mean_lat, mean_lng = lat_lng(mean)
    return float(mean_lat), float(mean_lng)
