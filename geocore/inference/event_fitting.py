"""Fits how photos of an event are joined, and what areas of events promise, on views of places.

Stage: inference. It must not know TensorFlow, nor how the views were answered: only that the heads
that answered had not seen their places.

Source: own.
"""

import numpy as np
import pandas as pd

from geocore.cells.pieces import find_pieces
from geocore.cells.place_names import load_place_namer
from geocore.evaluation.conformal import LEAST_AREA, METHODS, true_scores
from geocore.evaluation.event_measures import N_HALVES, Yardsticks, measure_events
from geocore.evaluation.pooling import pool, usual_log_probs
from geocore.evaluation.pooling_fit import SIZES, Places, fit_limits, fit_pooling
from geocore.inference.bundle import Bundle
from geocore.inference.event_file import EventHead, usual_shares
from geocore.inference.search_calibration import SearchCalibration, load_calibration
from geocore.inference.search_units import continents_at
from geocore.inference.training_places import point_sharpness, training_point_table

PLACE, N_VIEWS = "PLACE_ID", max(SIZES)


def fit_head(
    bundle: Bundle, head: str, views: pd.DataFrame, n_halves: int = N_HALVES
) -> tuple[EventHead, pd.DataFrame]:
    """What a bundle keeps of one head.

    Args:
        bundle: with search areas.
        head: that answered.
        views: rows of predictions.parquet and PLACE, N_VIEWS rows per place, sorted by place.
        n_halves: divisions of the places that are measured.

    Returns:
        The fitted numbers, and the scores as in `event_scores.parquet`.
    """
    probs = np.stack(list(views["probs"])).astype(np.float64)
    first = views.iloc[::N_VIEWS].reset_index(drop=True)
    places = Places(
        probs=(probs / probs.sum(1, keepdims=True)).reshape(len(first), N_VIEWS, -1),
        y_true=first["class_index"].to_numpy(),
        lat=first["lat"].to_numpy(),
        lng=first["lng"].to_numpy(),
        points=views[["point_lat", "point_lng"]].to_numpy().reshape(len(first), N_VIEWS, 2),
    )
    calibration, usual = load_calibration(bundle), usual_log_probs(bundle.probs(head))
    yardsticks = Yardsticks(
        usual=usual,
        shares=usual_shares(bundle),
        points=training_point_table(bundle.grid, bundle.photos),
        sharpness=point_sharpness(bundle),
        label_scores=lambda x: calibration.label_scores(LEAST_AREA, x),
        true_units=_true_pieces(places, calibration),
        area_km2=calibration.pieces["area_km2"].to_numpy(),
    )
    settings = fit_pooling(places, usual)
    fitted = EventHead(
        settings=settings,
        limits=fit_limits(places, usual, settings, yardsticks.shares),
        measured=measure_events(places, yardsticks, n_halves),
        n_places=len(first),
    )
    by_size = [
        _scores(pool(places.events(n), usual, settings).probs, places, calibration).assign(
            head=head, n_photos=n, place=first[PLACE], photo_set=first["photo_set"]
        )
        for n in SIZES
    ]
    return fitted, pd.concat(by_size, ignore_index=True)


def _true_pieces(places: Places, calibration: SearchCalibration) -> np.ndarray:
    found = find_pieces(calibration.pieces["cell_id"].to_numpy(), places.lat, places.lng)
    return np.where(places.y_true < 0, -1, found)


def _scores(probs: np.ndarray, places: Places, calibration: SearchCalibration) -> pd.DataFrame:
    """One row per event: continent, is_outside, and per method the score of its own unit."""
    is_outside = places.y_true < 0
    by_place = continents_at(load_place_namer(), pd.Series(places.lat), pd.Series(places.lng))
    by_leaf = calibration.leaves["continent"].to_numpy()[places.y_true]
    pieces = _true_pieces(places, calibration)
    rows = {"continent": np.where(is_outside, by_place, by_leaf), "is_outside": is_outside}
    for method in METHODS:
        truth = pieces if method == LEAST_AREA else places.y_true
        own = true_scores(calibration.label_scores(method, probs), truth)
        rows[method] = np.where(np.isfinite(own), own, np.nan)
    return pd.DataFrame(rows)
