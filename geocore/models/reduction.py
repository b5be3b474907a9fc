"""Models stage: many pooled features as few, along the principal axes of the training photos'.

All that stands behind the features (heads, evidence of places, baselines, familiarity) then reads
the same few numbers, and a bundle stays small. Distances between photos stay what they were but for
what the left-out axes held: the axes are not scaled to equal spread.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from geocore.models.classifier import feature_statistics

MAX_PHOTOS = 3000
"""Training photos that the axes are found from, drawn at random."""


@dataclass(frozen=True, eq=False)
class Reduction:
    """Standardisation and principal axes in one.

    Attributes:
        projection: float16 (n_features, n_axes).
        shift: float32 (n_axes,), subtracted behind the projection.
    """

    projection: np.ndarray
    shift: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Features (..., n_features) along the axes, float32 (..., n_axes)."""
        rows = features.reshape(-1, features.shape[-1])  # one product, not one for each photo
        along = rows @ self.projection.astype(np.float32) - self.shift
        return along.astype(np.float32).reshape(*features.shape[:-1], -1)


def fit_reduction(
    features: np.ndarray, n_axes: int, widths: Sequence[int] = (), seed: int = 42
) -> Reduction:
    """The axes along which training photos differ most.

    Args:
        features: float (n_photos, n_features) of training photos, at least two that differ.
        n_axes: at most so many; there are never more than photos or features.
        widths: of the blocks that the features consist of; every block counts alike, whatever its
            width. Empty for one block.
        seed: of the draw where photos are very many.

    Returns:
        A reduction scaled so that with all axes the mean square would be 1 per axis: one width of a
        kernel and one learning rate fit any backbone.

    Raises:
        ValueError: no photos that differ, or less than one axis.
    """
    drawn = np.sort(np.random.default_rng(seed).permutation(len(features))[:MAX_PHOTOS])
    features = np.asarray(features[drawn], np.float32)
    if n_axes < 1 or len(features) < 2 or not np.ptp(features, axis=0).any():
        raise ValueError(
            f"n_axes must be at least 1 and some of the photos must differ, received n_axes "
            f"{n_axes} and features {features.shape}."
        )
    mean, deviation = feature_statistics(features)
    blocks = np.array(widths or [features.shape[1]])
    deviation = deviation * np.sqrt(np.repeat(blocks, blocks))
    rows = (features - mean) / deviation
    kept = min(n_axes, *rows.shape)
    is_wide = rows.shape[1] > len(rows)  # the smaller of the two squares has the same spectrum
    square = (rows @ rows.T if is_wide else rows.T @ rows).astype(np.float64)
    n = len(square)
    values, vectors = eigh(square, subset_by_index=[n - kept, n - 1])
    found = values > values[-1] * 1e-9
    values, vectors = values[found][::-1], vectors[:, found][:, ::-1]
    axes = rows.T @ (vectors / np.sqrt(values)) if is_wide else vectors
    scale = np.sqrt(len(rows) * len(values) / np.trace(square))
    projection = (axes * scale / deviation[:, None]).astype(np.float16)
    return Reduction(projection, (mean @ projection.astype(np.float32)).astype(np.float32))
