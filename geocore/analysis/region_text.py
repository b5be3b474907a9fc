"""A region written down as GeoJSON or WKT, read into one polygon on the map.

Stage: analysis. It must not know predictions. Text from outside: anything may be in it.

Source: RFC 7946 (GeoJSON); OGC 06-103r4 (WKT); own.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from geocore.analysis.region_prior import RegionPrior

MAX_CHARACTERS, MAX_CORNERS = 1_000_000, 20_000
_DECIMALS = 5
_HOW = (
    "Paste a GeoJSON object with a Polygon, or WKT such as "
    "POLYGON((6 36, 19 36, 19 48, 6 48, 6 36)), longitude before latitude, in degrees."
)


def read_region(text: str, label: str = "") -> RegionPrior:
    """The region that a text describes.

    Polygons may overlap, cross themselves, or run beyond +-180 degrees (170 to 200 is across it).

    Args:
        text: GeoJSON (a geometry, feature or collection of them) or WKT, also with an SRID of 4326.
        label: for people; by default what the region spans.

    Raises:
        ValueError: no region can be read from it; the sentence says why and what to paste.
    """
    text = text.strip()
    if not text:
        raise ValueError(f"The region is empty. {_HOW}")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(
            f"The region must be at most {MAX_CHARACTERS:,} characters long, received "
            f"{len(text):,}. Simplify it: cells are some 300 km wide."
        )
    parts = list(_polygons(text))
    if not parts:
        raise ValueError(f"The region holds no polygon, only points, lines or nothing. {_HOW}")
    return polygon_prior(parts, label)


def corners_prior(corners: list[tuple[float, float]], label: str = "") -> RegionPrior:
    """The region between corners (lat, lng) in degrees, in their order.

    Raises:
        ValueError: fewer than three corners, or no area between them.
    """
    if len(corners) < 3:
        raise ValueError(f"A region needs at least three corners, received {len(corners)}.")
    return polygon_prior([shapely.Polygon([(lng, lat) for lat, lng in corners])], label)


def polygon_prior(parts: list[shapely.Geometry], label: str = "") -> RegionPrior:
    """The union of polygons in degrees as a region.

    Raises:
        ValueError: too many corners, corners that are no degrees, or no area.
    """
    corners = np.concatenate([shapely.get_coordinates(part) for part in parts])
    _check_corners(corners)
    region = shapely.union_all([_on_map(shapely.make_valid(part)) for part in parts])
    region = shapely.set_precision(_areas_only(region), 10**-_DECIMALS)
    if region.is_empty:
        raise ValueError(f"The region has no area: all its corners lie on a line. {_HOW}")
    geometry = shapely.geometry.mapping(region)
    polygon = {"type": geometry["type"], "coordinates": _rounded(geometry["coordinates"])}
    return RegionPrior(label=label.strip() or _span(region), polygon=polygon)


def _polygons(text: str) -> Iterator[shapely.Geometry]:
    if text.startswith("{"):
        yield from _geojson_polygons(_parsed(text))
        return
    srid, _, wkt = text.rpartition(";")
    if srid and srid.replace(" ", "").upper() != "SRID=4326":
        raise ValueError(f"Coordinates must be degrees (SRID 4326), received {srid[:40]!r}. {_HOW}")
    try:
        with np.errstate(invalid="ignore"):
            geometry = shapely.from_wkt(wkt)
    except shapely.errors.ShapelyError as error:
        raise ValueError(f"The region is neither GeoJSON nor WKT. {_HOW}") from error
    yield from _parts(geometry)


def _parsed(text: str) -> dict[str, Any]:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The region looks like GeoJSON but cannot be read. {_HOW}") from error


def _geojson_polygons(item: Any) -> Iterator[shapely.Geometry]:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind == "FeatureCollection":
        for feature in item.get("features") or []:
            yield from _geojson_polygons(feature)
    elif kind == "Feature":
        yield from _geojson_polygons(item.get("geometry") or {"type": "none"})
    elif kind is not None and kind != "none":
        try:
            yield from _parts(shapely.geometry.shape(item))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise ValueError(f"The region holds a broken {str(kind)[:40]!r}. {_HOW}") from error
        except shapely.errors.ShapelyError as error:
            raise ValueError(f"The region holds a broken {str(kind)[:40]!r}. {_HOW}") from error


def _parts(geometry: shapely.Geometry) -> Iterator[shapely.Geometry]:
    for part in shapely.get_parts(geometry, return_index=False):
        if part.geom_type == "GeometryCollection":
            yield from _parts(part)
        elif part.geom_type in ("Polygon", "MultiPolygon") and not part.is_empty:
            yield shapely.force_2d(part)


def _check_corners(corners: np.ndarray) -> None:
    if len(corners) > MAX_CORNERS:
        raise ValueError(
            f"The region must have at most {MAX_CORNERS:,} corners, received {len(corners):,}. "
            "Simplify it: cells are some 300 km wide."
        )
    lng, lat = corners.T
    if not np.isfinite(corners).all() or (np.abs(lng) > 540).any():
        raise ValueError(f"The region's corners must be degrees. {_HOW}")
    if (np.abs(lat) > 90).any():
        worst = lat[np.abs(lat).argmax()]
        swapped = " Were latitude and longitude swapped?" if (np.abs(lng) <= 90).all() else ""
        raise ValueError(
            f"Latitudes must lie between -90 and 90, received {worst:.4g}.{swapped} {_HOW}"
        )


def _on_map(shape: shapely.Geometry) -> shapely.Geometry:
    """What lies beyond +-180 degrees moved back onto the map."""
    pieces = []
    for turns in (-1, 0, 1):
        piece = shapely.intersection(
            shape, shapely.box(360 * turns - 180, -90, 360 * turns + 180, 90)
        )
        pieces.append(shapely.transform(piece, lambda points, by=turns: points - [360 * by, 0]))
    return shapely.union_all(pieces)


def _areas_only(shape: shapely.Geometry) -> shapely.Geometry:
    """Without the lines and points that repairing a shape leaves over."""
    return shapely.union_all([part for part in _parts(shape) if part.area > 0])


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, (tuple, list)):
        return [_rounded(value) for value in coordinates]
    return round(float(coordinates), _DECIMALS) + 0.0


def _span(region: shapely.Geometry) -> str:
    west, south, east, north = region.bounds
    if west == -180 and east == 180:  # across the antimeridian, unless it spans the world
        lng = shapely.get_coordinates(region)[:, 0]
        west, east = lng[lng > 0].min(), lng[lng < 0].max()
    return (
        f"drawn region from {_degrees(south, 'SN')} to {_degrees(north, 'SN')}, "
        f"{_degrees(west, 'WE')} to {_degrees(east, 'WE')}"
    )


def _degrees(value: float, sides: str) -> str:
    return f"{abs(value):.4g}° {sides[int(value >= 0)]}"
