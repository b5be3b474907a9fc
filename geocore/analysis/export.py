"""Answers as files that other programs read: JSON, CSV, GeoJSON, and a table for the terminal.

Stage: analysis. Answers in, text out; it must not know how an answer came about, nor write files.
File names come from outside: in CSV a text that a spreadsheet would run as a formula is disarmed,
in the table control characters are not passed on to the terminal.

Source: own; GeoJSON is RFC 7946.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

import geocore
from geocore.analysis.safe_text import clean
from geocore.analysis.terminal_text import printable
from geocore.cells.polygons import cells_geojson
from geocore.inference.bundle import Bundle
from geocore.inference.bundle_files import MANIFEST, file_sha256
from geocore.inference.prediction import PhotoFailure, Prediction

Answer = Prediction | PhotoFailure
CSV_COLUMNS = (
    "photo",
    "head",
    "lat",
    "lng",
    "cell_km2",
    "rank",
    "token",
    "level",
    "place",
    "cell_lat",
    "cell_lng",
    "prob",
    "error",
    "bundle",
    "bundle_sha256",
    "app_version",
)
_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_INVISIBLE = " \u00a0\u200b\ufeff"
_PLACE_WIDTH = 44


Origin = Mapping[str, str]
"""What the answers come from: bundle, bundle_sha256 (of its manifest), app_version."""


def origin_of(bundle: Bundle) -> Origin:
    """Which bundle and which version of this program answered, for every export."""
    return {
        "bundle": bundle.name,
        "bundle_sha256": file_sha256(bundle.folder / MANIFEST),
        "app_version": geocore.__version__,
    }


def as_json(answers: Iterable[Answer], top: int = 5, origin: Origin | None = None) -> str:
    """A list with one object per photo: its answer, or the photo and the error."""
    rows = [answer.to_dict(top) | dict(origin or {}) for answer in answers]
    return json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(answers: Iterable[Answer], top: int = 5, origin: Origin | None = None) -> str:
    """One row per photo and cell, best first (columns `CSV_COLUMNS`); one row for a bad photo.

    A text that begins like a formula gets an apostrophe before it, so that no spreadsheet runs it.
    """
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for answer in answers:
        for row in _csv_rows(answer.to_dict(top) | dict(origin or {})):
            writer.writerow({key: disarmed(value) for key, value in row.items()})
    return stream.getvalue()


def as_geojson(answers: Iterable[Answer], top: int = 5, origin: Origin | None = None) -> str:
    """A FeatureCollection: per photo its best single point and the borders of its top cells.

    A feature's property `kind` is "point", "cell" or, for a bad photo, "error" (without geometry).
    """
    features = [
        feature for answer in answers for feature in _features(answer, top, dict(origin or {}))
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False) + "\n"


def as_table(answers: Iterable[Answer], top: int = 5, origin: Origin | None = None) -> str:
    """Lines for a terminal: per photo its best single point, then its cells, best first."""
    blocks = [_table_of(answer, top) for answer in answers]
    if origin:
        sha256 = origin["bundle_sha256"][:12]
        blocks.append(f"Bundle {origin['bundle']} ({sha256}), geocore {origin['app_version']}")
    return "\n\n".join(blocks) + "\n"


FORMATS: dict[str, Callable[[Iterable[Answer], int, Origin | None], str]] = {
    "table": as_table,
    "json": as_json,
    "csv": as_csv,
    "geojson": as_geojson,
}


def export(
    answers: Sequence[Answer], format: str, top: int = 5, origin: Origin | None = None
) -> str:
    """Answers in one of `FORMATS`, each saying the bundle it comes from (`origin_of`).

    Raises:
        ValueError: unknown format, or `top` below 1.
    """
    if format not in FORMATS:
        raise ValueError(f"Unknown format {format!r}. Known formats: {', '.join(FORMATS)}.")
    if top < 1:
        raise ValueError(f"top must be at least 1, received {top}.")
    return FORMATS[format](answers, top, origin)


def _csv_rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    cells = answer.pop("cells", None)
    if cells is None:
        return [answer]
    return [
        {
            **answer,
            **{key: cell[key] for key in ("token", "level", "place", "prob")},
            "rank": rank,
            "cell_lat": cell["lat"],
            "cell_lng": cell["lng"],
        }
        for rank, cell in enumerate(cells, start=1)
    ]


def disarmed(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula, made plain text; nothing turns its writing.

    Fullwidth signs begin a formula too where the spreadsheet speaks Japanese or Chinese.
    """
    if not isinstance(value, str):
        return value
    is_formula = value.lstrip(_INVISIBLE).startswith(_FORMULA_STARTS)
    return ("'" if is_formula else "") + clean(value.replace("\r", " "))


def _features(answer: Answer, top: int, origin: dict[str, str]) -> list[dict[str, Any]]:
    if isinstance(answer, PhotoFailure):
        properties = {"kind": "error", **answer.to_dict(), **origin}
        return [{"type": "Feature", "geometry": None, "properties": properties}]
    common = {"photo": answer.photo, "head": answer.head, **origin}
    point = {"type": "Point", "coordinates": [answer.lng, answer.lat]}
    cells = answer.top(top).astype({"level": int})
    properties = cells[["place", "level", "prob"]].assign(
        kind="cell", rank=range(1, len(cells) + 1), **common
    )
    borders = cells_geojson(cells["token"].tolist(), pd.DataFrame(properties))
    return [
        {
            "type": "Feature",
            "geometry": point,
            "properties": {"kind": "point", "cell_km2": round(answer.cell_km2), **common},
        },
        *borders["features"],
    ]


def _table_of(answer: Answer, top: int) -> str:
    name = printable(answer.photo)
    if isinstance(answer, PhotoFailure):
        return f"{name}\n  error: {printable(answer.error)}"
    lines = [
        f"{name}\n  best single point {answer.lat:.2f}, {answer.lng:.2f}  ({answer.head}; "
        f"stands for a cell of {answer.cell_km2:,.0f} km2)"
    ]
    for rank, cell in enumerate(answer.top(top).itertuples(index=False), start=1):
        place = printable(cell.place or "unnamed")
        if len(place) > _PLACE_WIDTH:
            place = place[: _PLACE_WIDTH - 1] + "…"
        lines.append(
            f"  {rank:2d}  {cell.prob:6.1%}  {place:<{_PLACE_WIDTH}}  "
            f"{cell.lat:8.3f} {cell.lng:9.3f}  {cell.token}"
        )
    return "\n".join(lines)
