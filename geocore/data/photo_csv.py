"""Data stage: a CSV of photos as raw text columns. It judges no value and looks up no file."""

import csv
import gzip
import zlib
from pathlib import Path
from typing import IO, Any

import pandas as pd

from geocore.errors import PhotoTableError

# What a column may be called, in any letter case; the first spelling is the one of MP-16.
SPELLINGS = {
    "photo_id": ("img_id", "photo_id", "image_id", "filename", "file", "image", "id"),
    "lat": ("lat", "latitude"),
    "lng": ("lon", "lng", "long", "longitude"),
}
_RESERVED = {"row", "photo_id", "path", "lat", "lng", "overlong"}
_UNREADABLE = (OSError, EOFError, zlib.error, UnicodeError, csv.Error, pd.errors.ParserError)


def read_photo_csv(path: Path, *, needs_id: bool) -> pd.DataFrame:
    """Read a `.csv` or `.csv.gz` of photos, the three known columns still text.

    Comma, semicolon or tab may separate the fields; with semicolon or tab a decimal comma is
    understood. Blank lines are left out, columns without a name too.

    Args:
        path: The file; its first line holds the column names.
        needs_id: Whether a column with the photo's file name must be there; without it, and if it
            need not be there, photos are called `row 2`, `row 3` and so on.

    Returns:
        One row per line: row (int, 1 is the header), photo_id, lat, lng (text, "" where empty),
        overlong (bool, more fields than the header), then every further column as it was, with the
        suffix `_csv` where its name is one of ours.

    Raises:
        PhotoTableError: The file cannot be read, or a needed column is missing or there twice.
    """
    try:
        separator, columns = _header(path)
        position = _known_columns(columns, path.name, needs_id)
        raw = _raw_fields(path, separator, len(columns), list(position.values()))
    except _UNREADABLE as error:
        raise PhotoTableError(
            f"{path.name}: the file must be a table in UTF-8 (.csv or .csv.gz), but reading it "
            f"failed ({error}). Save it again as 'CSV UTF-8'."
        ) from error
    known = raw[list(position.values())].fillna("").apply(lambda text: text.str.strip())
    known.columns = list(position)
    if separator != ",":
        for column in ("lat", "lng"):
            known[column] = known[column].str.replace(",", ".", regex=False)
    known.insert(0, "row", raw.index + 2)
    if "photo_id" not in known:
        known.insert(1, "photo_id", "row " + known["row"].astype(str))
    known["overlong"] = raw[len(columns)].notna()
    is_blank = raw.isna().all(axis=1)
    return pd.concat([known, _further_columns(raw, columns, position)], axis=1)[~is_blank]


def _header(path: Path) -> tuple[str, list[str]]:
    """The separator and the column names of the first line."""
    with _text(path) as file:
        line = next(iter(file), "")
    if not line.strip():
        raise PhotoTableError(
            f"{path.name}: the first line must name the columns IMG_ID,LAT,LON, received nothing. "
            "Add that line."
        )
    separator = max(",;\t", key=line.count)
    columns = next(csv.reader([line], delimiter=separator))
    return separator, [column.strip() for column in columns]


def _text(path: Path) -> IO[str]:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _known_columns(columns: list[str], name: str, needs_id: bool) -> dict[str, int]:
    """At which position of the file each of our columns stands."""
    lowered = [column.lower() for column in columns]
    twice = sorted({column for column in lowered if column and lowered.count(column) > 1})
    if twice:
        raise PhotoTableError(
            f"{name}: every column must have a name of its own, but {', '.join(twice).upper()} is "
            "there more than once. Rename or remove one."
        )
    found = {
        ours: next(lowered.index(spelling) for spelling in spellings if spelling in lowered)
        for ours, spellings in SPELLINGS.items()
        if not set(spellings).isdisjoint(lowered)
    }
    needed = SPELLINGS if needs_id else ("lat", "lng")
    missing = [SPELLINGS[ours][0].upper() for ours in needed if ours not in found]
    if missing:
        raise PhotoTableError(
            f"{name}: there is no column {' and no column '.join(missing)}. The first line must "
            f"name the columns IMG_ID,LAT,LON; found: {', '.join(columns)}. Rename or add it."
        )
    return found


def _raw_fields(path: Path, separator: str, n_columns: int, as_text: list[int]) -> pd.DataFrame:
    """All fields by position; column `n_columns` holds what is over the header's width."""
    positions = list(range(n_columns + 1))
    options: dict[str, Any] = {
        "sep": separator,
        "encoding": "utf-8-sig",
        "header": None,
        "skiprows": 1,
        "names": positions,
        "index_col": False,
        "dtype": dict.fromkeys([*as_text, n_columns], "str"),
        "keep_default_na": False,  # "NA" is Namibia, not a missing value.
        "na_values": [""],
        "skip_blank_lines": False,
        "low_memory": False,
    }
    try:
        return pd.read_csv(path, **options)
    except pd.errors.ParserError:
        # A row is two or more fields too long; naming the columns to use makes pandas accept it.
        return pd.read_csv(path, usecols=positions, **options)


def _further_columns(
    raw: pd.DataFrame, columns: list[str], position: dict[str, int]
) -> pd.DataFrame:
    names = {
        i: f"{column}_csv" if column in _RESERVED else column
        for i, column in enumerate(columns)
        if column and i not in position.values()
    }
    return raw[list(names)].rename(columns=names)
