"""What a division of the world amounts to, in numbers (stage: cells). Knows nothing about files."""

from geocore.cells import s2
from geocore.cells.grid import CellGrid


def sphere_share(grid: CellGrid) -> float:
    """Share of the sphere that the leaves cover, from 0 to 1."""
    every_face = s2.cell_area_km2(s2.cells_at_level(0)).sum()
    return float(s2.cell_area_km2(grid.leaves["cell_id"].to_numpy()).sum() / every_face)


def grid_summary(grid: CellGrid, n_photos: int) -> str:
    """Classes, photos kept and dropped, balance and coverage, one line each.

    Args:
        grid: The grid.
        n_photos: Number of photos that it was generated from.

    Returns:
        Five lines of text.
    """
    per_class = grid.leaves["n_photos"]
    kept = int(per_class.sum())
    levels = grid.cells["level"]
    return "\n".join(
        [
            f"Classes: {grid.n_leaves:,} cells, on levels {levels.min()} to {levels.max()}.",
            f"Photos kept: {kept:,} of {n_photos:,} ({kept / n_photos:.1%}).",
            f"Photos dropped: {n_photos - kept:,}, in cells with fewer than t_min photos.",
            f"Photos per class: {per_class.min():,} to {per_class.max():,}, "
            f"median {per_class.median():,.0f}.",
            f"Share of the sphere covered: {sphere_share(grid):.1%}.",
        ]
    )
