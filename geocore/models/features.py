"""Models stage: frozen features of photos, computed once, kept on disk, on one machine or many.

A photo is known by its SHA-256: one that was moved or renamed is found again, a run that was killed
goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from geocore.data.images import photo_sha256
from geocore.data.scheduling import Pool, Scheduler, map_photos, open_pool, photo_results
from geocore.errors import FeatureError, ImageError
from geocore.models.classifier import POOLINGS
from geocore.models.feature_pass import KEPT_POOLING, FeaturePass, FeatureSpec, HashedPhoto
from geocore.models.feature_store import FeatureStore
from geocore.progress import Counter

BATCH_SIZE = 32


@dataclass(frozen=True, kw_only=True)
class Features:
    """Pooled features of many photos.

    Attributes:
        values: float32 (n_photos, n_views, n_features), as `geocore.models.classifier.pool_maps`
            gives them; NaN rows where unreadable.
        sha256: (n_photos,) hash of each file, "" where unreadable.
        errors: per unreadable photo its index and the reason.
        pooling: that was kept.
    """

    values: np.ndarray
    sha256: np.ndarray
    errors: dict[int, str]
    pooling: str = KEPT_POOLING

    @property
    def is_readable(self) -> np.ndarray:
        """Bool (n_photos,)."""
        return self.sha256 != ""

    def subset(self, is_kept: np.ndarray) -> "Features":
        """The features of some of the photos, bool (n_photos,), all of them readable."""
        if is_kept.all():  # no second copy of what may fill half the memory
            return replace(self, errors={})
        return replace(self, values=self.values[is_kept], sha256=self.sha256[is_kept], errors={})

    def pooled(self, pooling: str) -> np.ndarray:
        """The features a classifier with that pooling expects: (n_photos, n_views, n_features)."""
        if pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, received {pooling!r}.")
        if pooling == self.pooling:
            return self.values
        if self.pooling != KEPT_POOLING or pooling not in self.pooling.split("+"):
            raise ValueError(f"Of {self.pooling} features there can be no {pooling} ones.")
        maximum, mean = np.split(self.values, 2, axis=-1)
        return maximum if pooling == "max" else mean


def joined(features: Sequence[Features]) -> Features:
    """The same photos' features by several backbones, side by side.

    A photo is readable where all of them could read it.
    """
    if len(features) == 1:
        return features[0]
    is_readable = np.logical_and.reduce([x.is_readable for x in features])
    return Features(
        values=np.concatenate([x.values for x in features], axis=-1),
        sha256=np.where(is_readable, features[0].sha256, ""),
        errors={i: error for x in features for i, error in x.errors.items()},
        pooling=features[0].pooling,
    )


def extract_features(
    paths: Sequence[str],
    spec: FeatureSpec,
    cache: Path,
    n_views: int = 1,
    scheduler: Scheduler = None,
) -> Features:
    """Features of photos, from the cache where they are there, else computed and kept.

    Args:
        paths: image files.
        spec: backbone, input size, augmentation.
        cache: folder of the cache.
        n_views: 1 for the photos as they are, more for that many views, the further ones augmented.
        scheduler: where to compute, see `geocore.data.scheduling.map_photos`.

    Returns:
        Features in the order of the paths; an unreadable photo is reported there and stops nothing.

    Raises:
        FeatureError: the features cannot be kept, or the photos vanished.
        ClusterError: the cluster cannot be reached or is gone; what is done is kept.
    """
    with open_pool(scheduler) as pool:
        hashed = map_photos(_hash, list(paths), scheduler=pool, batch=256)
        sha256 = np.array([name for name, _ in hashed], dtype=object)
        errors = {i: error for i, (_, error) in enumerate(hashed) if error}
        counter = Counter(len(paths) * n_views)
        light = spec if pool.is_local else spec.with_saved_weights(cache)
        stores = [FeatureStore(cache / spec.folder_name(view)) for view in range(n_views)]
        for view, store in enumerate(stores):
            missing = _one_of_each(sha256, store.known())
            counter.add(len(paths) - len(missing))
            if missing:
                photos = [(paths[i], str(sha256[i])) for i in missing]
                work = FeaturePass(spec=light, view=view, policy=keras.config.dtype_policy().name)
                _mark_unreadable(_compute(photos, work, store, pool, counter), sha256, errors)
    values = _load(stores, sha256)
    return Features(values=values, sha256=sha256.astype(str), errors=errors, pooling=spec.pooling)


def _hash(path: str) -> tuple[str, str]:
    """The file's SHA-256, or "" and why not."""
    try:
        return photo_sha256(path), ""
    except ImageError as error:
        return "", str(error)


def _one_of_each(sha256: np.ndarray, known: set[str]) -> list[int]:
    """Index of the first of each unknown photo; copies have the same features."""
    first: dict[str, int] = {}
    for i, name in enumerate(sha256):
        if name and name not in known:
            first.setdefault(name, i)
    return list(first.values())


def _load(stores: list[FeatureStore], sha256: np.ndarray) -> np.ndarray:
    """Features (n_photos, n_views, n_features), NaN where unreadable, in one piece of memory."""
    shape = (len(sha256), len(stores), stores[0].n_features)
    values = np.full(shape, np.nan, np.float32)
    for view, store in enumerate(stores):
        store.load_into(values[:, view], sha256)
    return values


def _compute(
    photos: list[HashedPhoto],
    work: FeaturePass,
    store: FeatureStore,
    pool: Pool,
    counter: Counter,
) -> dict[str, str]:
    """Fill one view's store; returns the reason for each photo that cannot be decoded, by hash."""
    batches = [photos[i : i + BATCH_SIZE] for i in range(0, len(photos), BATCH_SIZE)]
    unreadable = {}
    progress = tqdm(total=len(photos), desc=f"Features {store.folder.name}", unit="photo")
    try:
        for start, (results,) in photo_results(work, batches, scheduler=pool, batch=1):
            for (path, sha256), result in zip(batches[start], results, strict=True):
                if isinstance(result, str):
                    _check_is_there(path)
                    unreadable[sha256] = result
                else:
                    store.add(sha256, result)
            progress.update(len(results))
            counter.add(len(results))
    finally:
        progress.close()
        store.flush()
    return unreadable


def _check_is_there(path: str) -> None:
    """Whoever was hashed a moment ago is no unreadable photo when its disk is taken away."""
    if not Path(path).exists():
        raise FeatureError(
            f"{path}: the photos must stay where they are while the backbone looks at them, but "
            "this one is gone now. Bring it back (is the disk connected?) and start again: what "
            "was seen is kept."
        )


def _mark_unreadable(
    unreadable: dict[str, str], sha256: np.ndarray, errors: dict[int, str]
) -> None:
    """A photo that cannot be decoded loses its hash and gets an error."""
    for i, name in enumerate(sha256):
        if name in unreadable:
            sha256[i], errors[i] = "", unreadable[name]
