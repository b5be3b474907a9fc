"""Where a claim is: a point, all within some km of it, or a whole region or country.

Stage: analysis. It must not know predictions.

Source: own.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geocore.cells import s2
from geocore.cells.checks import check_coordinates
from geocore.cells.geodesy import EARTH_RADIUS_KM, lat_lng, unit_vectors
from geocore.cells.place_names import load_place_namer

N_IN_CIRCLE = 400
MOST_TOWNS = 1_000
LARGEST_RADIUS_KM = 20_000.0
_GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True, kw_only=True, eq=False)
class ClaimedPoints:
    """Points that stand for a claim.

    Attributes:
        name: what lies at the claimed point, or the country.
        lat, lng: degrees, (n_points,); the claimed point first.
        ids: S2 cells of the points, and of leaves that hold a part of the country, (n_ids,).
    """

    name: str
    lat: np.ndarray
    lng: np.ndarray
    ids: np.ndarray


def claimed_points(
    lat: float, lng: float, radius_km: float, within: tuple[str, str], leaves: pd.DataFrame
) -> ClaimedPoints:
    """The points of a claim (`geocore.analysis.claims.check_claim`).

    Args:
        lat: degrees.
        lng: degrees.
        radius_km: of the circle around the point.
        within: code of the country, and the region of it; ("", "") for none.
        leaves: by class index, with cell_id and codes (countries with land in the leaf).

    Raises:
        ValueError: no point on Earth, a radius out of range, or an unknown country or region.
    """
    lats, lngs = _one_name(*check_coordinates([lat], [lng]))
    if not 0 <= radius_km <= LARGEST_RADIUS_KM:
        raise ValueError(
            f"radius_km must lie between 0 and {LARGEST_RADIUS_KM:,.0f}, received {radius_km!r}."
        )
    name = load_place_namer().names(lats, lngs)[0]
    leaf_ids = np.array([], np.uint64)
    code, region = within
    if code or region:
        name, lats, lngs = _towns(code, region)
        touches = np.array([code in codes for codes in leaves["codes"]], bool) & (not region)
        leaf_ids = leaves["cell_id"].to_numpy(np.uint64)[touches]
    elif radius_km > 0:
        lats, lngs = _circle(lats, lngs, radius_km)
    return ClaimedPoints(
        name=name, lat=lats, lng=lngs, ids=np.append(s2.cell_ids(lats, lngs), leaf_ids)
    )


def _one_name(lat: np.ndarray, lng: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-180 is 180 and a pole has every longitude: one place, one answer."""
    return lat, np.where(np.abs(lat) == 90, 0.0, np.where(lng == -180, 180.0, lng))


def _towns(code: str, region: str) -> tuple[str, np.ndarray, np.ndarray]:
    """Name of the country or region, and its towns, the largest first."""
    towns = load_place_namer().places
    towns = towns[towns["code"] == code]
    if towns.empty:
        raise ValueError(f"code must be the ISO 3166 code of a country, received {code!r}.")
    country = str(towns["country"].iloc[0])
    if region:
        towns = towns[towns["region"] == region]
    if towns.empty:
        raise ValueError(f"region must be the name of a region of {country}, received {region!r}.")
    towns = towns.nlargest(MOST_TOWNS, "population")
    name = f"{region}, {country}" if region else country
    return name, towns["lat"].to_numpy(), towns["lng"].to_numpy()


def _circle(lat: np.ndarray, lng: np.ndarray, radius_km: float) -> tuple[np.ndarray, np.ndarray]:
    """Points spread evenly over a circle on the sphere, its middle first."""
    k = np.arange(N_IN_CIRCLE)
    angle = np.arccos(1 - (1 - np.cos(radius_km / EARTH_RADIUS_KM)) * k / (N_IN_CIRCLE - 1))
    middle = unit_vectors(lat, lng)[0]
    aside = np.eye(3)[np.abs(middle).argmin()]
    east = np.cross(aside, middle)
    east /= np.linalg.norm(east)
    turn = np.outer(np.cos(k * _GOLDEN_ANGLE), east)
    turn += np.outer(np.sin(k * _GOLDEN_ANGLE), np.cross(middle, east))
    lats, lngs = lat_lng(np.cos(angle)[:, None] * middle + np.sin(angle)[:, None] * turn)
    lats[0], lngs[0] = lat[0], lng[0]
    return lats, lngs
