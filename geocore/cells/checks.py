"""Coordinates and settings are checked here, at the door of the stage (stage: cells)."""

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocore.cells.geodesy import FloatArray
from geocore.cells.s2 import MAX_LEVEL

# 6 x 4^8 = 393,216 roots: two levels on they would take gigabytes, and nobody could look at them.
MAX_COVERING_LEVEL = 8


def check_coordinates(lat: ArrayLike, lng: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Latitudes and longitudes as float arrays `(n,)`.

    Raises:
        ValueError: If they differ in number, are missing (NaN), infinite or out of range.
    """
    lat, lng = _as_floats("lat", lat), _as_floats("lng", lng)
    if lat.shape != lng.shape:
        raise ValueError(
            f"lat and lng must be of equal length, received {len(lat)} latitudes "
            f"and {len(lng)} longitudes."
        )
    hint = " Latitude comes before longitude." if _look_swapped(lat, lng) else ""
    _check_range("lat", lat, 90, hint)
    _check_range("lng", lng, 180, "")
    return lat, lng


def check_grid_settings(
    t_min: int, t_max: int, level_start: int, level_end: int, covers_sphere: bool
) -> None:
    """Check the settings of Algorithm 1; covering the whole sphere needs few enough roots.

    Raises:
        TypeError: If one is not a whole number.
        ValueError: If one is out of its range or contradicts another one.
    """
    settings = {"t_min": t_min, "t_max": t_max, "level_start": level_start, "level_end": level_end}
    for name, value in settings.items():
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise TypeError(f"{name} must be a whole number, received {value!r}.")
    if t_min < 0 or t_max < 1:
        raise ValueError(f"t_min must be >= 0 and t_max >= 1, received {t_min} and {t_max}.")
    if t_min > t_max:
        raise ValueError(
            f"t_min must not be above t_max, received t_min = {t_min} and t_max = {t_max}."
        )
    highest = MAX_COVERING_LEVEL if covers_sphere else MAX_LEVEL
    if not 0 <= level_start <= highest:
        why = " where the cells cover the whole sphere" if covers_sphere else ""
        raise ValueError(f"level_start must be from 0 to {highest}{why}, received {level_start}.")
    if not level_start <= level_end <= MAX_LEVEL:
        raise ValueError(
            f"level_end must be from level_start = {level_start} to {MAX_LEVEL}, "
            f"received {level_end}."
        )


def _as_floats(name: str, values: ArrayLike) -> FloatArray:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers in degrees: {error}.") from error
    if array.ndim > 1:
        raise ValueError(f"{name} must be one number per photo, received an array {array.shape}.")
    return np.atleast_1d(array)


def _look_swapped(lat: FloatArray, lng: FloatArray) -> bool:
    return bool(np.any(np.abs(lat) > 90) and not np.any(np.abs(lng) > 90))


def _check_range(name: str, values: FloatArray, limit: int, hint: str) -> None:
    _refuse(~np.isfinite(values), values, f"{name} must be a number for every photo", "")
    _refuse(np.abs(values) > limit, values, f"{name} must lie in [-{limit}, {limit}] degrees", hint)


def _refuse(is_bad: NDArray[np.bool_], values: FloatArray, must: str, hint: str) -> None:
    if is_bad.any():
        first = int(np.argmax(is_bad))
        raise ValueError(
            f"{must}, received {int(is_bad.sum())} of {len(values)} values that are not, "
            f"first at position {first} ({values[first]}).{hint} Correct or leave out these photos."
        )
