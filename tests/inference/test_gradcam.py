"""Grad-CAM: a network set by hand with a known answer, and stock tf-keras-vis as the oracle."""

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.utils.scores import CategoricalScore

from geocore.inference.gradcam import HeatMapper, split_at_last_convolution
from geocore.models.backbones import build_backbone, last_convolution


def _mean_pool_network(weights: np.ndarray, shape=(2, 3)) -> keras.Model:
    """Logits = mean over the map, times weights (n_channels, n_leaves)."""
    feature_map = keras.Input((*shape, len(weights)))
    dense = keras.layers.Dense(weights.shape[1], use_bias=False)
    model = keras.Model(feature_map, dense(keras.ops.mean(feature_map, axis=(1, 2))))
    dense.set_weights([weights])
    return model


@pytest.fixture(scope="module")
def mapper():
    return HeatMapper(_mean_pool_network(np.array([[6.0, -6.0], [0.0, 12.0]], np.float32)))


def test_known_answer_of_a_hand_set_network(mapper):
    feature_map = np.zeros((2, 3, 2), np.float32)
    feature_map[0, 1, 0] = 4.0  # channel 0 speaks for leaf 0 and against leaf 1
    feature_map[1, 2, 0] = 1.0
    feature_map[1, 0, 1] = 2.0  # channel 1 speaks for leaf 1 only
    np.testing.assert_allclose(
        mapper.heat_map(feature_map, 0), [[0, 1, 0], [0, 0, 0.25]], atol=1e-6
    )
    np.testing.assert_allclose(mapper.heat_map(feature_map, 1), [[0, 0, 0], [1, 0, 0]], atol=1e-6)


def test_nothing_speaks_for_the_leaf_gives_zeros_not_nan(mapper):
    feature_map = np.zeros((2, 3, 2), np.float32)
    np.testing.assert_array_equal(mapper.heat_map(feature_map, 1), np.zeros((2, 3)))


def test_a_map_that_speaks_against_the_leaf_everywhere_gives_zeros(mapper):
    """As on the sample of Canyon de Chelly: the leaf is likely for reasons outside this map."""
    feature_map = np.zeros((2, 3, 2), np.float32)
    feature_map[..., 0] = np.arange(1, 7).reshape(2, 3)
    assert not mapper.heat_map(feature_map, 1).any()
    assert mapper.heat_map(feature_map, 0).max() == 1


def test_a_leaf_that_does_not_exist_is_refused(mapper):
    for class_index in (-1, 2):
        with pytest.raises(ValueError, match=rf"must lie in 0..1, received {class_index}"):
            mapper.heat_map(np.zeros((2, 3, 2), np.float32), class_index)


def _tiny_backbone() -> keras.Model:
    keras.utils.set_random_seed(3)
    photo = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(8, 3, 2, padding="same", activation="relu", name="first")(photo)
    x = keras.layers.Conv2D(16, 3, 2, padding="same", name="top_conv")(x)
    x = keras.layers.BatchNormalization()(x)
    return keras.Model(photo, keras.layers.ReLU(max_value=6.0)(x))


def _classifier(n_channels: int, n_leaves: int = 7) -> keras.Model:
    features = keras.Input((n_channels,))
    x = keras.layers.Dense(32, activation="relu")(features)
    return keras.Model(features, keras.layers.Dense(n_leaves)(x))


def _stock_and_ours(backbone, last_convolution, classifier, photo, class_index):
    """Heat maps of tf-keras-vis on the whole network and of ours on the feature map."""
    pooled = keras.ops.max(backbone.output, axis=(1, 2))
    whole = keras.Model(backbone.input, classifier(pooled))
    stock = Gradcam(whole)(
        CategoricalScore(class_index), photo, penultimate_layer=last_convolution, expand_cam=False
    )
    body, tail = split_at_last_convolution(backbone, last_convolution)
    feature_map = keras.Input(body.output_shape[1:])
    pooled = keras.ops.max(tail(feature_map), axis=(1, 2))
    mapper = HeatMapper(keras.Model(feature_map, classifier(pooled)))
    return np.asarray(stock[0]), mapper.heat_map(body(photo)[0].numpy(), class_index)


@pytest.mark.parametrize("class_index", [0, 3, 6])
def test_equals_stock_tf_keras_vis_on_the_whole_network(class_index):
    photo = np.random.default_rng(0).uniform(0, 1, (1, 32, 32, 3)).astype(np.float32)
    stock, ours = _stock_and_ours(_tiny_backbone(), "top_conv", _classifier(16), photo, class_index)
    assert stock.max() > 0.99
    np.testing.assert_allclose(ours, stock, atol=1e-5)


def test_equals_stock_tf_keras_vis_on_an_embedded_backbone():
    backbone = build_backbone("EfficientNet-Lite0", 96)
    keras.utils.set_random_seed(5)
    y, x = np.mgrid[:96, :96]
    waves = np.stack([127 + 120 * np.sin(x / 7), 2.0 * y, 127 + 120 * np.cos((x + y) / 9)], -1)
    photo = waves[None].astype(np.float32)
    stock, ours = _stock_and_ours(
        backbone, last_convolution(backbone), _classifier(1280), photo, class_index=0
    )
    assert stock.max() > 0.99
    np.testing.assert_allclose(ours, stock, atol=1e-5)


def test_a_network_that_goes_round_its_last_convolution_is_cut_at_its_end():
    photo = keras.Input((8, 8, 3))
    shortcut = keras.layers.Conv2D(4, 1, name="shortcut")(photo)
    x = keras.layers.Conv2D(4, 3, padding="same", name="last")(shortcut)
    backbone = keras.Model(photo, keras.layers.Add()([x, shortcut]))
    body, tail = split_at_last_convolution(backbone, "last")
    pixels = np.random.default_rng(1).uniform(size=(1, 8, 8, 3)).astype(np.float32)
    np.testing.assert_array_equal(tail(body(pixels)), backbone(pixels))
    np.testing.assert_array_equal(body(pixels), backbone(pixels))


def test_threads_share_one_mapper(mapper):
    feature_maps = [np.full((2, 3, 2), 0, np.float32) for _ in range(4)]
    for i, feature_map in enumerate(feature_maps):
        feature_map[i % 2, i % 3, 0] = 1
    results: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        results[i] = mapper.heat_map(feature_maps[i], 0)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, feature_map in enumerate(feature_maps):
        np.testing.assert_allclose(results[i], feature_map[..., 0], atol=1e-6)


def test_the_gradient_is_the_true_one(mapper):
    """The compiled layer passes the gradient of the network it holds."""
    weights = np.array([[2.0], [-1.0]], np.float32)
    compiled = HeatMapper(_mean_pool_network(weights))._model
    with tf.GradientTape() as tape:
        x = tf.Variable(np.random.default_rng(0).normal(size=(1, 2, 3, 2)).astype(np.float32))
        score = compiled(x)[:, 0]
    expected = np.broadcast_to(weights[:, 0] / 6, (1, 2, 3, 2))
    np.testing.assert_allclose(tape.gradient(score, x), expected, rtol=1e-6)
