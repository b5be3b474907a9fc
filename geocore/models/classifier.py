"""Models stage: pooling, the cell classifier on pooled features, and the whole network.

photo -> backbone -> pooling -> Dense(1280, ReLU) -> dropout 0.5 -> head -> logits over leaves
(thesis 4.1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

POOLINGS = ("max", "mean", "std", "max+mean", "mean+std", "mean+std+bands")
N_BANDS, BANDED_CHANNELS = 3, 256
_SMALLEST_VARIANCE = 1e-6  # a map that is even has a deviation, and a gradient, of about 0


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig:
    """What stands between the backbone and the head.

    Attributes:
        pooling: ``"max"`` (thesis 4.1), ``"mean"``, or several side by side, such
            as ``"max+mean"``; ``"std"`` is the standard deviation, ``"bands"`` the means over the
            upper, middle and lower third, of maps with at most 256 channels: of wide ones they
            would outnumber all other features.
        hidden_units: width of the hidden layer; the thesis has 1280.
        dropout: rate behind the hidden layer.
        weight_decay: L2 factor (lambda of eq. 6.2) on every kernel of the classifier.
        standardise: shift and scale each pooled feature by its mean and deviation over the training
            photos.
        n_axes: replace the pooled features by so many principal axes of theirs; 0 takes them all.
    """

    pooling: str = "max"
    hidden_units: int = 1280  # 4.1
    dropout: float = 0.5  # 6.1.3
    weight_decay: float = 1e-5  # 6.1.3
    standardise: bool = False
    n_axes: int = 0

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS:
            raise ValueError(
                f"pooling must be one of {', '.join(POOLINGS)}, received {self.pooling!r}."
            )
        if self.hidden_units < 1:
            raise ValueError(f"hidden_units must be at least 1, received {self.hidden_units}.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1), received {self.dropout}.")
        if self.weight_decay < 0:
            raise ValueError(f"weight_decay must not be negative, received {self.weight_decay}.")
        if self.n_axes < 0:
            raise ValueError(f"n_axes must not be negative, received {self.n_axes}.")


def pool(feature_map: keras.KerasTensor, pooling: str) -> keras.KerasTensor:
    """Feature map (n, h, w, c) -> pooled features (n, c), or (n, 2c) for ``"max+mean"``."""
    return pool_maps([feature_map], pooling)


def pool_maps(feature_maps: Sequence[keras.KerasTensor], pooling: str) -> keras.KerasTensor:
    """A backbone's feature maps (n, h, w, c) -> pooled features side by side, block by block.

    The maxima of all maps come first, then their means, and so on; see `pooled_blocks`.
    """
    pooled = [
        block
        for part in pooling.split("+")
        for x in feature_maps
        if _is_pooled(x.shape[-1], part)
        for block in _POOL[part](x)
    ]
    return pooled[0] if len(pooled) == 1 else ops.concatenate(pooled, axis=-1)


def pooled_blocks(n_channels: Sequence[int], pooling: str) -> list[tuple[int, int]]:
    """The blocks that `pool_maps` puts side by side: of each the map's position and the width.

    Args:
        n_channels: of the maps.
        pooling: one of POOLINGS.
    """
    found = []
    for part in pooling.split("+"):
        times = N_BANDS if part == "bands" else 1
        maps = [x for x in enumerate(n_channels) if _is_pooled(x[1], part)]
        found += [x for x in maps for _ in range(times)]
    return found


def _is_pooled(n_channels: int, part: str) -> bool:
    return part != "bands" or n_channels <= BANDED_CHANNELS


def _deviation(feature_map: keras.KerasTensor) -> keras.KerasTensor:
    return ops.sqrt(ops.var(feature_map, axis=(1, 2)) + _SMALLEST_VARIANCE)


def _bands(feature_map: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Means over the upper, middle and lower third of the rows: sky, horizon and ground."""
    height = feature_map.shape[1]
    cuts = [round(i * height / N_BANDS) for i in range(N_BANDS + 1)]
    starts = [min(start, height - 1) for start in cuts[:-1]]  # a map of one row has bands too
    pairs = zip(starts, cuts[1:], strict=True)
    return [ops.mean(feature_map[:, a : max(b, a + 1)], axis=(1, 2)) for a, b in pairs]


