"""The area to search for a photo's place, with a promised coverage.

Stage: analysis. It joins a prediction with the calibration of its bundle; it must not know pages
or TensorFlow.

Promised: of photos drawn like the calibration photos of one domain, at least the share `level` were
taken inside the area that they get. Not promised: the same share for every other kind of photo, or
anything for photos unlike those (another season, a disaster, indoors), or for the cells one by one.

Source: own; `geocore.evaluation.conformal`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geocore.analysis.unit_facts import CountryInArea, UnitFacts, unit_facts
from geocore.cells import s2
from geocore.cells.geodesy import EARTH_RADIUS_KM
from geocore.cells.pieces import merge_pieces
from geocore.evaluation.conformal import (
    EPSILON,
    LEAST_AREA,
    LEVELS,
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
        cell_ids: uint64, of the rows of `cells`.
        is_everywhere: no set of cells can keep the promise (too few calibration photos, or too many
            of them outside all cells): the area is the whole Earth, `cells` is all there is.
        prob: sum of the probs of the cells.
        area_km2: of the cells, sea included; of the whole Earth where `is_everywhere`.
        land_km2: land in the cells.
        countries: that the area touches, the one with most land in it first.
        n_calibration: photos that the promise was fitted on.
        domain: the photo set that the photo looks like, if only photos that look like it served
            for that; None where all did.
    """

    photo: str
    head: str
    method: str
    level: float
    by_continent: bool
    cells: pd.DataFrame
    cell_ids: np.ndarray
    is_everywhere: bool
    prob: float
    area_km2: float
    land_km2: float
    countries: tuple[CountryInArea, ...]
    n_calibration: int
    domain: str | None = None

    @property
    def tokens(self) -> list[str]:
        """Tokens of the fewest S2 cells that draw the area: four siblings are one parent."""
        return s2.token(merge_pieces(self.cell_ids))

    def contains(self, lat: float, lng: float) -> bool:
        """Whether a point, in degrees, lies in the area."""
        if self.is_everywhere:
            return True
        first, last = s2.id_range(self.cell_ids)
        point = s2.cell_ids([lat], [lng])
        return bool(((first <= point) & (point <= last)).any())


def search_area(
    prediction: Prediction, bundle: Bundle, *, level: float = 0.9, **how: Any
) -> SearchArea:
    """The area to search for a photo, at one level; arguments as `search_areas`."""
    return search_areas(prediction, bundle, levels=[level], **how)[0]


def search_areas(
    prediction: Prediction,
    bundle: Bundle,
    *,
    levels: Iterable[float] = LEVELS,
    method: str = LEAST_AREA,
    by_continent: bool = False,
    within: np.ndarray | None = None,
    calibration: SearchCalibration | None = None,
) -> list[SearchArea]:
    """The areas to search for a photo, one per level.

    Args:
        prediction: of one head for one photo.
        bundle: that the prediction comes from.
        levels: promised coverages, above 0 and below 1.
        method: key of `geocore.evaluation.conformal.METHODS`.
        by_continent: keep the promise on each continent on its own. One with few calibration photos
            can then hardly be excluded.
        within: a region known otherwise, bool: one per row of `calibration.units(method)`, or one
            per leaf. The area is cut with it. Never multiply the probs by a region instead: the
            promise would be lost.
        calibration: other than the bundle's own, e.g. one fitted on events.

    Returns:
        The areas; with `within` one may be empty: no place of the region is compatible.

    Raises:
        ValueError: an unknown method or head, a level out of range, or arrays that do not fit.
        BundleError: the bundle has no calibration.
    """
    levels = [check_level(level) for level in levels]
    calibration = calibration or load_calibration(bundle)
    facts = unit_facts(calibration, method)
    known = calibration if by_continent else calibration.like(prediction.domain)
    promise: dict[str, Any] = {
        "method": method,
        "by_continent": by_continent,
        "n_calibration": len(known.photos),
        "domain": None if known is calibration else prediction.domain,
    }
    scores = known.label_scores(method, prediction.probs[None])[0]
    p = _p_values(scores, prediction.head, known, method, by_continent=by_continent)
    region = None if within is None else _region(within, calibration.units(method))
    rising = np.argsort(scores, kind="stable")
    areas = []
    for level in levels:
        is_everywhere = region is None and known.p_outside > 1 - level + EPSILON
        is_inside = (p > 1 - level + EPSILON) | is_everywhere
        is_inside[scores.argmin()] = True
        if region is not None:
            is_inside &= region
        rows = rising[is_inside[rising]]
        area = _area(prediction, facts, rows, p[rows], is_everywhere=is_everywhere)
        areas.append(SearchArea(level=level, **promise, **area))
    return areas


def unit_p_values(
    prediction: Prediction,
    calibration: SearchCalibration,
    method: str = LEAST_AREA,
    *,
    by_continent: bool = False,
) -> np.ndarray:
    """Conformal p-value of each unit of a method, float64 (n_units,) in (0, 1]."""
    if not by_continent:
        calibration = calibration.like(prediction.domain)
    scores = calibration.label_scores(method, prediction.probs[None])[0]
    return _p_values(scores, prediction.head, calibration, method, by_continent=by_continent)


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


def _p_values(
    scores: np.ndarray,
    head: str,
    calibration: SearchCalibration,
    method: str,
    *,
    by_continent: bool,
) -> np.ndarray:
    known = calibration.true_scores(head, method)
    if not by_continent:
        return p_values(scores, known)
    groups = calibration.photos["continent"].to_numpy()
    return grouped_p_values(
        scores, calibration.units(method)["continent"].to_numpy(), known, groups
    )


def _area(
    prediction: Prediction,
    facts: UnitFacts,
    rows: np.ndarray,
    p: np.ndarray,
    *,
    is_everywhere: bool,
) -> dict[str, Any]:
    """What the units in `rows`, the best fitting first, come to."""
    cells = _cell_rows(prediction, facts, rows, p)
    return {
        "photo": prediction.photo,
        "head": prediction.head,
        "cells": cells,
        "cell_ids": facts.cell_id[rows],
        "is_everywhere": is_everywhere,
        "prob": float(cells["prob"].sum()),
        "area_km2": EARTH_KM2 if is_everywhere else float(cells["area_km2"].sum()),
        "land_km2": float(cells["land_km2"].sum()),
        "countries": facts.countries(rows),
    }


def _cell_rows(
    prediction: Prediction, facts: UnitFacts, rows: np.ndarray, p: np.ndarray
) -> pd.DataFrame:
    class_index, leaves = facts.class_index[rows], prediction.leaves
    is_whole = facts.cell_id[rows] == leaves["cell_id"].to_numpy()[class_index]
    lat, lng = (
        np.where(is_whole, leaves[name].to_numpy()[class_index], middle[rows])
        for name, middle in (("lat", facts.lat), ("lng", facts.lng))
    )
    columns = {
        "class_index": class_index,
        "token": facts.token[rows],
        "level": facts.level[rows],
        "place": leaves["place"].to_numpy()[class_index],
        "lat": lat,
        "lng": lng,
        "prob": prediction.probs[class_index].astype(float) * facts.share[rows],
        "p_value": p,
        "area_km2": facts.area_km2[rows],
        "land_km2": facts.land_km2[rows],
    }
    return pd.DataFrame(columns, columns=list(AREA_COLUMNS))
