"""World maps of cells that work without internet.

Stage: visuals. Cells, probs and points in, folium layers out. It must not know Streamlit, nor how a
bundle or a prediction came about. Whatever text reaches a map is escaped here, because file and
place names come from outside.

Source: own; the confidence rule is the thesis's (section 6.7).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import folium
import numpy as np
import pandas as pd

from geocore.analysis.safe_text import clean
from geocore.cells import s2
from geocore.cells.polygons import cells_geojson
from geocore.visuals.colours import ColourScale
from geocore.visuals.offline_map import SMOOTH_FACTOR, WORLD_BOUNDS, OfflineMap

__all__ = [
    "MAX_CELLS",
    "WORLD_BOUNDS",
    "MapLayer",
    "MapPoint",
    "OfflineMap",
    "cell_map",
    "confidence_map",
    "confidence_opacity",
    "map_bounds",
]

MAX_CELLS = 3000
MapLayer = folium.FeatureGroup
_CONFIDENCE_COLOUR = "#c2255c"
_SELECTED_COLOUR = "#e8590c"


@dataclass(frozen=True, kw_only=True)
class MapPoint:
    """One marked position.

    Attributes:
        lat, lng: degrees.
        label: short text beside the mark.
        kind: "best" (the model's single best point), "true" (known place), "exif" (the photo's
            own position), "claim" (claimed by somebody), "other".
    """

    lat: float
    lng: float
    label: str
    kind: str = "other"


# kind -> fill, ring, corner radius, and how far below the mark's top its label stands: labels of
# different kinds keep apart even where the marks meet.
_MARKS = {
    "best": ("#e8590c", "#ffffff", "50%", "-1px"),
    "true": ("#1971c2", "#ffffff", "2px", "19px"),
    "exif": ("#ffffff", "#1971c2", "50%", "-21px"),
    "claim": ("#7048e8", "#ffffff", "50%", "-21px"),
    "other": ("#495057", "#ffffff", "50%", "39px"),
}


def cell_map(
    cells: pd.DataFrame,
    scale: ColourScale,
    *,
    selected: Iterable[str] = (),
    centroids: bool = True,
) -> MapLayer:
    """Cells with geodesic borders, coloured by a scale, with tooltips and centroids.

    Args:
        cells: rows of `CellGrid.leaves`: token, class_index, n_photos, level, place, lat, lng.
        scale: colours in the order of `cells`.
        selected: tokens to outline.
        centroids: whether to mark each cell's centroid.

    Raises:
        ValueError: more than `MAX_CELLS` cells, or a scale of another length.

    Source: thesis chapter 7 (metrics section); geodesic borders 8.2.
    """
    if len(scale.colours) != len(cells):
        raise ValueError(
            f"The colour scale must have one colour per cell: received {len(scale.colours)} "
            f"colours for {len(cells)} cells."
        )
    chosen = set(selected)
    styles = {
        token: {
            "fillColor": colour,
            "color": "#e8590c" if token in chosen else colour,
            "weight": 4 if token in chosen else 1,
            "fillOpacity": 0.6,
        }
        for token, colour in zip(cells["token"], scale.colours, strict=True)
    }
    fields = {"class_index": "Class", "n_photos": "Photos", "level": "Level", "place": "Place"}
    group = folium.FeatureGroup(name="Cells")
    chosen_last = cells.iloc[np.argsort(cells["token"].isin(chosen), kind="stable")]
    _cell_layer(chosen_last, fields, styles).add_to(group)
    if centroids:
        _centroid_layer(cells).add_to(group)
    return group


def confidence_map(
    cells: pd.DataFrame,
    probs: np.ndarray,
    *,
    points: Sequence[MapPoint] = (),
    min_confidence: float = 0.05,
    max_confidence: float = 0.8,
    gain: float = 5.0,
) -> MapLayer:
    """Cells shaded by the confidence of one prediction, with marked points.

    A cell below `min_confidence` is not drawn; the confidence is capped at `max_confidence`; the
    opacity is the confidence times `gain`, at most 1.

    Args:
        cells: rows of `CellGrid.leaves` (or of another level): token, place, level.
        probs: (n_cells,) in [0, 1], in the order of `cells`.
        points: positions to mark.
        min_confidence: cells below are left out, 0-1.
        max_confidence: cap, 0-1.
        gain: opacity per confidence, > 0.

    Raises:
        ValueError: probs of another shape, or a threshold out of range.

    Source: thesis 6.7.
    """
    probs = np.asarray(probs, float)
    if probs.shape != (len(cells),):
        raise ValueError(
            f"probs must hold one confidence per cell, shape ({len(cells)},), "
            f"received {probs.shape}."
        )
    if not (0 <= min_confidence <= 1 and 0 <= max_confidence <= 1 and gain > 0):
        raise ValueError(
            "min_confidence and max_confidence must lie in [0, 1] and gain above 0, "
            f"received {min_confidence}, {max_confidence}, {gain}."
        )
    opacity = confidence_opacity(probs, min_confidence, max_confidence, gain)
    drawn = cells[opacity > 0].assign(confidence=[f"{p:.1%}" for p in probs[opacity > 0]])
    styles = {
        token: {"fillColor": _CONFIDENCE_COLOUR, "color": _CONFIDENCE_COLOUR, "weight": 1,
                "fillOpacity": float(value)}
        for token, value in zip(drawn["token"], opacity[opacity > 0], strict=True)
    }  # fmt: skip
    group = folium.FeatureGroup(name="Confidence")
    fields = {"confidence": "Confidence", "place": "Place", "level": "Level"}
    if len(drawn):
        _cell_layer(drawn, fields, styles).add_to(group)
    (_, west), (_, east) = map_bounds(drawn, points)
    _add_marks(group, points, west, east)
    return group


def points_map(points: Sequence[MapPoint]) -> MapLayer:
    """Marked points alone."""
    group = folium.FeatureGroup(name="Points")
    (_, west), (_, east) = map_bounds(pd.DataFrame({"token": []}), points)
    _add_marks(group, points, west, east)
    return group


def confidence_opacity(
    probs: np.ndarray, min_confidence: float, max_confidence: float, gain: float
) -> np.ndarray:
    """Opacity of each cell under the thesis's rule, 0 where it is not drawn.

    Source: thesis 6.7.
    """
    opacity = np.minimum(np.minimum(probs, max_confidence) * gain, 1.0)
    return np.where(probs < min_confidence, 0.0, opacity)


def map_bounds(
    cells: pd.DataFrame, points: Sequence[MapPoint] = (), margin_deg: float = 2.0
) -> tuple[tuple[float, float], tuple[float, float]]:
    """South-west and north-east corner, in degrees, around cells and points; the world if none.

    A cell across the antimeridian takes the whole width.

    Args:
        cells: rows with column token.
        points: further positions to show.
        margin_deg: space left on every side.
    """
    corners = s2.vertices(s2.from_token(cells["token"])) if len(cells) else np.zeros((0, 4, 2))
    across = np.ptp(corners[..., 1], axis=1) > 180
    lats = [*corners[..., 0].ravel(), *(point.lat for point in points)]
    lngs = [*corners[..., 1].ravel(), *(point.lng for point in points)]
    if not lats:
        return WORLD_BOUNDS
    west, east = (-180.0, 180.0) if across.any() else (min(lngs), max(lngs))
    return (
        (float(max(min(lats) - margin_deg, -85)), float(max(west - margin_deg, -180))),
        (float(min(max(lats) + margin_deg, 85)), float(min(east + margin_deg, 180))),
    )


def _cell_layer(
    cells: pd.DataFrame, fields: Mapping[str, str], styles: Mapping[str, dict[str, Any]]
) -> folium.GeoJson:
    if len(cells) > MAX_CELLS:
        raise ValueError(
            f"A map shows at most {MAX_CELLS} cells, received {len(cells)}. "
            "Keep the largest: cells.nsmallest(MAX_CELLS, 'level')."
        )
    properties = cells[["token", *fields]].map(_escaped)
    return folium.GeoJson(
        cells_geojson(cells["token"], properties),
        style_function=lambda feature: styles[feature["properties"]["token"]],
        highlight_function=lambda _: {"weight": 4},
        smooth_factor=SMOOTH_FACTOR,
        tooltip=folium.GeoJsonTooltip(list(fields), aliases=list(fields.values())),
    )


def _centroid_layer(cells: pd.DataFrame) -> folium.GeoJson:
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Point", "coordinates": [float(lng), float(lat)]},
        }
        for lat, lng in zip(cells["lat"], cells["lng"], strict=True)
    ]
    dot = folium.CircleMarker(
        radius=2, weight=1, color="#ffffff", fill=True, fill_color="#1d2733", fill_opacity=1
    )
    dot.options["interactive"] = False
    return folium.GeoJson({"type": "FeatureCollection", "features": features}, marker=dot)


def _add_marks(group: MapLayer, points: Sequence[MapPoint], west: float, east: float) -> None:
    """Marks whose labels stand towards the map's middle, so that the edge never cuts them.

    Of two that are close to each other the outer one's label stands away from the other, where the
    edge leaves it room.
    """
    span, named = max(east - west, 1e-9), [point for point in points if point.label]
    for point in points:
        is_west = point.lng <= (west + east) / 2
        room = (point.lng - west if is_west else east - point.lng) / span
        inner = [
            other
            for other in named
            if 0.01 * span < (other.lng - point.lng) * (1 if is_west else -1) < 0.3 * span
            and abs(other.lat - point.lat) < 0.15 * span
        ]
        is_turned = bool(inner) and room > 0.2
        _mark(point, "left" if is_west != is_turned else "right").add_to(group)


def _mark(point: MapPoint, side: str) -> folium.Marker:
    """A mark; its label begins at the mark's "left" edge and runs right, or the other way round."""
    if point.kind not in _MARKS:
        raise ValueError(f"Unknown kind of point {point.kind!r}. Known kinds: {', '.join(_MARKS)}.")
    fill, ring, radius, top = _MARKS[point.kind]
    html = (
        f'<div style="box-sizing:border-box;width:16px;height:16px;border-radius:{radius};'
        f'background:{fill};border:3px solid {ring};box-shadow:0 0 3px #000"></div>'
        f'<div class="mark-label" style="{side}:20px;top:{top}">{_escaped(point.label)}</div>'
    )
    icon = folium.DivIcon(html=html, icon_size=(16, 16), icon_anchor=(8, 8), class_name="mark")
    # A click on a mark is a click on the map below it: it names a place there.
    return folium.Marker((point.lat, point.lng), icon=icon, interactive=False)


def _escaped(value: Any) -> str:
    return escape(clean(str(value)))
