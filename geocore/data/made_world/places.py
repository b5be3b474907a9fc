"""Data stage, made world: who takes photo number i, and where. It knows no picture.

Places are real: where Flickr photos were taken (100,000 coordinates), towns (GeoNames), and any
point on land (Natural Earth). Photographers are made: each has a home, and about half of the photos
are taken near it.
"""

from functools import cache

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geocore.data.made_world.geography import ASSETS, land, towns
from geocore.data.made_world.noise import (
    EARTH_RADIUS_KM,
    FloatArray,
    hashed_seeds,
    normals,
    uniforms,
    unit_vectors,
)

Seeds = NDArray[np.uint64]
N_PHOTOGRAPHERS = 50_000
_BUSY = 50  # About so many photographers are clearly busier than the rest.
_HOMES_SEED = 1874
_SHARE_NEAR_HOME = 0.45
_SHARES = {"flickr": 0.62, "towns": 0.26}  # The rest lies anywhere on land.
_SCATTER_KM = {"flickr": 2.0, "towns": 4.0, "land": 10.0}
_HOME_KM = 12.0
_FARTHEST_KM = 120.0
_N_TRIES = 8


def photographers(seeds: Seeds) -> NDArray[np.int64]:
    """Number of each photo's made photographer, 0 to 49,999; low numbers take more photos."""
    span = np.log1p(N_PHOTOGRAPHERS / _BUSY)
    return (_BUSY * np.expm1(uniforms(seeds, "author") * span)).astype(np.int64)


def photo_places(seeds: Seeds) -> tuple[FloatArray, FloatArray]:
    """Where each photo is taken.

    Args:
        seeds: one per photo, uint64 (n,).

    Returns:
        lat, lng in degrees (n,), to five decimals: every photo's own place.
    """
    homes = hashed_seeds(_HOMES_SEED, photographers(seeds))
    is_near_home = uniforms(seeds, "nearhome") < _SHARE_NEAR_HOME
    lat, lng, scatter_km = _anchors(np.where(is_near_home, homes, seeds))
    scatter_km = np.where(is_near_home, _HOME_KM, scatter_km)
    km = np.minimum(scatter_km * np.exp(1.1 * normals(seeds, "scatter")), _FARTHEST_KM)
    turn = 2 * np.pi * uniforms(seeds, "turn")
    moved = _moved(lat, lng, km, turn)
    is_at_sea = ~shapely.contains_xy(land(), moved[1], moved[0])
    moved = _moved(lat, lng, np.where(is_at_sea, 0.05 * km, km), turn)
    return np.round(moved[0], 5), np.round(moved[1], 5)


def _anchors(seeds: Seeds) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A real place per seed, and how far round it photos are taken, in km."""
    kind, pick = uniforms(seeds, "kind"), uniforms(seeds, "pick")
    is_flickr = kind < _SHARES["flickr"]
    is_town = ~is_flickr & (kind < sum(_SHARES.values()))
    flickr, town = _flickr(), towns().table[["lat", "lng"]].to_numpy()
    points = np.where(
        is_flickr[:, None],
        flickr[(pick * len(flickr)).astype(np.intp)],
        town[(pick * len(town)).astype(np.intp)],
    )
    is_anywhere = ~(is_flickr | is_town)
    points[is_anywhere] = _on_land(seeds[is_anywhere], points[is_anywhere])
    km = np.select([is_flickr, is_town], list(_SCATTER_KM.values())[:2], _SCATTER_KM["land"])
    return points[:, 0], points[:, 1], km


def _on_land(seeds: Seeds, fallback: FloatArray) -> FloatArray:
    """A point anywhere on land per seed (lat, lng); the fallback where eight tries all hit sea."""
    points = fallback.copy()
    is_open = np.ones(len(seeds), bool)
    for k in range(_N_TRIES):
        lat = np.degrees(np.arcsin(2 * uniforms(seeds, f"lat{k}") - 1))
        lng = 360 * uniforms(seeds, f"lng{k}") - 180
        is_found = is_open & shapely.contains_xy(land(), lng, lat)
        points[is_found] = np.stack([lat, lng], axis=1)[is_found]
        is_open &= ~is_found
    return points


def _moved(
    lat: FloatArray, lng: FloatArray, km: FloatArray, turn: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Points a distance away, by great circle; right across +-180 degrees and at the poles."""
    here = unit_vectors(lat, lng)
    helper = np.where(np.abs(here[:, 2:]) > 0.9, [[1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]])
    east = np.cross(helper, here)
    east /= np.linalg.norm(east, axis=1, keepdims=True)
    north = np.cross(here, east)
    direction = np.cos(turn)[:, None] * east + np.sin(turn)[:, None] * north
    angle = (km / EARTH_RADIUS_KM)[:, None]
    there = np.cos(angle) * here + np.sin(angle) * direction
    x, y, z = there.T
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


@cache
def _flickr() -> FloatArray:
    """Coordinates of 100,000 real Flickr photos, lat and lng, (100000, 2)."""
    return pd.read_csv(ASSETS / "flickr_100k.csv.gz").to_numpy(float)
