"""How much a photo looks like one taken inside, told by what its first backbone saw.

Stage: inference. Feature maps in, scores out; it must not know what is concluded.

Nothing is shown to the network anew: the last map of the first backbone, which every answer needs,
is weighed by `geocore/assets/indoor/indoor_probe.npz`, one set of weights per backbone.

Source: Alain & Bengio 2016 (linear probe); fitted by `geocore.indoor_fitting`.
"""

from functools import cache
from pathlib import Path

import numpy as np

from geocore.config import config_from_dict
from geocore.evaluation.products import product
from geocore.inference.bundle import Bundle

WEIGHTS = Path(__file__).parents[1] / "assets" / "indoor" / "indoor_probe.npz"
SMALLEST_PX = 192
"""Fitted at 320 px, tried from here to 380 px; smaller photos look otherwise."""
_LARGEST = 6.0  # ReLU6, which follows the last convolution


class IndoorProbe:
    """Tells photos from inside by the features of one backbone.

    Args:
        weights: float32 (n_channels + 1,), the constant last.
    """

    def __init__(self, weights: np.ndarray) -> None:
        self._weights = weights

    def scores(self, feature_maps: np.ndarray) -> np.ndarray:
        """How much photos look like the inside of a room, (n_photos,), 0 not at all to 1.

        Args:
            feature_maps: (n_photos, h, w, n_channels), what the last convolution gives.
        """
        return self.weigh(np.clip(feature_maps, 0.0, _LARGEST).mean(axis=(1, 2)))

    def weigh(self, features: np.ndarray) -> np.ndarray:
        """The same of features that are pooled already, (n_photos, n_channels)."""
        said = product(features, self._weights[:-1, None])[:, 0] + self._weights[-1]
        return np.clip((said + 1) / 2, 0.0, 1.0)


def indoor_probe(bundle: Bundle) -> IndoorProbe | None:
    """The probe of a bundle; None where its first backbone has none, was tuned, or sees little."""
    settings = config_from_dict(bundle.config, where=f"{bundle.folder}/config.toml").backbone
    weights = _known_weights().get(settings.name)
    if weights is None or settings.size_px < SMALLEST_PX or bundle.backbone_weights() is not None:
        return None
    return IndoorProbe(weights)


@cache
def _known_weights() -> dict[str, np.ndarray]:
    with np.load(WEIGHTS, allow_pickle=False) as saved:
        return {name: saved[name] for name in saved.files}
