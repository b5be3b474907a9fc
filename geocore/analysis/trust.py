"""How far an answer can be trusted: what became of held-out photos of like confidence.

Stage: analysis. Arrays in, figures out; it must not know bundles or pages.

Source: own; interval of a share: Wilson 1927.
"""

from dataclasses import dataclass

import numpy as np

N_ALIKE = 60
MIN_ALIKE = 20
NEAR_KM = 750.0
_Z95 = 1.959964


@dataclass(frozen=True, kw_only=True)
class Trust:
    """What happened to the held-out photos whose confidence was closest.

    Attributes:
        n_photos: how many.
        confidence: least and greatest of their confidences.
        share_right: share of them that truly lay in the most probable cell.
        share_right_ci95: its interval.
        share_near: share of them whose best single point was within `NEAR_KM`.
        share_near_ci95: its interval.
        median_km: median distance from the best single point to the truth, km.
    """

    n_photos: int
    confidence: tuple[float, float]
    share_right: float
    share_right_ci95: tuple[float, float]
    share_near: float
    share_near_ci95: tuple[float, float]
    median_km: float


def trust_of(
    confidence: float,
    held_out_confidence: np.ndarray,
    is_right: np.ndarray,
    error_km: np.ndarray,
    n_alike: int = N_ALIKE,
) -> Trust | None:
    """Look up the held-out photos whose confidence is closest to this one.

    Args:
        confidence: prob of the most probable cell of the photo at hand, 0-1.
        held_out_confidence: (n_photos,), the same of the held-out photos.
        is_right: (n_photos,) bool, whether each lay in its most probable cell.
        error_km: (n_photos,), distance from its best single point to the truth.
        n_alike: how many to look up.

    Returns:
        What became of them; None where there are fewer than `MIN_ALIKE`.

    Raises:
        ValueError: the arrays differ in length.
    """
    if not len(held_out_confidence) == len(is_right) == len(error_km):
        raise ValueError(
            "One confidence, outcome and error per held-out photo must be given, received "
            f"{len(held_out_confidence)}, {len(is_right)} and {len(error_km)}."
        )
    if len(held_out_confidence) < MIN_ALIKE:
        return None
    distance = np.abs(np.asarray(held_out_confidence) - confidence)
    alike = np.argsort(distance, kind="stable")[:n_alike]
    like = np.asarray(held_out_confidence)[alike]
    right, near = np.asarray(is_right)[alike], np.asarray(error_km)[alike] <= NEAR_KM
    return Trust(
        n_photos=len(alike),
        confidence=(float(like.min()), float(like.max())),
        share_right=float(right.mean()),
        share_right_ci95=wilson_interval(int(right.sum()), len(alike)),
        share_near=float(near.mean()),
        share_near_ci95=wilson_interval(int(near.sum()), len(alike)),
        median_km=float(np.median(np.asarray(error_km)[alike])),
    )


def wilson_interval(n_hits: int, n_photos: int) -> tuple[float, float]:
    """95 % interval of a share: n_hits of n_photos.

    Raises:
        ValueError: no photo, or more hits than photos.
    """
    if n_photos < 1 or not 0 <= n_hits <= n_photos:
        raise ValueError(f"n_hits must lie in 0..n_photos, received {n_hits} of {n_photos}.")
    share, z2 = n_hits / n_photos, _Z95**2
    middle = (share + z2 / (2 * n_photos)) / (1 + z2 / n_photos)
    spread = np.sqrt(share * (1 - share) / n_photos + z2 / (4 * n_photos**2))
    half = _Z95 * float(spread) / (1 + z2 / n_photos)
    return max(0.0, middle - half), min(1.0, middle + half)
