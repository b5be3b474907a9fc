"""The probe for rooms, fitted: which features of a backbone speak for a photo from inside.

Belongs to `geocore.inference.indoor_probe`, which uses what comes out. A table names the photos of
a folder that were taken inside, found by looking, and those of which nobody could say; all others
were taken in the open. Both kinds count alike, few as the rooms are.

Source: linear probe, Alain & Bengio 2016; ridge regression, Hoerl & Kennard 1970.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.errors import PhotoTableError
from geocore.inference.indoor_probe import IndoorProbe
from geocore.inference.photo_folders import list_photos
from geocore.models.feature_pass import FeatureSpec
from geocore.models.features import extract_features

BACKBONES = ("EfficientNet-Lite0", "EfficientNet-Lite1", "EfficientNet-Lite2")
SIZE_PX = 320
RIDGE = 0.1
N_FOLDS, SEED = 10, 42
INSIDE, UNCLEAR = "inside", "unclear"


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownPhotos:
    """Photos of which it is known whether they were taken inside.

    Attributes:
        paths: the files.
        is_inside: bool (n_photos,).
        places: int (n_photos,); views of one place share a number.
    """

    paths: list[Path]
    is_inside: np.ndarray
    places: np.ndarray


def known_photos(folder: Path, table: Path) -> KnownPhotos:
    """All photos of a folder but the unclear ones.

    Args:
        folder: of photos, and of folders of photos.
        table: CSV with the columns photo (path below the folder) and seen (INSIDE or UNCLEAR).

    Raises:
        PhotoTableError: a photo of the table is not there.
    """
    seen = pd.read_csv(table).set_index("photo")["seen"]
    paths, _ = list_photos([folder])
    names = pd.Series([path.relative_to(folder).as_posix() for path in paths])
    if missing := sorted(set(seen.index) - set(names)):
        raise PhotoTableError(
            f"{folder} lacks {len(missing)} photos of {table.name}, {missing[0]} among them. "
            "Give the folder that holds the photo sets."
        )
    kinds = names.map(seen)
    is_known = (kinds != UNCLEAR).to_numpy()
    place = names[is_known].str.replace(r"_\d+\.\w+$", "", regex=True)
    return KnownPhotos(
        paths=[path for path, is_so in zip(paths, is_known, strict=True) if is_so],
        is_inside=(kinds[is_known] == INSIDE).to_numpy(),
        places=pd.factorize(place)[0],
    )


def indoor_features(photos: KnownPhotos, backbone: str, cache: Path) -> np.ndarray:
    """What a backbone saw in each photo, (n_photos, n_channels), from the cache where possible.

    Raises:
        PhotoTableError: a photo cannot be read.
    """
    spec = FeatureSpec(backbone=backbone, size_px=SIZE_PX, pooling="mean")
    seen = extract_features([str(path) for path in photos.paths], spec, cache / "features")
    if seen.errors:
        raise PhotoTableError(f"{next(iter(seen.errors.values()))} Take it out of the folder.")
    return seen.values[:, 0]


def fit_weights(features: np.ndarray, is_inside: np.ndarray) -> np.ndarray:
    """Weights of a `IndoorProbe`, float32 (n_channels + 1,): 1 is wanted inside, -1 in the open.

    Args:
        features: (n_photos, n_channels).
        is_inside: bool (n_photos,), some of each.
    """
    share = np.where(is_inside, 0.5 / is_inside.sum(), 0.5 / (~is_inside).sum())
    wanted = np.where(is_inside, 1.0, -1.0)
    mean = share @ features
    centred = features.astype(np.float64) - mean
    square = (centred * share[:, None]).T @ centred + RIDGE * np.eye(features.shape[1])
    slopes = np.linalg.solve(square, (share * wanted) @ centred)
    return np.append(slopes, -mean @ slopes).astype(np.float32)


def scores_left_out(features: np.ndarray, photos: KnownPhotos) -> np.ndarray:
    """The score of each photo by a probe that saw no photo of its place, (n_photos,)."""
    scores = np.empty(len(features))
    fold = np.random.default_rng(SEED).permutation(photos.places.max() + 1) % N_FOLDS
    for number in range(N_FOLDS):
        is_out = fold[photos.places] == number
        probe = IndoorProbe(fit_weights(features[~is_out], photos.is_inside[~is_out]))
        scores[is_out] = probe.weigh(features[is_out])
    return scores
