"""Which features an experiment asks for: those of all its backbones, side by side.

Belongs to `geocore.preparation`; no formula of its own.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from geocore.config import ExperimentConfig
from geocore.data.scheduling import Scheduler
from geocore.models.feature_pass import KEPT_POOLING, FeatureSpec
from geocore.models.features import Features, extract_features, joined


def features_of(
    config: ExperimentConfig,
    photos: pd.DataFrame,
    cache: Path,
    weights: tuple[np.ndarray, ...] | None = None,
    scheduler: Scheduler = None,
) -> Features:
    """Features of every photo and its variations by all backbones of the experiment.

    Args:
        config: the experiment.
        photos: with the column path.
        cache: where features are kept between runs.
        weights: of a tuned backbone; None for ImageNet's.
        scheduler: see `geocore.data.scheduling.map_photos`.
    """
    paths, n_views = list(photos["path"]), 1 + config.augmentation.n_views
    specs = feature_specs(config, weights)
    folder = cache / "features"
    return joined([extract_features(paths, x, folder, n_views, scheduler) for x in specs])


def feature_specs(
    config: ExperimentConfig, weights: tuple[np.ndarray, ...] | None = None
) -> list[FeatureSpec]:
    """Of each backbone what its features depend on."""
    settings, pooling = config.backbone, config.classifier.pooling
    is_part = pooling in KEPT_POOLING.split("+") and len(settings.names) == 1
    return [
        FeatureSpec(
            backbone=name,
            size_px=settings.size_px,
            augmentation=config.augmentation.kind,
            depths=settings.depths,
            pooling=KEPT_POOLING if is_part and settings.depths == ("top",) else pooling,
            root=settings.root,
            mirror=settings.mirror,
            weights=weights,
        )
        for name in settings.names
    ]
