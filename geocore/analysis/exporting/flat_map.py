"""A small flat map: which part of the world it shows, and what lies where on it.

Stage: analysis. It must not know how maps are drawn (SVG, PDF): it gives shapes in its own units,
x to the right and y downwards. Plate carrée, east-west distances true at the middle latitude.

Source: own; countries: Natural Earth, 1:110 million (`geocore/assets`).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import shapely
from shapely.affinity import translate

_BASEMAP = Path(__file__).resolve().parents[2] / "assets" / "basemap.geojson"
WIDTH, HEIGHT = 640.0, 360.0
_MIN_SPAN_DEG, _MARGIN = 20.0, 0.08
_STEPS_DEG = (1, 2, 5, 10, 15, 30, 60)
_MAX_LINES = 7
_DETAIL = 1.0


@dataclass(frozen=True, kw_only=True)
class FlatMap:
    """A map ready to be drawn.

    Attributes:
        west, east, south, north: what it shows, degrees; east may be above 180.
        scale_x, scale_y: units per degree.
        areas: (style, shape in map units), to be drawn in this order.
        points: (style, x, y).
        meridians, parallels: (position in map units, label).
    """

    west: float
    east: float
    south: float
    north: float
    scale_x: float
    scale_y: float
    areas: list[tuple[str, shapely.Geometry]]
    points: list[tuple[str, float, float]]
    meridians: list[tuple[float, str]]
    parallels: list[tuple[float, str]]

    @property
    def width(self) -> float:
        """In map units."""
        return (self.east - self.west) * self.scale_x

    @property
    def height(self) -> float:
        """In map units."""
        return (self.north - self.south) * self.scale_y

    @property
    def turns(self) -> tuple[int, ...]:
        """By how many degrees the world is shifted to fill the map: once, or twice across 180."""
        return (0, 360) if self.east > 180 else (0,)


def flat_map(
    areas: Sequence[tuple[str, shapely.Geometry]],
    points: Iterable[tuple[str, float, float]] = (),
) -> FlatMap:
    """A map that shows all areas and points.

    Args:
        areas: (style, shape in degrees, cut at +-180).
        points: (style, lat, lng) in degrees.
    """
    points = list(points)
    west, east, south, north = _window([shape for _, shape in areas], points)
    squeeze = max(np.cos(np.radians((south + north) / 2)), 0.2)
    scale_y = min(WIDTH / ((east - west) * squeeze), HEIGHT / (north - south))
    scale_x = scale_y * squeeze
    west, east = _filled(west, east, WIDTH / scale_x)
    turns = (0, 360) if east > 180 else (0,)

    def placed(shape: shapely.Geometry) -> shapely.Geometry:
        """A shape in units of the map, cut at its frame; twice where the map shows it twice."""
        turned = [translate(shape, xoff=turn) for turn in turns]
        shown = [shapely.clip_by_rect(x, west, south, east, north) for x in turned]
        joined = shapely.geometrycollections([part for x in shown for part in shapely.get_parts(x)])
        in_units = shapely.transform(joined, lambda xy: (xy - [west, north]) * [scale_x, -scale_y])
        return shapely.simplify(in_units, _DETAIL)

    return FlatMap(
        west=west, east=east, south=south, north=north, scale_x=scale_x, scale_y=scale_y,
        areas=[(style, placed(shape)) for style, shape in areas],
        points=[
            (style, (_turned(lng, west) - west) * scale_x, (north - lat) * scale_y)
            for style, lat, lng in points
        ],
        meridians=[((x - west) * scale_x, _lng_label(x)) for x in _lines(west, east)],
        parallels=[((north - y) * scale_y, _lat_label(y)) for y in _lines(south, north)],
    )  # fmt: skip


@cache
def land() -> shapely.MultiPolygon:
    """All countries, in degrees (lng, lat), in a fixed order."""
    collection = json.loads(_BASEMAP.read_text(encoding="utf-8"))
    shapes = [shapely.from_geojson(json.dumps(x["geometry"])) for x in collection["features"]]
    return shapely.MultiPolygon([part for shape in shapes for part in shapely.get_parts(shape)])


def _window(
    shapes: Sequence[shapely.Geometry], points: Sequence[tuple[str, float, float]]
) -> tuple[float, float, float, float]:
    parts = [part for shape in shapes for part in shapely.get_parts(shape)]
    boxes = [tuple(shapely.bounds(part)) for part in parts]
    boxes += [(lng, lat, lng, lat) for _, lat, lng in points]
    if not boxes:
        return -180.0, 180.0, -60.0, 85.0
    bounds = np.array(boxes)
    west, east = _widened(*_narrowest(bounds[:, [0, 2]]), 360.0)
    south, north = _widened(bounds[:, 1].min(), bounds[:, 3].max(), 180.0)
    return west, east, max(south, -90.0), min(north, 90.0)


def _narrowest(spans: np.ndarray) -> tuple[float, float]:
    """West and east of the shortest stretch that holds all spans, across +-180 if need be."""
    spans = spans[np.argsort(spans[:, 0])]
    reach = np.maximum.accumulate(spans[:, 1])
    gaps = np.append(spans[1:, 0], spans[0, 0] + 360) - reach
    after = int(gaps.argmax())
    if after == len(spans) - 1:
        return float(spans[0, 0]), float(reach[-1])
    return float(spans[after + 1, 0]), float(reach[after]) + 360


def _widened(low: float, high: float, most: float) -> tuple[float, float]:
    span = max((high - low) * (1 + 2 * _MARGIN), _MIN_SPAN_DEG)
    span, middle = min(span, most), (low + high) / 2
    return middle - span / 2, middle + span / 2


def _filled(west: float, east: float, span: float) -> tuple[float, float]:
    """The window made as wide as its frame, or as the Earth, beginning in [-180, 180)."""
    if span >= 360:
        return -180.0, 180.0
    west = (west + east - span) / 2
    west -= 360 * np.floor((west + 180) / 360)
    return float(west), float(west + span)


def _turned(lng: float, west: float) -> float:
    return lng + 360 if lng < west - 1e-9 else lng


def _lines(low: float, high: float) -> list[float]:
    step = next((x for x in _STEPS_DEG if (high - low) / x <= _MAX_LINES), _STEPS_DEG[-1])
    return [float(x) for x in np.arange(np.ceil(low / step) * step, high + 1e-9, step)]


def _lng_label(lng: float) -> str:
    lng = (lng + 180) % 360 - 180
    return f"{abs(lng):g}°{'' if lng in (0, -180) else 'E' if lng > 0 else 'W'}"


def _lat_label(lat: float) -> str:
    return f"{abs(lat):g}°{'' if lat == 0 else 'N' if lat > 0 else 'S'}"
