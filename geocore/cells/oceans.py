"""Name of the sea at a point of open water (stage: cells). A coarse rule, for points far from land.

The five oceans are told apart by a few dividing lines, good to about 100 km away from the isthmus
of Panama and from the Indonesian straits; seven seas that stand alone are boxes.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

ARCTIC_CIRCLE_DEG = 66.5
SOUTHERN_OCEAN_DEG = -60.0

# Dividing lines as (lat, lng) from south to north, in degrees.
_PACIFIC_ATLANTIC = np.array(
    [
        (-60, -67.3),
        (-55, -67.3),
        (-51, -72),
        (-18, -68),
        (-5, -78),
        (7, -77.3),
        (8.8, -77.8),
        (9.2, -80.5),
        (9.6, -83.5),
        (12, -85.5),
        (15, -90),
        (17, -94.8),
        (22, -101),
        (32, -110),
        (50, -118),
        (62, -140),
        (66.5, -150),
    ]
)
_ATLANTIC_INDIAN = np.array([(-60, 20), (-34, 20), (-15, 20), (0, 30), (31, 33), (66.5, 40)])
_INDIAN_PACIFIC = np.array(
    [
        (-60, 146.9),
        (-40, 146.9),
        (-38, 143),
        (-11, 142),
        (-9, 127),
        (-8.4, 117),
        (-7.2, 107),
        (-5.8, 105),
        (0, 101),
        (3, 102),
        (7, 100),
        (13, 99.3),
        (22, 98),
        (66.5, 98),
    ]
)
# south, north, west, east; the first box that fits counts.
_SEAS: dict[str, list[tuple[float, float, float, float]]] = {
    "Black Sea": [(40.9, 47.4, 27.4, 42)],
    "Mediterranean Sea": [(30, 43.4, -5.4, 36.4), (43.4, 46, 3, 20)],
    "Caspian Sea": [(36.5, 47.2, 46.6, 55)],
    "Baltic Sea": [(53.5, 60.7, 12.6, 30.4), (60.7, 66, 17, 26)],
    "Red Sea": [(12.7, 30, 32.4, 43.4)],
    "Persian Gulf": [(24, 30.4, 47.8, 56.3)],
    "Hudson Bay": [(51, 63.5, -95, -77)],
}


def sea_names(lat: ArrayLike, lng: ArrayLike) -> NDArray[np.str_]:
    """English name of the sea or ocean at each point, taken to lie on water.

    Args:
        lat: Latitudes in degrees, `(n_points,)`.
        lng: Longitudes in degrees, `(n_points,)`.

    Returns:
        Names `(n_points,)`, such as "Pacific Ocean".

    Source: own, after the limits of the International Hydrographic Organization.
    """
    lat, lng = np.atleast_1d(np.asarray(lat, float)), np.atleast_1d(np.asarray(lng, float))
    to_atlantic = np.interp(lat, _PACIFIC_ATLANTIC[:, 0], _PACIFIC_ATLANTIC[:, 1])
    to_indian = np.interp(lat, _ATLANTIC_INDIAN[:, 0], _ATLANTIC_INDIAN[:, 1])
    to_pacific = np.interp(lat, _INDIAN_PACIFIC[:, 0], _INDIAN_PACIFIC[:, 1])
    conditions = {
        name: np.any([_in_box(lat, lng, *box) for box in boxes], axis=0)
        for name, boxes in _SEAS.items()
    }
    conditions |= {
        "Arctic Ocean": lat > ARCTIC_CIRCLE_DEG,
        "Southern Ocean": lat < SOUTHERN_OCEAN_DEG,
        "Atlantic Ocean": (lng >= to_atlantic) & (lng < to_indian),
        "Indian Ocean": (lng >= to_indian) & (lng < to_pacific),
    }
    return np.select(list(conditions.values()), list(conditions), "Pacific Ocean")


def _in_box(
    lat: NDArray, lng: NDArray, south: float, north: float, west: float, east: float
) -> NDArray[np.bool_]:
    return (lat >= south) & (lat <= north) & (lng >= west) & (lng <= east)
