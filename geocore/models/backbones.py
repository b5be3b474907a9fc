"""Models stage: the registry of backbones (thesis table 6.1, and the embedded Lite family).

A backbone maps RGB photos in 0..255 to the feature map of its last convolution. It knows nothing of
cells.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from geocore.errors import BackboneError
from geocore.models.efficientnet_lite import build_efficientnet_lite


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """How one network is built.

    Attributes:
        build: ``(size_px, folded, weights, dropout) -> keras.Model`` from (n, size_px, size_px, 3)
            in 0..255 to a feature map.
        n_features: channels of the feature map.
        is_embedded: the ImageNet weights are installed with geocore and need no download.
    """

    build: Callable[[int, bool, str | None, float], keras.Model]
    n_features: int
    is_embedded: bool


def _lite(variant: int) -> Backbone:
    def build(size_px: int, folded: bool, weights: str | None, dropout: float) -> keras.Model:
        return build_efficientnet_lite(variant, size_px, folded=folded, weights=weights)

    return Backbone(build=build, n_features=1280, is_embedded=True)


def _application(name: str, module: str | None, n_features: int) -> Backbone:
    """A network of ``keras.applications``; ``module`` holds its preprocessing, if not inside."""

    def build(size_px: int, folded: bool, weights: str | None, dropout: float) -> keras.Model:
        """The network with its preprocessing inside and its dropout set."""
        settings: dict[str, Any] = {"include_top": False, "weights": weights}
        image = keras.Input((size_px, size_px, 3), name="image")
        x = image
        if module is not None:
            x = getattr(keras.applications, module).preprocess_input(x)
        network = _fetch(name, settings | {"input_tensor": x})
        _set_dropout(network, dropout)
        return keras.Model(image, network.output, name=name.lower())

    return Backbone(build=build, n_features=n_features, is_embedded=False)


BACKBONES: dict[str, Backbone] = {
    "VGG19": _application("VGG19", "vgg19", 512),
    "ResNet152": _application("ResNet152", "resnet", 2048),
    "EfficientNetB0": _application("EfficientNetB0", None, 1280),
    "EfficientNetB1": _application("EfficientNetB1", None, 1280),
    "EfficientNet-Lite0": _lite(0),
    "EfficientNet-Lite1": _lite(1),
    "EfficientNet-Lite2": _lite(2),
}


DEPTHS: dict[str, str] = {
    "top": "the backbone's output",
    "narrow": "what its last convolution reads",
    "residual": "its last residual block",
    "sixteenth": "its last residual block at twice the output's height and width",
    "expansion": "what the block behind that one makes of it before it halves the size",
}
"""Where a feature map can be taken, deepest first: the deeper, the nearer to ImageNet's classes."""


def build_backbone(
    name: str,
    size_px: int,
    *,
    folded: bool = True,
    weights: str | None = "imagenet",
    dropout: float = 0.4,
) -> keras.Model:
    """Build a backbone by its name in BACKBONES.

    Args:
        name: key of BACKBONES.
        size_px: height and width of the input photos, at least 32.
        folded: Lite backbones only: merge batch normalisation into the convolutions (for frozen
            use).
        weights: ``"imagenet"`` or None for random weights.
        dropout: rate of the dropout layers inside EfficientNetB0/B1, which act only while
            fine-tuning (6.1.3).

    Returns:
        Keras model, input ``(n, size_px, size_px, 3)`` in 0..255, output ``(n, h, w, n_features)``.

    Raises:
        ValueError: unknown name or a size below 32.
        BackboneError: the weights cannot be had on this machine.

    Source: thesis 6.2, table 6.1.
    """
    if name not in BACKBONES:
        raise ValueError(f"Unknown backbone {name!r}. Known backbones: {', '.join(BACKBONES)}.")
    if size_px < 32:
        raise ValueError(f"size_px must be at least 32, received {size_px}.")
    return BACKBONES[name].build(size_px, folded, weights, dropout)


def last_convolution(backbone: keras.Model) -> str:
    """Name of the last convolution, which Grad-CAM looks at: ``top_conv`` in EfficientNets."""
    convolutions = [x.name for x in backbone.layers if isinstance(x, keras.layers.Conv2D)]
    return convolutions[-1]


def feature_maps(backbone: keras.Model, depths: Sequence[str]) -> list[keras.KerasTensor]:
    """A backbone's feature maps (n, h, w, c) at those depths, keys of DEPTHS.

    Raises:
        ValueError: an unknown depth, or one that the network does not have.
    """
    if unknown := [x for x in depths if x not in DEPTHS]:
        raise ValueError(f"Unknown depth {unknown[0]!r}. Known depths: {', '.join(DEPTHS)}.")
    return [_feature_map(backbone, depth) for depth in depths]


def _feature_map(backbone: keras.Model, depth: str) -> keras.KerasTensor:
    if depth == "top":
        return backbone.output
    if depth == "narrow":
        return backbone.get_layer(last_convolution(backbone)).input
    if depth == "expansion":
        return _expansion(backbone)
    shrinks = 2 if depth == "sixteenth" else 1
    blocks = [x.output for x in backbone.layers if isinstance(x, keras.layers.Add)]
    fitting = [x for x in blocks if -(-x.shape[1] // shrinks) == backbone.output_shape[1]]
    if not fitting:
        raise ValueError(
            f"{backbone.name} has no residual block for the depth {depth!r}. Leave it out, or take "
            "an EfficientNet or ResNet."
        )
    return fitting[-1]


def _expansion(backbone: keras.Model) -> keras.KerasTensor:
    """Input of the last convolution that halves the size, which is a depthwise one."""
    halving = [
        x.input
        for x in backbone.layers
        if isinstance(x, keras.layers.DepthwiseConv2D) and x.strides[0] == 2
    ]
    if not halving:
        raise ValueError(
            f"{backbone.name} has no block for the depth 'expansion'. Leave it out, or take an "
            "EfficientNet-Lite."
        )
    return halving[-1]


def _fetch(name: str, settings: dict[str, Any]) -> keras.Model:
    try:
        return getattr(keras.applications, name)(**settings)
    except Exception as error:  # keras raises a bare Exception when a download fails
        if not str(error).startswith("URL fetch failure"):
            raise
        embedded = ", ".join(key for key, value in BACKBONES.items() if value.is_embedded)
        raise BackboneError(
            f"The ImageNet weights of {name} are downloaded at first use and cannot be fetched "
            "without internet. "
            f"Use one of the embedded backbones instead: {embedded}."
        ) from error


def _set_dropout(network: keras.Model, rate: float) -> None:
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = rate
