"""The border round a set of cells, without the borders between them (stage: cells).

Knows nothing about photos. Cells of several sizes lie side by side whose geodesic edges are split
at different points; they are grown by a hair before they are joined, so that no gap is left.

Source: own.
"""

from collections.abc import Sequence
from typing import Any

import shapely

from geocore.cells.polygons import cells_geojson

_HAIR_DEG = 0.06


def outline(tokens: Sequence[str]) -> dict[str, Any]:
    """GeoJSON MultiPolygon of the area of cells, cut at +-180 degrees; empty for no cell.

    Args:
        tokens: of cells, one may lie in another.

    Raises:
        ValueError: a token is none.
    """
    features = cells_geojson(tokens)["features"]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    joined = shapely.union_all(shapely.buffer(shapes, _HAIR_DEG, join_style="mitre"))
    whole = shapely.intersection(
        shapely.buffer(joined, -_HAIR_DEG, join_style="mitre"), shapely.box(-180, -90, 180, 90)
    )
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"]
    return dict(shapely.geometry.mapping(shapely.MultiPolygon(parts)))
