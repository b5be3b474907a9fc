"""Which photo set a photo looks like, and what the evidence of places makes of that.

Stage: evaluation. Arrays in, arrays out: it must not know models, photos or files, nor how any of
it is learned (`geocore.evaluation.domain_fit`).

A domain is a photo set that the model is asked about: street photos stand where cars drive, scenes
where people travel, and what a photo shows says less of a scene's place than of a street's. So each
domain has its own prior over the places and its own sharpness; a photo between two domains gets
something between them.

Source: own.
"""

from dataclasses import dataclass

import numpy as np

from geocore.evaluation.products import product

_SMALLEST = 1e-30


@dataclass(frozen=True, eq=False)
class Domains:
    """Plain arrays, which are all that a bundle keeps of them.

    Attributes:
        membership: (n_photos, n_domains), coefficients of the regression that tells how much a
            photo is like those of each domain.
        log_prior: (n_domains, n_places), log of how much a place counts before a photo is seen.
        sharpness: (n_domains,), how sharply scores become probs.
        slope: (1,), how sharply the regression's answers become shares of the domains.
    """

    membership: np.ndarray
    log_prior: np.ndarray
    sharpness: np.ndarray
    slope: np.ndarray

    def shares(self, likeness: np.ndarray) -> np.ndarray:
        """How much of each domain photos are, float64 (n_photos, n_domains).

        Rows sum to 1: yes.

        Args:
            likeness: (n_photos, n_learned), to the photos learned from.
        """
        return shares_of(product(likeness, self.membership), float(self.slope[0]))

    def logits(self, scores: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Log-probs of the places up to a constant per photo, (n_photos, n_places).

        Args:
            scores: (n_photos, n_places), expected nearness.
            shares: (n_photos, n_domains).
        """
        return between(self.sharpness, shares)[:, None] * scores + mixed_prior(
            self.log_prior, shares
        )


def shares_of(answers: np.ndarray, slope: float) -> np.ndarray:
    """Softmax of a regression's answers (n_photos, n_domains) times slope, float64."""
    logits = slope * np.asarray(answers, np.float64)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def between(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Geometric mean of the domains' values (n_domains,), weighted by shares, (n_photos,)."""
    return np.exp(shares @ np.log(np.asarray(values, np.float64)))


def mixed_prior(log_prior: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Log of the domains' priors (n_domains, n_places) mixed by shares, (n_photos, n_places)."""
    return np.log(np.maximum(product(shares, np.exp(np.asarray(log_prior, np.float64))), _SMALLEST))
