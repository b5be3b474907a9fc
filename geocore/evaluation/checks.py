"""What must hold of the arrays that evaluation is given, in one place.

Stage: evaluation. It must not know any metric.
"""

import numpy as np

SUM_TOLERANCE = 1e-3
"""How far a row may be from 1: float16 rounding passes, scores never normalised do not."""


def check_probs(y_true: np.ndarray, y_prob: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels as int64 and probs as a float array, or a sentence.

    Args:
        y_true: int (n_photos,), class index in [0, n_leaves) or -1 (UNASSIGNED).
        y_prob: float (n_photos, n_leaves), rows sum to 1.

    Returns:
        `y_true` as int64; `y_prob` unchanged where it already is a float array.

    Raises:
        ValueError: shapes that do not fit, no photo, a class index outside the leaves, probs that
            are negative, not finite or do not sum to 1.
    """
    y_true, y_prob = np.asarray(y_true), np.asarray(y_prob)
    if y_prob.ndim != 2 or y_true.shape != y_prob.shape[:1] or 0 in y_prob.shape:
        raise ValueError(
            "y_true must be (n_photos,) and y_prob (n_photos, n_leaves) with at least one photo "
            f"and one leaf, received {y_true.shape} and {y_prob.shape}."
        )
    y_prob = y_prob if y_prob.dtype.kind == "f" else y_prob.astype(np.float64)
    _check_class_index(y_true, y_prob.shape[1])
    _check_rows(y_prob)
    return y_true.astype(np.int64), y_prob


def check_errors_km(error_km: np.ndarray) -> np.ndarray:
    """Distances as a float64 array, or a sentence.

    Raises:
        ValueError: not one row, empty, not finite or negative.
    """
    error_km = np.asarray(error_km, dtype=np.float64)
    if error_km.ndim != 1 or error_km.size == 0:
        raise ValueError(
            f"error_km must be (n_photos,) with n_photos >= 1, received {error_km.shape}."
        )
    bad = ~(np.isfinite(error_km) & (error_km >= 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"error_km must be finite and at least 0, received {error_km[row]} in row {row} "
            f"({bad.sum()} such rows). Check the positions it was computed from."
        )
    return error_km


def _check_class_index(y_true: np.ndarray, n_leaves: int) -> None:
    if y_true.dtype.kind not in "iu":
        raise ValueError(f"y_true must hold integers, received {y_true.dtype}.")
    low, high = int(y_true.min()), int(y_true.max())
    if low < -1 or high >= n_leaves:
        raise ValueError(
            f"y_true must lie in 0 to {n_leaves - 1} (or be -1, unassigned), received {low} to "
            f"{high}. Do probs and class indices come from the same grid?"
        )


def _check_rows(y_prob: np.ndarray) -> None:
    sums = y_prob.sum(axis=1, dtype=np.float64)
    bad = ~(np.abs(sums - 1) <= SUM_TOLERANCE) | (y_prob.min(axis=1) < 0)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"Every row of y_prob must be at least 0 and sum to 1 (within {SUM_TOLERANCE}), "
            f"received a sum of {sums[row]:.6g} and a smallest value of {y_prob[row].min():.6g} "
            f"in row {row} ({bad.sum()} such rows). Normalise the scores before evaluating them."
        )
