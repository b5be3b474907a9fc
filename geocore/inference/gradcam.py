"""Grad-CAM on the last convolution: where in the photo the evidence for one cell lies.

Stage: inference. The backbone runs elsewhere, once; this module sees its feature map and the
network behind it. It must not know bundles or pages.

Source: thesis 6.7; Selvaraju et al. 2017 through tf-keras-vis.
"""

import threading

import keras
import numpy as np
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.scores import CategoricalScore


def split_at_last_convolution(
    backbone: keras.Model, last_convolution: str
) -> tuple[keras.Model, keras.Model]:
    """Cut a backbone behind its last convolution.

    Where the output does not hang on that convolution alone (a residual block ends the network),
    the cut is behind the last layer.

    Args:
        backbone: from photos (n, size_px, size_px, 3) to a feature map.
        last_convolution: name of the layer.

    Returns:
        The body, from photos to the convolution's output, and the tail, from there to the
        backbone's output.
    """
    output = backbone.get_layer(last_convolution).output
    try:
        tail = keras.Model(output, backbone.output)
    except ValueError:
        output = backbone.output
        tail = keras.Model(output, keras.layers.Identity()(output))
    return keras.Model(backbone.input, output), tail


class HeatMapper:
    """Heat maps of one head. Made once and shared between threads.

    The network behind the feature map is differentiated as one compiled function; tf-keras-vis does
    the rest, so the map equals what it gives for the whole network on the same convolution.
    """

    def __init__(self, head_only: keras.Model) -> None:
        """Compile and warm up.

        Args:
            head_only: from the feature map (n, h, w, c) to logits (n, n_leaves). Logits, because a
                saturated softmax has no gradient and gives an all-zero map.
        """
        shape = head_only.input_shape[1:]
        feature_map = keras.Input(shape, name="feature_map")
        compiled = _Compiled(head_only, name="compiled")
        self._model = keras.Model(feature_map, compiled(feature_map))
        self._gradcam = Gradcam(self._model, clone=False)
        self._n_leaves = head_only.output_shape[-1]
        self._lock = threading.Lock()
        self.heat_map(np.zeros(shape, np.float32), 0)

    def heat_map(self, feature_map: np.ndarray, class_index: int) -> np.ndarray:
        """How much each place of the feature map speaks for a leaf.

        Args:
            feature_map: (h, w, c) float32, output of the last convolution for one photo.
            class_index: the leaf.

        Returns:
            (h, w) float32 in 0..1: 1 where the evidence is strongest; all 0 where nothing speaks
            for the leaf. That happens to a leaf that is the most probable one where its logit owes
            that to what this map does not hold: other depths, other backbones, the head's biases.

        Raises:
            ValueError: there is no such leaf.
        """
        if not 0 <= class_index < self._n_leaves:
            raise ValueError(
                f"class_index must lie in 0..{self._n_leaves - 1}, received {class_index}."
            )
        with self._lock:
            cam = self._gradcam(
                CategoricalScore(int(class_index)),
                tf.constant(feature_map[None]),
                penultimate_layer=self._model.layers[0],
                seek_penultimate_conv_layer=False,
                expand_cam=False,
            )
        return np.asarray(cam[0], np.float32)


class _Compiled(keras.layers.Layer):
    """A model as one compiled function, which eager gradients run through in one step."""

    def __init__(self, model: keras.Model, **settings: str) -> None:
        super().__init__(**settings)
        self.model = model
        signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)]
        self._function = tf.function(lambda x: model(x, training=False), signature)

    def call(self, feature_map: tf.Tensor) -> tf.Tensor:
        return self._function(feature_map)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], *self.model.output_shape[1:])
