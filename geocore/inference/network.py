"""Backbone and all heads as one compiled function on pixels.

Stage: inference. Keras models in, arrays out; it must not know files, cells or bundles.

Source: thesis 4.1; own.
"""

import threading
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from geocore.inference.gradcam import HeatMapper, split_at_last_convolution
from geocore.models.backbones import last_convolution
from geocore.models.classifier import pool
from geocore.models.heads import normalise


class PhotoNetwork:
    """The backbone runs once per photo; every head reads the same feature map.

    Compiled once for one photo and once for a batch of any size, warmed up, guarded by a lock, so
    that one object serves all readers of a dashboard.
    """

    def __init__(
        self, backbone: keras.Model, classifiers: Mapping[str, keras.Model], pooling: str
    ) -> None:
        """Compile and warm up.

        Args:
            backbone: from photos (n, size_px, size_px, 3) in 0..255 to a feature map.
            classifiers: per head the model from pooled features to logits (n, n_leaves).
            pooling: what stands between the two, one of `geocore.models.classifier.POOLINGS`.
        """
        self.size_px: int = backbone.input_shape[1]
        self._body, self._tail = split_at_last_convolution(backbone, last_convolution(backbone))
        self._classifiers = dict(classifiers)
        self._pooling = pooling
        self._lock = threading.Lock()
        self._heat_mappers: dict[str, HeatMapper] = {}
        signature = [tf.TensorSpec((None, self.size_px, self.size_px, 3), tf.uint8)]
        self._compiled = tf.function(self._forward, input_signature=signature)
        self.run(np.zeros((1, self.size_px, self.size_px, 3), np.uint8))

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of the heads."""
        return tuple(self._classifiers)

    def features_of(self, feature_maps: np.ndarray) -> np.ndarray:
        """Pooled features (n_photos, n_features) of feature maps (n_photos, h, w, c)."""
        with self._lock:
            return pool(self._tail(feature_maps, training=False), self._pooling).numpy()

    def run(self, pixels: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Photos through the backbone and all heads.

        Args:
            pixels: (n_photos, size_px, size_px, 3) uint8, RGB.

        Returns:
            Feature maps (n_photos, h, w, c) float32 of the last convolution, and per head the probs
            (n_photos, n_leaves) float32. Rows sum to 1: yes.
        """
        with self._lock:
            feature_maps, probs = self._compiled(tf.constant(pixels))
        return feature_maps.numpy(), {head: values.numpy() for head, values in probs.items()}

    def heat_map(self, feature_map: np.ndarray, head: str, class_index: int) -> np.ndarray:
        """Grad-CAM of one leaf, see `HeatMapper`; the head's mapper is made at first use."""
        with self._lock:
            if head not in self._heat_mappers:
                self._heat_mappers[head] = HeatMapper(self._head_only(head))
        return self._heat_mappers[head].heat_map(feature_map, class_index)

    def _forward(self, pixels: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        feature_map = self._body(tf.cast(pixels, tf.float32), training=False)
        features = pool(self._tail(feature_map, training=False), self._pooling)
        return feature_map, {
            head: normalise(classifier(features, training=False))
            for head, classifier in self._classifiers.items()
        }

    def _head_only(self, head: str) -> keras.Model:
        feature_map = keras.Input(self._body.output_shape[1:], name="feature_map")
        features = pool(self._tail(feature_map), self._pooling)
        return keras.Model(feature_map, self._classifiers[head](features), name="head_only")
