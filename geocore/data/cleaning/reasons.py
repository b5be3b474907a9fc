"""Data stage: the tests of cleaning, one by one, and the reasons that they give.

They take what is known of the files and say which photos fail; they read no file and drop no row.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.data.cleaning.near_duplicates import first_copies
from geocore.data.cleaning.photo_hashes import HASH_BITS
from geocore.data.cleaning.settings import CleaningSettings
from geocore.data.cleaning.suspicious_coordinates import (
    country_in_the_middle_of,
    is_coarse,
    is_null_island,
    km_between,
)
from geocore.data.photos import UNDECODABLE

UNREAD = "file missing or not readable"
TOO_SMALL = "too small"
TOO_LONG = "too long or too tall for its width"
ONE_COLOUR = "picture of one colour"
FILTERED = "found by a filter"
NULL_ISLAND = "position is 0° N, 0° E"
CENTROID = "position is the middle of a country"
COARSE = "position is rounded"
SAME_FILE = "copy: the same file"
NEAR_DUPLICATE = "copy: near duplicate"
REASONS = (
    *(UNREAD, UNDECODABLE, TOO_SMALL, TOO_LONG, ONE_COLOUR, FILTERED),
    *(NULL_ISLAND, CENTROID, COARSE, SAME_FILE, NEAR_DUPLICATE),
)

APART_KM = 1.0  # copies that claim to be farther apart than this cannot both be right
# Of two copies that of the part which must stay as it is; others rank behind, in table order.
_RANK_OF_SPLIT = {"test": 0, "validation": 1}

Test = tuple[str, NDArray[np.bool_], Callable[[NDArray[np.int64]], list[str]]]


def tests_of_files(facts: pd.DataFrame, settings: CleaningSettings) -> Iterator[Test]:
    """What is wrong with the files: reason, which photos fail, and the words for those that do.

    Args:
        facts: columns FACT_COLUMNS, one row per photo.
        settings: the limits.
    """
    sizes = facts[["width_px", "height_px"]].to_numpy(float)
    shorter, longer = sizes.min(axis=1), sizes.max(axis=1)
    contrast = facts["contrast"].to_numpy(float)
    problem, filtered = (facts[name].to_numpy(object) for name in ("problem", "filtered"))
    is_lasting = facts["is_lasting"].to_numpy(bool)

    def size(rows: NDArray[np.int64]) -> list[str]:
        return [f"{width:.0f} x {height:.0f} px" for width, height in sizes[rows]]

    yield UNREAD, ~is_lasting, lambda rows: list(problem[rows])
    yield UNDECODABLE, problem != "", lambda rows: list(problem[rows])
    yield TOO_SMALL, shorter < settings.min_side_px, size
    yield TOO_LONG, longer / np.maximum(shorter, 1) > settings.max_aspect, size
    is_dull = contrast < settings.min_contrast
    yield ONE_COLOUR, is_dull, lambda rows: [f"contrast {x:.1f}" for x in contrast[rows]]
    yield FILTERED, filtered != "", lambda rows: list(filtered[rows])


def tests_of_places(photos: pd.DataFrame, settings: CleaningSettings) -> Iterator[Test]:
    """What is wrong with the positions: reason, which photos fail, and the words for those.

    Args:
        photos: lat, lng.
        settings: the limits.
    """
    lat, lng = photos["lat"].to_numpy(float), photos["lng"].to_numpy(float)
    country = np.array(country_in_the_middle_of(lat, lng, settings.centroid_km), dtype=object)

    def position(rows: NDArray[np.int64]) -> list[str]:
        return [f"{y:g}, {x:g}" for y, x in zip(lat[rows], lng[rows], strict=True)]

    def middle(rows: NDArray[np.int64]) -> list[str]:
        return [f"{p} ({c})" for p, c in zip(position(rows), country[rows], strict=True)]

    yield NULL_ISLAND, is_null_island(lat, lng, settings.null_island_km), position
    yield CENTROID, country != "", middle
    yield COARSE, is_coarse(lat, lng, settings.coarse_deg), position


def find_copies(
    found: pd.DataFrame,
    photos: pd.DataFrame,
    facts: pd.DataFrame,
    settings: CleaningSettings,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Mark in `found` which of the photos that passed all other tests are copies of which.

    Args:
        found: reason ("" so far), detail, kept (position of the photo that is kept), apart_km;
            changed.
        photos: lat, lng.
        facts: sha256, look.
        settings: the limits.
        progress: as in `first_copies`.
    """
    rows = _in_order(found, photos)
    first = pd.Series(rows, rows).groupby(facts["sha256"].to_numpy()[rows]).transform("first")
    near = _near_copies(
        facts["look"].iloc[first.index[first == first.index]], settings.near_bits, progress
    )
    copies = near.loc[first].set_index(first.index).assign(is_same_file=first != first.index)
    copies = copies[copies["kept"] != copies.index]
    kept, rows = copies["kept"].to_numpy(), copies.index.to_numpy()
    km = km_between(*_positions(photos, rows), *_positions(photos, kept))
    found.loc[rows, "reason"] = np.where(copies["is_same_file"], SAME_FILE, NEAR_DUPLICATE)
    found.loc[rows, "kept"] = kept
    found.loc[rows, "apart_km"] = km
    is_other_file = kept != first[rows].to_numpy()
    found.loc[rows, "detail"] = [
        "; ".join(_words_on_copy(*copy))
        for copy in zip(is_other_file, copies["n_bits"], km, strict=True)
    ]


def _in_order(found: pd.DataFrame, photos: pd.DataFrame) -> NDArray[np.int64]:
    """Positions of the photos that passed so far, those to be preferred first."""
    rows = np.flatnonzero(found["reason"] == "")
    if "split" not in photos:
        return rows
    rank = photos["split"].iloc[rows].map(_RANK_OF_SPLIT).fillna(len(_RANK_OF_SPLIT)).to_numpy()
    return rows[np.argsort(rank, kind="stable")]


def _near_copies(
    looks: pd.Series, max_bits: int, progress: Callable[[int], object] | None
) -> pd.DataFrame:
    """For each row which one is kept in its place, and in how many bits they differ."""
    kept, n_bits = np.arange(len(looks)), np.zeros(len(looks), dtype=np.int64)
    if max_bits >= 0:
        bits = np.frombuffer(b"".join(looks), dtype=np.uint8)
        kept, n_bits = first_copies(bits.reshape(-1, HASH_BITS // 8), max_bits, progress)
    return pd.DataFrame({"kept": looks.index[kept], "n_bits": n_bits}, index=looks.index)


def _positions(photos: pd.DataFrame, rows: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    return [photos[name].to_numpy(float)[rows] for name in ("lat", "lng")]


def _words_on_copy(is_other_file: bool, n_bits: int, km: float) -> Iterator[str]:
    if is_other_file:
        yield f"{n_bits} of {HASH_BITS} features differ"
    if km > APART_KM:
        yield f"positions {km:,.0f} km apart"
