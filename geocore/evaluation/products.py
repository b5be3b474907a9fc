"""Matrix products of a few photos, without waking threads.

Stage: evaluation. Arrays in, arrays out.

NumPy's matrix library (BLAS) shares every product among threads of its own. For one photo that
gains nothing: each number of the matrix is used once, so memory sets the pace. Beside TensorFlow it
costs much: those threads keep a core busy while they wait for the next product, and the network's
own threads wait for that core. Limits on the library's threads hold for a whole process, in which
several photos may be answered at once; NumPy's own loops need none.

Source: own.
"""

import numpy as np

FEW_PHOTOS = 16
"""As many as the predictor answers at once. From there on BLAS is faster, threads or not."""


def product(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The matrix product `rows @ matrix`, (n_photos, n_columns).

    Args:
        rows: (n_photos, n_inner).
        matrix: (n_inner, n_columns).

    Raises:
        ValueError: shapes that do not fit each other.
    """
    if len(rows) > FEW_PHOTOS:
        return rows @ matrix
    return np.einsum("ij,jk->ik", rows, matrix)
