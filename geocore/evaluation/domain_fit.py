"""How the domains of photos are learned: who is like whom, where each domain's photos stand.

Stage: evaluation. Arrays in, domains out: it must not know models, photo tables or files.

Source: own.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from geocore.evaluation.domains import Domains, mixed_prior, shares_of
from geocore.evaluation.ridge import ridge_inverse, said_without_group

MIN_PHOTOS = 20
"""A domain of fewer photos is none: nothing could be fitted on it."""
COMMON_SHARE = 0.1
"""Part of a domain's prior that is every photo's: no place is impossible for it."""
SLOPES = (1.0, 50.0)
"""Limits of what is fitted; two sets that are told apart without error would fit any slope."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Membership:
    """Which domain each photo learned from is of.

    Attributes:
        coefficients: (n_photos, n_domains), 0 for photos of no domain.
        slope: see `Domains`.
        shares: float64 (n_photos, n_domains), of a photo of a domain without its own place, of the
            others as they look.
    """

    coefficients: np.ndarray
    slope: float
    shares: np.ndarray


def has_domains(domain: np.ndarray) -> bool:
    """Whether there are at least two domains, each of enough photos; domain: int, -1 for none."""
    counts = np.bincount(domain[domain >= 0], minlength=1)
    return len(counts) > 1 and bool((counts >= MIN_PHOTOS).all())


def fit_membership(
    likeness: np.ndarray, domain: np.ndarray, groups: np.ndarray, ridge: float
) -> Membership:
    """Learn to tell the domains apart.

    Args:
        likeness: (n_photos, n_photos).
        domain: int (n_photos,), -1 for photos of no domain, which do not teach.
        groups: int (n_photos,), equal for photos that show one place.
        ridge: of the regression.
    """
    rows = np.flatnonzero(domain >= 0)
    targets = np.eye(domain.max() + 1)[domain[rows]]
    inverse = ridge_inverse(likeness[np.ix_(rows, rows)], np.full(len(rows), ridge))
    own = inverse @ targets
    coefficients = np.zeros((len(domain), targets.shape[1]))
    coefficients[rows] = own
    answers = likeness @ coefficients
    answers[rows] = said_without_group(targets, own, inverse, groups[rows])
    slope = _best_slope(answers[rows], domain[rows])
    return Membership(coefficients=coefficients, slope=slope, shares=shares_of(answers, slope))


def domain_priors(
    place: np.ndarray, weights: np.ndarray, shares: np.ndarray, log_prior: np.ndarray
) -> np.ndarray:
    """Where each domain's photos stand, log shares (n_domains, n_places).

    Args:
        place: int (n_photos,), position of each photo's place, -1 for none.
        weights: (n_photos,).
        shares: (n_photos, n_domains).
        log_prior: (n_places,), of all photos.
    """
    has_place, n_places = place >= 0, len(log_prior)
    priors = []
    for share in shares.T:
        counts = np.bincount(place[has_place], (weights * share)[has_place], n_places)
        own = counts / max(counts.sum(), np.finfo(float).tiny)
        priors.append((1 - COMMON_SHARE) * own + COMMON_SHARE * np.exp(log_prior))
    return np.log(np.stack(priors))


def as_domains(membership: Membership, log_prior: np.ndarray, sharpness: np.ndarray) -> Domains:
    """What a bundle keeps; log_prior from `domain_priors`, sharpness (n_domains,)."""
    return Domains(
        membership.coefficients.astype(np.float32),
        log_prior.astype(np.float32),
        sharpness.astype(np.float32),
        np.array([membership.slope], np.float32),
    )


def prior_of(membership: Membership, log_prior: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Log prior of the places for some of the photos learned from, (n_rows, n_places)."""
    return mixed_prior(log_prior, membership.shares[rows])


def _best_slope(answers: np.ndarray, domain: np.ndarray) -> float:
    """Slope of the lowest log-loss."""

    def loss(slope: float) -> float:
        """Mean log-loss of the photos' own domains at a slope."""
        own = shares_of(answers, slope)[np.arange(len(domain)), domain]
        return float(-np.log(np.maximum(own, 1e-12)).mean())

    return float(minimize_scalar(loss, bounds=SLOPES, method="bounded").x)
