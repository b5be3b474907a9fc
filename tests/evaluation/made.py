"""Made probs and labels that several tests share."""

import numpy as np


def made_probs(n_photos=200, n_leaves=7, n_unassigned=0, seed=0, dtype=np.float64):
    """Labels (n_photos,) and probs (n_photos, n_leaves) that know a little."""
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, n_leaves, n_photos)
    scores = rng.normal(size=(n_photos, n_leaves)) + np.eye(n_leaves)[y_true]
    y_prob = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    y_true[:n_unassigned] = -1
    return y_true, y_prob.astype(dtype)
