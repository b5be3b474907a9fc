"""A report as a PDF (stage: analysis), laid out by ReportLab; text is never its markup.

Source: own.
"""

import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Spacer, Table

from geocore.analysis.exporting.pdf_map import PdfMap
from geocore.analysis.exporting.report import Part, Report
from geocore.analysis.exporting.report_marks import CHECKS, legend
from geocore.analysis.exporting.report_words import AREA_HEADER, CELL_HEADER, OVERVIEW_HEADER

FONT = "NotoSans"
PICTURE_WIDTH, PICTURE_HEIGHT = 80 * mm, 50 * mm
_MARGIN = 14 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_SHARES = {  # of the width, per number of columns: facts, cells, areas, overview
    2: (0.24, 0.76), 3: (0.12, 0.6, 0.28), 4: (0.12, 0.16, 0.16, 0.56),
    5: (0.28, 0.3, 0.16, 0.14, 0.12),
}  # fmt: skip
_STYLES = {
    "text": ParagraphStyle("text", fontName=FONT, fontSize=8.5, leading=12, spaceAfter=3),
    "cell": ParagraphStyle("cell", fontName=FONT, fontSize=7.5, leading=9.5, splitLongWords=True),
    "small": ParagraphStyle("small", fontName=FONT, fontSize=7, leading=9, spaceAfter=4),
    "title": ParagraphStyle("title", fontName=FONT, fontSize=17, leading=21, spaceAfter=8),
    "h2": ParagraphStyle(
        "h2", fontName=FONT, fontSize=13, leading=16, spaceBefore=12, spaceAfter=5, keepWithNext=1
    ),
    "h3": ParagraphStyle(
        "h3", fontName=FONT, fontSize=10.5, leading=13, spaceBefore=10, spaceAfter=3, keepWithNext=1
    ),
    "warning": ParagraphStyle(
        "warning", fontName=FONT, fontSize=8.5, leading=12, backColor="#fdf1e9", borderPadding=4,
        leftIndent=4, spaceBefore=5, spaceAfter=7, textColor="#7a2e00",
    ),
}  # fmt: skip
Flowables = list[Any]


def as_pdf(report: Report) -> bytes:
    """The PDF; the same report gives the same bytes."""
    _register_font()
    rl_config.useA85 = 0  # streams as bytes: a quarter smaller and quicker than as text
    stream = io.BytesIO()
    document = SimpleDocTemplate(
        stream, pagesize=A4, title=report.title, author="", subject="Case report", invariant=1,
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
    )  # fmt: skip
    document.build(_story(report), onFirstPage=_number_page, onLaterPages=_number_page)
    return stream.getvalue()


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(pdfmetrics.getFont(FONT).face.charToGlyph)


def _register_font() -> None:
    if FONT not in pdfmetrics.getRegisteredFontNames():
        path = files("fontpkg_noto_sans") / "files" / "NotoSans[wdth,wght].ttf"
        pdfmetrics.registerFont(TTFont(FONT, str(path)))


def _number_page(canvas: Any, document: Any) -> None:
    canvas.setFont(FONT, 7)
    canvas.drawRightString(A4[0] - _MARGIN, 8 * mm, f"Page {document.page}")


def _story(report: Report) -> Flowables:
    story = [_text(report.title, "title"), _table(report.facts)]
    if report.region:
        words = f"A region is set: only places within {report.region} were taken as possible from "
        story.append(_text(words + "then on. Each answer says whether it was.", "warning"))
    story += _notes(report.notes)
    if report.map is not None:
        story += [_text("Where the answers lie", "h2"), PdfMap(report.map, _WIDTH)]
        story.append(_text(legend(report.map), "small"))
    if report.overview:
        rows = [row[1:] for row in report.overview]
        story += [_text("Photos at a glance", "h2"), _table(rows, OVERVIEW_HEADER)]
    if report.failures:
        story += [_text("Files that could not be read", "h2")]
        story.append(_table(report.failures, ("File", "Why")))
    for heading, parts in (("Events", report.events), ("Photos", report.photos)):
        if parts:
            story.append(_text(heading, "h2"))
            story += [flowable for part in parts for flowable in _part(part)]
    return story + _closing(report)


def _closing(report: Report) -> Flowables:
    story = [_text("What this does not say", "h2"), *(_text(f"• {x}") for x in report.limits)]
    story.append(_text("The model", "h2"))
    for heading, lines in report.model:
        story += [_text(heading, "h3"), *map(_text, lines)]
    return [*story, _text("How to check this report", "h2"), *map(_text, CHECKS)]


def _part(part: Part) -> Flowables:
    story: Flowables = [_text(part.title, "h3")]
    if part.warning:
        story.append(_text(part.warning, "warning"))
    pictures = [_picture(x) for x in (part.photo, part.heat_map) if x is not None]
    if pictures:
        story.append(Table([pictures], hAlign="LEFT"))
    if part.map is not None:
        story += [PdfMap(part.map, _WIDTH), _text(legend(part.map), "small")]
    story.append(_table(part.facts))
    for header, rows in ((AREA_HEADER, part.areas), (CELL_HEADER, part.cells)):
        if rows:
            story += [Spacer(1, 4), _table(rows, header)]
    return [*story, *map(_text, part.lines), *_notes(part.notes)]


def _notes(notes: Sequence[tuple[str, str]]) -> Flowables:
    return [_text(f"Note by {analyst}: {text}") for analyst, text in notes]


def _text(text: str, style: str = "text") -> Paragraph:
    shown = escape(_printable(text)).replace("\n", "<br/>")
    return Paragraph(shown, _STYLES[style])


def _printable(text: str) -> str:
    """Letters that the font lacks, written as U+ and their number rather than as empty boxes."""
    glyphs = _glyphs()
    return "".join(x if ord(x) in glyphs or x in "\n\t" else f"[U+{ord(x):04X}]" for x in text)


def _table(rows: Sequence[Sequence[str]], header: Sequence[str] | None = None) -> Table:
    shown = [*([header] if header else []), *rows]
    widths = [_WIDTH * share for share in _SHARES[len(shown[0])]]
    style = [
        ("FONT", (0, 0), (-1, -1), FONT, _STYLES["cell"].fontSize, _STYLES["cell"].leading),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#c4d0da")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    if header:
        style.append(("LINEBELOW", (0, 0), (-1, 0), 1, colors.black))
    cells = [[_cell(*pair) for pair in zip(row, widths, strict=True)] for row in shown]
    return Table(cells, colWidths=widths, style=style, repeatRows=int(bool(header)), hAlign="LEFT")


def _cell(text: str, width: float) -> str | Paragraph:
    """Text that fits one line needs no paragraph, which would take ten times as long."""
    printable = _printable(text)
    fits = pdfmetrics.stringWidth(printable, FONT, _STYLES["cell"].fontSize) < width - 8
    return printable if fits and "\n" not in text else _text(text, "cell")


def _picture(content: bytes) -> Image:
    width, height = ImageReader(io.BytesIO(content)).getSize()
    shrunk = min(PICTURE_HEIGHT / height, PICTURE_WIDTH / width)
    return Image(io.BytesIO(content), width=width * shrunk, height=height * shrunk)
