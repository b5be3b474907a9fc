"""The area to search for a photo's place, with a promised coverage.

Stage: analysis. It joins a prediction with the calibration of its bundle; it must not know pages
or TensorFlow.

Promised: of photos drawn like the calibration photos, at least `level` are taken inside the area
that they get. Not promised: the same for every kind of photo, or for photos unlike those (another
season, a disaster, indoors). Nothing is promised about the cells one by one.

Source: own; `geocore.evaluation.conformal`.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geocore.cells.geodesy import EARTH_RADIUS_KM
from geocore.evaluation.conformal import (
    LEAST_AREA,
    check_level,
    grouped_p_values,
    label_scores,
    p_values,
)
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction
from geocore.inference.search_calibration import SearchCalibration, load_calibration

EARTH_KM2 = 4 * np.pi * EARTH_RADIUS_KM**2
EPSILON = 1e-9  # a p-value of exactly 1 - level is outside, however 1 - level is rounded
AREA_COLUMNS = (
    "class_index", "token", "level", "place", "lat", "lng", "prob", "p_value", "area_km2",
    "land_km2",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CountryInArea:
    """A country that a search area touches.

    Attributes:
        code: ISO 3166.
        name: English name.
        land_km2: its land inside the area, at 1:110 million; 0 for a state too small for the map.
    """

    code: str
    name: str
    land_km2: float


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchArea:
    """The cells in which to search, and what they promise.

    Attributes:
        photo: the photo's name.
        head: that answered.
        method: key of `geocore.evaluation.conformal.METHODS`.
        level: promised coverage, 0-1.
        by_continent: whether the promise holds on every continent with enough calibration photos.
        cells: the leaves of the area, columns AREA_COLUMNS, the best fitting first. Never empty.
        is_everywhere: no set of cells can keep the promise (too few calibration photos, or too many
            of them outside all cells): the area is the whole Earth, `cells` are all leaves.
        prob: sum of the probs of the cells.
        area_km2: of the cells, sea included; of the whole Earth where `is_everywhere`.
        land_km2: land in the cells.
        countries: that the area touches, the one with most land in it first.
        n_calibration: photos that the promise was fitted on.
    """

    photo: str
    head: str
    method: str
    level: float
    by_continent: bool
    cells: pd.DataFrame
    is_everywhere: bool
    prob: float
    area_km2: float
    land_km2: float
    countries: tuple[CountryInArea, ...]
    n_calibration: int

    @property
    def tokens(self) -> list[str]:
        """S2 tokens of the cells, for `geocore.cells.polygons.cells_geojson`."""
        return list(self.cells["token"])

    def contains(self, class_index: int) -> bool:
        """Whether a leaf is in the area."""
        return bool((self.cells["class_index"] == class_index).any())


def search_area(
    prediction: Prediction,
    bundle: Bundle,
    *,
    level: float = 0.9,
    method: str = LEAST_AREA,
    by_continent: bool = False,
    within: np.ndarray | None = None,
    calibration: SearchCalibration | None = None,
) -> SearchArea:
    """The area to search for a photo.

    Args:
        prediction: of one head for one photo.
        bundle: that the prediction comes from.
        level: promised coverage, above 0 and below 1.
        method: key of `geocore.evaluation.conformal.METHODS`.
        by_continent: keep the promise on each continent on its own.
        within: bool (n_leaves,), a region known otherwise: the area is cut with it. Never multiply
            the probs by such a region instead: the promise is lost.
        calibration: other than the bundle's own, e.g. one fitted on events.

    Returns:
        The area; with `within` it may be empty: no place of the region is compatible.

    Raises:
        ValueError: an unknown method or head, a level out of range, or arrays that do not fit.
        BundleError: the bundle has no calibration.
    """
    check_level(level)
    calibration = calibration or load_calibration(bundle)
    p = leaf_p_values(prediction, calibration, method, by_continent=by_continent)
    scores = leaf_scores(prediction, calibration, method)
    is_everywhere = calibration.p_outside(by_continent=by_continent) > 1 - level + EPSILON
    is_inside = (p > 1 - level + EPSILON) | is_everywhere
    is_inside[scores.argmin()] = True
    is_cut = within is not None
    if within is not None:
        is_inside &= _checked_region(within, len(p))
    order = np.flatnonzero(is_inside)[np.argsort(scores[is_inside], kind="stable")]
    cells = _cell_rows(prediction, calibration, p, order)
    return SearchArea(
        photo=prediction.photo,
        head=prediction.head,
        method=method,
        level=level,
        by_continent=by_continent,
        cells=cells,
        is_everywhere=is_everywhere and not is_cut,
        prob=float(cells["prob"].sum()),
        area_km2=EARTH_KM2 if is_everywhere and not is_cut else float(cells["area_km2"].sum()),
        land_km2=float(cells["land_km2"].sum()),
        countries=_countries(calibration, order),
        n_calibration=len(calibration.photos),
    )


def leaf_scores(prediction: Prediction, calibration: SearchCalibration, method: str) -> np.ndarray:
    """How ill each leaf fits the photo, float64 (n_leaves,); the smallest fits best."""
    area = calibration.leaves["area_km2"].to_numpy()
    return label_scores(method, prediction.probs[None], area)[0]


def leaf_p_values(
    prediction: Prediction,
    calibration: SearchCalibration,
    method: str = LEAST_AREA,
    *,
    by_continent: bool = False,
) -> np.ndarray:
    """Conformal p-value of each leaf, float64 (n_leaves,) in (0, 1]."""
    scores = leaf_scores(prediction, calibration, method)
    known = calibration.true_scores(prediction.head, method)
    if not by_continent:
        return p_values(scores, known)
    groups = calibration.photos["continent"].to_numpy()
    return grouped_p_values(scores, calibration.leaves["continent"].to_numpy(), known, groups)


def _checked_region(within: np.ndarray, n_leaves: int) -> np.ndarray:
    within = np.asarray(within)
    if within.dtype != bool or within.shape != (n_leaves,):
        raise ValueError(
            f"within must be one True or False per leaf ({n_leaves}), received "
            f"{within.dtype} {within.shape}."
        )
    return within


def _cell_rows(
    prediction: Prediction, calibration: SearchCalibration, p: np.ndarray, order: np.ndarray
) -> pd.DataFrame:
    rows = prediction.leaves.iloc[order].assign(
        class_index=order, prob=prediction.probs[order].astype(float), p_value=p[order]
    )
    areas = calibration.leaves.iloc[order]
    for name in ("area_km2", "land_km2"):
        rows[name] = areas[name].to_numpy()
    return rows[list(AREA_COLUMNS)].reset_index(drop=True)


def _countries(
    calibration: SearchCalibration, class_indices: np.ndarray
) -> tuple[CountryInArea, ...]:
    land: dict[tuple[str, str], float] = defaultdict(float)
    for countries in calibration.leaves["countries"].iloc[class_indices]:
        for code, name, km2 in countries:
            land[code, name] += km2
    falling = sorted(land.items(), key=lambda item: (-item[1], item[0]))
    return tuple(CountryInArea(code=c, name=n, land_km2=km2) for (c, n), km2 in falling)
