"""Data stage: the raw rows of a photo table, CSV or Parquet alike. It judges none of them."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from geocore.data.csv_chunks import header_layout
from geocore.data.photo_csv import known_columns, photo_csv_chunks
from geocore.data.photo_parquet import parquet_columns, photo_parquet_chunks
from geocore.errors import PhotoTableError

TABLE_SUFFIXES = (".csv", ".csv.gz", ".parquet")


def raw_rows(path: Path, *, needs_id: bool, further: bool = True) -> Iterator[pd.DataFrame]:
    """The rows of a table piece by piece; at least one piece, which may have no row.

    Args:
        path: `.csv`, `.csv.gz` or `.parquet`. Comma, semicolon or tab may separate the fields.
        needs_id: Whether a column with the photo's file name must be there; without it, and if it
            need not be there, photos are called after their rows.
        further: Whether columns other than photo_id, lat and lng are read.

    Yields:
        As `geocore.data.photo_csv.photo_csv_chunks`; of Parquet, rows count from 1 and numbers are
        numbers.

    Raises:
        PhotoTableError: There is no such file, it cannot be read, or a needed column is missing or
            there twice.
    """
    _check_is_table(path)
    if path.suffix.lower() == ".parquet":
        names = parquet_columns(path)
        position = known_columns(names, path.name, needs_id=needs_id)
        yield from photo_parquet_chunks(path, position, further=further)
    else:
        layout = header_layout(path)
        position = known_columns(layout.columns, path.name, needs_id=needs_id)
        yield from photo_csv_chunks(path, layout, position, further=further)


def _check_is_table(path: Path) -> None:
    if not path.is_file():
        raise PhotoTableError(
            f"{path}: there is no such file or folder. Give a table with columns IMG_ID,LAT,LON, "
            "or a folder of photos."
        )
    if not path.name.lower().endswith(TABLE_SUFFIXES):
        raise PhotoTableError(
            f"{path.name}: a table of photos must be a .csv, .csv.gz or .parquet, or a folder of "
            "photos. To locate this one file, use the prediction instead."
        )
