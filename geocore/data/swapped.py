"""Data stage: are latitude and longitude in each other's columns? It names it and changes nothing.

A widely used test file (im2gps3k_places365.csv) has them so. Two kinds of evidence:

- latitudes beyond 90 degrees while no longitude is: only swapped columns look like that;
- where all are in range: places that are plausible only if read the other way round. What makes a
  place plausible is for the caller to say; within 50 km of a town are 98 % of Flickr's photos, but
  13 % if they are swapped. In no country of the real tables at hand is the difference the other way
  by more than 11 % of the photos.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from geocore.errors import PhotoTableError

IsPlausible = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]]

_BEYOND_SHARE = 0.1
_PLAUSIBLE_SHARE = 0.3
_FEWEST = 20
_MOST = 5_000


def beyond_range(lat: NDArray[np.float64], lng: NDArray[np.float64]) -> str:
    """Why the columns are swapped, by latitudes that no place has; "" if that is not shown.

    Args:
        lat: Latitudes as received, (n_photos,), degrees, NaN where there is none.
        lng: Longitudes as received, (n_photos,).

    Returns:
        What must hold and what was received, as one sentence, or "".

    Source:
        own.
    """
    is_number = np.isfinite(lat) & np.isfinite(lng)
    beyond = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & is_number
    n_suspicious = max(2, _BEYOND_SHARE * is_number.sum())
    if beyond.sum() < n_suspicious or (np.abs(lng) > 90)[is_number].any():
        return ""
    first = int(np.flatnonzero(beyond)[0])
    return (
        f"LAT must lie within [-90, 90], but it does not in {beyond.sum():,} of "
        f"{is_number.sum():,} rows (first: LAT {lat[first]:g}, LON {lng[first]:g}), while LON "
        "always does. The columns look swapped: LAT is the latitude, LON the longitude."
    )


def implausible_places(
    lat: NDArray[np.float64], lng: NDArray[np.float64], is_plausible: IsPlausible
) -> str:
    """Why the columns look swapped, by the places they give; "" if they do not.

    Args:
        lat: As in `beyond_range`; at most some thousands are looked at, evenly chosen.
        lng: As in `beyond_range`.
        is_plausible: Whether a photo may have been taken at a place: (lat, lng) -> bool (n,).

    Returns:
        As `beyond_range`.

    Source:
        own.
    """
    known = np.flatnonzero((np.abs(lat) <= 180) & (np.abs(lng) <= 180))
    known = known[:: max(1, len(known) // _MOST)]
    if len(known) < _FEWEST:
        return ""
    as_given = _plausible(lat[known], lng[known], is_plausible)
    swapped = _plausible(lng[known], lat[known], is_plausible)
    if swapped.mean() - as_given.mean() < _PLAUSIBLE_SHARE:
        return ""
    return (
        f"LAT must be the latitude and LON the longitude, but of {len(known):,} rows looked at "
        f"only {as_given.mean():.0%} lie where photos are usually taken, and {swapped.mean():.0%} "
        "would if the two were exchanged. The columns look swapped."
    )


def check_not_swapped(lat: NDArray[np.float64], lng: NDArray[np.float64], name: str) -> None:
    """Refuse columns that are swapped by `beyond_range`.

    Raises:
        PhotoTableError: They are.
    """
    if reason := beyond_range(lat, lng):
        raise PhotoTableError(
            f"{name}: {reason} Swap their names in the first line, or let "
            "scripts/import_photos.py --swap exchange them."
        )


def _plausible(
    lat: NDArray[np.float64], lng: NDArray[np.float64], is_plausible: IsPlausible
) -> NDArray[np.bool_]:
    result = np.zeros(len(lat), bool)
    in_range = np.abs(lat) <= 90
    result[in_range] = is_plausible(lat[in_range], lng[in_range])
    return result
