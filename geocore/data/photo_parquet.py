"""Data stage: photo tables as Parquet, and how a photo table is written, as Parquet or CSV.

Parquet keeps ids as text and numbers as numbers, is read several times as fast as CSV, and is as
small as a compressed one. It judges no value and looks up no image.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from geocore.data.parquet_rows import is_plain, is_text, plain_rows, read_schema
from geocore.data.photo_csv import SPELLINGS, further_names, known_columns
from geocore.data.whole_files import whole_file
from geocore.errors import PhotoTableError

_ON_DISK = {"photo_id": "IMG_ID", "lat": "LAT", "lng": "LON"}
# What is called so is no image or list that may be left out.
_NEEDED = {
    ours: tuple(name for name in theirs if name not in ("image", "file"))
    for ours, theirs in SPELLINGS.items()
}
_NEEDS_QUOTES = '[",\r\n]'

Write = Callable[[pd.DataFrame], None]


def read_photo_parquet(path: Path, *, needs_id: bool) -> pd.DataFrame:
    """Read a `.parquet` of photos; the same columns as `geocore.data.photo_csv.photo_csv_chunks`.

    LAT and LON are as in the file, numbers or text; row counts from 1. Columns of images, lists and
    other nested things are left out.

    Raises:
        PhotoTableError: The file cannot be read, or a needed column is missing or there twice.
    """
    names = parquet_columns(path)
    position = known_columns(names, path.name, needs_id=needs_id)
    return pd.concat(list(photo_parquet_chunks(path, position)), ignore_index=True)


def parquet_columns(path: Path) -> tuple[str, ...]:
    """The names of a Parquet file's columns, nested, binary and nameless ones left out.

    Raises:
        PhotoTableError: The file cannot be read, or a column that is needed is one left out.
    """
    schema = read_schema(path)
    names = tuple(field.name for field in schema if is_plain(field.type) and field.name.strip())
    lowered = {name.lower() for name in names}
    for field in schema:
        ours = next((x for x, theirs in _NEEDED.items() if field.name.lower() in theirs), "")
        if ours and not is_plain(field.type) and lowered.isdisjoint(SPELLINGS[ours]):
            raise PhotoTableError(
                f"{path.name}: column {field.name} must hold texts or numbers, but holds "
                f"{str(field.type)[:80]}. Save it as text, or rename it."
            )
    return names


def photo_parquet_chunks(
    path: Path, position: Mapping[str, int], *, as_text: bool = False, further: bool = True
) -> Iterator[pd.DataFrame]:
    """As `read_photo_parquet`, piece by piece; the last piece may be empty.

    Args:
        path: The file.
        position: Where photo_id, lat and lng stand among `parquet_columns`, see `known_columns`.
        as_text: Whether all but lat and lng become text, so that pieces are alike whatever is
            missing in one of them.
        further: Whether columns other than ours are read.

    Raises:
        PhotoTableError: As `geocore.data.parquet_rows.plain_rows`.
    """
    theirs = parquet_columns(path)
    names = {theirs[i]: ours for ours, i in position.items()}
    if further:
        others = further_names(theirs, position, "_parquet")
        names |= {theirs[i]: name for i, name in others.items()}
    first_row = 1
    for rows in plain_rows(path, names):
        yield _photo_columns(rows, names, first_row, as_text)
        first_row += len(rows)


def save_photo_table(table: pd.DataFrame | Iterable[pd.DataFrame], path: Path) -> int:
    """Write a photo table whole or not at all; a table in pieces may be larger than the memory.

    Args:
        table: With photo_id, lat, lng; `path` is not written, further columns are.
        path: `.parquet`, or `.csv`.

    Returns:
        Number of rows.

    Raises:
        ValueError: Another ending, a missing column, pieces whose columns differ, or no piece.
        OSError: The file cannot be written; what was there before still is.
    """
    pieces = iter([table] if isinstance(table, pd.DataFrame) else table)
    if (first := next(pieces, None)) is None:
        raise ValueError(f"{path.name}: a photo table needs at least one piece, received none.")
    n_rows = 0
    with photo_table_writer(path) as write:
        for piece in chain([first], pieces):
            write(piece)
            n_rows += len(piece)
    return n_rows


@contextmanager
def photo_table_writer(path: Path) -> Iterator[Write]:
    """A function that adds rows to a photo table, which is there once the `with` block ends.

    Raises:
        ValueError: As `save_photo_table`.
        OSError: As `save_photo_table`.
    """
    if path.suffix not in (".parquet", ".csv"):
        raise ValueError(f"A photo table must be a .parquet or a .csv, received {path.name}.")
    with whole_file(path) as scratch:
        writing = _parquet_writer if path.suffix == ".parquet" else _csv_writer
        with writing(scratch, path.name) as write:
            yield lambda photos: write(_as_stored(photos))


@contextmanager
def _parquet_writer(path: Path, name: str) -> Iterator[Callable[[pa.Table], None]]:
    writer: pq.ParquetWriter | None = None

    def write(table: pa.Table) -> None:
        """Append a table; the first one decides the columns."""
        nonlocal writer
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        if not table.schema.equals(writer.schema):
            raise ValueError(_differ(name, writer.schema, table.schema))
        writer.write_table(table)

    try:
        yield write
    finally:
        if writer:
            writer.close()


@contextmanager
def _csv_writer(path: Path, name: str) -> Iterator[Callable[[pa.Table], None]]:
    schema: pa.Schema | None = None
    with path.open("wb") as file:

        def write(table: pa.Table) -> None:
            """Append a table; the first one decides the columns and writes their names."""
            nonlocal schema
            if schema is None:
                schema = table.schema
                header = pd.DataFrame(columns=schema.names).to_csv(index=False, lineterminator="\n")
                file.write(header.encode())
            if not table.schema.equals(schema):
                raise ValueError(_differ(name, schema, table.schema))
            style = "needed" if _needs_quotes(table) else "none"
            options = pa_csv.WriteOptions(include_header=False, quoting_style=style)
            pa_csv.write_csv(table, file, options)

        yield write


def _as_stored(photos: pd.DataFrame) -> pa.Table:
    if missing := [name for name in _ON_DISK if name not in photos]:
        raise ValueError(
            f"A photo table must have the columns {', '.join(_ON_DISK)}, but {missing[0]!r} is "
            "missing. Use geocore.data.photos.load_photos."
        )
    first = [*_ON_DISK, *(name for name in photos if name not in (*_ON_DISK, "path"))]
    renamed = photos[first].rename(columns=_ON_DISK)
    return pa.Table.from_pandas(renamed, preserve_index=False).replace_schema_metadata()


def _needs_quotes(table: pa.Table) -> bool:
    texts = [x for x in table.columns if is_text(x.type)]
    return any(pc.any(pc.match_substring_regex(x, _NEEDS_QUOTES)).as_py() for x in texts)


def _differ(name: str, first: pa.Schema, other: pa.Schema) -> str:
    return (
        f"{name}: all pieces of a photo table must have the same columns, received first "
        f"{', '.join(f'{x.name} ({x.type})' for x in first)}, then "
        f"{', '.join(f'{x.name} ({x.type})' for x in other)}."
    )


def _photo_columns(
    table: pa.Table, names: Mapping[str, str], first_row: int, as_text: bool
) -> pd.DataFrame:
    """Our columns under their names, then the others."""
    columns = {}
    for name in table.column_names:
        values, ours = table[name], names[name]
        is_place = ours in ("lat", "lng")
        if is_place and pa.types.is_null(values.type):
            values = pc.cast(values, pa.float64())
        # Numbers become text before pandas makes floating-point numbers of those that miss a value.
        if not is_place and (as_text or ours == "photo_id"):
            values = pc.cast(values, pa.string())
        columns[ours] = values
    photos = pa.table(columns).to_pandas()
    rows = pd.RangeIndex(first_row, first_row + len(photos))
    for name in ("lat", "lng"):
        kind = photos[name].dtype
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
            photos[name] = photos[name].astype("str")
    if "photo_id" in photos:
        photos["photo_id"] = photos["photo_id"].astype("str").fillna("").str.strip()
    else:
        photos["photo_id"] = ("row " + pd.Series(rows, dtype="str")).astype("str")
    photos.insert(0, "row", rows)
    photos["overlong"] = False
    known = ["row", "photo_id", "lat", "lng", "overlong"]
    return photos[[*known, *(name for name in photos if name not in known)]]
