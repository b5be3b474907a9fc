"""The yardstick of claims: how badly photos whose place is known fit that place.

Stage: analysis. It must not know pages or what a verdict is.

A model that knows a region is rarely sure of the cell. So the probs are blurred before a claim is
held against them: each cell hands its prob on to the cells around, the less the farther away. The
calibration photos are blurred alike, so that a p-value promises what it did; false claims are found
more often (out-of-fold on 1,202 street photos, claims at least 2,500 km away, 5 % false alarms:
24 % instead of 20 % for HMC-tree, 25 % instead of 22 % for MC).

Source: own; the measure is the likelihood ratio of `geocore.evaluation.conformal.LIKELIHOOD`.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.cells import CellGrid
from geocore.cells.geodesy import distance_km
from geocore.evaluation.conformal import LIKELIHOOD, true_scores
from geocore.inference.bundle import Bundle
from geocore.inference.search_calibration import SearchCalibration, load_calibration

BLUR_KM = 1_000.0
"""Over this distance what a cell hands on falls to 1/e."""


def blur(probs: np.ndarray, leaves: pd.DataFrame) -> np.ndarray:
    """Probs handed on to the cells around, float64 (..., n_leaves); no prob is lost.

    Args:
        probs: (..., n_leaves).
        leaves: by class index, with lat, lng of the centroids.
    """
    lat, lng = leaves["lat"].to_numpy(float), leaves["lng"].to_numpy(float)
    share = np.exp(-distance_km(lat[:, None], lng[:, None], lat, lng) / BLUR_KM)
    share /= share.sum(axis=1, keepdims=True)
    return np.asarray(probs, np.float64) @ share


def claim_calibration(
    predictions: pd.DataFrame, head: str, leaves: pd.DataFrame, calibration: SearchCalibration
) -> SearchCalibration:
    """The calibration with blurred probs, for LIKELIHOOD and one head alone.

    Args:
        predictions: of the calibration photos: class_index and probs (n_leaves,).
        head: name of the head.
        leaves: by class index, with lat, lng.
        calibration: of the bundle.
    """
    share = blur(calibration.leaves["photo_share"].to_numpy(), leaves)
    blurred = replace(calibration, leaves=calibration.leaves.assign(photo_share=share))
    probs = blur(np.stack(list(predictions["probs"])), leaves)
    scores = blurred.label_scores(LIKELIHOOD, probs / probs.sum(axis=1, keepdims=True))
    own = true_scores(scores, predictions["class_index"].to_numpy())
    return replace(blurred, scores={head: {LIKELIHOOD: own}}, measured={})


def load_claim_calibration(bundle: Bundle, head: str) -> SearchCalibration:
    """`claim_calibration` of a bundle's calibration photos, computed once.

    Raises:
        ValueError: the bundle has no calibration of such a head.
        BundleError: the bundle has no calibration.
    """
    calibration = load_calibration(bundle)
    calibration.true_scores(head, LIKELIHOOD)
    return _computed(bundle.folder, bundle.grid, calibration, head)


def calibration_predictions(
    folder: Path, head: str, calibration: SearchCalibration
) -> pd.DataFrame:
    """What a head said of the calibration photos: photo_id, photo_set, place, class_index, probs.

    Rows are those of `calibration.photos`, in their order.
    """
    ids = calibration.photos["photo_id"]
    rows = pd.read_parquet(
        folder / "predictions.parquet",
        columns=["photo_id", "photo_set", "lat", "lng", "class_index", "probs"],
        filters=[("head", "==", head), ("photo_id", "in", ids.tolist())],
    )
    rows = rows.set_index("photo_id").loc[ids].reset_index()
    known = calibration.photos
    return rows.assign(domain=known["domain"].to_numpy()) if "domain" in known else rows


@lru_cache(maxsize=8)
def _computed(
    folder: Path, grid: CellGrid, calibration: SearchCalibration, head: str
) -> SearchCalibration:
    """Grid and calibration are told apart as objects: a bundle made anew has others."""
    predictions = calibration_predictions(folder, head, calibration)
    return claim_calibration(predictions, head, grid.leaves, calibration)
