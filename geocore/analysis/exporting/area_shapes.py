"""The shape of a search area: one valid outline instead of hundreds of cells.

Stage: analysis. It must not know file formats.

Cells of different sizes share borders, but not the points on them; simply joined they leave
slivers. So all borders of a case are laid on one another once, which cuts the map into faces; an
area is the faces whose inner point lies in one of its cells.

Source: own; joining: GEOS coverage union.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely.affinity import translate

from geocore.analysis.case_state import CaseState
from geocore.cells import s2
from geocore.cells.polygons import cells_geojson

WORLD = shapely.orient_polygons(shapely.box(-180, -90, 180, 90))


class Outline(NamedTuple):
    """A search area and its shape.

    Attributes:
        level: promised coverage, 0-1.
        area: its record.
        shape: in degrees (lng, lat), outer rings counterclockwise.
    """

    level: float
    area: Mapping[str, Any]
    shape: shapely.MultiPolygon


class AreaShapes:
    """Outlines of the search areas of one case.

    Args:
        token_lists: tokens of every area that will be asked for.
    """

    def __init__(self, token_lists: Iterable[Sequence[str]]) -> None:
        tokens = sorted({token for tokens in token_lists for token in tokens})
        cells = [_shape(feature["geometry"]) for feature in cells_geojson(tokens)["features"]]
        borders = shapely.union_all(shapely.boundary(cells))
        self._faces = shapely.get_parts(shapely.polygonize([borders]))
        inner = shapely.point_on_surface(self._faces)
        self._ids = s2.cell_ids(shapely.get_y(inner), shapely.get_x(inner))

    def outlines(self, record: Mapping[str, Any]) -> list[Outline]:
        """The areas of an answer or event, the smallest promise first.

        Each usually holds the one before it, which is then not put together again.
        """
        found = []
        before, parts = np.zeros(len(self._faces), bool), self._faces[:0]
        for level, area in areas_of(record):
            inside = self._is_inside(area["tokens"])
            new = inside if (before & ~inside).any() else inside & ~before
            kept = parts if new is not inside else parts[:0]
            joined = shapely.coverage_union_all(np.append(kept, self._faces[new]))
            before, parts = inside, shapely.get_parts(joined)
            oriented = [WORLD] if area["is_everywhere"] else shapely.orient_polygons(parts)
            found.append(Outline(level, area, shapely.MultiPolygon(list(oriented))))
        return found

    def _is_inside(self, tokens: Sequence[str]) -> np.ndarray:
        if not len(tokens):
            return np.zeros(len(self._ids), bool)
        first, last = (np.sort(x) for x in s2.id_range(s2.from_token(list(tokens))))
        at = np.searchsorted(first, self._ids, side="right") - 1
        return (at >= 0) & (self._ids <= last[at])


def shapes_of_case(state: CaseState) -> AreaShapes:
    """Outlines of all areas of a case, of its photos and its events."""
    records = [photo.answer for photo in state.photos.values() if photo.answer is not None]
    areas = [area for record in [*records, *state.events.values()] for area in areas_of(record)]
    return AreaShapes(area["tokens"] for _, area in areas)


def areas_of(record: Mapping[str, Any]) -> list[tuple[float, Mapping[str, Any]]]:
    """Levels and area records of an answer or event, the smallest promise first."""
    found = [(float(level), area) for level, area in (record.get("areas") or {}).items()]
    return sorted(found, key=lambda pair: pair[0])


def region_shape(polygon: Mapping[str, Any]) -> shapely.MultiPolygon:
    """A drawn region (GeoJSON geometry), cut at +-180 degrees; it may have been drawn across."""
    drawn = shapely.make_valid(_shape(polygon))
    turned = [translate(drawn, xoff=turn) for turn in (-360, 0, 360)]
    joined = shapely.union_all(shapely.intersection(turned, WORLD))
    parts = [part for part in shapely.get_parts(joined) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon([shapely.orient_polygons(part) for part in parts])


def _shape(geometry: Mapping[str, Any]) -> shapely.Geometry:
    return shapely.from_geojson(json.dumps(geometry))
