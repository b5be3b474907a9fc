"""The area to search for a photo's place, with a promised coverage.

Stage: analysis. It joins a prediction with the calibration of its bundle; it must not know pages
or TensorFlow.

Promised: of photos drawn like the calibration photos, at least the share `level` were taken inside
the area that they get. Not promised: the same share for every kind of photo, or anything for photos
unlike those (another season, a disaster, indoors), or for the cells one by one.

Source: own; `geocore.evaluation.conformal`.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geocore.cells import s2
from geocore.cells.continents import load_countries
from geocore.cells.geodesy import EARTH_RADIUS_KM
from geocore.cells.pieces import merge_pieces
from geocore.evaluation.conformal import (
    EPSILON,
    LEAST_AREA,
    check_level,
    grouped_p_values,
    p_values,
)
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction
from geocore.inference.search_calibration import SearchCalibration, load_calibration

EARTH_KM2 = 4 * np.pi * EARTH_RADIUS_KM**2
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
        by_continent: whether the promise holds on every continent on its own.
        cells: what the area is made of, leaves or (least-area) pieces of leaves, columns
            AREA_COLUMNS, the best fitting first; class_index and place are those of the leaf.
            Never empty, unless the area was cut with a region.
        is_everywhere: no set of cells can keep the promise (too few calibration photos, or too many
            of them outside all cells): the area is the whole Earth, `cells` is all there is.
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
        """Tokens of the fewest S2 cells that draw the area: four siblings are one parent."""
        return s2.token(merge_pieces(s2.from_token(self.cells["token"])))

    def contains(self, lat: float, lng: float) -> bool:
        """Whether a point, in degrees, lies in the area."""
        if self.is_everywhere:
            return True
        first, last = s2.id_range(s2.from_token(self.cells["token"]))
        point = s2.cell_ids([lat], [lng])
        return bool(((first <= point) & (point <= last)).any())


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
        by_continent: keep the promise on each continent on its own. One with few calibration photos
            can then hardly be excluded.
        within: a region known otherwise, bool: one per row of `calibration.units(method)`, or one
            per leaf. The area is cut with it. Never multiply the probs by a region instead: the
            promise would be lost.
        calibration: other than the bundle's own, e.g. one fitted on events.

    Returns:
        The area; with `within` it may be empty: no place of the region is compatible.

    Raises:
        ValueError: an unknown method or head, a level out of range, or arrays that do not fit.
        BundleError: the bundle has no calibration.
    """
    check_level(level)
    calibration = calibration or load_calibration(bundle)
    scores = calibration.label_scores(method, prediction.probs[None])[0]
    p = unit_p_values(prediction, calibration, method, by_continent=by_continent)
    is_everywhere = within is None and calibration.p_outside > 1 - level + EPSILON
    is_inside = (p > 1 - level + EPSILON) | is_everywhere
    is_inside[scores.argmin()] = True
    if within is not None:
        is_inside &= _region(within, calibration.units(method))
    order = np.flatnonzero(is_inside)[np.argsort(scores[is_inside], kind="stable")]
    units = calibration.units(method).iloc[order]
    cells = _cell_rows(prediction, units, p[order])
    return SearchArea(
        photo=prediction.photo,
        head=prediction.head,
        method=method,
        level=level,
        by_continent=by_continent,
        cells=cells,
        is_everywhere=is_everywhere,
        prob=float(cells["prob"].sum()),
        area_km2=EARTH_KM2 if is_everywhere else float(cells["area_km2"].sum()),
        land_km2=float(cells["land_km2"].sum()),
        countries=_countries(units),
        n_calibration=len(calibration.photos),
    )


def unit_p_values(
    prediction: Prediction,
    calibration: SearchCalibration,
    method: str = LEAST_AREA,
    *,
    by_continent: bool = False,
) -> np.ndarray:
    """Conformal p-value of each unit of a method, float64 (n_units,) in (0, 1]."""
    scores = calibration.label_scores(method, prediction.probs[None])[0]
    known = calibration.true_scores(prediction.head, method)
    if not by_continent:
        return p_values(scores, known)
    groups = calibration.photos["continent"].to_numpy()
    return grouped_p_values(
        scores, calibration.units(method)["continent"].to_numpy(), known, groups
    )


def leaf_p_values(
    prediction: Prediction,
    calibration: SearchCalibration,
    method: str = LEAST_AREA,
    *,
    by_continent: bool = False,
) -> np.ndarray:
    """p-value of each leaf, float64 (n_leaves,): the largest of its units."""
    p = unit_p_values(prediction, calibration, method, by_continent=by_continent)
    largest = np.zeros(len(calibration.leaves))
    np.maximum.at(largest, calibration.units(method)["class_index"].to_numpy(), p)
    return largest


def _region(within: np.ndarray, units: pd.DataFrame) -> np.ndarray:
    """A region per unit."""
    within, class_index = np.asarray(within), units["class_index"].to_numpy()
    n_leaves = int(class_index.max()) + 1
    if within.dtype != bool or within.shape not in ((len(units),), (n_leaves,)):
        raise ValueError(
            f"within must be one True or False per leaf ({n_leaves}) or per unit of the method "
            f"({len(units)}), received {within.dtype} {within.shape}."
        )
    return within if len(within) == len(units) else within[class_index]


def _cell_rows(prediction: Prediction, units: pd.DataFrame, p: np.ndarray) -> pd.DataFrame:
    class_index, ids = units["class_index"].to_numpy(), units["cell_id"].to_numpy()
    leaves = prediction.leaves.iloc[class_index]
    is_whole = ids == leaves["cell_id"].to_numpy()
    lat, lng = s2.centers(ids)
    rows = {
        "class_index": class_index,
        "token": s2.token(ids),
        "level": s2.level_of(ids),
        "place": leaves["place"].to_numpy(),
        "lat": np.where(is_whole, leaves["lat"], lat),
        "lng": np.where(is_whole, leaves["lng"], lng),
        "prob": prediction.probs[class_index].astype(float) * units["share"].to_numpy(),
        "p_value": p,
        "area_km2": units["area_km2"].to_numpy(),
        "land_km2": units["land_km2"].to_numpy(),
    }
    return pd.DataFrame(rows, columns=list(AREA_COLUMNS))


def _countries(units: pd.DataFrame) -> tuple[CountryInArea, ...]:
    land: dict[str, float] = defaultdict(float)
    for codes, km2 in zip(units["codes"], units["codes_km2"], strict=True):
        for code, part in zip(codes, km2, strict=True):
            land[code] += float(part)
    names = load_countries()["name"].to_dict()  # asked some hundred times
    falling = sorted(land.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        CountryInArea(code=code, name=str(names.get(code, code)), land_km2=km2)
        for code, km2 in falling
    )
