"""A bundle whose network runs: an embedded backbone, heads with random weights, a made world."""

from pathlib import Path

import keras
import numpy as np
from PIL import Image

from geocore.cells import build_hierarchy
from geocore.models.backbones import build_backbone
from geocore.models.classifier import ClassifierConfig, build_classifier, n_pooled
from geocore.models.heads import build_head
from tests.inference.tiny_bundle import bundle_parts, save_tiny_bundle

CONFIG = """
[grid]
t_min = 5
t_max = 60

[backbone]
name = "EfficientNet-Lite0"
size_px = 64

[classifier]
pooling = "max+mean"
hidden_units = 16

[heads]
mode = "neutral"
"""
BACKBONE, SIZE_PX, POOLING, HIDDEN = "EfficientNet-Lite0", 64, "max+mean", 16


def classifiers(heads: tuple[str, ...], grid) -> dict[str, keras.Model]:
    """Untrained classifiers, the same every time."""
    keras.utils.set_random_seed(7)
    config = ClassifierConfig(pooling=POOLING, hidden_units=HIDDEN)
    hierarchy = build_hierarchy(grid)
    n_features = n_pooled(1280, POOLING)
    return {
        head: build_classifier(n_features, build_head(head, hierarchy), config) for head in heads
    }


def backbone() -> keras.Model:
    """The backbone of the tiny bundle."""
    return build_backbone(BACKBONE, SIZE_PX)


def save_tiny_model(folder: Path, heads: tuple[str, ...] = ("MC", "HMC-tree"), **changes) -> Path:
    """Save a bundle that a Predictor can load; some parts replaced."""
    parts = bundle_parts(heads, changes.pop("photos", None))
    models = classifiers(heads, parts["grid"])
    weights = {
        head: [array.astype(np.float32) for array in model.get_weights()]
        for head, model in models.items()
    }
    parts |= {"config_toml": CONFIG, "head_weights": weights}
    return save_tiny_bundle(folder, **{**parts, **changes})


def made_photo(seed: int, size: tuple[int, int] = (120, 80)) -> Image.Image:
    """A smooth coloured picture, another for every seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
