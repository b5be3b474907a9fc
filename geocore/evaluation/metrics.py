"""Figures of merit of probs over leaves and of points on the map, one number each.

Stage: evaluation. It must not know models, cells or photos: arrays in, numbers out. Intervals are
`evaluator`'s.

A photo whose cell was dropped carries UNASSIGNED (-1). No head can name its leaf, so it is wrong
for every top-k and for the improvement over random; it has no true prob, so loss and Brier score
leave it out; its distance counts as any.
"""

import numpy as np

from geocore.evaluation.checks import check_errors_km, check_probs

GEOSCORE_MAX = 5000.0
GEOSCORE_SCALE_KM = 1492.7
UNASSIGNED = -1
NEVER = np.iinfo(np.int64).max
"""Rank of the true leaf of a photo that has none."""
TOP_K = (1, 5, 10)
WITHIN_KM = (1, 25, 200, 750, 2500)
"""City, region, country and continent of the Im2GPS literature, and 1 km for the street."""


def true_ranks(y_true: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    """Place of the true leaf among all leaves, best first.

    Of leaves with equal probs the smaller class index comes first, as in argmax.

    Args:
        y_true: int (n_photos,), class index or UNASSIGNED.
        y_prob: float (n_photos, n_leaves), rows sum to 1.

    Returns:
        int (n_photos,), 0 where the true leaf has the largest prob, NEVER where the photo is
        UNASSIGNED.
    """
    y_true, y_prob = check_probs(y_true, y_prob)
    true_prob = np.take_along_axis(y_prob, np.maximum(y_true, 0)[:, None], axis=1)
    before = np.arange(y_prob.shape[1]) < y_true[:, None]
    ranks = np.sum((y_prob > true_prob) | ((y_prob == true_prob) & before), axis=1)
    return np.where(y_true == UNASSIGNED, NEVER, ranks)


def top_k_accuracy(y_true: np.ndarray, y_prob: np.ndarray, k: int) -> float:
    """Share of photos whose true leaf is among the k most probable; UNASSIGNED photos are wrong.

    Args:
        y_true: int (n_photos,), class index or UNASSIGNED.
        y_prob: float (n_photos, n_leaves), rows sum to 1.
        k: how many leaves may be named, at least 1. From n_leaves on, every assigned photo is
            right.

    Raises:
        ValueError: k below 1, or arrays that `check_probs` refuses.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, received {k}.")
    return float(np.mean(true_ranks(y_true, y_prob) < k))


def improvement_over_random(accuracy: float, n_leaves: int) -> float:
    """Accuracy in multiples of guessing a leaf at random, all leaves alike.

    Source: thesis eq. 6.3.
    """
    return accuracy * n_leaves


def majority_accuracy(y_true: np.ndarray, class_prior: np.ndarray) -> float:
    """Accuracy of always naming the leaf with the largest prior.

    Args:
        y_true: int (n_photos,), class index or UNASSIGNED.
        class_prior: float (n_leaves,), each leaf's share of the training photos.

    Source: thesis section 8.2, "largest target class prediction".
    """
    return float(np.mean(np.asarray(y_true) == np.argmax(class_prior)))


def gini_accuracy(y_true: np.ndarray, class_prior: np.ndarray) -> float:
    """Expected accuracy of drawing a leaf from the prior. Arguments as `majority_accuracy`.

    With the photos' own shares as the prior this is the sum of their squares, one minus the Gini
    index.

    Source: thesis section 8.2, "Gini index".
    """
    return float(np.mean(true_priors(y_true, class_prior)))


def true_priors(y_true: np.ndarray, class_prior: np.ndarray) -> np.ndarray:
    """Each photo's true leaf's prior, float (n_photos,); 0 where the photo is UNASSIGNED."""
    y_true = np.asarray(y_true)
    return np.where(y_true == UNASSIGNED, 0.0, np.asarray(class_prior)[np.maximum(y_true, 0)])


def log_losses(y_true: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    """Minus the natural log of each photo's true prob, float64 (n_photos,); NaN where UNASSIGNED.

    Probs are clipped to [eps, 1 - eps] of their own float type, as scikit-learn does: one prob that
    underflowed to 0 must not make the mean infinite.
    """
    y_true, y_prob = check_probs(y_true, y_prob)
    eps = np.finfo(y_prob.dtype).eps
    true_prob = y_prob[np.arange(len(y_true)), np.maximum(y_true, 0)]
    losses = -np.log(np.clip(true_prob, eps, 1 - eps), dtype=np.float64)
    return np.where(y_true == UNASSIGNED, np.nan, losses)


def log_loss(y_true: np.ndarray, y_prob: np.ndarray) -> float:
    """Mean of `log_losses` over the assigned photos, in nats; NaN where there is none."""
    return _mean_assigned(log_losses(y_true, y_prob))


def uniform_log_loss(n_leaves: int) -> float:
    """Loss in nats of giving every leaf the same prob: a head that knows something is below."""
    return float(np.log(n_leaves))


def brier_scores(y_true: np.ndarray, y_prob: np.ndarray) -> np.ndarray:
    """Squared distance of probs and truth, float64 (n_photos,), 0 to 2; NaN where UNASSIGNED."""
    y_true, y_prob = check_probs(y_true, y_prob)
    true_prob = y_prob[np.arange(len(y_true)), np.maximum(y_true, 0)].astype(np.float64)
    squares = np.einsum("ij,ij->i", y_prob, y_prob, dtype=np.float64)
    return np.where(y_true == UNASSIGNED, np.nan, squares - 2 * true_prob + 1)


def brier_score(y_true: np.ndarray, y_prob: np.ndarray) -> float:
    """Mean of `brier_scores` over the assigned photos; NaN where there is none.

    Summed over all leaves: 0 is perfect, 2 is worst.

    Source: Brier 1950. For two leaves scikit-learn halves it by default; here it is never halved.
    """
    return _mean_assigned(brier_scores(y_true, y_prob))


def geoscores(error_km: np.ndarray) -> np.ndarray:
    """Points of the GeoGuessr kind per photo: 5000 at no distance, 1839 at 1492.7 km, 0 far off.

    Args:
        error_km: float array of any shape, at least 0.
    """
    return GEOSCORE_MAX * np.exp(-np.asarray(error_km) / GEOSCORE_SCALE_KM)


def geoscore(error_km: np.ndarray) -> float:
    """Mean of `geoscores` over the photos, error_km float (n_photos,)."""
    return float(np.mean(geoscores(check_errors_km(error_km))))


def share_within_km(error_km: np.ndarray, km: float) -> float:
    """Share of photos placed at most `km` from the truth, error_km float (n_photos,)."""
    return float(np.mean(check_errors_km(error_km) <= km))


def median_km(error_km: np.ndarray) -> float:
    """Median distance between answer and truth, error_km float (n_photos,)."""
    return float(np.median(check_errors_km(error_km)))


def photo_values(
    y_true: np.ndarray, y_prob: np.ndarray, error_km: np.ndarray
) -> dict[str, np.ndarray]:
    """What each photo contributes to the figures that are means over photos, each (n_photos,).

    Args:
        y_true: int (n_photos,), class index or UNASSIGNED.
        y_prob: float (n_photos, n_leaves), rows sum to 1.
        error_km: float (n_photos,).

    Returns:
        top_1, top_5, top_10, within_1 to within_2500 (0 or 1), geoscore, loss and brier (these two
        NaN where the photo is UNASSIGNED).
    """
    ranks = true_ranks(y_true, y_prob)
    return (
        {f"top_{k}": (ranks < k).astype(np.float64) for k in TOP_K}
        | {f"within_{km}": (error_km <= km).astype(np.float64) for km in WITHIN_KM}
        | {
            "geoscore": geoscores(error_km),
            "loss": log_losses(y_true, y_prob),
            "brier": brier_scores(y_true, y_prob),
        }
    )


def _mean_assigned(values: np.ndarray) -> float:
    assigned = values[~np.isnan(values)]
    return float(np.mean(assigned)) if assigned.size else float("nan")
