"""Data stage: who trains and who tests. Deterministic, by photo id; it reads no image."""

import numpy as np
import pandas as pd

PARTS = ("train", "validation", "test")


def split_photos(
    photos: pd.DataFrame,
    *,
    test: float = 0.2,
    validation: float = 0.1,
    seed: int = 42,
    group: str | None = None,
) -> pd.Series:
    """Divide photos into training, validation and test, whatever the order of the rows.

    Photos that share a value of `group` (views of one place) stay together; where that value is
    missing, a photo is a group of its own.

    Args:
        photos: Table with photo_id (unique) and, if named, the column `group`.
        test: Share of all photos in the test part, in [0, 1).
        validation: Share of all photos in the validation part, in [0, 1).
        seed: Any whole number; another one draws another split.
        group: Name of a column whose equal values must not be divided.

    Returns:
        Series "train" | "validation" | "test" on the index of `photos`.

    Raises:
        ValueError: Shares out of range, an unknown column, or so few photos that a part asked for
            would be empty.

    Source:
        Thesis chapter 5 (seeded split); keyed by id instead of by row order: own.
    """
    if not (0 <= test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise ValueError(
            "test and validation must be shares >= 0 that leave something to train on, received "
            f"test={test}, validation={validation}."
        )
    rank = _shuffled_rank(photos, seed, group)
    parts = np.select([rank < test, rank < test + validation], ["test", "validation"], "train")
    _check_no_part_is_empty(parts, {"test": test, "validation": validation, "train": 1.0})
    return pd.Series(parts, index=photos.index, name="split")


def k_folds(photos: pd.DataFrame, k: int, seed: int = 42, group: str | None = None) -> np.ndarray:
    """Number of the fold, 0 to k - 1, in which each photo is tested.

    Args:
        photos: As in `split_photos`.
        k: Number of folds, at least 2.
        seed: As in `split_photos`.
        group: As in `split_photos`.

    Returns:
        int (n_photos,); the folds differ by at most one photo (without `group`).

    Raises:
        ValueError: `k` is under 2, or so large that a fold would be empty; an unknown column.

    Source:
        own.
    """
    if k < 2:
        raise ValueError(f"k must be at least 2 folds, received {k}.")
    folds = (_shuffled_rank(photos, seed, group) * k).astype(int)
    n_filled = len(np.unique(folds))
    if n_filled < k:
        raise ValueError(
            f"k must leave photos for every fold, but {len(photos)} photos fill only {n_filled} of "
            f"{k}. Use fewer folds."
        )
    return folds


def _shuffled_rank(photos: pd.DataFrame, seed: int, group: str | None) -> np.ndarray:
    """Where each photo's group stands in a shuffled row of all photos, in (0, 1)."""
    hashes = pd.util.hash_array(_units(photos, group), hash_key=f"{seed % 10**16:016d}")
    _, unit, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    middle = np.cumsum(sizes) - sizes / 2
    return middle[unit] / len(photos)


def _units(photos: pd.DataFrame, group: str | None) -> np.ndarray:
    """The name of what must stay together, one per photo."""
    ids = "photo " + photos["photo_id"].astype(str)
    if group is None:
        return ids.to_numpy(object)
    if group not in photos:
        raise ValueError(
            f"group must name a column of the photos, received {group!r}. "
            f"Columns: {', '.join(photos.columns)}."
        )
    groups = "group " + photos[group].astype(str)
    return groups.where(photos[group].notna(), ids).to_numpy(object)


def _check_no_part_is_empty(parts: np.ndarray, shares: dict[str, float]) -> None:
    empty = [part for part, share in shares.items() if share > 0 and not (parts == part).any()]
    if empty:
        raise ValueError(
            f"{len(parts)} photos are too few, or their groups too large, for a {empty[0]} share "
            f"of {shares[empty[0]]:g}. Add photos or change the shares."
        )
