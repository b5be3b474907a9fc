"""Backbones and all heads as one compiled function on pixels.

Stage: inference. Keras models in, arrays out; it must not know files, cells or bundles.

Source: thesis 4.1; own.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf

from geocore.inference.gradcam import HeatMapper, split_at_last_convolution
from geocore.models.backbones import feature_maps, last_convolution
from geocore.models.classifier import pool_maps, pooled_blocks, root


@dataclass(frozen=True, kw_only=True, eq=False)
class Eyes:
    """How pixels become what the heads read.

    Attributes:
        backbones: from photos (n, size_px, size_px, 3) in 0..255 to a feature map; the first is the
            one that Grad-CAM looks at.
        pooling: one of `geocore.models.classifier.POOLINGS`.
        depths: where feature maps are taken, keys of DEPTHS, "top" first.
        has_root: square roots of the pooled features, with their signs.
        mirror: the mean over the photo and its mirror image.
        projection: (n_features, n_axes) and shift (n_axes,) of the features to what the heads read;
            None where they read all.
    """

    backbones: Sequence[keras.Model]
    pooling: str
    depths: Sequence[str] = ("top",)
    has_root: bool = False
    mirror: bool = False
    projection: tuple[np.ndarray, np.ndarray] | None = None

    def pooled(self, maps: Sequence[tf.Tensor]) -> tf.Tensor:
        """Features (n, n_features) of the feature maps of one backbone."""
        features = pool_maps(maps, self.pooling)
        return root(features) if self.has_root else features

    def projected(self, features: tf.Tensor) -> tf.Tensor:
        """What the heads read, (n, n_inputs), of pooled features."""
        if self.projection is None:
            return features
        matrix, shift = self.projection
        return features @ tf.constant(matrix) - tf.constant(shift)

    @cached_property
    def maps(self) -> list[list[keras.KerasTensor]]:
        """Feature maps of each backbone at all depths."""
        return [feature_maps(x, self.depths) for x in self.backbones]

    @cached_property
    def n_features(self) -> int:
        """Pooled features of a photo."""
        return sum(width for i in range(len(self.backbones)) for _, width in self._blocks(i))

    @property
    def n_inputs(self) -> int:
        """What the heads read of them."""
        return self.n_features if self.projection is None else self.projection[0].shape[1]

    def _blocks(self, backbone: int) -> list[tuple[int, int]]:
        return pooled_blocks([x.shape[-1] for x in self.maps[backbone]], self.pooling)

    def from_top(self) -> np.ndarray | None:
        """Matrix (n_top, n_inputs) from the first map's features to what the heads read.

        None where the first map's features are all that is read.
        """
        blocks = self._blocks(0)
        if self.projection is None and len(self.backbones) == len(self.depths) == 1:
            return None
        is_top = np.repeat([depth == 0 for depth, _ in blocks], [width for _, width in blocks])
        whole = np.eye(self.n_features, dtype=np.float32)
        matrix = whole if self.projection is None else self.projection[0]
        return matrix[np.flatnonzero(is_top)]


class PhotoNetwork:
    """The backbones run once per photo (and its mirror image); every head reads the same features.

    Compiled once for a batch of any size, warmed up, guarded by a lock, so that one object serves
    all readers of a dashboard.
    """

    def __init__(self, eyes: Eyes, classifiers: Mapping[str, keras.Model]) -> None:
        """Compile and warm up.

        Args:
            eyes: from pixels to what the heads read.
            classifiers: per head the model from that to logits (n, n_leaves).
        """
        first = eyes.backbones[0]
        self.size_px: int = first.input_shape[1]
        self._eyes, self._classifiers = eyes, dict(classifiers)
        body, self._tail = split_at_last_convolution(first, last_convolution(first))
        self._body = keras.Model(first.input, [body.output, *eyes.maps[0]])
        self._others = [
            keras.Model(x.input, own)
            for x, own in zip(eyes.backbones[1:], eyes.maps[1:], strict=True)
        ]
        self._held = _Held(eyes.from_top(), eyes.n_inputs)
        self._lock = threading.Lock()
        self._heat_mappers: dict[str, HeatMapper] = {}
        signature = [tf.TensorSpec((None, self.size_px, self.size_px, 3), tf.uint8)]
        self._compiled = tf.function(self._forward, input_signature=signature)
        self.run(np.zeros((1, self.size_px, self.size_px, 3), np.uint8))

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the heads."""
        return tuple(self._classifiers)

    def run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Photos through the backbones and all heads.

        Args:
            pixels: (n_photos, size_px, size_px, 3) uint8, RGB.

        Returns:
            Feature maps (n_photos, h, w, c) float32 of the first backbone's last convolution, what
            the heads read (n_photos, n_inputs) float32, and per head the probs (n_photos, n_leaves)
            float32. Rows sum to 1: yes.
        """
        with self._lock:
            seen, features, probs = self._compiled(tf.constant(pixels))
        named = {head: values.numpy() for head, values in probs.items()}
        return seen.numpy(), features.numpy(), named

    def heat_map(
        self, feature_map: np.ndarray, features: np.ndarray, head: str, class_index: int
    ) -> np.ndarray:
        """Grad-CAM of one leaf, see `HeatMapper`; the head's mapper is made at first use.

        The gradient is that of the head's logit with respect to the first backbone's last map of
        the photo as it is; what the other maps, the other backbones and the mirror image gave is
        held constant.

        Args:
            feature_map: (h, w, c) of the photo, as `run` gives it.
            features: (n_inputs,) of the photo, likewise.
            head: name of the head.
            class_index: the leaf.
        """
        with self._lock:
            self._held.hold(features)
            if head not in self._heat_mappers:
                self._heat_mappers[head] = HeatMapper(self._head_only(head))
            return self._heat_mappers[head].heat_map(feature_map, class_index)

    def _forward(self, pixels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, dict[str, tf.Tensor]]:
        n_photos = tf.shape(pixels)[0]
        photos = tf.cast(pixels, tf.float32)
        if self._eyes.mirror:
            photos = tf.concat([photos, tf.reverse(photos, [2])], axis=0)
        seen, *maps = self._body(photos, training=False)
        pooled = [self._eyes.pooled(maps)]
        for other in self._others:
            pooled.append(self._eyes.pooled(_as_list(other(photos, training=False))))
        features = tf.concat(pooled, axis=1)
        if self._eyes.mirror:
            features = (features[:n_photos] + features[n_photos:]) / 2
        features = self._eyes.projected(features)
        return (
            seen[:n_photos],
            features,
            {
                head: tf.nn.softmax(classifier(features, training=False))
                for head, classifier in self._classifiers.items()
            },
        )

    def _head_only(self, head: str) -> keras.Model:
        feature_map = keras.Input(self._body.output_shape[0][1:], name="feature_map")
        features = self._held(self._eyes.pooled([self._tail(feature_map)]))
        return keras.Model(feature_map, self._classifiers[head](features), name="head_only")


class _Held(keras.layers.Layer):
    """What the heads read of one photo, whatever comes in, with the slope of what comes in.

    From pooled features (1, n_top) of the first map to (1, n_inputs), held as they were read.
    """

    def __init__(self, matrix: np.ndarray | None, n_inputs: int) -> None:
        """`matrix` (n_top, n_inputs) leads from one to the other; None where they are the same."""
        super().__init__(name="held")
        self._matrix = None if matrix is None else tf.constant(matrix)
        self._features = tf.Variable(tf.zeros((1, n_inputs)), trainable=False)

    def hold(self, features: np.ndarray) -> None:
        """From now on give these features (n_inputs,)."""
        self._features.assign(features[None])

    def call(self, pooled: tf.Tensor) -> tf.Tensor:
        moved = pooled - tf.stop_gradient(pooled)
        return self._features + (moved if self._matrix is None else moved @ self._matrix)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self._features.shape[1])


def _as_list(maps: tf.Tensor | list[tf.Tensor]) -> list[tf.Tensor]:
    return maps if isinstance(maps, list) else [maps]
