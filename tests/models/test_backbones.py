"""Backbones: one contract for all, and what is particular to the Lite family."""

import keras
import numpy as np
import pytest

from geocore.data.samples import load_samples
from geocore.errors import BackboneError
from geocore.models import backbones, efficientnet_lite
from geocore.models.backbones import BACKBONES, build_backbone, last_convolution
from geocore.models.images import load_image

IMAGENET_CASTLE = 483
PHOTOS = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")


@pytest.mark.parametrize("name", BACKBONES)
def test_contract(name):
    """Feature map of the promised depth, finite, one more convolution to look at."""
    network = build_backbone(name, 64, weights=None)
    feature_map = np.asarray(network(PHOTOS, training=False))
    assert feature_map.shape == (2, 2, 2, BACKBONES[name].n_features)
    assert np.isfinite(feature_map).all()
    assert isinstance(network.get_layer(last_convolution(network)), keras.layers.Conv2D)


def test_efficientnets_call_their_last_convolution_as_the_thesis_does():
    assert last_convolution(build_backbone("EfficientNet-Lite1", 64, weights=None)) == "top_conv"
    assert last_convolution(build_backbone("EfficientNetB0", 64, weights=None)) == "top_conv"


@pytest.mark.parametrize("variant", [0, 1, 2])
def test_folding_changes_nothing(variant):
    name = f"EfficientNet-Lite{variant}"
    folded = build_backbone(name, 64)(PHOTOS, training=False)
    unfolded = build_backbone(name, 64, folded=False)(PHOTOS, training=False)
    np.testing.assert_allclose(folded, unfolded, atol=2e-4)
    assert np.max(folded) > 1


def test_lite_recognises_a_castle():
    """The whole way from the checkpoint to ImageNet's classes, on a sample photo."""
    tensors = efficientnet_lite.load_torch_checkpoint(efficientnet_lite.checkpoint_path(1))
    photos = load_samples().photos.set_index("photo_id")
    photo = load_image(photos.loc["neuschwanstein.jpg", "path"], 240)
    feature_map = build_backbone("EfficientNet-Lite1", 240)(photo[None], training=False)
    pooled = np.asarray(feature_map).mean(axis=(1, 2))[0]
    assert np.argmax(pooled @ tensors["_fc.weight"].T + tensors["_fc.bias"]) == IMAGENET_CASTLE


def test_dropout_inside_the_network_follows_the_setting():
    network = build_backbone("EfficientNetB0", 64, weights=None, dropout=0.4)
    rates = {x.rate for x in network.layers if isinstance(x, keras.layers.Dropout)}
    assert rates == {0.4}


def test_unknown_backbone_and_tiny_input():
    with pytest.raises(ValueError, match=r"Unknown backbone 'VGG16'\. Known backbones: VGG19"):
        build_backbone("VGG16", 224)
    with pytest.raises(ValueError, match="size_px must be at least 32, received 16"):
        build_backbone("VGG19", 16)


def test_weights_that_cannot_be_fetched_name_the_embedded_backbones(monkeypatch):
    def no_internet(**_):
        raise Exception("URL fetch failure on somewhere: None -- no route to host")

    monkeypatch.setattr(keras.applications, "VGG19", no_internet)
    with pytest.raises(
        BackboneError, match=r"cannot be fetched without internet.*EfficientNet-Lite0"
    ):
        build_backbone("VGG19", 64)


def test_other_failures_of_keras_are_not_disguised(monkeypatch):
    def broken(**_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(keras.applications, "VGG19", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        backbones.build_backbone("VGG19", 64)


def test_missing_weights_package_says_what_to_install():
    with pytest.raises(BackboneError, match="efficientnet-lite7-pytorch-model, which is not"):
        efficientnet_lite.checkpoint_path(7)
