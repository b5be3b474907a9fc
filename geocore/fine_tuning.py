"""The backbone trained end to end with a head, where an experiment asks for it.

Belongs to `geocore.pipeline`; it joins photos, backbone and training and holds no formula.
"""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from geocore.models.backbones import build_backbone
from geocore.models.classifier import on_photos
from geocore.models.photo_batches import photo_gather
from geocore.preparation import Prepared
from geocore.training import Examples, TrainingRun, device_scope, fit


def tune_backbone(
    prepared: Prepared, new_classifier: Callable[[], keras.Model], state: Path
) -> tuple[list[np.ndarray], TrainingRun]:
    """Train backbone and a classifier end to end on augmented photos.

    Batch normalisation keeps its ImageNet statistics: batches are too small for better ones. The
    heads of the bundle are then all trained on the tuned backbone's features, one like the other.

    Returns:
        The backbone's weights as the bundle keeps them, and the run.
    """
    config, settings = prepared.config, prepared.config.backbone
    with device_scope(config.training):
        backbone = build_backbone(
            settings.name, settings.size_px, folded=False, dropout=settings.dropout
        )
        for layer in backbone.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        model = on_photos(backbone, new_classifier(), config.classifier.pooling)
    run = fit(
        model,
        _photo_examples(prepared, "train", config.augmentation.kind),
        _photo_examples(prepared, "validation", "none"),
        config.training,
        state,
    )
    return compact(backbone.get_weights()), run


def _photo_examples(prepared: Prepared, split: str, augmentation: str) -> Examples:
    """The photos of one split themselves, decoded anew in every epoch."""
    photos, config = prepared.photos.iloc[prepared.rows(split)], prepared.config
    gather = photo_gather(
        list(photos["path"]),
        photos["class_index"].to_numpy(),
        photos["weight"].to_numpy(),
        config.backbone.size_px,
        augmentation,
        config.training.seed,
    )
    batch_size = config.training.batch_size
    return Examples(n_photos=len(photos), gather=gather, batch_size=batch_size)


def compact(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Kernels as float16, vectors as float32: half the size, the answers measured as shipped."""
    return [x.astype(np.float16 if x.ndim > 1 else np.float32) for x in weights]
