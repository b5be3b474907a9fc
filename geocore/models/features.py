"""Models stage: frozen features of photos, computed once and kept on disk.

One small file per photo and view, named by the photo's SHA-256 inside a folder named by backbone,
input size and augmentation: a photo that was moved or renamed is found again, a run that was killed
goes on where it was.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from geocore.data.images import photo_sha256
from geocore.errors import ImageError
from geocore.models.backbones import build_backbone
from geocore.models.classifier import POOLINGS, pool
from geocore.models.images import augment, load_image
from geocore.progress import Counter

KEPT_POOLING = "max+mean"  # every other pooling is a part of it
BATCH_SIZE = 32
N_READERS = 4


@dataclass(frozen=True, kw_only=True)
class FeatureSpec:
    """What the features depend on beside the photo.

    Attributes:
        backbone: key of BACKBONES.
        size_px: input height and width.
        augmentation: key of AUGMENTATIONS.
        weights: of a tuned backbone, as its own `get_weights` gives them; None for ImageNet's.
    """

    backbone: str
    size_px: int
    augmentation: str = "none"
    weights: tuple[np.ndarray, ...] | None = None

    def folder_name(self, view: int) -> str:
        """Folder of one view: 0 is the photo itself, every other a variation."""
        variation = "original" if view == 0 else f"{self.augmentation}-{view}"
        return f"{self.backbone}{self._weights_name()}-{self.size_px}px-{variation}"

    def build(self) -> keras.Model:
        """The backbone, folded where it has its ImageNet weights."""
        if self.weights is None:
            return build_backbone(self.backbone, self.size_px)
        backbone = build_backbone(self.backbone, self.size_px, folded=False, weights=None)
        backbone.set_weights(self.weights)
        return backbone

    def _weights_name(self) -> str:
        if self.weights is None:
            return ""
        digest = hashlib.sha256(b"".join(np.ascontiguousarray(x).tobytes() for x in self.weights))
        return f"-tuned-{digest.hexdigest()[:12]}"


@dataclass(frozen=True, kw_only=True)
class Features:
    """Pooled features of many photos.

    Attributes:
        values: float32 (n_photos, n_views, 2 * n_channels), maximum then mean over the feature map;
            NaN rows where unreadable.
        sha256: (n_photos,) hash of each file, "" where unreadable.
        errors: per unreadable photo its index and the reason.
    """

    values: np.ndarray
    sha256: np.ndarray
    errors: dict[int, str]

    @property
    def is_readable(self) -> np.ndarray:
        """Bool (n_photos,)."""
        return self.sha256 != ""

    def subset(self, is_kept: np.ndarray) -> "Features":
        """The features of some of the photos, bool (n_photos,), all of them readable."""
        return Features(values=self.values[is_kept], sha256=self.sha256[is_kept], errors={})

    def pooled(self, pooling: str) -> np.ndarray:
        """The features a classifier with that pooling expects: (n_photos, n_views, n_features)."""
        if pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, received {pooling!r}.")
        n_channels = self.values.shape[-1] // 2
        return {
            "max": self.values[..., :n_channels],
            "mean": self.values[..., n_channels:],
            KEPT_POOLING: self.values,
        }[pooling]


def extract_features(
    paths: Sequence[str], spec: FeatureSpec, cache: Path, n_views: int = 1
) -> Features:
    """Features of photos, from the cache where they are there, else computed and kept.

    Args:
        paths: image files.
        spec: backbone, input size, augmentation.
        cache: folder of the cache.
        n_views: 1 for the photos as they are, more for that many views, the further ones augmented.

    Returns:
        Features in the order of the paths; an unreadable photo is reported there and stops nothing.
    """
    errors: dict[int, str] = {}
    sha256 = np.array([_hash(path, i, errors) for i, path in enumerate(paths)], dtype=object)
    counter = Counter(len(paths) * n_views)
    for view in range(n_views):
        folder = cache / spec.folder_name(view)
        folder.mkdir(parents=True, exist_ok=True)
        missing = [i for i, x in enumerate(sha256) if x and not (folder / f"{x}.npy").exists()]
        counter.add(len(paths) - len(missing))
        _compute(paths, sha256, missing, spec, view, folder, errors, counter)
    values = [[_load(cache / spec.folder_name(v), x) for v in range(n_views)] for x in sha256]
    width = next((x.size for row in values for x in row if x is not None), 0)
    nothing = np.full(width, np.nan, np.float32)
    table = [[nothing if x is None else x for x in row] for row in values]
    return Features(
        values=np.array(table, np.float32).reshape(len(paths), n_views, width),
        sha256=sha256.astype(str),
        errors=errors,
    )


def _hash(path: str, index: int, errors: dict[int, str]) -> str:
    try:
        return photo_sha256(path)
    except ImageError as error:
        errors[index] = str(error)
        return ""


def _load(folder: Path, sha256: str) -> np.ndarray | None:
    return np.load(folder / f"{sha256}.npy", allow_pickle=False) if sha256 else None


def _compute(
    paths: Sequence[str],
    sha256: np.ndarray,
    missing: list[int],
    spec: FeatureSpec,
    view: int,
    folder: Path,
    errors: dict[int, str],
    counter: Counter,
) -> None:
    """Fill one view's folder; a photo that cannot be decoded loses its hash and gets an error."""
    if not missing:
        return
    network = _pooled_backbone(spec, view)
    progress = tqdm(total=len(missing), desc=f"Features {folder.name}", unit="photo")
    for batch, pixels in _batches(paths, missing, spec.size_px, sha256, errors):
        if len(pixels):
            readable = [i for i in batch if sha256[i]]
            seeds = np.array([_seed(sha256[i], view) for i in readable], np.int32)
            rows = network(tf.constant(pixels), tf.constant(seeds)).numpy()
            for row, i in zip(rows, readable, strict=True):
                _save(folder / f"{sha256[i]}.npy", row)
        progress.update(len(batch))
        counter.add(len(batch))
    progress.close()


