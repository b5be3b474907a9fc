"""Importers: collections that come as CSV, as tab-separated text without header, or as Parquet."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote_plus

import pandas as pd

from geocore.data.csv_chunks import CHUNK_BYTES, CsvLayout, first_line, header_layout
from geocore.data.importers.pieces import Pieces, Position, counted
from geocore.data.importers.table_layouts import (
    TABLE_LAYOUTS,
    YFCC_COLUMNS,
    YFCC_COLUMNS_WITH_HASH,
    TableLayout,
)
from geocore.data.photo_csv import SPELLINGS, in_short, known_columns, photo_csv_chunks
from geocore.data.photo_parquet import parquet_columns, photo_parquet_chunks
from geocore.errors import PhotoTableError

VIDEO = "a video, not a photo"
_GENERIC = TableLayout(label="table with IMG_ID, LAT, LON", needs=(), spellings=SPELLINGS)
_URL_TEXT = ("TITLE", "DESCRIPTION", "TAGS", "AUTHOR_NAME", "machinetags", "capturedevice")


def columns_of(path: Path) -> tuple[str, ...]:
    """The names of a table's columns; those of YFCC100M where it has no header.

    Raises:
        PhotoTableError: The file cannot be read or is empty.
    """
    return _csv_layout(path).columns if not _is_parquet(path) else parquet_columns(path)


def table_format(path: Path) -> str:
    """Which collection a table is from: a key of TABLE_LAYOUTS, "geoestimation", or ""."""
    columns = {column.lower() for column in columns_of(path)}
    for name, layout in TABLE_LAYOUTS.items():
        if columns.issuperset(layout.needs):
            return name
    has_known = all(not columns.isdisjoint(spellings) for spellings in SPELLINGS.values())
    return "geoestimation" if has_known else ""


def read_table(path: Path, name: str, start: Position, *, chunk_bytes: int = CHUNK_BYTES) -> Pieces:
    """The rows of a table piece by piece.

    Args:
        path: `.csv` or any text, compressed or not, or `.parquet`.
        name: Key of TABLE_LAYOUTS, or "geoestimation".
        start: Where to go on; [] for the beginning.
        chunk_bytes: About how much text a piece is made of.

    Raises:
        PhotoTableError: The file cannot be read, or a needed column is missing.
    """
    layout = TABLE_LAYOUTS.get(name, _GENERIC)
    if _is_parquet(path):
        raw = _parquet_pieces(path, layout)
    else:
        raw = _csv_pieces(path, layout, chunk_bytes)
    yield from counted((_in_our_words(piece, layout) for piece in raw), start)


def _csv_pieces(path: Path, layout: TableLayout, chunk_bytes: int) -> Iterator[pd.DataFrame]:
    csv_layout = _csv_layout(path)
    position = known_columns(
        csv_layout.columns, path.name, needs_id=True, spellings=layout.spellings
    )
    yield from photo_csv_chunks(path, csv_layout, position, chunk_bytes=chunk_bytes)


def _parquet_pieces(path: Path, layout: TableLayout) -> Iterator[pd.DataFrame]:
    names = parquet_columns(path)
    position = known_columns(names, path.name, needs_id=True, spellings=layout.spellings)
    yield from photo_parquet_chunks(path, position, as_text=True)


def _csv_layout(path: Path) -> CsvLayout:
    """The layout of the header, or that of YFCC100M, whose files have none."""
    fields = first_line(path).split("\t")
    for columns in (YFCC_COLUMNS, YFCC_COLUMNS_WITH_HASH):
        if len(fields) == len(columns) and _is_yfcc_row(dict(zip(columns, fields, strict=True))):
            return CsvLayout(separator="\t", columns=columns, has_header=False, is_quoted=False)
    return header_layout(path)


def _is_yfcc_row(row: Mapping[str, str]) -> bool:
    """Whether a line is a row rather than a header: its id is a number, its marker 0 or 1."""
    return row["photoid"].isdigit() and row["marker"] in ("0", "1")


def _in_our_words(piece: pd.DataFrame, layout: TableLayout) -> pd.DataFrame:
    """Further columns under the names that they have in every photo set."""
    piece = piece.rename(columns=_names(list(piece), layout))
    piece = piece.rename(columns={x: f"{x}_" for x in ("reason", "image") if x in piece})
    if layout.has_url_text:
        for name in (name for name in _URL_TEXT if name in piece):
            piece[name] = _decoded(piece[name])
    if layout.id_name:
        piece[layout.id_name] = piece["photo_id"]
    if layout.marker and layout.marker in piece:
        is_video = ~piece[layout.marker].fillna("0").isin(["0", "0.0", "false"])
        piece["reason"] = is_video.map({True: VIDEO, False: ""}).astype("str")
    return piece


def _names(columns: list[str], layout: TableLayout) -> dict[str, str]:
    """The columns that get another name; none gets the name of one that is there."""
    there = {column.upper() for column in columns}
    names = {x: layout.names[x.lower()] for x in columns if x.lower() in layout.names}
    return {x: name for x, name in names.items() if x.upper() == name or name not in there}


def _decoded(text: pd.Series) -> pd.Series:
    """Text as people wrote it; only what is encoded at all costs time."""
    is_encoded = text.str.contains("[+%]").fillna(False).astype(bool)
    decoded = text.copy()
    decoded[is_encoded] = [unquote_plus(x) for x in text[is_encoded]]
    return decoded


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def unknown_columns(path: Path) -> PhotoTableError:
    """What to say of a table that is from no known collection."""
    known = "; ".join(
        f"{layout.label}: {', '.join(layout.needs)}" for layout in TABLE_LAYOUTS.values()
    )
    return PhotoTableError(
        f"{path.name}: the columns are those of no known collection. Found: "
        f"{in_short(columns_of(path))}. Needed are an id, a latitude and a longitude: IMG_ID, "
        f"LAT, LON; or {known}. Rename columns in the first line."
    )
