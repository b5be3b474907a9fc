"""How far points lie from an area made of S2 cells.

Stage: analysis. It must not know what the area or the points stand for.

Source: own; the nearest point of a great-circle arc is the foot of the perpendicular where that
lies on the arc, else the nearer end.
"""

import numpy as np

from geocore.cells import s2
from geocore.cells.geodesy import EARTH_RADIUS_KM, unit_vectors


def cell_distances_km(lat: np.ndarray, lng: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Distance from each point to each cell, 0 inside it.

    Args:
        lat: degrees, (n_points,).
        lng: degrees, (n_points,).
        ids: cells, uint64 (n_cells,).

    Returns:
        km, float64 (n_points, n_cells).
    """
    points = unit_vectors(lat, lng)  # (n_points, 3)
    start = unit_vectors(*np.moveaxis(s2.vertices(ids), -1, 0))  # (n_cells, 4, 3)
    end = np.roll(start, -1, axis=1)
    chord = np.sqrt(np.maximum(0, _to_arcs(points, start, end).min(axis=-1)))
    km = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1, chord / 2))
    first, last = s2.id_range(ids)
    inside = s2.cell_ids(lat, lng)[:, None]
    return np.where((first <= inside) & (inside <= last), 0.0, km)


def _to_arcs(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Squared chord from each point to each arc, (n_points, n_cells, 4)."""
    normal = np.cross(start, end)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    to_plane = np.einsum("pk,cek->pce", points, normal)
    # On the arc's side of both ends: the foot of the perpendicular lies on the arc.
    after = np.einsum("pk,cek->pce", points, np.cross(normal, start)) >= 0
    before = np.einsum("pk,cek->pce", points, np.cross(end, normal)) >= 0
    foot = 2 - 2 * np.sqrt(np.maximum(0, 1 - to_plane**2))
    nearest = np.maximum(*(np.einsum("pk,cek->pce", points, x) for x in (start, end)))
    return np.where(after & before, foot, 2 - 2 * nearest)
