"""The area to search, outlined over the model's confidence.

Stage: visuals. Cells, probs and shapes in, folium layers out. It must not know Streamlit, nor how
an area came about.

Source: own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import folium
import numpy as np
import pandas as pd
import shapely

from geocore.cells.outlines import outline
from geocore.visuals.maps import MapLayer, MapPoint, confidence_map
from geocore.visuals.offline_map import SMOOTH_FACTOR

CONFIDENCE_COLOUR = "#c2255c"
_AREA_LIGHT, _AREA_DARK = "#1d2733", "#ffe066"
_REGION_LIGHT, _REGION_DARK = "#0b7285", "#66d9e8"


def area_colour(dark: bool) -> str:
    """Of the outline of an area to search."""
    return _AREA_DARK if dark else _AREA_LIGHT


def region_colour(dark: bool) -> str:
    """Of the outline of a region that is known otherwise."""
    return _REGION_DARK if dark else _REGION_LIGHT


def search_map(
    cells: pd.DataFrame,
    probs: np.ndarray,
    tokens: Sequence[str],
    *,
    points: Sequence[MapPoint] = (),
    region: Mapping[str, Any] | None = None,
    dark: bool = False,
    min_confidence: float = 0.02,
) -> MapLayer:
    """Cells shaded by confidence, the area to search outlined above them.

    Args:
        cells: as `confidence_map`.
        probs: (n_cells,) in [0, 1].
        tokens: of the cells that the area is made of; none draws no outline.
        points: positions to mark.
        region: GeoJSON geometry of a region known otherwise, outlined with dashes; only
            what lies in it is shaded.
        dark: colours for a dark page.
        min_confidence: cells below are not shaded.
    """
    layer = confidence_map(cells, probs, points=points, min_confidence=min_confidence)
    if region is not None:
        _clip(layer, shapely.geometry.shape(region))
        _outlined(dict(region), region_colour(dark), fill=0.0, dashes="8 6").add_to(layer)
    if len(tokens):
        _outlined(outline(tokens), area_colour(dark), fill=0.1).add_to(layer)
    return layer


def _clip(layer: MapLayer, region: shapely.Geometry) -> None:
    """Shade no more of the cells than lies in the region."""
    for name, part in list(layer._children.items()):
        if isinstance(part, folium.GeoJson):
            part.data["features"] = [
                {**feature, "geometry": dict(shapely.geometry.mapping(common))}
                for feature in part.data["features"]
                if not (common := _common(feature["geometry"], region)).is_empty
            ]
            if not part.data["features"]:
                del layer._children[name]


def _common(geometry: Mapping[str, Any], region: shapely.Geometry) -> shapely.Geometry:
    """The area that a drawn cell and a region share."""
    common = shapely.intersection(shapely.geometry.shape(geometry), region)
    areas = [part for part in shapely.get_parts(common) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(areas)


def _outlined(
    geometry: dict[str, Any], colour: str, fill: float, dashes: str | None = None
) -> folium.GeoJson:
    """A shape that lets clicks and tooltips through to the cells."""
    style = {
        "color": colour, "weight": 2, "opacity": 1, "fillColor": colour, "fillOpacity": fill,
        "dashArray": dashes,
    }  # fmt: skip
    return folium.GeoJson(
        {"type": "Feature", "properties": {}, "geometry": geometry},
        style_function=lambda _: style,
        smooth_factor=SMOOTH_FACTOR,
        interactive=False,
    )
