"""Stage cells: coordinates -> adaptive S2 cells -> hierarchy. Loads no TensorFlow, no folium."""

from geocore.cells.grid import UNASSIGNED, CellGrid, generate_cells
from geocore.cells.grid_file import load_grid
from geocore.cells.hierarchy import Hierarchy, build_hierarchy, dense_matrices

__all__ = [
    "UNASSIGNED",
    "CellGrid",
    "Hierarchy",
    "build_hierarchy",
    "dense_matrices",
    "generate_cells",
    "load_grid",
]
