"""What a division of the world amounts to: classes, photos kept, sphere covered, balance.

Stage: analysis. It takes a finished grid; it must not know how the grid was shown or chosen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geocore.cells import CellGrid, s2
from geocore.cells.geodesy import EARTH_RADIUS_KM

SPHERE_KM2 = 4 * np.pi * EARTH_RADIUS_KM**2


@dataclass(frozen=True, kw_only=True)
class GridSummary:
    """Key figures of a grid.

    Attributes:
        n_leaves: number of classes.
        n_photos: photos the grid was made from.
        share_kept: share of the photos that lie in a class, 0-1.
        share_of_sphere: share of the Earth's surface inside the classes, 0-1.
        balance: evenness of the photos over the classes, 0-1; 1 = every class has as many.
        level_min: level of the largest leaf.
        level_max: level of the smallest leaf.
        median_area_km2: half of the leaves are smaller.
    """

    n_leaves: int
    n_photos: int
    share_kept: float
    share_of_sphere: float
    balance: float
    level_min: int
    level_max: int
    median_area_km2: float


def summarise_grid(grid: CellGrid, n_photos: int) -> GridSummary:
    """Key figures of a grid.

    Args:
        grid: the cells.
        n_photos: all photos the grid was made from, those outside its leaves too.

    Raises:
        ValueError: fewer photos than the leaves hold.

    Source: tables 6.4-6.6 of the thesis (classes, photos used); sphere and balance own.
    """
    leaves = grid.leaves
    counts = leaves["n_photos"].to_numpy()
    if n_photos < counts.sum() or n_photos < 1:
        raise ValueError(
            f"n_photos must count all photos, at least the {counts.sum()} inside the leaves and "
            f"at least 1; received {n_photos}."
        )
    areas = s2.cell_area_km2(leaves["cell_id"])
    return GridSummary(
        n_leaves=grid.n_leaves,
        n_photos=n_photos,
        share_kept=float(counts.sum() / n_photos),
        share_of_sphere=float(areas.sum() / SPHERE_KM2),
        balance=balance(counts),
        level_min=int(leaves["level"].min()),
        level_max=int(leaves["level"].max()),
        median_area_km2=float(np.median(areas)),
    )


def balance(counts: ArrayLike) -> float:
    """Evenness of counts over classes: their entropy over that of equal counts.

    Args:
        counts: (n_leaves,) photos per class, >= 0.

    Returns:
        0 (all photos in one of several classes) to 1 (as many in each; also for one class).

    Source: Pielou's evenness (1966).
    """
    counts = np.asarray(counts, float)
    shares: NDArray[np.float64] = counts[counts > 0] / max(counts.sum(), 1)
    if len(counts) < 2:
        return 1.0
    return float(-(shares * np.log(shares)).sum() / np.log(len(counts)))
