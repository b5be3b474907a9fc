"""Data stage: who trains and who tests. Deterministic, by photo id; it reads no image.

Photos that are drawn one by one leak: two photos of one walk, or of one square, are easy to match.
`group` keeps a photographer's photos together, `place_km` those of one place.
"""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geocore.data.place_groups import place_groups
from geocore.errors import PhotoTableError

PARTS = ("train", "validation", "test")
_WORDS = {
    **{word: "train" for word in ("train", "training")},
    **{word: "validation" for word in ("validation", "val", "valid")},
    **{word: "test" for word in ("test", "testing")},
}


def split_photos(
    photos: pd.DataFrame,
    *,
    test: float = 0.2,
    validation: float = 0.1,
    seed: int = 42,
    group: str | None = None,
    place_km: float | None = None,
) -> pd.Series:
    """Divide photos into training, validation and test, whatever the order of the rows.

    Photos that share a value of `group` (their photographer, views of one place) stay together;
    where that value is missing, a photo is a group of its own. With `place_km` photos stay together
    that are nearer than that to each other, or joined by others that are: no two parts come nearer.
    The thesis's 90/10 is `test=0, validation=0.1`.

    Args:
        photos: Table with photo_id (unique) and, if named, the column `group`; for `place_km` also
            lat and lng.
        test: Share of all photos in the test part, in [0, 1).
        validation: Share of all photos in the validation part, in [0, 1).
        seed: Any whole number; another one draws another split.
        group: Name of a column whose equal values must not be divided.
        place_km: Distance under which photos must not be divided.

    Returns:
        Series "train" | "validation" | "test" on the index of `photos`.

    Raises:
        ValueError: Shares out of range, an unknown column, or so few photos, or so large a group,
            that a part asked for would be empty.

    Source:
        Thesis chapter 5 (seeded split); keyed by id instead of by row order: own.
    """
    if not (0 <= test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise ValueError(
            "test and validation must be shares >= 0 that leave something to train on, received "
            f"test={test}, validation={validation}."
        )
    units = _units(photos, group, place_km)
    rank = _shuffled_rank(units, seed)
    parts = np.select([rank < test, rank < test + validation], ["test", "validation"], "train")
    _check_no_part_is_empty(parts, {"test": test, "validation": validation, "train": 1.0}, units)
    return pd.Series(parts, index=photos.index, name="split")


def given_split(photos: pd.DataFrame, column: str) -> pd.Series:
    """The split that a column of the photos says, in our words.

    Args:
        photos: Table with that column.
        column: Its name; it says train, validation or test (or training, val, valid, testing).

    Returns:
        As `split_photos`.

    Raises:
        PhotoTableError: There is no such column, or it says something else.
    """
    if column not in photos:
        raise PhotoTableError(
            f"split must name a column of the photos, received {column!r}. "
            f"Columns: {', '.join(photos.columns)}."
        )
    parts = photos[column].astype("str").str.strip().str.lower().map(_WORDS)
    if parts.isna().any():
        first = photos[column][parts.isna()].iloc[0]
        raise PhotoTableError(
            f"Column {column!r} must say train, validation or test of every photo, but "
            f"{parts.isna().sum():,} of {len(photos):,} photos say something else (first: "
            f"{first!r}). Correct it, or let the split be drawn."
        )
    return parts.rename("split")


def k_folds(
    photos: pd.DataFrame,
    k: int,
    seed: int = 42,
    group: str | None = None,
    place_km: float | None = None,
) -> np.ndarray:
    """Number of the fold, 0 to k - 1, in which each photo is tested.

    Args:
        photos: As in `split_photos`.
        k: Number of folds, at least 2.
        seed: As in `split_photos`.
        group: As in `split_photos`.
        place_km: As in `split_photos`.

    Returns:
        int (n_photos,); without `group` and `place_km` the folds differ by at most one photo.

    Raises:
        ValueError: `k` is under 2, or so large that a fold would be empty; an unknown column.

    Source:
        own.
    """
    if k < 2:
        raise ValueError(f"k must be at least 2 folds, received {k}.")
    units = _units(photos, group, place_km)
    folds = (_shuffled_rank(units, seed) * k).astype(int)
    n_filled = len(np.unique(folds))
    if n_filled < k:
        raise ValueError(
            f"k must leave photos for every fold, but {len(photos)} photos fill only {n_filled} of "
            f"{k}{_largest(units)}. Use fewer folds."
        )
    return folds


def split_groups(
    photos: pd.DataFrame, *, group: str | None = None, place_km: float | None = None
) -> pd.Series:
    """What must stay together, as a column that `split_photos` and `k_folds` take as `group`.

    For tables that are put together from several sets, each with its own rule.

    Args:
        photos: As in `split_photos`.
        group: As in `split_photos`.
        place_km: As in `split_photos`.

    Returns:
        Series of str on the index of `photos`; missing where a photo stands for itself. The name of
        a group does not depend on the order of the rows.

    Raises:
        ValueError: An unknown column, or a distance that is too small.
    """
    units = pd.Series(_units(photos, group, place_km), index=photos.index, name="split_group")
    return units.where(~_is_alone(photos, group, place_km))


def _is_alone(photos: pd.DataFrame, group: str | None, place_km: float | None) -> pd.Series:
    """Whether a photo's unit is named after the photo itself."""
    if place_km is not None:
        return pd.Series(False, index=photos.index)
    return pd.Series(True, index=photos.index) if group is None else photos[group].isna()


def _shuffled_rank(units: np.ndarray, seed: int) -> np.ndarray:
    """Where each photo's unit stands in a shuffled row of all photos, in (0, 1)."""
    hashes = pd.util.hash_array(units, hash_key=f"{seed % 10**16:016d}", categorize=False)
    _, unit, sizes = np.unique(hashes, return_inverse=True, return_counts=True)
    middle = np.cumsum(sizes) - sizes / 2
    return middle[unit] / len(units)


def _units(photos: pd.DataFrame, group: str | None, place_km: float | None) -> np.ndarray:
    """The name of what must stay together, one per photo."""
    ids = "photo " + photos["photo_id"].astype(str)
    names = ids.to_numpy(object)
    if group is not None:
        names = _group_names(photos, group, ids)
    if place_km is not None:
        places = place_groups(photos["lat"], photos["lng"], distance_km=place_km)
        names = _first_names(places if group is None else _joined(places, names), names)
    return names


def _group_names(photos: pd.DataFrame, group: str, ids: pd.Series) -> np.ndarray:
    if group not in photos:
        raise ValueError(
            f"group must name a column of the photos, received {group!r}. "
            f"Columns: {', '.join(photos.columns)}."
        )
    groups = "group " + photos[group].astype(str)
    return groups.where(photos[group].notna(), ids).to_numpy(object)


def _joined(places: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Number of each photo's component where places as well as names tie photos together."""
    codes = pd.factorize(names)[0]
    n_places = int(places.max(initial=-1)) + 1
    n_nodes = n_places + int(codes.max(initial=-1)) + 1
    ties = np.ones(len(places), bool), (places, n_places + codes)
    components = connected_components(coo_array(ties, shape=(n_nodes, n_nodes)), directed=False)[1]
    return components[places]


def _first_names(numbers: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Each component called after the first of its names in a fixed order."""
    hashes = pd.util.hash_array(names, categorize=False)
    first = np.full(numbers.max(initial=-1) + 1, np.iinfo(np.uint64).max)
    np.minimum.at(first, numbers, hashes)
    return ("place " + pd.Series(first).astype(str)).to_numpy(object)[numbers]


def _check_no_part_is_empty(parts: np.ndarray, shares: dict[str, float], units: np.ndarray) -> None:
    empty = [part for part, share in shares.items() if share > 0 and not (parts == part).any()]
    if empty:
        raise ValueError(
            f"{len(parts)} photos are too few, or their groups too large, for a {empty[0]} share "
            f"of {shares[empty[0]]:g}{_largest(units)}. Add photos or change the shares."
        )


def _largest(units: np.ndarray) -> str:
    """How much the largest group holds, where it is more than one photo."""
    n_largest = int(np.unique(pd.factorize(units)[0], return_counts=True)[1].max(initial=0))
    if n_largest < 2:
        return ""
    return (
        f": the largest group that must stay together holds {n_largest} of them (a smaller "
        "distance, or another column, divides it)"
    )
