"""How often the check of a claim doubts true claims, and how often false ones.

Stage: analysis. It joins kept predictions with their calibration; it must not know pages.

Every calibration photo is held against its own place (true claims) and against the places of all
others (false claims), each time without its own score among those it is measured by, as for a new
photo. Intervals are from drawing the photos again: a photo counts as a photo and as a claimed
place, so that both are drawn.

Source: own; leave-one-out p-values as Vovk et al. 2005, section 2.2.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geocore.analysis.claim_test import (
    blur,
    calibration_predictions,
    claim_calibration,
)
from geocore.analysis.claim_verdict import ALARM
from geocore.cells.geodesy import distance_km
from geocore.cells.pieces import find_pieces
from geocore.evaluation.bootstrap import SEED, figure, resamples
from geocore.evaluation.conformal import (
    EPSILON,
    LEAST_AREA,
    LIKELIHOOD,
    is_like,
    threshold,
    true_scores,
)
from geocore.inference.bundle import Bundle
from geocore.inference.search_calibration import SearchCalibration, load_calibration

FAR_KM = 2_500.0
N_RESAMPLES = 200
MOST_PHOTOS = 1_500
TRUE, ANY_OTHER, FAR_OTHER = (
    "the true place",
    "the place of another photo",
    f"the place of another photo, at least {FAR_KM:,.0f} km away",
)
LOOK, AREA, EITHER = (
    "the look speaks against it",
    "outside the 95 % area",
    "either of them",
)
POWER_COLUMNS = ("claim", "doubt", "share", "low", "high", "n_photos", "n_claims")


def claim_power(bundle: Bundle, head: str) -> pd.DataFrame:
    """Shares of true and of false claims that are doubted, on a bundle's calibration photos.

    Args:
        bundle: with a calibration.
        head: name of the head.

    Returns:
        One row per kind of claim (TRUE, ANY_OTHER, FAR_OTHER) and of doubt (LOOK, AREA, EITHER),
        columns POWER_COLUMNS: share (None where there is no such claim) with its 95 % interval low
        to high, photos and claims that it was measured on. Of TRUE claims it is the false alarms,
        of the others the power.

    Raises:
        ValueError: the bundle has no calibration of such a head.
        BundleError: the bundle has no calibration.
    """
    calibration = load_calibration(bundle)
    calibration.true_scores(head, LIKELIHOOD)
    predictions = calibration_predictions(bundle.folder, head, calibration)
    return measure_power(predictions, bundle.grid.leaves, calibration)


def measure_power(
    predictions: pd.DataFrame, leaves: pd.DataFrame, calibration: SearchCalibration
) -> pd.DataFrame:
    """`claim_power` of predictions that lie in no bundle.

    Args:
        predictions: of photos that the head was not trained on: lat, lng, class_index, probs;
            domain, where photos are held against those of their domain alone. Of more than
            MOST_PHOTOS some are drawn.
        leaves: by class index, with lat, lng.
        calibration: for its units; its scores are not used.
    """
    if len(predictions) > MOST_PHOTOS:
        predictions = predictions.sample(MOST_PHOTOS, random_state=42)
    fits = {
        LOOK: _look(predictions, leaves, calibration),
        AREA: _area(predictions, calibration),
    }
    lat, lng = predictions["lat"].to_numpy(float), predictions["lng"].to_numpy(float)
    km = distance_km(lat[:, None], lng[:, None], lat, lng)
    is_own = np.eye(len(predictions), dtype=bool)
    claims = {TRUE: is_own, ANY_OTHER: ~is_own, FAR_OTHER: km >= FAR_KM}
    parts = _parts(predictions)
    doubts = {name: _p_values(fit, parts) <= ALARM + EPSILON for name, fit in fits.items()}
    shares = _shares(doubts, claims, np.ones(len(km)))
    resampled = pd.DataFrame(list(_resampled(fits, claims, parts)))
    rows = []
    for (claim, doubt), share in shares.items():
        found = figure(share, resampled[claim, doubt].to_numpy(float))
        n_claims = {
            "n_photos": int(claims[claim].any(axis=1).sum()),
            "n_claims": int(claims[claim].sum()),
        }
        rows.append([claim, doubt, found["value"], *found["ci95"], *n_claims.values()])
    return pd.DataFrame(rows, columns=list(POWER_COLUMNS))


def leave_one_out_p_values(scores: np.ndarray, own: np.ndarray) -> np.ndarray:
    """p-value of each label for each photo, by the scores of all other photos.

    Args:
        scores: (n_photos, n_labels), smaller fits better.
        own: (n_photos,), each photo's score of its own label.

    Returns:
        float64 (n_photos, n_labels), in (0, 1].
    """
    n = len(own)
    n_as_bad = n - np.searchsorted(np.sort(own), scores, side="left")
    return (n_as_bad - (own[:, None] >= scores) + 1) / n


def _parts(predictions: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    """Which photos, bool (n_photos,), are held against which; every photo is in one first part."""
    everyone = np.ones(len(predictions), bool)
    if "domain" not in predictions:
        return [(everyone, everyone)]
    domains = predictions["domain"].to_numpy()
    own = {name: is_like(domains, name) for name in pd.unique(domains)}
    return [(domains == name, everyone if like is None else like) for name, like in own.items()]


def _p_values(fit: "_Fit", parts: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """`leave_one_out_p_values` of every photo, by the photos that it is held against."""
    found = np.empty(fit.at_places.shape)
    for asked, known in parts:
        among = leave_one_out_p_values(fit.at_places[known], fit.own[known])
        found[asked] = among[asked[known]]
    return found


@dataclass(frozen=True)
class _Fit:
    """How badly photos fit places: own (n_photos,), at_places (n_photos, n_photos)."""

    own: np.ndarray
    at_places: np.ndarray


def _look(predictions: pd.DataFrame, leaves: pd.DataFrame, calibration: SearchCalibration) -> _Fit:
    """By the claim test, each photo against each photo's leaf."""
    test = claim_calibration(predictions, "", leaves, calibration)
    scores = test.label_scores(LIKELIHOOD, blur(_probs(predictions), leaves))
    place = predictions["class_index"].to_numpy()
    return _Fit(true_scores(scores, place), _at_places(scores, place))


