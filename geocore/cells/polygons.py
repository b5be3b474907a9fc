"""Borders of cells as GeoJSON on a flat map (stage: cells). Knows nothing about maps or photos.

A cell's edges are great circles. Each is split until its chords stray less than
`MAX_CHORD_ERROR_DEG` from it; longitudes are unwrapped; a cell around a pole is closed along
latitude +-90; what crosses +-180 degrees is cut there. The cells of a level then tile the map: 360
x 180 degrees, no overlap.

Source: own; the thesis draws straight edges between the four corners (7.2) and names geodesic
borders as future work (8.2).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.cells import s2
from geocore.cells.geodesy import FloatArray, lat_lng, unit_vectors

MAX_CHORD_ERROR_DEG = 0.05
_MAX_PIECES = 64
_ROUNDING_DEG = 1e-9


def cell_polygon(cell_id: int) -> dict[str, Any]:
    """GeoJSON geometry of one cell: a Polygon, or a MultiPolygon where it crosses +-180 degrees."""
    return _geometries(np.array([cell_id], dtype=np.uint64))[0]


def cells_geojson(tokens: Sequence[str], properties: pd.DataFrame | None = None) -> dict[str, Any]:
    """GeoJSON FeatureCollection of cells.

    Args:
        tokens: Tokens of the cells, `(n_cells,)`.
        properties: One row per cell in the same order; its columns become the features' properties,
            with missing values as null. The property `token` is always there.

    Returns:
        The collection; each feature's id is the cell's token.

    Raises:
        ValueError: If a token is not one, or the number of rows differs from that of the tokens.
    """
    tokens = list(tokens)
    rows: list[dict[str, Any]] = [{} for _ in tokens]
    if properties is not None:
        if len(properties) != len(tokens):
            raise ValueError(
                f"properties must have one row per cell, received {len(properties)} rows for "
                f"{len(tokens)} tokens."
            )
        rows = properties.astype(object).where(properties.notna(), None).to_dict("records")
    geometries = _geometries(s2.from_token(tokens))
    features = [
        {
            "type": "Feature",
            "id": token,
            "properties": {**row, "token": token},
            "geometry": geometry,
        }
        for token, row, geometry in zip(tokens, rows, geometries, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _geometries(ids: s2.IdArray) -> list[dict[str, Any]]:
    corners = s2.vertices(ids)
    start = unit_vectors(corners[..., 0], corners[..., 1])
    edges = _split_edges(start.reshape(-1, 3), np.roll(start, -1, axis=1).reshape(-1, 3))
    # Six decimals are 10 cm; small cells get more, as their corners lie closer than that.
    decimals = np.maximum(6, s2.level_of(ids) // 2)
    return [
        _geometry(np.concatenate(edges[4 * k : 4 * k + 4]), int(decimals[k]))
        for k in range(len(ids))
    ]


def _split_edges(start: FloatArray, end: FloatArray) -> list[FloatArray]:
    """Points (lng, lat) along each edge, its end left out: `(n_pieces, 2)` per edge."""
    points: list[FloatArray] = [np.empty((0, 2))] * len(start)
    todo, n_pieces = np.arange(len(start)), 1
    while len(todo):
        # Twice as many points as pieces: the odd ones show how far the chords stray.
        fraction = np.linspace(0, 1, 2 * n_pieces + 1)[:, None]
        line = start[todo, None] * (1 - fraction) + end[todo, None] * fraction
        lng_lat = np.stack(lat_lng(line)[::-1], axis=-1)
        is_done = (_chord_error(lng_lat) < MAX_CHORD_ERROR_DEG) | (n_pieces >= _MAX_PIECES)
        for edge, found in zip(todo[is_done], lng_lat[is_done], strict=True):
            points[edge] = found[:-1:2]
        todo, n_pieces = todo[~is_done], 2 * n_pieces
    return points


def _chord_error(lng_lat: FloatArray) -> FloatArray:
    """Largest distance, in degrees of the map, of the odd points from the chords of the even."""
    towards_pole = np.abs(lng_lat[..., 1]) > 90 - _ROUNDING_DEG
    lng = lng_lat[..., 0].copy()
    # A pole has every longitude: it takes that of the edge's middle.
    lng[towards_pole] = np.broadcast_to(lng[:, lng.shape[1] // 2, None], lng.shape)[towards_pole]
    line = np.stack([np.unwrap(lng, period=360, axis=-1), lng_lat[..., 1]], axis=-1)
    chord, arm = line[:, 2::2] - line[:, :-2:2], line[:, 1::2] - line[:, :-2:2]
    area = np.abs(chord[..., 0] * arm[..., 1] - chord[..., 1] * arm[..., 0])
    return (area / np.linalg.norm(chord, axis=-1)).max(axis=-1)


def _geometry(ring: FloatArray, decimals: int) -> dict[str, Any]:
    parts = [part.tolist() for part in _cut(np.round(_unwrap(ring), decimals))]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts}
    return {"type": "MultiPolygon", "coordinates": [[part] for part in parts]}


def _unwrap(ring: FloatArray) -> FloatArray:
    """Close a ring (lng, lat) without jumps in longitude, beginning in [-180, 180) in the west."""
    ring = _widen_poles(ring)
    closed = np.vstack([ring, ring[:1]])
    closed[:, 0] = np.unwrap(closed[:, 0], period=360)
    if abs(closed[-1, 0] - closed[0, 0]) > 180:
        return _close_round_pole(ring)
    closed[-1] = closed[0]  # unwrapping rounds; a ring that is not closed exactly crosses itself
    closed[:, 0] -= 360 * np.floor((closed[:, 0].min() + 180 + _ROUNDING_DEG) / 360)
    return closed


def _close_round_pole(ring: FloatArray) -> FloatArray:
    """Lay a ring that runs round a pole out from -180 to 180 and close it along the pole."""
    lat_at_180 = np.interp(180, ring[:, 0], ring[:, 1], period=360)
    inner = ring[np.abs(ring[:, 0]) < 180 - _ROUNDING_DEG]
    inner = inner[np.argsort(inner[:, 0])]
    pole = np.copysign(90, lat_at_180)
    west, east = [-180, lat_at_180], [180, lat_at_180]
    closed = np.vstack([west, inner, east, [180, pole], [-180, pole], west])
    return closed if pole > 0 else closed[::-1]


def _widen_poles(ring: FloatArray) -> FloatArray:
    """Give a corner on a pole the longitudes of both its neighbours."""
    at_pole = np.flatnonzero(np.abs(ring[:, 1]) > 90 - _ROUNDING_DEG)
    for k in at_pole[::-1]:
        before, after = ring[k - 1, 0], ring[(k + 1) % len(ring), 0]
        pole = np.copysign(90, ring[k, 1])
        ring = np.vstack([ring[:k], [[before, pole], [after, pole]], ring[k + 1 :]])
    return ring


def _cut(ring: FloatArray) -> list[FloatArray]:
    """Cut a ring at +180 degrees; what lies beyond reappears from -180 on."""
    if ring[:, 0].max() <= 180:
        return [ring]
    west, east = _keep(ring, ring[:, 0] <= 180), _keep(ring, ring[:, 0] >= 180)
    return [west, east - [360, 0]]


def _keep(ring: FloatArray, is_kept: NDArray[np.bool_]) -> FloatArray:
    """The kept part of a closed ring, with a point wherever it crosses +180 degrees."""
    points = []
    for (here, kept), (there, kept_too) in zip(
        zip(ring[:-1], is_kept[:-1], strict=True),
        zip(ring[1:], is_kept[1:], strict=True),
        strict=True,
    ):
        if kept:
            points.append(here)
        if kept != kept_too:
            share = (180 - here[0]) / (there[0] - here[0])
            points.append([180, here[1] + share * (there[1] - here[1])])
    return np.array([*points, points[0]])
