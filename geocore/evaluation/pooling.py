"""One answer from several photos of one place: a tempered product in which copies count once.

Stage: evaluation. Probs in, probs out. It must not know models, cells, files or pages.

Photos of one place are not independent witnesses: they share street, season and camera, and the
model makes the same mistake on all of them. The plain product of their probs is far too sure. Here

    p(leaf) ~ product over photos i of p_i(leaf) ** (w_i / n_effective ** tempering)
    w_i = 1 / (sum over photos j of likeness_ij ** sameness),   n_effective = sum of the w_i

Likeness is the cosine of what two photos say beyond the usual photo (centred log probs, negative
ones count as 0), and 1 for a photo and itself. A copy therefore adds nothing, whatever the two
numbers are, and one photo alone keeps its own probs. Tempering 0 is the plain product, 1 the
geometric mean. Both numbers are fitted (`geocore.evaluation.pooling_fit`).

Source: Heskes 1998 and Carvalho et al. 2023 (logarithmic pooling); effective number of correlated
witnesses: the design effect of Kish 1965; their joining is own.
"""

import math
from dataclasses import dataclass

import numpy as np

SMALLEST_PROB = 1e-6
"""Probs count as at least this: what a record keeps of them (6 decimals)."""
_EPSILON = 1e-9


@dataclass(frozen=True, kw_only=True)
class PoolSettings:
    """The two fitted numbers.

    Attributes:
        tempering: 0 the plain product, 1 the geometric mean.
        sameness: how alike two photos must be to count as one, above 0; the larger, the more alike.
    """

    tempering: float = 0.8
    sameness: float = 4.0

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        if not 0 <= self.tempering <= 1:
            raise ValueError(f"tempering must lie in 0 to 1, received {self.tempering!r}.")
        if not (math.isfinite(self.sameness) and self.sameness > 0):
            raise ValueError(f"sameness must be a number above 0, received {self.sameness!r}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Pooled:
    """Several photos' joint answer.

    Attributes:
        probs: float64 (..., n_leaves), rows sum to 1.
        weights: float64 (..., n_photos), how much of a photo of its own each is, in (0, 1].
        n_effective: float64 (...), sum of the weights.
    """

    probs: np.ndarray
    weights: np.ndarray
    n_effective: np.ndarray


def pool(probs: np.ndarray, usual: np.ndarray, settings: PoolSettings) -> Pooled:
    """The joint answer of the photos of an event, or of many events at once.

    Args:
        probs: (..., n_photos, n_leaves), rows sum to 1.
        usual: (n_leaves,), `usual_log_probs` of the head.
        settings: the two numbers.

    Raises:
        ValueError: no photo, or arrays that do not fit.
    """
    logs = floored_logs(probs)
    if logs.ndim < 2 or 0 in logs.shape or np.shape(usual) != logs.shape[-1:]:
        raise ValueError(
            "probs must be (..., n_photos, n_leaves) with at least one photo and usual "
            f"(n_leaves,), received {np.shape(probs)} and {np.shape(usual)}."
        )
    same = likeness(logs, usual) ** settings.sameness
    weights = 1 / same.sum(-1)
    n_effective = weights.sum(-1)
    joint = (weights[..., None] * logs).sum(-2)
    joint = joint / n_effective[..., None] ** settings.tempering
    return Pooled(probs=_normalised(joint), weights=weights, n_effective=n_effective)


def likeness(logs: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """How alike photos are in what they say, (..., n_photos, n_photos) in 0 to 1, diagonal 1.

    Args:
        logs: (..., n_photos, n_leaves), natural logs of probs.
        usual: (n_leaves,), `usual_log_probs`.
    """
    evidence = logs - usual
    evidence = evidence - evidence.mean(-1, keepdims=True)
    length = np.linalg.norm(evidence, axis=-1, keepdims=True)
    evidence = evidence / np.maximum(length, _EPSILON)
    cosine = np.clip(evidence @ np.swapaxes(evidence, -1, -2), 0, 1)
    says_nothing = length[..., 0] < _EPSILON
    alike = says_nothing[..., :, None] & says_nothing[..., None, :]
    is_itself = np.eye(logs.shape[-2], dtype=bool)
    return np.where(alike | is_itself, 1.0, cosine)


def usual_log_probs(probs: np.ndarray) -> np.ndarray:
    """What a head says of photos on average, (n_leaves,): mean of the log probs of many photos."""
    return floored_logs(probs).mean(axis=0)


def fit_to_others(probs: np.ndarray, others: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """How much better one place explains a photo and the others than two places do, ln of a ratio.

    Args:
        probs: (..., n_leaves), of a photo.
        others: (..., n_leaves), joint probs of the others of its event.
        shares: (n_leaves,), how often photos are of each leaf; above 0, sum to 1.

    Returns:
        (...): above 0 the photo speaks for the others' place, below 0 against it.
    """
    both = (np.asarray(probs, np.float64) * others / shares).sum(-1)
    return np.log(np.maximum(both, SMALLEST_PROB))


def floored_logs(probs: np.ndarray) -> np.ndarray:
    """Natural logs, float64; a prob counts as at least `SMALLEST_PROB`."""
    return np.log(np.maximum(np.asarray(probs, np.float64), SMALLEST_PROB))


def _normalised(log_scores: np.ndarray) -> np.ndarray:
    scores = np.exp(log_scores - log_scores.max(-1, keepdims=True))
    return scores / scores.sum(-1, keepdims=True)
