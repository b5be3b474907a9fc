"""Kernel ridge regression on photos: its solution, and what it says of each photo left out.

Stage: evaluation. Arrays in, arrays out: it must not know what is regressed on what.

Source: Saunders et al. 1998; the closed form of leave-one-out, Allen 1974.
"""

import numpy as np
from scipy.linalg import lapack


def ridge_inverse(likeness: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    """Inverse of the kernel with the ridge on its diagonal, float64 (n_photos, n_photos).

    Times targets (n_photos, n_targets) it gives the coefficients of the regression.

    Args:
        likeness: (n_photos, n_photos), symmetric.
        ridge: (n_photos,), above 0.
    """
    matrix = likeness.astype(np.float64)
    matrix[np.diag_indices_from(matrix)] += ridge
    factor, _ = lapack.dpotrf(matrix, lower=1, overwrite_a=1)
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    return np.tril(inverse) + np.tril(inverse, -1).T


def said_without_group(
    targets: np.ndarray, coefficients: np.ndarray, inverse: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """What the regression says of each photo when its group is left out, as `targets`.

    Args:
        targets: (n_photos, n_targets).
        coefficients: inverse @ targets.
        inverse: from `ridge_inverse`.
        groups: int (n_photos,).

    Source: Allen 1974, block by block.
    """
    said = np.empty_like(targets)
    order = np.argsort(groups, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        block = inverse[np.ix_(rows, rows)]
        said[rows] = targets[rows] - np.linalg.solve(block, coefficients[rows])
    return said
