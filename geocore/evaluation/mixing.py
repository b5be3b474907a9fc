"""One distribution over places from a head's probs over leaves and the evidence of places.

Stage: evaluation. Arrays in, arrays out: it must not know models, photos or files.

Head and evidence are joined over the leaves, where both speak, as a weighted product; within a leaf
the evidence alone tells the places apart:

    log p(leaf)  = ((1 - share) log head(leaf) + share log evidence(leaf)) / temperature + constant
    p(place)     = p(leaf of the place) evidence(place) / evidence(leaf of the place)
    answer       = the place of the largest expected GeoScore, or of the fewest expected km, under
                   p(place) ^ sharpness, normalised

The sharpness of the point is there because probabilities that come true for cells are too broad for
the place in their middle to be a good answer (docs/notebook.md has the figures).

Source: own; Genest and Zidek 1986 for the product (logarithmic opinion pool).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from geocore.cells.geodesy import distance_km
from geocore.evaluation.metrics import geoscores
from geocore.evaluation.place_evidence import POINTS, PlaceEvidence, leaf_sums
from geocore.evaluation.products import product
from geocore.evaluation.temperature import LIMITS, PRIOR_SPREAD, apply_temperature

USUAL_SHARE, SHARE_SPREAD = 0.5, 0.25
"""Share of the evidence expected before any photo is seen, and how far from it it may well be."""
_SMALLEST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Mixing:
    """How the probs of one head become those that are served.

    Attributes:
        temperature: of the product; 1 leaves it as it is.
        share: of the evidence in the product, 0 to 1.
    """

    temperature: float = 1.0
    share: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must lie between 0 and 1, received {self.share}.")


def mixed_probs(head_probs: np.ndarray, evidence_probs: np.ndarray, share: float) -> np.ndarray:
    """Weighted product of two rows of probs over leaves, float32 (n_photos, n_leaves).

    Rows sum to 1: yes.
    """
    logs = (1 - share) * _logs(head_probs) + share * _logs(evidence_probs)
    probs = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return (probs / probs.sum(axis=-1, keepdims=True)).astype(np.float32)


def fit_mixing(y_true: np.ndarray, head_probs: np.ndarray, evidence_probs: np.ndarray) -> Mixing:
    """Share and temperature with the smallest log-loss, pulled towards the usual by few photos.

    Args:
        y_true: int (n_photos,), class index of photos that neither was trained on, or -1 (left
            out); n_photos may be 0.
        head_probs: float (n_photos, n_leaves).
        evidence_probs: float (n_photos, n_leaves).
    """
    inside = np.flatnonzero(y_true >= 0)
    if len(inside) == 0 or head_probs.shape[1] < 2:
        return Mixing(share=USUAL_SHARE)
    rows, truth = np.arange(len(inside)), y_true[inside]
    head, evidence = _logs(head_probs[inside]), _logs(evidence_probs[inside])

    def cost(x: np.ndarray) -> float:
        """Mean loss at a share x[0] and log temperature x[1], with the pull to the usual."""
        logs = ((1 - x[0]) * head + x[0] * evidence) / math.exp(x[1])
        top = logs.max(axis=1)
        loss = (np.log(np.exp(logs - top[:, None]).sum(axis=1)) + top - logs[rows, truth]).sum()
        pull = ((x[0] - USUAL_SHARE) / SHARE_SPREAD) ** 2 + (x[1] / PRIOR_SPREAD) ** 2
        return float(loss + 0.5 * pull) / len(inside)

    bounds = [(0.0, 1.0), (math.log(LIMITS[0]), math.log(LIMITS[1]))]
    found = minimize(cost, np.array([USUAL_SHARE, 0.0]), method="L-BFGS-B", bounds=bounds)
    return Mixing(share=float(np.clip(found.x[0], 0, 1)), temperature=float(math.exp(found.x[1])))


@dataclass(frozen=True, kw_only=True, eq=False)
class PlaceAnswers:
    """Evidence made ready to answer: what every place is worth where another one is the truth.

    Attributes:
        evidence: see there.
        worth: float32 (n_places, n_places), symmetric; larger is better.
        sharpness: power that the places' probs are raised to for the point.
        n_leaves: number of leaves.
    """

    evidence: PlaceEvidence
    worth: np.ndarray
    sharpness: float
    n_leaves: int

    def leaf_probs(self, log_probs: np.ndarray) -> np.ndarray:
        """The evidence's own probs of the leaves, (n_photos, n_leaves)."""
        return leaf_sums(np.exp(log_probs), self.evidence.place_leaf, self.n_leaves)

    def answer(
        self, head_probs: np.ndarray, log_probs: np.ndarray, mixing: Mixing
    ) -> tuple[np.ndarray, np.ndarray]:
        """Probs of the leaves and the best place of each photo, out of one distribution.

        Args:
            head_probs: (n_photos, n_leaves), as the head gives them.
            log_probs: (n_photos, n_places), as the evidence gives them.
            mixing: of the head.

        Returns:
            float32 (n_photos, n_leaves), rows sum to 1, and float64 (n_photos, 2), degrees.
        """
        own = self.leaf_probs(log_probs)
        mixed = mixed_probs(head_probs, own, mixing.share)
        probs = apply_temperature(mixed, mixing.temperature)
        gain = np.log(np.maximum(probs, _SMALLEST)) - np.log(np.maximum(own, _SMALLEST))
        places = log_probs + gain[:, self.evidence.place_leaf]  # log p(place)
        sharp = self.sharpness * (places - places.max(axis=1, keepdims=True))
        weights = np.exp(sharp).astype(np.float32)
        best = np.argmax(product(weights, self.worth), axis=1)
        return probs, self.evidence.places[best].astype(np.float64)


def place_answers(
    evidence: PlaceEvidence, n_leaves: int, point: str = POINTS[0], sharpness: float = 1.0
) -> PlaceAnswers:
    """Make evidence ready to answer.

    Args:
        evidence: over the leaves.
        n_leaves: number of leaves.
        point: one of POINTS, see `geocore.evaluation.place_fit.EvidenceConfig`.
        sharpness: of the point, above 0; 1 weighs it up under the probs themselves.
    """
    lat, lng = evidence.places.astype(np.float64).T
    km = distance_km(lat[:, None], lng[:, None], lat, lng)
    worth = geoscores(km) if point == "geoscore" else -km
    return PlaceAnswers(
        evidence=evidence, worth=worth.astype(np.float32), sharpness=sharpness, n_leaves=n_leaves
    )


def _logs(probs: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probs, _SMALLEST), dtype=np.float64)
