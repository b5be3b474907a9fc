"""What a report's maps and last page share, whether page or PDF: marks, their legend, the advice.

Stage: analysis. It must not know the layout.

Source: own.
"""

from geocore.analysis.exporting.flat_map import FlatMap

MARKS = {
    "answer": [(0, -6), (6, 0), (0, 6), (-6, 0)],
    "member": [(0, -4), (4, 0), (0, 4), (-4, 0)],
    "claim": [(0, -7), (7, 5), (-7, 5)],
    "exif": [(-5, -5), (5, -5), (5, 5), (-5, 5)],
}
"""Corners of each mark around its point, map units; told apart by shape, not by colour alone."""
_LEGEND = {
    "area-80": "darkest blue, full line: search area at 80 %",
    "area-90": "middle blue, long dashes: at 90 %",
    "area-95": "palest blue, dots: at 95 %",
    "region": "ochre line: the region known otherwise",
    "answer": "orange diamond: best single point",
    "member": "small grey diamond: best single point of one photo",
    "claim": "black triangle: claimed place",
    "exif": "white square: position written in the file",
}
CHECKS = (
    "Every answer, decision and note stands in the case's log, whose entries are chained by their "
    "hashes. Ask for the case file, run scripts/replay_case.py on it, and compare the hash of the "
    "last entry with the one at the top of this report. If the log has grown since, the entry of "
    "the number given there must have this hash.",
    "Compare the SHA-256 of each photo with that of the file that you hold, and the hash of the "
    "model with that of its manifest.json.",
)


def legend(shown: FlatMap) -> str:
    """What the marks on a map mean."""
    styles = {style for style, *_ in [*shown.areas, *shown.points]}
    words = "; ".join(text for style, text in _LEGEND.items() if style in styles)
    return words[:1].upper() + words[1:] + "."