def _batches(
    paths: Sequence[str],
    indices: list[int],
    size_px: int,
    sha256: np.ndarray,
    errors: dict[int, str],
) -> Iterator[tuple[list[int], np.ndarray]]:
    """Batches of photo indices and the pixels of the decodable ones; the next is read ahead."""

    def read(i: int) -> np.ndarray | None:
        try:
            return load_image(paths[i], size_px)
        except ImageError as error:
            errors[i], sha256[i] = str(error), ""
            return None

    batches = [indices[i : i + BATCH_SIZE] for i in range(0, len(indices), BATCH_SIZE)]
    with ThreadPoolExecutor(N_READERS) as readers:
        ahead = [readers.submit(read, i) for i in batches[0]]
        for number, batch in enumerate(batches):
            reading, ahead = ahead, []
            if number + 1 < len(batches):
                ahead = [readers.submit(read, i) for i in batches[number + 1]]
            images = [x for x in (future.result() for future in reading) if x is not None]
            yield batch, np.array(images, np.uint8)


def _pooled_backbone(spec: FeatureSpec, view: int) -> tf.types.experimental.GenericFunction:
    backbone = spec.build()
    pooled = keras.Model(backbone.input, pool(backbone.output, KEPT_POOLING))
    kind = "none" if view == 0 else spec.augmentation
    photos = tf.TensorSpec((None, spec.size_px, spec.size_px, 3), tf.uint8)

    @tf.function(input_signature=[photos, tf.TensorSpec((None, 2), tf.int32)])
    def run(pixels: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        if kind != "none":
            pixels = tf.map_fn(
                lambda one: augment(one[0], kind, one[1]),
                (pixels, seeds),
                fn_output_signature=tf.TensorSpec(pixels.shape[1:], tf.uint8),
            )
        return pooled(tf.cast(pixels, tf.float32), training=False)

    return run


def _seed(sha256: str, view: int) -> tuple[int, int]:
    """Seed of a variation: of the photo and the view alone, not of the batch it comes in."""
    return int(sha256[:7], 16), view


def _save(path: Path, row: np.ndarray) -> None:
    """Write in one step: a reader never sees half a file."""
    scratch = path.with_suffix(".new")
    with scratch.open("wb") as stream:
        np.save(stream, row.astype(np.float32), allow_pickle=False)
    scratch.replace(path)
