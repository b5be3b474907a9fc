"""One distribution over places from a head's probs over leaves and the evidence of places.

Stage: evaluation. Arrays in, arrays out: it must not know models, photos or files.

Head and evidence are joined over the leaves, where both speak, as a weighted product; within a leaf
the evidence alone tells the places apart:

    log p(leaf)  = strength ((1 - share) log head(leaf) + share log evidence(leaf)) / temperature
                   + constant
    p(place)     = p(leaf of the place) evidence(place) / evidence(leaf of the place)
    answer       = the place of the largest expected GeoScore, or of the fewest expected km, under
                   p(place) ^ sharpness, normalised

Share and strength are those of the photo's domain (`geocore.evaluation.domains`), between two
domains something between them; the temperature is all photos'.

The sharpness of the point is there because probabilities that come true for cells are too broad for
the place in their middle to be a good answer (docs/notebook.md has the figures).

Source: own; Genest and Zidek 1986 for the product (logarithmic opinion pool).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from geocore.cells.geodesy import distance_km
from geocore.evaluation.domains import between
from geocore.evaluation.metrics import geoscores
from geocore.evaluation.place_evidence import POINTS, PlaceEvidence, leaf_sums
from geocore.evaluation.products import product
from geocore.evaluation.temperature import LIMITS, PRIOR_SPREAD, apply_temperature

USUAL_SHARE, SHARE_SPREAD = 0.5, 0.25
"""Share of the evidence expected before any photo is seen, and how far from it it may well be."""
STRENGTH_SPREAD = 0.1
"""How far ln(strength) of a domain may well be from 0: few photos of each are at hand."""
_SMALLEST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Mixing:
    """How the probs of one head become those that are served.

    Attributes:
        temperature: of the product; 1 leaves it as it is.
        share: of the evidence in the product, 0 to 1, for photos of all domains together.
        shares: of the evidence, one per domain; empty where there are no domains.
        strengths: by which the product is sharpened, one per domain, above 0.
    """

    temperature: float = 1.0
    share: float = 0.0
    shares: tuple[float, ...] = ()
    strengths: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for share in (self.share, *self.shares):
            if not 0 <= share <= 1:
                raise ValueError(f"share must lie between 0 and 1, received {share}.")
        if len(self.shares) != len(self.strengths) or not all(x > 0 for x in self.strengths):
            raise ValueError(
                "Every domain must have a share and a strength above 0, received "
                f"{self.shares} and {self.strengths}."
            )

    def of(self, domains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Share and strength of photos, each (n_photos, 1).

        Args:
            domains: (n_photos, n_domains), how much of each domain they are.
        """
        if not self.shares:
            ones = np.ones((len(domains), 1))
            return self.share * ones, ones
        own = np.asarray(domains, np.float64)
        return (own @ self.shares)[:, None], between(np.array(self.strengths), own)[:, None]


def mixed_probs(
    head_probs: np.ndarray,
    evidence_probs: np.ndarray,
    share: float | np.ndarray,
    strength: float | np.ndarray = 1.0,
) -> np.ndarray:
    """Weighted product of two rows of probs over leaves, float32 (n_photos, n_leaves).

    Rows sum to 1: yes. Share and strength are numbers or (n_photos, 1).
    """
    logs = strength * ((1 - share) * _logs(head_probs) + share * _logs(evidence_probs))
    probs = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return (probs / probs.sum(axis=-1, keepdims=True)).astype(np.float32)


def fit_mixing(
    y_true: np.ndarray,
    head_probs: np.ndarray,
    evidence_probs: np.ndarray,
    domains: np.ndarray | None = None,
) -> Mixing:
    """Share and temperature with the smallest log-loss, pulled towards the usual by few photos.

    What each domain needs else is fitted afterwards, pulled towards what all photos together need.

    Args:
        y_true: int (n_photos,), class index of photos that neither was trained on, or -1 (left
            out); n_photos may be 0.
        head_probs: float (n_photos, n_leaves).
        evidence_probs: float (n_photos, n_leaves).
        domains: (n_photos, n_domains), how much of each domain they are; None or one column where
            there are no domains.
    """
    n_domains = 0 if domains is None or domains.shape[1] < 2 else domains.shape[1]
    inside = np.flatnonzero(y_true >= 0)
    if len(inside) == 0 or head_probs.shape[1] < 2:
        return Mixing(
            share=USUAL_SHARE, shares=(USUAL_SHARE,) * n_domains, strengths=(1.0,) * n_domains
        )
    said = _Said(y_true[inside], _logs(head_probs[inside]), _logs(evidence_probs[inside]))
    common = _fit_common(said)
    if domains is None or not n_domains:
        return common
    return _fit_apart(said, common, np.asarray(domains[inside], np.float64))


