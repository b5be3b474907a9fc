"""A flat map drawn in a PDF (stage: analysis). It must not know what the map is of.

Source: own.
"""

from typing import Any

import shapely
from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable

from geocore.analysis.exporting.flat_map import FlatMap, land
from geocore.analysis.exporting.report_marks import MARKS

_AREAS = {  # fill opacity, dashes
    "area-95": (0.16, (1.5, 2)), "area-90": (0.22, (5, 2)), "area-80": (0.3, ()),
    "region": (0.0, ()),
}  # fmt: skip
_FILLS = {"answer": "#d55e00", "member": "#5b6875", "claim": "#000000", "exif": "#ffffff"}
_SEA, _LAND, _BORDER, _GRID = (HexColor(x) for x in ("#eef4f8", "#fbfaf5", "#8b97a2", "#c4d0da"))
_BLUE, _DARK_BLUE, _OCHRE = HexColor("#0072b2"), HexColor("#00476f"), HexColor("#7a6400")


class PdfMap(Flowable):
    """A map as wide as the text."""

    def __init__(self, shown: FlatMap, width: float) -> None:
        super().__init__()
        self.shown = shown
        self.factor = width / shown.width
        self.width, self.height = width, shown.height * self.factor
        self.hAlign = "LEFT"

    def wrap(self, *_: Any) -> tuple[float, float]:
        """Its size in points."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw it from the bottom left corner up, as ReportLab asks."""
        canvas = self.canv
        canvas.saveState()
        frame = canvas.beginPath()
        frame.rect(0, 0, self.width, self.height)
        canvas.setFillColor(_SEA)
        canvas.clipPath(frame, stroke=0, fill=1)
        canvas.translate(0, self.height)
        canvas.scale(self.factor, -self.factor)  # map units, y downwards
        self._draw_land(canvas)
        self._draw_grid(canvas)
        for style, shape in self.shown.areas:
            _draw_area(canvas, style, shape)
        for style, x, y in self.shown.points:
            _draw_mark(canvas, style, x, y)
        canvas.restoreState()

    def _draw_land(self, canvas: Any) -> None:
        """All countries are in the file once; every map shows its part of them."""
        if not canvas.hasForm("land"):
            canvas.beginForm("land", -180, -90, 180, 90)
            canvas.drawPath(_path(canvas, land()), stroke=1, fill=1)
            canvas.endForm()
        shown = self.shown
        for turn in shown.turns:
            canvas.saveState()
            canvas.translate((turn - shown.west) * shown.scale_x, shown.north * shown.scale_y)
            canvas.scale(shown.scale_x, -shown.scale_y)
            canvas.setFillColor(_LAND)
            canvas.setStrokeColor(_BORDER)
            canvas.setLineWidth(0.6 / shown.scale_y)
            canvas.doForm("land")
            canvas.restoreState()

    def _draw_grid(self, canvas: Any) -> None:
        shown = self.shown
        canvas.setStrokeColor(_GRID)
        canvas.setLineWidth(0.6)
        for x, label in shown.meridians:
            canvas.line(x, 0, x, shown.height)
            _write(canvas, x + 2, shown.height - 3, label)
        for y, label in shown.parallels:
            canvas.line(0, y, shown.width, y)
            _write(canvas, 3, y - 2, label)


def _write(canvas: Any, x: float, y: float, label: str) -> None:
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(1, -1)
    canvas.setFillColor(_DARK_BLUE)
    canvas.setFont("NotoSans", 9)
    canvas.drawString(0, 0, label)
    canvas.restoreState()


def _draw_area(canvas: Any, style: str, shape: shapely.Geometry) -> None:
    opacity, dashes = _AREAS[style]
    canvas.saveState()
    canvas.setFillColor(_BLUE, alpha=opacity)
    canvas.setStrokeColor(_OCHRE if style == "region" else _DARK_BLUE)
    canvas.setLineWidth(1.8 if style == "region" else 0.8)
    canvas.setDash(*([list(dashes)] if dashes else [[]]))
    canvas.drawPath(_path(canvas, shape), stroke=1, fill=int(opacity > 0), fillMode=0)
    canvas.restoreState()


def _draw_mark(canvas: Any, style: str, x: float, y: float) -> None:
    canvas.setFillColor(HexColor(_FILLS[style]))
    canvas.setStrokeColor(HexColor("#000000" if style == "exif" else "#ffffff"))
    canvas.setLineWidth(1.5)
    mark = canvas.beginPath()
    for number, (dx, dy) in enumerate(MARKS[style]):
        (mark.lineTo if number else mark.moveTo)(x + dx, y + dy)
    mark.close()
    canvas.drawPath(mark, stroke=1, fill=1)


def _path(canvas: Any, shape: shapely.Geometry) -> Any:
    path = canvas.beginPath()
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type != "Polygon":
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            (x, y), *rest = shapely.get_coordinates(ring)[:-1].tolist()
            path.moveTo(x, y)
            for x, y in rest:
                path.lineTo(x, y)
            path.close()
    return path
