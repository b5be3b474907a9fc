"""Conformal sets of cells: which leaves are compatible with a photo at a promised coverage.

Stage: evaluation. It must not know models, files or pages: probs and areas in, scores, p-values and
sets out.

A score says how ill a leaf fits the probs of a photo; it is large for leaves that a method would
take last. The scores of the true leaves of n photos that nobody trained on (the calibration photos)
are the yardstick: a leaf's p-value is the share of them, the photo itself counted in, that fit as
ill or worse. The leaves with a p-value above 1 - level are the set. If the photo is drawn like the
calibration photos, the true leaf is in the set with probability of at least the level, whatever the
model is worth. The promise is one on average over photos, not for every kind of photo.

Calibration photos outside all leaves have the score infinity: no set covers them, and that they
exist makes every set larger. Where they are more than 1 - level of the photos, no set of leaves can
keep the promise and the threshold is infinity: the answer is the whole Earth.

Source: Vovk et al. 2005 (split conformal prediction); Romano et al. 2020 (APS); Angelopoulos et al.
2021 (RAPS); Sadinle et al. 2019 (sets of least expected size; with area as the measure: own).
"""

import numpy as np

from geocore.evaluation.checks import check_probs

LEVELS = (0.8, 0.9, 0.95)
LEAST_AREA, APS, RAPS = "least-area", "APS", "RAPS"
METHODS = {
    LEAST_AREA: "cells with the largest probability per km2 first",
    APS: "cells with the largest probability first",
    RAPS: "as APS, and every cell beyond the first few costs extra",
}
RAPS_PENALTY, RAPS_FREE = 0.01, 5
"""What each further cell costs, and how many are free (Angelopoulos et al. 2021, section 3)."""
MIN_PHOTOS_PER_GROUP = 30
"""Fewer cannot tell 95 % from 100 %: 19 is the least that can promise it at all."""
_SMALLEST = np.finfo(np.float32).tiny


def label_scores(
    method: str, y_prob: np.ndarray, area_km2: np.ndarray, u: np.ndarray | None = None
) -> np.ndarray:
    """How ill each leaf fits each photo.

    Args:
        method: key of METHODS.
        y_prob: float (n_photos, n_leaves), rows sum to 1.
        area_km2: float (n_leaves,), above 0.
        u: float (n_photos,) in [0, 1], drawn at random and apart from the photos: APS and RAPS then
            count that share of a leaf's own prob, and their sets cover exactly the level on average
            instead of at least it. None counts all of it: sets that are the same every time.

    Returns:
        float64 (n_photos, n_leaves), smaller fits better.

    Raises:
        ValueError: an unknown method, arrays that do not fit, or `u` with least-area.
    """
    y_prob, area_km2 = _checked(method, y_prob, area_km2)
    if method == LEAST_AREA:
        if u is not None:
            raise ValueError("least-area sets draw nothing at random: u must be None.")
        return np.log(area_km2) - np.log(np.maximum(y_prob, _SMALLEST))
    order = np.argsort(-y_prob, axis=1, kind="stable")
    falling = np.take_along_axis(y_prob, order, axis=1)
    mass = np.cumsum(falling, axis=1)
    if u is not None:
        mass -= np.asarray(u, np.float64)[:, None] * falling
    if method == RAPS:
        rank = np.arange(1, y_prob.shape[1] + 1)
        mass += RAPS_PENALTY * np.maximum(0, rank - RAPS_FREE)
    scores = np.empty_like(mass)
    np.put_along_axis(scores, order, mass, axis=1)
    return scores


def true_scores(scores: np.ndarray, y_true: np.ndarray) -> np.ndarray:
    """The score of each photo's own leaf, (n_photos,); infinity for an UNASSIGNED one."""
    y_true = np.asarray(y_true)
    own = scores[np.arange(len(y_true)), np.maximum(y_true, 0)]
    return np.where(y_true >= 0, own, np.inf)


def threshold(calibration_scores: np.ndarray, level: float) -> float:
    """The largest score that a set of that level takes; infinity where photos are too few.

    Args:
        calibration_scores: (n_photos,), of the true leaves; n_photos may be 0.
        level: promised coverage, above 0 and below 1.
    """
    check_level(level)
    n = len(calibration_scores)
    rank = int(np.ceil((n + 1) * level - 1e-9))
    return float(np.partition(calibration_scores, rank - 1)[rank - 1]) if rank <= n else np.inf


def p_values(scores: np.ndarray, calibration_scores: np.ndarray) -> np.ndarray:
    """Share of the calibration photos, the photo itself counted in, that fit as ill or worse.

    Args:
        scores: of any shape.
        calibration_scores: (n_photos,), of the true leaves; n_photos may be 0.

    Returns:
        float64 of the shape of `scores`, in (0, 1].
    """
    rising = np.sort(calibration_scores)
    n = len(rising)
    return (n - np.searchsorted(rising, scores, side="left") + 1) / (n + 1)


def grouped_p_values(
    scores: np.ndarray,
    label_groups: np.ndarray,
    calibration_scores: np.ndarray,
    photo_groups: np.ndarray,
    min_photos: int = MIN_PHOTOS_PER_GROUP,
) -> np.ndarray:
    """As `p_values`, each leaf against the calibration photos of its own group alone.

    The promise then holds for the photos of each group on its own. Leaves of a group with fewer
    than `min_photos` photos are held against all photos, for which it holds on average only.

    Args:
        scores: (..., n_leaves).
        label_groups: (n_leaves,), name of each leaf's group.
        calibration_scores: (n_photos,), of the true leaves.
        photo_groups: (n_photos,), the group of each photo's own leaf.
        min_photos: of a group that stands on its own.

    Source: Vovk et al. 2005, section 4.5 (Mondrian predictors).
    """
    found = p_values(scores, calibration_scores)
    for group in np.unique(label_groups):
        own = calibration_scores[photo_groups == group]
        if len(own) >= min_photos:
            is_own = label_groups == group
            found[..., is_own] = p_values(scores[..., is_own], own)
    return found


def check_level(level: float) -> float:
    """The level, or a ValueError where it is not above 0 and below 1."""
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 1:
        raise ValueError(
            f"level must be a promised coverage above 0 and below 1, such as 0.9; received "
            f"{level!r}."
        )
    return float(level)


def check_method(method: str) -> str:
    """The method, or a ValueError where it is not one of METHODS."""
    if method not in METHODS:
        raise ValueError(f"Unknown method {method!r}. Known methods: {', '.join(METHODS)}.")
    return method


def _checked(
    method: str, y_prob: np.ndarray, area_km2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    check_method(method)
    y_prob, area_km2 = np.asarray(y_prob), np.asarray(area_km2, np.float64)
    _, y_prob = check_probs(np.full(len(y_prob), -1), y_prob)
    if area_km2.shape != y_prob.shape[1:] or not (np.isfinite(area_km2) & (area_km2 > 0)).all():
        raise ValueError(
            f"area_km2 must hold one area above 0 for each of {y_prob.shape[1]} leaves, received "
            f"an array {area_km2.shape}, the smallest value {area_km2.min(initial=np.inf)}."
        )
    return y_prob.astype(np.float64), area_km2