_POOL: dict[str, Callable[[keras.KerasTensor], list[keras.KerasTensor]]] = {
    "max": lambda feature_map: [ops.max(feature_map, axis=(1, 2))],
    "mean": lambda feature_map: [ops.mean(feature_map, axis=(1, 2))],
    "std": lambda feature_map: [_deviation(feature_map)],
    "bands": _bands,
}


def root(features: keras.KerasTensor) -> keras.KerasTensor:
    """Square root with the sign kept: few large features no longer drown the many small ones.

    Its slope is finite at 0, so that Grad-CAM can look through it.
    """
    return features / ops.sqrt(ops.abs(features) + _SMALLEST_VARIANCE)


def n_pooled(n_channels: int, pooling: str) -> int:
    """Length of the pooled features of a feature map with that many channels."""
    return sum(width for _, width in pooled_blocks([n_channels], pooling))


def build_classifier(
    n_features: int,
    head: layers.Layer,
    config: ClassifierConfig,
    *,
    standardisation: tuple[np.ndarray, np.ndarray] | None = None,
    seed: int = 42,
) -> keras.Model:
    """Cell classifier on pooled features.

    Args:
        n_features: length of the pooled features.
        head: layer of HEADS, from hidden features to logits (n, n_leaves).
        config: width and regularisation.
        standardisation: mean and deviation (n_features,) each, see `feature_statistics`; None to
            take the features as they are.
        seed: seed of the dropout masks and the initial weights of the hidden layer.

    Returns:
        Keras model from (n, n_features) to logits (n, n_leaves). Rows sum to 1: no; see
        `heads.normalise`.

    Source: thesis 4.1; hidden layer and dropout 6.1.3.
    """
    features = keras.Input((n_features,), name="features")
    x = features
    if standardisation is not None:
        mean, deviation = standardisation
        x = layers.Normalization(mean=mean, variance=deviation**2, name="standardise")(x)
    x = layers.Dense(
        config.hidden_units,
        activation="relu",
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        kernel_regularizer=keras.regularizers.L2(config.weight_decay),
        name="hidden",
    )(x)
    x = layers.Dropout(config.dropout, seed=seed, name="dropout")(x)
    return keras.Model(features, head(x), name="classifier")


def feature_statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each feature over the training photos (n_photos, n_features).

    A deviation is never less than a tenth of the median one: a feature that hardly varies in
    training would otherwise shout at the first photo in which it does. One that never varies is
    not scaled.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    varies = deviation > 1e-6
    floor = 0.1 * float(np.median(deviation[varies])) if varies.any() else 1.0
    return mean, np.where(varies, np.maximum(deviation, floor), 1.0)


def merged_weights(classifier: keras.Model) -> list[np.ndarray]:
    """Weights of the classifier without its standardisation, which is merged into the hidden layer.

    Returns:
        float32 arrays that `set_weights` of a classifier built without standardisation takes; it
        then gives the same logits.
    """
    weights = [np.asarray(x) for x in classifier.get_weights()]
    for layer in classifier.layers:
        if isinstance(layer, layers.Normalization):
            mean, deviation = np.ravel(layer.mean), np.sqrt(np.ravel(layer.variance))
            kernel = weights[0] / deviation[:, None]
            weights[:2] = [kernel, weights[1] - mean @ kernel]
    return [x.astype(np.float32) for x in weights]


def on_feature_map(
    feature_shape: tuple[int, int, int], classifier: keras.Model, pooling: str
) -> keras.Model:
    """The classifier with its pooling, on the feature map (n, h, w, c): what Grad-CAM looks at."""
    feature_map = keras.Input(feature_shape, name="feature_map")
    return keras.Model(feature_map, classifier(pool(feature_map, pooling)), name="head_only")


def on_photos(backbone: keras.Model, classifier: keras.Model, pooling: str) -> keras.Model:
    """One network from photos (n, size_px, size_px, 3) in 0..255 to logits (n, n_leaves)."""
    pooled = pool(backbone.output, pooling)
    return keras.Model(backbone.input, classifier(pooled), name="photo_to_logits")
