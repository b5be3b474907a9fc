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

from geocore.data.photo_csv import known_columns
from geocore.data.whole_files import whole_file
from geocore.errors import PhotoTableError

ROWS_AT_ONCE = 100_000
_ON_DISK = {"photo_id": "IMG_ID", "lat": "LAT", "lng": "LON"}
_UNREADABLE = (OSError, pa.ArrowException)
_NEEDS_QUOTES = '[",\r\n]'

Write = Callable[[pd.DataFrame], None]


def read_photo_parquet(path: Path, *, needs_id: bool) -> pd.DataFrame:
    """Read a `.parquet` of photos; the same columns as `geocore.data.photo_csv.read_photo_csv`.

    LAT and LON are as in the file, numbers or text; row counts from 1. Columns of images, lists and
    other nested things are left out.

    Raises:
        PhotoTableError: The file cannot be read, or a needed column is missing or there twice.
    """
    names = parquet_columns(path)
    position = known_columns(names, path.name, needs_id=needs_id)
    pieces = list(photo_parquet_chunks(path, {ours: names[i] for ours, i in position.items()}))
    return pd.concat(pieces, ignore_index=True)


def parquet_columns(path: Path) -> tuple[str, ...]:
    """The names of a Parquet file's columns, nested and binary ones left out.

    Raises:
        PhotoTableError: The file cannot be read.
    """
    try:
        schema = pq.read_schema(path)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    return tuple(field.name for field in schema if _is_plain(field.type))


def photo_parquet_chunks(
    path: Path, columns: Mapping[str, str], *, as_text: bool = False, further: bool = True
) -> Iterator[pd.DataFrame]:
    """As `read_photo_parquet`, piece by piece; the last piece may be empty.

    Args:
        path: The file.
        columns: What its columns for photo_id, lat and lng are called.
        as_text: Whether all but lat and lng become text, so that pieces are alike whatever is
            missing in one of them.
        further: Whether columns other than ours are read.
    """
    wanted = list(parquet_columns(path) if further else columns.values())
    try:
        with pq.ParquetFile(path) as file:
            n_rows = 0
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=wanted):
                yield _photo_columns(batch, columns, n_rows + 1, as_text)
                n_rows += len(batch)
            empty = file.schema_arrow.empty_table().select(wanted)
            yield _photo_columns(empty, columns, n_rows + 1, as_text)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error


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
    texts = [x for x in table.columns if pa.types.is_string(x.type) or _is_large_text(x.type)]
    return any(pc.any(pc.match_substring_regex(x, _NEEDS_QUOTES)).as_py() for x in texts)


def _differ(name: str, first: pa.Schema, other: pa.Schema) -> str:
    return (
        f"{name}: all pieces of a photo table must have the same columns, received first "
        f"{', '.join(f'{x.name} ({x.type})' for x in first)}, then "
        f"{', '.join(f'{x.name} ({x.type})' for x in other)}."
    )


def _photo_columns(
    batch: pa.RecordBatch | pa.Table, columns: Mapping[str, str], first_row: int, as_text: bool
) -> pd.DataFrame:
    """Our columns under their names, then the others."""
    places = {columns["lat"], columns["lng"]}
    texts = {x.name for x in batch.schema} - places if as_text else {columns.get("photo_id")}
    # Numbers become text before pandas makes floating-point numbers of those that miss a value.
    fields = {
        x.name: pc.cast(batch[x.name], pa.string()) if x.name in texts else batch[x.name]
        for x in batch.schema
        if _is_plain(x.type)
    }
    table = pa.table(fields).to_pandas()
    table = table.rename(columns={theirs: ours for ours, theirs in columns.items()})
    rows = pd.RangeIndex(first_row, first_row + len(table))
    for name in ("lat", "lng"):
        if not pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].astype("str")
    if "photo_id" in columns:
        table["photo_id"] = table["photo_id"].astype("str").fillna("").str.strip()
    else:
        table["photo_id"] = ("row " + pd.Series(rows, dtype="str")).astype("str")
    table.insert(0, "row", rows)
    known = ["row", "photo_id", "lat", "lng"]
    further = [name for name in table if name not in (*known, "path", "overlong")]
    table["overlong"] = False
    return table[[*known, "overlong", *further]]


def _is_plain(kind: pa.DataType) -> bool:
    is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind)
    is_other = pa.types.is_boolean(kind) or pa.types.is_temporal(kind) or pa.types.is_decimal(kind)
    is_text = pa.types.is_string(kind) or pa.types.is_dictionary(kind) or _is_large_text(kind)
    return is_number or is_other or is_text or pa.types.is_null(kind)


def _is_large_text(kind: pa.DataType) -> bool:
    return pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _unreadable(path: Path, error: Exception) -> PhotoTableError:
    return PhotoTableError(
        f"{path.name}: the file must be a Parquet table, but reading it failed ({error}). Copy it "
        "again from its source, or give a CSV."
    )
