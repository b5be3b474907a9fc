"""Fits how the photos of an event are joined, on several views of places that nobody trained on.

Stage: evaluation. Arrays in, numbers out. It must not know models, files or pages.

The two numbers are those with the smallest log-loss over events of each number of views, every
event counted once. Views of one place are hardly ever copies of each other, so that they tell
little of `sameness`, and a pull holds it near its usual value: on the shipped bundle's places 10
has a log-loss better by 0.002 than 4, but a photo and its recompressed copy (likeness about 0.93)
would then count as 1.35 photos instead of 1.14.

Source: own.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from geocore.evaluation.pooling import PoolSettings, fit_to_others, floored_logs, pool

SIZES = (2, 3, 4)
FALSE_ALARMS = 0.02
"""Share of true members that may be named as not fitting their event."""
_SAMENESS_SPREAD = 0.1
"""Standard deviation of ln(sameness) expected before any place is seen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Places with several views each.

    Attributes:
        probs: (n_places, n_views, n_leaves), of photos that the answering model had not seen.
        y_true: int (n_places,), class index or UNASSIGNED.
        lat: degrees (n_places,).
        lng: degrees (n_places,).
        points: (n_places, n_views, 2), lat and lng in degrees that each view was answered with.
    """

    probs: np.ndarray
    y_true: np.ndarray
    lat: np.ndarray
    lng: np.ndarray
    points: np.ndarray

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit."""
        n_places, n_views, _ = self.probs.shape
        fits = n_places == len(self.y_true) == len(self.lat)
        if n_views < max(SIZES) or not fits or self.points.shape != (n_places, n_views, 2):
            raise ValueError(
                f"There must be at least {max(SIZES)} views and one label and position per place, "
                f"received probs {self.probs.shape}, {len(self.y_true)} labels, {len(self.lat)} "
                f"positions and points {self.points.shape}."
            )

    def take(self, rows: np.ndarray) -> "Places":
        """Some of the places."""
        return Places(
            probs=self.probs[rows], y_true=self.y_true[rows], lat=self.lat[rows],
            lng=self.lng[rows], points=self.points[rows],
        )  # fmt: skip

    def events(self, n_photos: int, seed: int = 42) -> np.ndarray:
        """One event per place of so many views drawn at random, (n_places, n_photos, n_leaves)."""
        return np.take_along_axis(self.probs, self._drawn(n_photos, seed), axis=1)

    def event_points(self, n_photos: int, seed: int = 42) -> np.ndarray:
        """The points of those views, (n_places, n_photos, 2)."""
        return np.take_along_axis(self.points, self._drawn(n_photos, seed), axis=1)

    def _drawn(self, n_photos: int, seed: int) -> np.ndarray:
        order = np.random.default_rng(seed).random(self.probs.shape[:2]).argsort(axis=1)
        return order[:, :n_photos, None]


def fit_pooling(places: Places, usual: np.ndarray) -> PoolSettings:
    """The settings with the smallest mean log-loss over events of all SIZES.

    Args:
        places: to fit on; those outside all leaves are left out.
        usual: (n_leaves,), `usual_log_probs` of the head.
    """
    known = places.take(places.y_true >= 0)
    usually = PoolSettings()
    if not len(known.y_true):
        return usually
    events = [known.events(n) for n in SIZES]
    start = [usually.tempering, math.log(usually.sameness)]

    def cost(numbers: np.ndarray) -> float:
        settings = PoolSettings(tempering=float(numbers[0]), sameness=math.exp(numbers[1]))
        losses = [log_loss(pool(x, usual, settings).probs, known.y_true) for x in events]
        pull = 0.5 * ((numbers[1] - start[1]) / _SAMENESS_SPREAD) ** 2
        return float(np.mean(losses) + pull / len(known.y_true))

    limits = [(0.0, 1.0), (math.log(1.0), math.log(1000.0))]
    found = minimize(
        cost, start, method="Nelder-Mead", bounds=limits,
        options={"xatol": 1e-3, "fatol": 1e-6, "maxiter": 80},
    )  # fmt: skip
    return PoolSettings(tempering=float(found.x[0]), sameness=math.exp(found.x[1]))


def log_loss(probs: np.ndarray, y_true: np.ndarray) -> float:
    """Mean of -ln of the true leaf's prob over the assigned events, probs (n_events, n_leaves)."""
    rows = np.flatnonzero(y_true >= 0)
    return float(-floored_logs(probs[rows, y_true[rows]]).mean())


def member_fits(
    events: np.ndarray, usual: np.ndarray, settings: PoolSettings, shares: np.ndarray
) -> np.ndarray:
    """`fit_to_others` of each photo of each event, (n_events, n_photos)."""
    fits = []
    for i in range(events.shape[1]):
        others = pool(np.delete(events, i, axis=1), usual, settings).probs
        fits.append(fit_to_others(events[:, i], others, shares))
    return np.stack(fits, axis=1)


def fit_limits(
    places: Places, usual: np.ndarray, settings: PoolSettings, shares: np.ndarray
) -> dict[int, float]:
    """Per number of photos the fit that FALSE_ALARMS of true members fall below."""
    return {
        n: float(np.quantile(member_fits(places.events(n), usual, settings, shares), FALSE_ALARMS))
        for n in SIZES
    }
