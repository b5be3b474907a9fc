"""Whether a photo looks like those that a model learned from, by its features.

Stage: evaluation. It must not know models, photos or files: features in, distances out.

Features of photos that were learned from vary along some main axes. What a photo's features have
beside them is the distance: small for another street or landscape, large for a drawing, a screen
or an animal filling the frame, which the backbone describes in ways that no training photo needed.

Source: Wang et al. 2022, "ViM: out-of-distribution with virtual-logit matching", section 4 (the
residual outside the principal subspace). Of 60 variants tried (nearest neighbours, Mahalanobis
distance, fewer or more axes, with and without standardising) it turned away most pictures that show
no place at the same cost in photos that do; the figures are in the README.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from geocore.evaluation.conformal import p_values
from geocore.evaluation.products import product

N_AXES = 128
MAX_PHOTOS = 10_000
"""Training photos that the axes are found from, drawn at random."""
_SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Familiarity:
    """The main axes of the training photos' features, and how far held-out photos are from them.

    Attributes:
        mean: float32 (n_features,), of the training photos.
        scale: float32 (n_features,), their standard deviation; 1 where they do not vary.
        axes: float16 or float32 (n_axes, n_features), orthonormal, of standardised features.
        held_out: float32 (n_photos,), distances of photos that were not learned from, in their
            order.
    """

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    held_out: np.ndarray

    def distance(self, features: np.ndarray) -> np.ndarray:
        """How far photos are from the training photos' axes, float64 (n_photos,).

        Args:
            features: (n_photos, n_features), pooled.

        Raises:
            ValueError: features of another length.
        """
        features = np.asarray(features, np.float64)
        if features.ndim != 2 or features.shape[1:] != self.mean.shape:
            raise ValueError(
                f"features must be (n_photos, {len(self.mean)}), received {features.shape}. "
                "Are they of the bundle's backbone?"
            )
        z = (features - self.mean) / self.scale
        along = product(z, self.axes.astype(np.float64).T)
        return np.sqrt(np.maximum((z**2).sum(axis=1) - (along**2).sum(axis=1), 0))

    def p_value(self, features: np.ndarray) -> np.ndarray:
        """Share of the held-out photos, the photo itself counted in, that are as far or farther."""
        return p_values(self.distance(features).astype(np.float32), self.held_out)


def fit_familiarity(
    learned: np.ndarray, held_out: np.ndarray, *, n_axes: int = N_AXES, seed: int = 42
) -> Familiarity:
    """Find the axes of the training photos' features.

    Args:
        learned: float (n_photos, n_features) of the training photos, at least two.
        held_out: the same of photos that were not learned from; there may be none.
        n_axes: at most; never more than a quarter of the training photos or features, since with
            as many axes as photos nothing would lie outside.
        seed: of the draw where training photos are very many.

    Raises:
        ValueError: too few photos, features that do not fit or are not finite.
    """
    learned, held_out = np.asarray(learned, np.float64), np.asarray(held_out, np.float64)
    if learned.ndim != 2 or len(learned) < 2 or held_out.shape[1:] != learned.shape[1:]:
        raise ValueError(
            "learned and held_out must be (n_photos, n_features) with at least two learned photos, "
            f"received {learned.shape} and {held_out.shape}."
        )
    if not (np.isfinite(learned).all() and np.isfinite(held_out).all()):
        raise ValueError("Features must be finite. Leave out photos that cannot be read.")
    drawn = np.random.default_rng(seed).permutation(len(learned))[:MAX_PHOTOS]
    learned = learned[np.sort(drawn)]
    mean, spread = learned.mean(axis=0), learned.std(axis=0)
    scale = np.where(spread > _SMALLEST_SPREAD, spread, 1.0)
    z, n = (learned - mean) / scale, learned.shape[1]
    kept = max(1, min(n_axes, len(learned) // 4, n // 4))
    _, axes = eigh(z.T @ z, subset_by_index=[n - kept, n - 1])
    bare = familiarity_from_arrays([mean, scale, axes.T.astype(np.float16), np.zeros(0)])
    distances = bare.distance(held_out) if len(held_out) else np.zeros(0)
    return familiarity_from_arrays([mean, scale, bare.axes, distances])


def familiarity_from_arrays(arrays: Sequence[np.ndarray]) -> Familiarity:
    """The inverse of `familiarity_arrays`.

    Raises:
        ValueError: arrays that are not those of a familiarity.
    """
    if len(arrays) != 4 or [x.ndim for x in arrays] != [1, 1, 2, 1]:
        shapes = [x.shape for x in arrays]
        raise ValueError(f"Four arrays mean, scale, axes, held_out must be there, found {shapes}.")
    mean, scale, axes, held_out = arrays
    if not len(mean) == len(scale) == axes.shape[1] or not (scale > 0).all():
        raise ValueError("mean, scale and axes must be of one length, and scale above 0.")
    return Familiarity(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        axes=axes.astype(np.float16),
        held_out=held_out.astype(np.float32),
    )


def familiarity_arrays(familiarity: Familiarity) -> list[np.ndarray]:
    """What a bundle keeps."""
    return [familiarity.mean, familiarity.scale, familiarity.axes, familiarity.held_out]
