"""How much a photo looks like the inside of a home: its backbone's ImageNet classes of furniture.

Stage: inference. Feature maps in, probabilities out; it must not know what is concluded.

Nothing is shown to the network anew: the classes come from the last map of the first backbone,
which every answer needs, and from the classifier that came with that backbone.

Source: own; Russakovsky et al. 2015 for the classes.
"""

import re
from functools import lru_cache

import numpy as np

from geocore.config import config_from_dict
from geocore.evaluation.products import product
from geocore.inference.bundle import Bundle
from geocore.models.efficientnet_lite import imagenet_classifier

ROOM_CLASSES = {
    431: "bassinet", 435: "bathtub", 453: "bookcase", 493: "chiffonier", 495: "china cabinet",
    516: "cradle", 520: "infant bed", 526: "desk", 527: "desktop computer", 532: "dining table",
    534: "dishwasher", 548: "entertainment center", 553: "filing cabinet", 556: "fire screen",
    564: "four-poster bed", 598: "home theater", 619: "lampshade", 648: "medicine cabinet",
    651: "microwave oven", 664: "monitor", 721: "pillow", 736: "pool table", 742: "printer",
    750: "quilt", 760: "refrigerator", 765: "rocking chair", 782: "CRT monitor",
    794: "shower curtain", 827: "stove", 831: "couch", 846: "table lamp", 851: "television",
    861: "toilet seat", 881: "upright piano", 892: "wall clock", 894: "wardrobe", 896: "sink",
    897: "washing machine", 999: "toilet paper",
}  # fmt: skip
"""Number and name of ImageNet's classes that stand in homes and seldom outdoors."""
_LARGEST = 6.0  # ReLU6, which follows the last convolution


class RoomEye:
    """Tells rooms by the classifier of one backbone.

    Args:
        kernel: float32 (n_channels, n_classes).
        bias: float32 (n_classes,).
    """

    def __init__(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        self._kernel, self._bias = kernel, bias

    def probs(self, feature_maps: np.ndarray) -> np.ndarray:
        """Summed probability of ROOM_CLASSES, (n_photos,), 0-1.

        Args:
            feature_maps: (n_photos, h, w, n_channels), what the last convolution gives.
        """
        pooled = np.clip(feature_maps, 0.0, _LARGEST).mean(axis=(1, 2))
        scores = product(pooled, self._kernel) + self._bias
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        return likely[:, list(ROOM_CLASSES)].sum(axis=1) / likely.sum(axis=1)


def room_eye(bundle: Bundle) -> RoomEye | None:
    """The eye of a bundle; None where its first backbone is no EfficientNet-Lite, or was tuned.

    Raises:
        BackboneError: the backbone's weights are not on this machine.
    """
    name = config_from_dict(bundle.config, where=f"{bundle.folder}/config.toml").backbone.name
    variant = re.fullmatch(r"EfficientNet-Lite([012])", name)
    if variant is None or bundle.backbone_weights() is not None:
        return None
    return _eye(int(variant[1]))


@lru_cache(maxsize=3)
def _eye(variant: int) -> RoomEye:
    return RoomEye(*imagenet_classifier(variant))
