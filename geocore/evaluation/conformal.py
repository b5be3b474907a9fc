"""Conformal sets of cells: which cells are compatible with a photo at a promised coverage.

Stage: evaluation. It must not know models, files or pages: probs and measures in, scores, p-values
and thresholds out. Cells are leaves or any finer division of them.

A score says how ill a cell fits the probs of a photo; it is large for cells that a method would
take last. The scores of the true cells of n photos that nobody trained on (the calibration photos)
are the yardstick: a cell's p-value is the share of them, the photo itself counted in, that fit as
ill or worse. The cells with a p-value above 1 - level are the set. If the photo is drawn like the
calibration photos, the true cell is in the set with probability of at least the level, whatever the
model is worth. The promise is one on average over photos, not for every kind of photo.

Calibration photos outside all cells have the score infinity: no set covers them, and that they
exist makes every set larger. Where they are more than 1 - level of the photos, no set of cells can
keep the promise and the threshold is infinity: the answer is the whole Earth.

Of all sets with the same coverage on average, those of the cells with the largest prob per measure
hold the least measure on average: area, for a search.

Source: Vovk et al. 2005 (split conformal prediction); Romano et al. 2020 (APS); Angelopoulos et al.
2021 (RAPS); Sadinle et al. 2019 (sets of least expected size; measures other than the number of
cells: own).
"""

import numpy as np

from geocore.evaluation.checks import check_probs

LEVELS = (0.8, 0.9, 0.95)
LEAST_AREA, WHOLE_CELLS, LIKELIHOOD, APS, RAPS = (
    "least-area", "whole-cells", "likelihood", "APS", "RAPS",
)  # fmt: skip
METHODS = {
    LEAST_AREA: "the parts of cells with the largest probability per km2 first",
    WHOLE_CELLS: "whole cells with the largest probability per km2 first",
    LIKELIHOOD: "cells whose probability is furthest above their share of all photos first",
    APS: "cells with the largest probability first",
    RAPS: "as APS, and every cell beyond the first few costs extra",
}
"""The first takes its cells in pieces (`geocore.inference.search_units`); for claims LIKELIHOOD has
the most power: what a place is famous for counts neither for nor against it."""
PER_MEASURE = (LEAST_AREA, WHOLE_CELLS, LIKELIHOOD)
RAPS_PENALTY, RAPS_FREE = 0.01, 5
"""What each further cell costs, and how many are free (Angelopoulos et al. 2021, section 3)."""
MIN_OWN = 40
"""Calibration photos of a domain from which on it is held against them alone."""
EPSILON = 1e-9
"""A p-value of exactly 1 - level is outside, however 1 - level is rounded."""
_SMALLEST = np.finfo(np.float32).tiny


def label_scores(
    method: str, y_prob: np.ndarray, measure: np.ndarray, u: np.ndarray | None = None
) -> np.ndarray:
    """How ill each cell fits each photo.

    Args:
        method: key of METHODS.
        y_prob: float (n_photos, n_cells), rows sum to 1.
        measure: float (n_cells,), above 0: what a set should hold least of. Areas in km2; for
            LIKELIHOOD the share of all photos in each cell. APS and RAPS do not use it.
        u: float (n_photos,) in [0, 1], drawn at random and apart from the photos: APS and RAPS then
            count that share of a cell's own prob, and their sets cover exactly the level on average
            instead of at least it. None counts all of it: sets that are the same every time.

    Returns:
        float64 (n_photos, n_cells), smaller fits better.

    Raises:
        ValueError: an unknown method, arrays that do not fit, or `u` where nothing is drawn.
    """
    y_prob, measure = _checked(method, y_prob, measure)
    if method in PER_MEASURE:
        if u is not None:
            raise ValueError(f"{method} draws nothing at random: u must be None.")
        return np.log(measure) - np.log(np.maximum(y_prob, _SMALLEST))
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
    rank = int(np.ceil((n + 1) * level - EPSILON))
    return float(np.partition(calibration_scores, rank - 1)[rank - 1]) if rank <= n else np.inf


def is_like(domains: np.ndarray | None, domain: str | None) -> np.ndarray | None:
    """Which calibration photos a photo of a domain is held against, bool (n_photos,); None: all.

    Its own domain's, if they are at least MIN_OWN: a promise over all photos would be kept for the
    easy domain at the expense of the hard one.

    Args:
        domains: names (n_photos,), the domain that each calibration photo looks like.
        domain: of the photo.

    Source: Vovk et al. 2005, section 4.5 (Mondrian conformal prediction).
    """
    if domains is None or domain is None:
        return None
    own = np.asarray(domains) == domain
    return own if own.sum() >= MIN_OWN else None


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


def grouped_thresholds(
    label_groups: np.ndarray,
    calibration_scores: np.ndarray,
    photo_groups: np.ndarray,
    level: float,
) -> np.ndarray:
    """`threshold` of each cell, (n_cells,), arguments as `grouped_p_values`."""
    found = np.full(len(label_groups), np.inf)
    for group in np.unique(label_groups.astype(str)):
        own = calibration_scores[photo_groups == group]
        found[label_groups == group] = threshold(own, level)
    return found


def grouped_p_values(
    scores: np.ndarray,
    label_groups: np.ndarray,
    calibration_scores: np.ndarray,
    photo_groups: np.ndarray,
) -> np.ndarray:
    """As `p_values`, each cell against the calibration photos of its own group alone.

    The promise then holds for the photos of each group on its own. The price: a group with few
    photos can hardly be excluded, as no p-value there is below 1 / (n + 1).

    Args:
        scores: (..., n_cells).
        label_groups: (n_cells,), name of each cell's group.
        calibration_scores: (n_photos,), of the true cells.
        photo_groups: (n_photos,), the group of each photo's own cell.

    Source: Vovk et al. 2005, section 4.5 (Mondrian predictors).
    """
    found = np.ones(np.shape(scores))
    for group in np.unique(label_groups.astype(str)):
        is_own = label_groups == group
        own = calibration_scores[photo_groups == group]
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


def _checked(method: str, y_prob: np.ndarray, measure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    check_method(method)
    y_prob, measure = np.asarray(y_prob), np.asarray(measure, np.float64)
    _, y_prob = check_probs(np.full(len(y_prob), -1), y_prob)
    if measure.shape != y_prob.shape[1:] or not (np.isfinite(measure) & (measure > 0)).all():
        raise ValueError(
            f"measure must hold one number above 0 for each of {y_prob.shape[1]} cells, received "
            f"an array {measure.shape} with the smallest value {measure.min(initial=np.inf)}."
        )
    return y_prob.astype(np.float64), measure
