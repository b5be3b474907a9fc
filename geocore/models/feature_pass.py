"""Models stage: some photos through the frozen backbone, in this process or in another one.

It knows neither where photos come from nor where features go. Decoding and network take turns on
every thread, and several threads take turns on the cores: while one decodes, another computes.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from geocore.data.whole_files import whole_file
from geocore.errors import ImageError
from geocore.models.backbones import build_backbone, feature_maps
from geocore.models.classifier import pool_maps, pooled_blocks, root
from geocore.models.images import augment, load_image

KEPT_POOLING = "max+mean"  # "max" and "mean" are parts of it
SHAPES_PX = 64  # any size tells the number of channels
HashedPhoto = tuple[str, str]  # path, SHA-256

_building = threading.Lock()


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureSpec:
    """What the features depend on beside the photo.

    Attributes:
        backbone: key of BACKBONES.
        size_px: input height and width.
        augmentation: key of AUGMENTATIONS.
        depths: keys of DEPTHS, where feature maps are taken.
        pooling: that is kept, one of POOLINGS.
        root: keep the features' square roots, with their signs.
        mirror: keep the mean of the features of the photo and of its mirror image.
        weights: of a tuned backbone, as its own `get_weights` gives them, or the file that
            `with_saved_weights` wrote; None for ImageNet's.
    """

    backbone: str
    size_px: int
    augmentation: str = "none"
    depths: tuple[str, ...] = ("top",)
    pooling: str = KEPT_POOLING
    root: bool = False
    mirror: bool = False
    weights: tuple[np.ndarray, ...] | Path | None = None

    def folder_name(self, view: int) -> str:
        """Folder of one view: 0 is the photo itself, every other a variation."""
        variation = "original" if view == 0 else f"{self.augmentation}-{view}"
        return f"{self.backbone}{self._weights_name}-{self.size_px}px-{self._maps_name}{variation}"

    def build(self) -> keras.Model:
        """The backbone, folded where it has its ImageNet weights."""
        if self.weights is None:
            return build_backbone(self.backbone, self.size_px)
        backbone = build_backbone(self.backbone, self.size_px, folded=False, weights=None)
        backbone.set_weights(self._weight_arrays())
        return backbone

    def block_widths(self) -> list[int]:
        """Widths of the blocks of its features, see `geocore.models.classifier.pooled_blocks`."""
        return _block_widths(self.backbone, self.depths, self.pooling)

    def with_saved_weights(self, folder: Path) -> "FeatureSpec":
        """The same, its weights in a file, so that it travels lightly to other processes."""
        if not isinstance(self.weights, tuple):
            return self
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / f"{self._weights_name}.npz") as path, path.open("wb") as stream:
            np.savez(stream, *self.weights)
        return replace(self, weights=(folder / f"{self._weights_name}.npz").resolve())

    def _weight_arrays(self) -> list[np.ndarray]:
        if not isinstance(self.weights, Path):
            return list(self.weights or ())
        with np.load(self.weights, allow_pickle=False) as saved:
            return [saved[f"arr_{i}"] for i in range(len(saved.files))]

    @property
    def _maps_name(self) -> str:
        """Nothing for the features that were kept before there was a choice."""
        maps = () if self.depths == ("top",) else self.depths
        pooling = () if self.pooling == KEPT_POOLING else (self.pooling,)
        changes = [x for x, is_so in (("root", self.root), ("mirrored", self.mirror)) if is_so]
        return "".join(f"{x}-" for x in (*maps, *pooling, *changes))

    @cached_property
    def _weights_name(self) -> str:
        if self.weights is None:
            return ""
        if isinstance(self.weights, Path):
            return self.weights.stem
        digest = hashlib.sha256(b"".join(np.ascontiguousarray(x).tobytes() for x in self.weights))
        return f"-tuned-{digest.hexdigest()[:12]}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeatureSpec) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> str:
        return self.folder_name(1)


@dataclass(frozen=True, kw_only=True)
class FeaturePass:
    """The work on a few photos at a time; it can be sent to another process.

    Attributes:
        spec: backbone, input size, augmentation.
        view: 0 for the photo itself.
        policy: of the numbers' precision, as Keras names it.
    """

    spec: FeatureSpec
    view: int
    policy: str

    def __call__(self, photos: list[HashedPhoto]) -> list[np.ndarray | str]:
        """Features (n_features,) of each photo, or why it cannot be decoded."""
        results: list[np.ndarray | str] = [
            _pixels_or_error(p, self.spec.size_px) for p, _ in photos
        ]
        readable = [i for i, result in enumerate(results) if not isinstance(result, str)]
        if not readable:
            return results
        seeds = np.array([_seed(photos[i][1], self.view) for i in readable], np.int32)
        pixels = np.stack([results[i] for i in readable])
        with _building:
            network = pooled_backbone(self.spec, self.view > 0, self.policy)
        rows = network(tf.constant(pixels), tf.constant(seeds)).numpy()
        for row, i in zip(rows, readable, strict=True):
            results[i] = row.astype(np.float32)
        return results


@lru_cache(maxsize=2)
def pooled_backbone(
    spec: FeatureSpec, is_varied: bool, policy: str
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Function from pixels uint8 (n, size, size, 3) and seeds (n, 2) to features (n, n_features).

    Kept for the next photos, and the one before it: the second view of a set needs its own.
    """
    keras.config.set_dtype_policy(policy)
    backbone = spec.build()
    maps = feature_maps(backbone, spec.depths)
    features = pool_maps(maps, spec.pooling)
    pooled = keras.Model(backbone.input, root(features) if spec.root else features)
    kind = spec.augmentation if is_varied else "none"
    photos = tf.TensorSpec((None, spec.size_px, spec.size_px, 3), tf.uint8)

    @tf.function(input_signature=[photos, tf.TensorSpec((None, 2), tf.int32)])
    def run(pixels: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        """Features (n_photos, n_features) of pixels, augmented by the seeds if asked for."""
        if kind != "none":
            pixels = tf.map_fn(
                lambda one: augment(one[0], kind, one[1]),
                (pixels, seeds),
                fn_output_signature=tf.TensorSpec(pixels.shape[1:], tf.uint8),
            )
        features = pooled(tf.cast(pixels, tf.float32), training=False)
        if not spec.mirror:
            return features
        mirrored = tf.cast(tf.reverse(pixels, [2]), tf.float32)
        return (features + pooled(mirrored, training=False)) / 2

    return run


@lru_cache(maxsize=16)
def _block_widths(name: str, depths: tuple[str, ...], pooling: str) -> list[int]:
    maps = feature_maps(build_backbone(name, SHAPES_PX, weights=None), depths)
    return [width for _, width in pooled_blocks([x.shape[-1] for x in maps], pooling)]


def _pixels_or_error(path: str, size_px: int) -> np.ndarray | str:
    try:
        return load_image(path, size_px)
    except ImageError as error:
        return str(error)


def _seed(sha256: str, view: int) -> tuple[int, int]:
    """Seed of a variation: of the photo and the view alone, not of the batch it comes in."""
    return int(sha256[:7], 16), view