@dataclass(frozen=True, eq=False)
class _Said:
    """True leaves (n_photos,) and what head and evidence say, logs (n_photos, n_leaves)."""

    truth: np.ndarray
    head: np.ndarray
    evidence: np.ndarray

    def loss(self, share: Any, strength: Any) -> float:
        """Sum of the photos' log-losses; share and strength are numbers or (n_photos, 1)."""
        logs = strength * ((1 - share) * self.head + share * self.evidence)
        top = logs.max(axis=1)
        own = logs[np.arange(len(self.truth)), self.truth]
        return float((np.log(np.exp(logs - top[:, None]).sum(axis=1)) + top - own).sum())


def _fit_common(said: _Said) -> Mixing:
    """Share and temperature of all photos together."""

    def cost(x: np.ndarray) -> float:
        """Mean loss at a share x[0] and log temperature x[1], with the pull to the usual."""
        pull = ((x[0] - USUAL_SHARE) / SHARE_SPREAD) ** 2 + (x[1] / PRIOR_SPREAD) ** 2
        return (said.loss(x[0], math.exp(-x[1])) + 0.5 * float(pull)) / len(said.truth)

    bounds = [(0.0, 1.0), (math.log(LIMITS[0]), math.log(LIMITS[1]))]
    found = minimize(cost, np.array([USUAL_SHARE, 0.0]), method="L-BFGS-B", bounds=bounds)
    return Mixing(share=float(np.clip(found.x[0], 0, 1)), temperature=float(math.exp(found.x[1])))


def _fit_apart(said: _Said, common: Mixing, domains: np.ndarray) -> Mixing:
    """Share and strength of each domain, pulled towards those of all photos."""
    n_domains = domains.shape[1]

    def cost(x: np.ndarray) -> float:
        """Mean loss at the domains' shares and log strengths, with the pull to all photos'."""
        shares, logs = x[:n_domains], x[n_domains:]
        far = ((shares - common.share) / SHARE_SPREAD) ** 2 + (logs / STRENGTH_SPREAD) ** 2
        strength = np.exp(domains @ logs)[:, None] / common.temperature
        loss = said.loss((domains @ shares)[:, None], strength)
        return (loss + 0.5 * float(far.sum())) / len(said.truth)

    start = np.repeat([common.share, 0.0], n_domains)
    bounds = [(0.0, 1.0)] * n_domains + [(-1.0, 1.0)] * n_domains
    found = minimize(cost, start, method="L-BFGS-B", bounds=bounds)
    return Mixing(
        share=common.share,
        temperature=common.temperature,
        shares=tuple(np.clip(found.x[:n_domains], 0, 1).tolist()),
        strengths=tuple(np.exp(found.x[n_domains:]).tolist()),
    )


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
        self,
        head_probs: np.ndarray,
        log_probs: np.ndarray,
        mixing: Mixing,
        domains: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Probs of the leaves and the best place of each photo, out of one distribution.

        Args:
            head_probs: (n_photos, n_leaves), as the head gives them.
            log_probs: (n_photos, n_places), as the evidence gives them.
            mixing: of the head.
            domains: (n_photos, n_domains), as the evidence gives them; None where mixing has none.

        Returns:
            float32 (n_photos, n_leaves), rows sum to 1, and float64 (n_photos, 2), degrees.
        """
        own = self.leaf_probs(log_probs)
        share, strength = mixing.of(np.ones((len(own), 1)) if domains is None else domains)
        mixed = mixed_probs(head_probs, own, share, strength)
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
