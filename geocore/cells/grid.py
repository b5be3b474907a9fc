"""Algorithm 1: coordinates of photos -> a grid of adaptive S2 cells (stage: cells).

Knows nothing about photo files or models.
The level-30 ids are sorted once; a cell is a range of ids, so counting its photos is two binary
searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geocore.cells import s2
from geocore.cells.checks import check_coordinates, check_grid_settings
from geocore.cells.geodesy import FloatArray, lat_lng, unit_vectors
from geocore.errors import GridError

UNASSIGNED = -1
POLICIES = ("drop", "preserve")
CSV_COLUMNS = ("token", "level", "parent", "class_index", "n_photos", "lat", "lng", "place")

# Coordinates are summed in steps of 2^-29 Earth radii (1 cm): such sums are exact in float64 up to
# 16 million photos, so that a centroid does not depend on the order of the photos.
_STEPS = 2.0**29
_CHUNK = 1 << 18


class Namer(Protocol):
    """Anything that names places, such as `geocore.cells.place_names.PlaceNamer`."""

    def names(self, lat: ArrayLike, lng: ArrayLike) -> list[str]:
        """Return one name per point."""


@dataclass(frozen=True, eq=False)
class CellGrid:
    """Inner cells and leaves of one division of the world.

    Attributes:
        cells: One row per cell, sorted by (level, cell_id): cell_id (uint64), token, level, parent
            (token, "" for roots), class_index (UNASSIGNED for inner cells), n_photos (of an inner
            cell: all its photos, those of dropped cells too), lat, lng (centroid of the photos in
            degrees; of an empty cell: its middle), place.
    """

    cells: pd.DataFrame

    @cached_property
    def leaves(self) -> pd.DataFrame:
        """The rows of the leaves, in the order of their class index."""
        is_leaf = self.cells["class_index"] != UNASSIGNED
        return self.cells[is_leaf].sort_values("class_index", ignore_index=True)

    @property
    def n_leaves(self) -> int:
        """Number of leaves, that is of classes."""
        return len(self.leaves)

    def assign(self, lat: ArrayLike, lng: ArrayLike) -> NDArray[np.int64]:
        """Class index of the leaf that contains each photo, UNASSIGNED where none does.

        Args:
            lat: Latitudes in degrees, `(n_photos,)`.
            lng: Longitudes in degrees, `(n_photos,)`.

        Returns:
            Class indices `(n_photos,)`.

        Raises:
            ValueError: If a coordinate is missing or out of range.
        """
        return _find(s2.cell_ids(*check_coordinates(lat, lng)), self.leaves["cell_id"].to_numpy())

    def with_places(self, namer: Namer) -> CellGrid:
        """The same grid with each cell's place set to the name of its centroid."""
        names = namer.names(self.cells["lat"].to_numpy(), self.cells["lng"].to_numpy())
        return CellGrid(self.cells.assign(place=names))

    def save_csv(self, path: str | Path) -> None:
        """Write the grid as CSV for `load_grid`; class_index is empty for inner cells."""
        index = self.cells["class_index"]
        written = self.cells.assign(class_index=index.astype(str).where(index != UNASSIGNED, ""))
        written.to_csv(path, columns=list(CSV_COLUMNS), index=False)


def generate_cells(
    lat: ArrayLike,
    lng: ArrayLike,
    *,
    t_min: int,
    t_max: int,
    level_start: int = 0,
    level_end: int = s2.MAX_LEVEL,
    policy: str = "drop",
) -> CellGrid:
    """Divide the world so that each cell holds between `t_min` and `t_max` photos.

    From the cells of `level_start` on, a cell with more than `t_max` photos is replaced by its four
    children, down to `level_end`. With policy `drop`, cells with fewer than `t_min` photos are then
    dropped, and inner cells that no longer lead to a leaf are pruned; photos there are UNASSIGNED.
    With `preserve` nothing is dropped: the leaves, empty ones included, cover the whole sphere.
    Leaves are numbered along the Hilbert curve, so that neighbours get neighbouring class indices;
    the order of the photos plays no part.

    Args:
        lat: Latitudes of the photos in degrees, `(n_photos,)`.
        lng: Longitudes in degrees, `(n_photos,)`.
        t_min: Fewest photos a cell keeps (policy `drop`).
        t_max: Most photos of a cell that is not split.
        level_start: S2 level of the roots; 0 is the six cube faces.
        level_end: Deepest S2 level, up to 30.
        policy: `drop` (the thesis) or `preserve`.

    Returns:
        The grid; its leaves are the classes.

    Raises:
        ValueError: If an argument is out of its range or contradicts another one.
        GridError: If no cell keeps enough photos.

    Source: thesis algorithm 1; `preserve` after 8.2 "World Cell Preservation"; pruning and
    numbering are ours.
    """
    lat, lng = check_coordinates(lat, lng)
    if not len(lat):
        raise ValueError("A grid needs at least one photo with coordinates, received none.")
    if policy not in POLICIES:
        raise ValueError(f"Unknown policy {policy!r}. Known policies: {', '.join(POLICIES)}.")
    covers_sphere = policy == "preserve" or t_min == 0
    check_grid_settings(t_min, t_max, level_start, level_end, covers_sphere)
    ids = s2.cell_ids(lat, lng)
    ids_sorted = np.sort(ids)
    roots = s2.cells_at_level(level_start) if covers_sphere else _used_roots(ids, level_start)
    inner, ends = _split(ids_sorted, roots, t_max, level_end)
    kept = ends if covers_sphere else ends[_count(ids_sorted, ends) >= t_min]
    if not len(kept):
        _refuse_empty(_count(ids_sorted, ends), t_min, t_max)
    table = _cell_table(inner[_count(kept, inner) > 0], kept, level_start)
    cells = table["cell_id"].to_numpy()
    sums = _vector_sums(lat, lng, ids, ends)
    table["n_photos"] = _count(ids_sorted, cells)
    table["lat"], table["lng"] = _centroids(cells, table["n_photos"].to_numpy(), ends, sums)
    return CellGrid(table.assign(place=[""] * len(cells)))


