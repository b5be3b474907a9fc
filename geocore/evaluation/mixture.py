"""A distribution as the mixture of given ones that fits what was counted best.

Stage: evaluation. It must not know what the cells or the distributions are.

Source: Dempster, Laird and Rubin 1977 (expectation maximisation; the components are fixed, so that
the likelihood has one maximum).
"""

import numpy as np

N_STEPS = 200


def fit_mixture(components: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weights of the mixture under which the counts are most probable.

    Args:
        components: float (n_components, n_cells), each at least 0.
        counts: (n_cells,), how often each cell was seen, at least 0; all 0 gives equal weights.

    Returns:
        float64 (n_components,), at least 0, sum 1.

    Raises:
        ValueError: shapes that do not fit, or values below 0.
    """
    components, counts = np.asarray(components, np.float64), np.asarray(counts, np.float64)
    if components.ndim != 2 or counts.shape != components.shape[1:] or not len(components):
        raise ValueError(
            "components must be (n_components, n_cells) and counts (n_cells,), received "
            f"{components.shape} and {counts.shape}."
        )
    if not (np.isfinite(components).all() and components.min() >= 0 and counts.min() >= 0):
        raise ValueError("components and counts must be finite and at least 0.")
    weights = np.full(len(components), 1 / len(components))
    is_seen = (counts > 0) & (components.sum(axis=0) > 0)
    if not is_seen.any():
        return weights
    seen, n = components[:, is_seen], counts[is_seen]
    for _ in range(N_STEPS):
        parts = weights[:, None] * seen
        weights = (parts / np.maximum(parts.sum(axis=0), np.finfo(float).tiny)) @ n
        weights /= weights.sum()
    return weights
