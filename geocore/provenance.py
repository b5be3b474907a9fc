"""Where a bundle comes from: the name of its training run and the backbone it stands on.

Belongs to `geocore.pipeline`.
"""

import hashlib
from typing import Any

import numpy as np

from geocore.config import ExperimentConfig, config_to_toml
from geocore.inference.bundle_files import arrays_sha256
from geocore.models.backbones import build_backbone
from geocore.preparation import Prepared


def run_name(prepared: Prepared) -> str:
    """Name of a training run, equal for equal settings and photos, so that it resumes."""
    columns = prepared.photos[["sha256", "split", "class_index", "weight"]]
    content = config_to_toml(prepared.config) + columns.to_csv(index=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def provenance(config: ExperimentConfig, tuned: list[np.ndarray] | None) -> dict[str, Any]:
    """What the manifest says of the backbone, so that another one is refused on loading."""
    if tuned is not None:
        return {"backbone": config.backbone.name}
    digests = {
        name: arrays_sha256(build_backbone(name, config.backbone.size_px).get_weights())
        for name in config.backbone.names
    }
    first = {
        "backbone": config.backbone.name,
        "backbone_sha256": digests.pop(config.backbone.name),
    }
    return first | ({"further_sha256": digests} if digests else {})