def _refuse_empty(n_photos: NDArray[np.int64], t_min: int, t_max: int) -> None:
    raise GridError(
        f"No cell is left: every cell must hold at least t_min = {t_min} photos, but with "
        f"t_max = {t_max} the fullest of {len(n_photos)} cells holds {n_photos.max()} of "
        f"{n_photos.sum()} photos. Lower t_min, or raise t_max."
    )


def _used_roots(ids: s2.IdArray, level_start: int) -> s2.IdArray:
    return np.unique(s2.parent(ids, level_start))


def _split(
    ids_sorted: s2.IdArray, roots: s2.IdArray, t_max: int, level_end: int
) -> tuple[s2.IdArray, s2.IdArray]:
    """Inner cells, and the cells at which splitting ended (sorted), empty ones included."""
    inner, ends = [], []
    current, level = roots, int(s2.level_of(roots[:1])[0])
    while len(current):
        is_split = (_count(ids_sorted, current) > t_max) & (level < level_end)
        inner.append(current[is_split])
        ends.append(current[~is_split])
        current, level = s2.children(current[is_split]).ravel(), level + 1
    return np.concatenate(inner), np.sort(np.concatenate(ends))


def _count(ids_sorted: s2.IdArray, cells: s2.IdArray) -> NDArray[np.int64]:
    """How many of the sorted ids lie inside each cell."""
    first, last = s2.id_range(cells)
    return np.searchsorted(ids_sorted, last, "right") - np.searchsorted(ids_sorted, first, "left")


def _find(ids: s2.IdArray, cells: s2.IdArray) -> NDArray[np.int64]:
    """Position of the cell around each id, or UNASSIGNED; cells are sorted and do not overlap."""
    first, last = s2.id_range(cells)
    position = np.searchsorted(first, ids, "right") - 1
    return np.where((position >= 0) & (ids <= last[position]), position, UNASSIGNED)


def _vector_sums(lat: FloatArray, lng: FloatArray, ids: s2.IdArray, ends: s2.IdArray) -> FloatArray:
    """Sum of the unit vectors of the photos in each end cell, `(n_ends, 3)`."""
    sums = np.zeros((len(ends), 3))
    for start in range(0, len(ids), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        end = _find(ids[chunk], ends)
        vectors = np.round(unit_vectors(lat[chunk], lng[chunk]) * _STEPS) / _STEPS
        for axis in range(3):
            sums[:, axis] += np.bincount(end, vectors[:, axis], len(ends))
    return sums


def _centroids(
    cells: s2.IdArray, n_photos: NDArray[np.int64], ends: s2.IdArray, sums: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Normalised mean of each cell's photos, to 1e-6 degrees; of an empty cell, its middle.

    Photos of one cube face lie less than 110 degrees apart, so they never cancel out.
    """
    first, last = s2.id_range(cells)
    up_to = np.vstack([np.zeros(3), np.cumsum(sums, axis=0)])
    before, after = np.searchsorted(ends, first, "left"), np.searchsorted(ends, last, "right")
    means, middles = np.stack(lat_lng(up_to[after] - up_to[before])), np.stack(s2.centers(cells))
    lat, lng = np.round(np.where(n_photos > 0, means, middles), 6)
    return lat, lng


def _cell_table(inner: s2.IdArray, leaves: s2.IdArray, level_start: int) -> pd.DataFrame:
    """The columns that follow from the ids alone, sorted by (level, cell_id)."""
    cells = np.concatenate([inner, leaves])
    class_index = np.concatenate([np.full(len(inner), UNASSIGNED), np.arange(len(leaves))])
    level = s2.level_of(cells)
    order = np.lexsort([cells, level])
    cells, class_index, level = cells[order], class_index[order], level[order]
    return pd.DataFrame(
        {
            "cell_id": cells,
            "token": s2.token(cells),
            "level": level,
            "parent": parent_tokens(cells, level_start),
            "class_index": class_index,
        }
    )


def parent_tokens(cells: s2.IdArray, level_start: int) -> list[str]:
    """Token of each cell's parent, "" for the roots."""
    level = s2.level_of(cells)
    tokens = s2.token(s2.parent(cells, np.maximum(level - 1, level_start)))
    return [text if above else "" for text, above in zip(tokens, level > level_start, strict=True)]
