"""A report as one web page that opens without a network and prints (stage: analysis).

Every text is escaped by the template engine; the page itself forbids scripts and requests.

Source: own.
"""

import base64
from functools import cache
from pathlib import Path

import jinja2
import shapely

from geocore.analysis.exporting.flat_map import FlatMap, land
from geocore.analysis.exporting.report import Report
from geocore.analysis.exporting.report_marks import CHECKS, MARKS, legend
from geocore.analysis.exporting.report_words import AREA_HEADER, CELL_HEADER, OVERVIEW_HEADER

_TEMPLATE = Path(__file__).resolve().parents[2] / "assets" / "report" / "case.html.jinja"


def as_page(report: Report) -> bytes:
    """The page, UTF-8."""
    template = _environment().from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        report=report,
        land=_path(land(), decimals=2, sign=-1),
        overview_header=OVERVIEW_HEADER,
        area_header=AREA_HEADER,
        cell_header=CELL_HEADER,
        checks=CHECKS,
    ).encode()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["picture"] = _data_uri
    environment.globals.update(
        matrix=_matrix,
        path=_path,
        legend=legend,
        marks={name: f"M{' '.join(f'{x} {y}' for x, y in mark)}Z" for name, mark in MARKS.items()},
    )
    return environment


def _data_uri(picture: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"


def _matrix(shown: FlatMap, turn: int) -> str:
    """From degrees (lng, -lat) to map units."""
    x, y = (turn - shown.west) * shown.scale_x, shown.north * shown.scale_y
    return f"matrix({shown.scale_x:.5g} 0 0 {shown.scale_y:.5g} {x:.2f} {y:.2f})"


def _path(shape: shapely.Geometry, decimals: int = 1, sign: int = 1) -> str:
    rings = []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type != "Polygon":
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            points = (shapely.get_coordinates(ring) * [1, sign]).round(decimals) + 0.0
            rings.append("M" + " ".join(f"{x:.6g} {y:.6g}" for x, y in points[:-1].tolist()) + "Z")
    return "".join(rings)