def _area(predictions: pd.DataFrame, calibration: SearchCalibration) -> _Fit:
    """By the search area, each photo against each photo's piece; the best piece is always in."""
    scores = calibration.label_scores(LEAST_AREA, _probs(predictions))
    pieces = calibration.units(LEAST_AREA)["cell_id"].to_numpy(np.uint64)
    place = find_pieces(pieces, predictions["lat"].to_numpy(), predictions["lng"].to_numpy())
    own = true_scores(scores, place)
    scores[np.arange(len(scores)), scores.argmin(axis=1)] = -np.inf
    return _Fit(own, _at_places(scores, place))


def _at_places(scores: np.ndarray, place: np.ndarray) -> np.ndarray:
    return np.where(place >= 0, scores[:, np.maximum(place, 0)], np.inf)


def _resampled(
    fits: Mapping[str, _Fit],
    claims: Mapping[str, np.ndarray],
    parts: list[tuple[np.ndarray, np.ndarray]],
) -> Iterator[dict[tuple[str, str], float]]:
    """Shares where one sample had calibrated and another had been tested."""
    n_photos = len(next(iter(fits.values())).own)
    known = resamples(n_photos, N_RESAMPLES, seed=SEED)
    tested = resamples(n_photos, N_RESAMPLES, seed=SEED + 1)
    for calibrating, testing in zip(
        np.concatenate([*known]), np.concatenate([*tested]), strict=True
    ):
        limits = {name: np.empty((n_photos, 1)) for name in fits}
        for asked, against in parts:
            drawn = calibrating[against[calibrating]]
            for name, fit in fits.items():
                limits[name][asked] = threshold(fit.own[drawn], 1 - ALARM)
        doubts = {name: fit.at_places > limits[name] for name, fit in fits.items()}
        yield _shares(doubts, claims, np.bincount(testing, minlength=n_photos))


def _shares(
    doubts: Mapping[str, np.ndarray], claims: Mapping[str, np.ndarray], weights: np.ndarray
) -> dict[tuple[str, str], float]:
    """Share of each kind of claim that each doubt meets; a photo's weight counts as a place too."""
    doubts = {**doubts, EITHER: np.logical_or(*doubts.values())}
    shares = {}
    for claim, is_claimed in claims.items():
        pairs = is_claimed * weights
        pairs = pairs if claim == TRUE else pairs * weights[:, None]
        n_claims = pairs.sum()
        for doubt, is_doubted in doubts.items():
            found = (pairs * is_doubted).sum()
            shares[claim, doubt] = float(found / n_claims) if n_claims else float("nan")
    return shares


def _probs(predictions: pd.DataFrame) -> np.ndarray:
    """Kept probs as rows that sum to 1, float64 (n_photos, n_leaves)."""
    probs = np.stack(list(predictions["probs"])).astype(np.float64)
    return probs / probs.sum(axis=1, keepdims=True)
