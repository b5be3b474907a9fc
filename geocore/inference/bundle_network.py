"""The network that a bundle describes, built and given the bundle's weights.

Stage: inference. It must not know photos or answers.

Source: thesis 4.1 and chapter 7; own.
"""

import keras
import numpy as np

from geocore.config import ExperimentConfig, config_from_dict
from geocore.errors import BundleError
from geocore.inference.bundle import Bundle
from geocore.inference.bundle_files import arrays_sha256
from geocore.inference.evidence_file import load_projection
from geocore.inference.network import Eyes, PhotoNetwork
from geocore.models.backbones import build_backbone
from geocore.models.classifier import build_classifier
from geocore.models.heads import build_head


def build_network(bundle: Bundle) -> PhotoNetwork:
    """The network that a bundle describes, with the bundle's weights.

    Raises:
        BundleError: the weights do not fit the network that config.toml describes, or the
            backbone's weights are not those that the heads were trained on.
        BackboneError: the backbone's weights are not on this machine.
    """
    config = config_from_dict(bundle.config, where=f"{bundle.folder}/config.toml")
    eyes = _eyes(bundle, config)
    settings = {name: getattr(config.heads, name) for name in ("mode", "epsilon", "alpha")}
    classifiers = {}
    for head in bundle.heads:
        layer = build_head(head, bundle.hierarchy, **settings)
        classifiers[head] = build_classifier(eyes.n_inputs, layer, config.classifier)
        _set_weights(classifiers[head], bundle.head_weights(head), bundle, f"head {head}")
    return PhotoNetwork(eyes, classifiers)


def _eyes(bundle: Bundle, config: ExperimentConfig) -> Eyes:
    settings, tuned = config.backbone, bundle.backbone_weights()
    weights = "imagenet" if tuned is None else None
    backbones = [
        build_backbone(name, settings.size_px, folded=tuned is None, weights=weights)
        for name in settings.names
    ]
    if tuned is not None:
        _set_weights(backbones[0], tuned, bundle, "the backbone")
    further = bundle.manifest.get("further_sha256", {})
    expected = [bundle.manifest.get("backbone_sha256"), *map(further.get, settings.further)]
    for backbone, digest in zip(backbones, expected, strict=True):
        _check_backbone(backbone, digest, bundle)
    eyes = Eyes(
        backbones=backbones,
        pooling=config.classifier.pooling,
        depths=settings.depths,
        has_root=settings.root,
        mirror=settings.mirror,
        projection=load_projection(bundle),
    )
    if eyes.projection is not None and len(eyes.projection[0]) != eyes.n_features:
        raise BundleError(
            f"{bundle.folder}: reduction.npz does not fit config.toml: expected "
            f"{eyes.n_features} features, received {len(eyes.projection[0])}. "
            "Make the bundle anew with scripts/train.py."
        )
    return eyes


def _check_backbone(backbone: keras.Model, expected: str | None, bundle: Bundle) -> None:
    if expected and arrays_sha256(backbone.get_weights()) != expected:
        raise BundleError(
            f"{bundle.folder}: the weights of {backbone.name} on this machine are not those "
            "that its heads were trained on (SHA-256 differs). Run `make install` to get them."
        )


def _set_weights(model: keras.Model, weights: list[np.ndarray], bundle: Bundle, what: str) -> None:
    expected = [tuple(variable.shape) for variable in model.weights]
    received = [array.shape for array in weights]
    if expected != received:
        raise BundleError(
            f"{bundle.folder}: the weights of {what} do not fit config.toml and cells.csv: "
            f"expected shapes {expected}, received {received}. "
            "Make the bundle anew with scripts/train.py."
        )
    model.set_weights(weights)
