"""Data stage: a CSV of photos as raw text columns. It judges no value and looks up no file."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from geocore.data.column_types import as_written
from geocore.data.csv_chunks import CHUNK_BYTES, CsvLayout, csv_chunks, header_layout
from geocore.errors import PhotoTableError

# What a column may be called, in any letter case; the first spelling is the one of MP-16.
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "photo_id": ("img_id", "photo_id", "image_id", "filename", "file", "image", "id"),
    "lat": ("lat", "latitude"),
    "lng": ("lon", "lng", "long", "longitude"),
}
_RESERVED = {"row", "photo_id", "path", "lat", "lng", "overlong"}


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
        overlong (bool, more fields than the header), then every further column, as numbers where
        all of it is numbers, with the suffix `_csv` where its name is one of ours.

    Raises:
        PhotoTableError: The file cannot be read, or a needed column is missing or there twice.
    """
    layout = header_layout(path)
    position = known_columns(layout.columns, path.name, needs_id=needs_id)
    pieces = list(photo_csv_chunks(path, layout, position))
    raw = pd.concat(pieces, ignore_index=True) if pieces else _no_rows(layout, position)
    further = list(_further_names(layout.columns, position).values())
    return raw.assign(**{name: as_written(raw[name]) for name in further})


def photo_csv_chunks(
    path: Path,
    layout: CsvLayout,
    position: Mapping[str, int],
    *,
    chunk_bytes: int = CHUNK_BYTES,
) -> Iterator[pd.DataFrame]:
    """As `read_photo_csv`, piece by piece, further columns still text.

    Args:
        path: The file.
        layout: How it divides into fields.
        position: Where photo_id, lat and lng stand among them, see `known_columns`.
        chunk_bytes: As in `csv_chunks`.
    """
    for raw in csv_chunks(path, layout, chunk_bytes=chunk_bytes):
        yield _photo_columns(raw, layout, position)


def known_columns(
    columns: tuple[str, ...],
    name: str,
    *,
    needs_id: bool,
    spellings: Mapping[str, tuple[str, ...]] = SPELLINGS,
) -> dict[str, int]:
    """At which position of the file each of our columns stands.

    Raises:
        PhotoTableError: A needed column is missing, or a name is there twice.
    """
    lowered = [column.lower() for column in columns]
    twice = sorted({column for column in lowered if column and lowered.count(column) > 1})
    if twice:
        raise PhotoTableError(
            f"{name}: every column must have a name of its own, but {', '.join(twice).upper()} is "
            "there more than once. Rename or remove one."
        )
    found = {
        ours: next(lowered.index(spelling) for spelling in theirs if spelling in lowered)
        for ours, theirs in spellings.items()
        if not set(theirs).isdisjoint(lowered)
    }
    needed = spellings if needs_id else ("lat", "lng")
    missing = [spellings[ours][0].upper() for ours in needed if ours not in found]
    if missing:
        raise PhotoTableError(
            f"{name}: there is no column {' and no column '.join(missing)}. The first line must "
            f"name the columns IMG_ID,LAT,LON; found: {', '.join(columns)}. Rename or add it."
        )
    return found


def _photo_columns(
    raw: pd.DataFrame, layout: CsvLayout, position: Mapping[str, int]
) -> pd.DataFrame:
    """Our columns under their names, theirs under theirs; blank lines left out."""
    is_blank = raw[list(range(len(layout.columns)))].isna().all(axis=1)
    raw = raw[~is_blank] if is_blank.any() else raw
    known = raw[list(position.values())].fillna("").apply(lambda text: text.str.strip())
    known.columns = list(position)
    if layout.separator != ",":
        for column in ("lat", "lng"):
            known[column] = known[column].str.replace(",", ".", regex=False)
    known.insert(0, "row", raw["row"])
    if "photo_id" not in known:
        known.insert(1, "photo_id", "row " + known["row"].astype(str))
    known["overlong"] = raw["overlong"]
    names = _further_names(layout.columns, position)
    further = raw[list(names)].rename(columns=names)
    return pd.concat([known, further], axis=1)


def _further_names(columns: tuple[str, ...], position: Mapping[str, int]) -> dict[int, str]:
    return {
        i: f"{column}_csv" if column in _RESERVED else column
        for i, column in enumerate(columns)
        if column and i not in position.values()
    }


def _no_rows(layout: CsvLayout, position: Mapping[str, int]) -> pd.DataFrame:
    empty = pd.DataFrame(columns=range(len(layout.columns)), dtype="str")
    return _photo_columns(empty.assign(row=[], overlong=pd.Series(dtype=bool)), layout, position)
