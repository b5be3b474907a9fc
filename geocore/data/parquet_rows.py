"""Data stage: the plain columns of any Parquet file as a stream of rows. It knows no photo.

Nothing in a file is trusted: a few kilobytes can stand for many gigabytes, texts need not be UTF-8,
names may come twice. What is held in memory does not grow with the file.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geocore.errors import PhotoTableError

ROWS_AT_ONCE = 100_000
MAX_COLUMNS = 10_000
MAX_TEXT_BYTES = 1 << 20
"""Of one text."""
MAX_PIECE_BYTES = 256 << 20
"""A piece whose texts are so long has fewer rows than `ROWS_AT_ONCE`."""
MAX_UNPACKED_BYTES = 2 << 30
"""Of one group of rows."""
_DECODED_AT_ONCE = 50_000
_UNREADABLE = (OSError, pa.ArrowException, UnicodeError)


def read_schema(path: Path) -> pa.Schema:
    """The columns of a Parquet file, nested ones too.

    Raises:
        PhotoTableError: It cannot be read, has too many columns, or two with a plain one's name.
    """
    try:
        schema: pa.Schema = pq.read_schema(path)
        names = Counter(schema.names)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    if len(schema) > MAX_COLUMNS:
        raise PhotoTableError(
            f"{path.name}: a table of photos may have {MAX_COLUMNS:,} columns, received "
            f"{len(schema):,}. Save it again with fewer."
        )
    twice = [field.name for field in schema if names[field.name] > 1 and is_plain(field.type)]
    if twice:
        raise PhotoTableError(
            f"{path.name}: every column must have a name of its own, but {twice[0][:80]} is there "
            "more than once. Rename or remove one."
        )
    return schema


def is_plain(kind: pa.DataType) -> bool:
    """Whether values are numbers, texts, truth values, times, or nothing; no bytes, no lists."""
    if pa.types.is_dictionary(kind):
        return is_plain(kind.value_type)
    is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind)
    is_other = pa.types.is_boolean(kind) or pa.types.is_temporal(kind) or pa.types.is_decimal(kind)
    return is_number or is_other or is_text(kind) or pa.types.is_null(kind)


def is_text(kind: pa.DataType) -> bool:
    """Whether values are texts, however they are laid out."""
    is_large = pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return pa.types.is_string(kind) or is_large


def plain_rows(path: Path, names: Collection[str]) -> Iterator[pa.Table]:
    """The rows of some plain columns piece by piece; the last piece has none.

    Dictionaries are unpacked, days and times of day are text, moments are in UTC. A byte of a text
    that is no UTF-8 becomes �.

    Args:
        path: The file.
        names: Its columns to read.

    Yields:
        Up to `ROWS_AT_ONCE` rows, columns in the order of the file.

    Raises:
        PhotoTableError: The file cannot be read, or holds more than the limits above.
    """
    kinds = {field.name: field.type for field in read_schema(path) if field.name in names}
    texts = [name for name, kind in kinds.items() if is_text(kind)]
    try:
        # As dictionaries, for so the length of texts is known before each of them is written out.
        with pq.ParquetFile(path, read_dictionary=texts, buffer_size=1 << 20) as file:
            _check_size(file.metadata, path.name)
            batches = file.iter_batches(_DECODED_AT_ONCE, columns=list(kinds))
            yield from _pieces(batches, list(kinds), path.name)
            empty = file.schema_arrow.empty_table()
            yield pa.table({name: _unpacked(empty[name].combine_chunks()) for name in kinds})
    except MemoryError:  # Arrow's own is among those that follow, but says nothing of the file
        raise
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error


def _pieces(batches: Iterator[pa.RecordBatch], names: list[str], file: str) -> Iterator[pa.Table]:
    parts: list[pa.Table] = []
    n_rows = n_bytes = 0
    for batch in batches:
        for some in _slices(batch.select(names), file):
            is_full = n_rows + len(some) > ROWS_AT_ONCE or n_bytes + some.nbytes > MAX_PIECE_BYTES
            if parts and is_full:
                yield pa.concat_tables(parts)
                parts, n_rows, n_bytes = [], 0, 0
            parts.append(some)
            n_rows, n_bytes = n_rows + len(some), n_bytes + some.nbytes
    if parts:
        yield pa.concat_tables(parts)


def _slices(batch: pa.RecordBatch, file: str) -> Iterator[pa.Table]:
    """A batch unpacked, in parts if its dictionaries hold texts so long that it would be large."""
    longest = {x.name: _longest_bytes(batch[x.name]) for x in batch.schema}
    for name, n_bytes in longest.items():
        if n_bytes > MAX_TEXT_BYTES:
            raise PhotoTableError(
                f"{file}: no text may be longer than {MAX_TEXT_BYTES:,} bytes, but column "
                f"{name[:80]} has one of {n_bytes:,}. Shorten it, or leave the column out."
            )
    at_once = max(1, MAX_PIECE_BYTES // max(1, sum(longest.values())))
    for begin in range(0, len(batch), at_once):
        part = batch.slice(begin, at_once)
        yield pa.table({x.name: _unpacked(part[x.name]) for x in batch.schema})


def _longest_bytes(values: pa.Array) -> int:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary
    return pc.max(pc.binary_length(values)).as_py() or 0 if is_text(values.type) else 0


def _unpacked(values: pa.Array) -> pa.Array:
    """A column in a form that pandas can hold whatever its values are."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if is_text(kind):
        return _as_utf8(values)
    if pa.types.is_date(kind) or pa.types.is_time(kind):
        return pc.cast(values, pa.string())  # Python knows the years 1 to 9999 only
    if pa.types.is_timestamp(kind) and kind.tz:
        return pc.cast(values, pa.timestamp(kind.unit, "UTC"))  # of zones that nobody knows, too
    return values


def _as_utf8(values: pa.Array) -> pa.Array:
    values = pc.cast(values, pa.string())
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        raw = pc.cast(values, pa.binary()).to_pylist()
        return pa.array([x if x is None else x.decode("utf-8", "replace") for x in raw])
    return values


def _check_size(metadata: pq.FileMetaData, name: str) -> None:
    """Refuse what would take gigabytes, before it is unpacked.

    Only of groups as a whole: asked for a single column, Arrow ends the process over some footers.
    """
    for i in range(metadata.num_row_groups):
        if (n_bytes := metadata.row_group(i).total_byte_size) > MAX_UNPACKED_BYTES:
            raise PhotoTableError(
                f"{name}: a group of rows may have {MAX_UNPACKED_BYTES:,} bytes, received one of "
                f"{n_bytes:,}. Save the table again in smaller groups of rows, or as a CSV."
            )


def _unreadable(path: Path, error: Exception) -> PhotoTableError:
    words = " ".join(str(error)[:300].split())
    return PhotoTableError(
        f"{path.name}: the file must be a Parquet table, but reading it failed ({words}). Copy it "
        "again from its source, or give a CSV."
    )
