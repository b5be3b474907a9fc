"""Whether several views of a place say more together than the surest of them alone.

Stage: evaluation. Arrays in, a table out. It must not know models, files or pages.

Everything that is fitted (the two numbers of pooling, the thresholds of search areas, the limit of
photos that do not fit) is fitted on a random half of the places and read off on the other half; ten
halves are averaged.

Source: own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geocore.cells.geodesy import distance_km
from geocore.evaluation.calibration import ece
from geocore.evaluation.conformal import threshold, true_scores
from geocore.evaluation.metrics import geoscores
from geocore.evaluation.points import PointTable, joint_points
from geocore.evaluation.pooling import PoolSettings, pool
from geocore.evaluation.pooling_fit import (
    SIZES,
    Places,
    fit_limits,
    fit_pooling,
    log_loss,
    member_fits,
)

N_HALVES = 10
LEVEL = 0.9
FAR_KM = 2500.0
ONE, SUREST, TOGETHER = "one view", "surest view", "together"


@dataclass(frozen=True, kw_only=True, eq=False)
class Yardsticks:
    """What events are held against.

    Attributes:
        usual: (n_leaves,), `usual_log_probs` of the head.
        shares: (n_leaves,), how often photos are of each leaf.
        points: candidates for an event's point.
        sharpness: see `geocore.evaluation.points.joint_points`.
        label_scores: probs (n, n_leaves) -> scores (n, n_units) of the search areas' method.
        true_units: int (n_places,), the unit each place lies in, -1 outside all.
        area_km2: (n_units,).
    """

    usual: np.ndarray
    shares: np.ndarray
    points: PointTable
    sharpness: float
    label_scores: Callable[[np.ndarray], np.ndarray]
    true_units: np.ndarray
    area_km2: np.ndarray


def measure_events(
    places: Places, yardsticks: Yardsticks, n_halves: int = N_HALVES, seed: int = 42
) -> list[dict[str, Any]]:
    """One row per number of photos and kind of answer, means over the halves.

    Returns:
        n_photos, answer (ONE, SUREST: the view with the largest prob, TOGETHER), median_km,
        geoscore, log_loss, ece, coverage and area_km2 (mean) of the areas promised at LEVEL,
        coverage_sd (of one half); for TOGETHER false_alarms (share of true members named as not
        fitting) and power (share named of photos from at least FAR_KM away put in their place).
    """
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n_halves):
        known, tested = np.array_split(rng.permutation(len(places.y_true)), 2)
        settings = fit_pooling(places.take(known), yardsticks.usual)
        for n in SIZES:
            answers = _answers(places, n, yardsticks, settings)
            for answer, (probs, points) in answers.items():
                row = {"n_photos": n, "answer": answer}
                row |= _figures(probs[tested], points[tested], places.take(tested))
                rows.append(row | _area(probs, known, tested, yardsticks))
            rows[-1] |= _outliers(places, known, tested, yardsticks, settings, n)
    table = pd.DataFrame(rows).groupby(["n_photos", "answer"])
    spread = table["coverage"].std().rename("coverage_sd")
    return table.mean().join(spread).reset_index().to_dict("records")


def event_table(measured: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows of `measure_events` for people."""
    order = {ONE: 0, SUREST: 1, TOGETHER: 2}
    rows = sorted(measured, key=lambda x: (x["n_photos"], order[x["answer"]]))
    return pd.DataFrame(
        {
            "photos": x["n_photos"],
            "answer": x["answer"],
            "median km": f"{x['median_km']:,.0f}",
            "GeoScore": f"{x['geoscore']:,.0f}",
            "log-loss": f"{x['log_loss']:.3f}",
            "ECE": f"{x['ece']:.3f}",
            f"coverage of {LEVEL:.0%} area": f"{x['coverage']:.1%}",
            "million km2": f"{x['area_km2'] / 1e6:.1f}",
        }
        for x in rows
    )


def _answers(
    places: Places, n_photos: int, yardsticks: Yardsticks, settings: PoolSettings
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Probs (n_events, n_leaves) and points (n_events, 2) per kind of answer; TOGETHER is last."""
    events, points = places.events(n_photos), places.event_points(n_photos)
    rows, surest = np.arange(len(events)), events.max(axis=2).argmax(axis=1)
    joint = pool(events, yardsticks.usual, settings)
    table, sharpness = yardsticks.points, yardsticks.sharpness
    together = joint_points(joint.probs, table, points, joint.weights, sharpness=sharpness)
    return {
        ONE: (events[:, 0], points[:, 0]),
        SUREST: (events[rows, surest], points[rows, surest]),
        TOGETHER: (joint.probs, np.column_stack(together)),
    }


def _figures(probs: np.ndarray, points: np.ndarray, places: Places) -> dict[str, float]:
    error_km = distance_km(points[:, 0], points[:, 1], places.lat, places.lng)
    return {
        "median_km": float(np.median(error_km)),
        "geoscore": float(geoscores(error_km).mean()),
        "log_loss": log_loss(probs, places.y_true),
        "ece": ece(places.y_true, probs),
    }


def _area(
    probs: np.ndarray, known: np.ndarray, tested: np.ndarray, yardsticks: Yardsticks
) -> dict[str, float]:
    """Coverage and mean size of areas calibrated on one half, on the other."""
    scores, truth = yardsticks.label_scores(probs), yardsticks.true_units
    limit = threshold(true_scores(scores[known], truth[known]), LEVEL)
    is_inside = scores[tested] <= limit
    own = is_inside[np.arange(len(tested)), np.maximum(truth[tested], 0)] & (truth[tested] >= 0)
    return {
        "coverage": float(own.mean()),
        "area_km2": float((is_inside @ yardsticks.area_km2).mean()),
    }


def _outliers(
    places: Places,
    known: np.ndarray,
    tested: np.ndarray,
    yardsticks: Yardsticks,
    settings: PoolSettings,
    n_photos: int,
) -> dict[str, float]:
    """How often photos are named that belong to the event, and that do not."""
    shares, usual = yardsticks.shares, yardsticks.usual
    limit = fit_limits(places.take(known), usual, settings, shares)[n_photos]
    own = places.take(tested)
    events = own.events(n_photos)
    other = np.roll(np.arange(len(tested)), 1)
    is_far = distance_km(own.lat, own.lng, own.lat[other], own.lng[other]) >= FAR_KM
    strange = events.copy()
    strange[:, 0] = events[other, 0]
    fits = member_fits(events, usual, settings, shares)
    strangers = member_fits(strange, usual, settings, shares)[is_far, 0]
    return {
        "false_alarms": float((fits < limit).mean()),
        "power": float((strangers < limit).mean()),
    }
