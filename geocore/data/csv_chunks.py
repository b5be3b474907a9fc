"""Data stage: any CSV as a stream of text columns, in memory that does not grow with the file.

It knows no photo. Rows are numbered as a reader of the file would, the first line being 1; a row
with fewer or more fields than the header is read as well as it can be, and marked.
"""

import bz2
import csv
import gzip
import lzma
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from geocore.data.arrow_file import FileForArrow
from geocore.errors import PhotoTableError

CHUNK_BYTES = 8 * 1024 * 1024
MAX_LINE_BYTES = 1 << 20
MAX_COLUMNS = 10_000
MAX_ODD_AT_ONCE = 1_000_000
"""Rows of another width than the header's, one after the other."""
# Arrow reads up to 32 blocks ahead; blocks smaller than pieces keep that small.
_BLOCKS_PER_CHUNK = 8
_UNCLOSED = "a quotation mark is opened and never closed"
_OTHER_WIDTH = "{:,} rows on end have more or fewer fields than the {} that the first line names"
_OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_UNREADABLE = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError),
    *(UnicodeError, csv.Error, pa.ArrowInvalid),
)


@dataclass(frozen=True, kw_only=True)
class CsvLayout:
    """How a file divides into fields.

    Attributes:
        separator: One character.
        columns: Name of each field, "" where it has none.
        has_header: Whether the first line holds those names.
        is_quoted: Whether quotation marks may enclose a field; otherwise they are letters.
    """

    separator: str
    columns: tuple[str, ...]
    has_header: bool = True
    is_quoted: bool = True


def open_binary(path: Path) -> IO[bytes]:
    """Open a file that may be compressed (.gz, .bz2, .xz), as the bytes it stands for."""
    opener: Any = _OPENERS.get(path.suffix.lower(), open)
    return opener(path, "rb")


def first_line(path: Path) -> str:
    """The first line of a text file, without its line break; "" of an empty file.

    Raises:
        PhotoTableError: The file cannot be read, its beginning is no text in UTF-8, or the line is
            longer than `MAX_LINE_BYTES`.
    """
    try:
        with open_binary(path) as file:
            line = file.readline(MAX_LINE_BYTES + 1)
        text = line.decode("utf-8-sig").rstrip("\r\n")
        if "\0" in text:
            raise UnicodeError("the first line has characters of zero bytes, as in UTF-16")
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    if len(line) > MAX_LINE_BYTES:
        raise PhotoTableError(
            f"{path.name}: no line may be longer than {MAX_LINE_BYTES:,} bytes, but the first one "
            "is. Check that this is a table, or save it again with fewer columns."
        )
    return text


def header_layout(path: Path) -> CsvLayout:
    """The layout that the first line of a CSV gives: commas, semicolons or tabs, and its names.

    Raises:
        PhotoTableError: The file cannot be read, or its first line is empty, names more than
            `MAX_COLUMNS` columns, or holds or needs line breaks within.
    """
    line = first_line(path)
    if not line.strip():
        raise PhotoTableError(
            f"{path.name}: the first line must name the columns IMG_ID,LAT,LON, received nothing. "
            "Add that line."
        )
    separator = max(",;\t", key=line.count)
    columns = _names_in(line, separator, path.name)
    return CsvLayout(separator=separator, columns=tuple(column.strip() for column in columns))


def _names_in(line: str, separator: str, file: str) -> list[str]:
    if "\r" in line:
        raise PhotoTableError(
            f"{file}: lines must end as on Windows or Linux, but the first one holds the line ends "
            "of an old Mac. Save the table again as 'CSV UTF-8'."
        )
    if line.count(separator) >= MAX_COLUMNS:
        raise PhotoTableError(
            f"{file}: a table of photos may have {MAX_COLUMNS:,} columns, received "
            f"{line.count(separator) + 1:,}. Save it again with fewer."
        )
    try:
        return next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error as error:
        raise PhotoTableError(
            f"{file}: the first line must name the columns, but it cannot be read ({error}). "
            "Names must be short, without line breaks, and their quotation marks closed."
        ) from error


def csv_chunks(
    path: Path,
    layout: CsvLayout,
    *,
    only: Collection[int] | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> Iterator[pd.DataFrame]:
    """Read a CSV piece by piece; the pieces are the same each time.

    Args:
        path: The file, compressed or not.
        layout: How it divides into fields.
        only: Positions of the fields to read; all by default.
        chunk_bytes: About how many bytes of text a piece is made of; no row may be longer than an
            eighth of it.

    Yields:
        One row per row of the file: the fields as text under their positions 0, 1, ... (missing
        where empty), row (int, number of the row), overlong (bool, more fields than columns).

    Raises:
        PhotoTableError: The file cannot be read.
    """
    fields = sorted(range(len(layout.columns)) if only is None else only)
    try:
        with open_binary(path) as binary, FileForArrow(binary) as file:
            last = None
            for chunk in _chunks(file, layout, fields, chunk_bytes):
                last = chunk.iloc[-1]
                yield chunk
            if layout.is_quoted and file.n_quotes % 2 and _has_line_break(last):
                raise csv.Error(_UNCLOSED)
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error


def _has_line_break(row: pd.Series | None) -> bool:
    return row is not None and any("\n" in field for field in row if isinstance(field, str))


def _chunks(
    file: FileForArrow, layout: CsvLayout, fields: list[int], chunk_bytes: int
) -> Iterator[pd.DataFrame]:
    odd: list[tuple[int, str]] = []
    next_row = 2 if layout.has_header else 1
    batches = _batches(file, layout, fields, chunk_bytes // _BLOCKS_PER_CHUNK, odd)
    while some := list(islice(batches, _BLOCKS_PER_CHUNK)):
        batch = pa.Table.from_batches(some)
        numbers = np.array(sorted(number for number, _ in odd), dtype=np.int64)
        rows = np.arange(next_row, next_row + batch.num_rows + len(numbers))
        rows = rows[~np.isin(rows, numbers)][: batch.num_rows]
        last = int(rows[-1]) if len(rows) else next_row - 1
        last = _end_of_run(numbers, last)
        passed = [row for row in odd if row[0] <= last]
        odd[:] = [row for row in odd if row[0] > last]
        next_row = last + 1
        if batch.num_rows or passed:
            table = batch.to_pandas().set_axis(fields, axis="columns")
            yield _with_odd_rows(table.assign(row=rows, overlong=False), passed, layout)
    if odd:
        yield _odd_rows(odd, layout)[[*fields, "row", "overlong"]]


def _end_of_run(numbers: np.ndarray, last: int) -> int:
    """The last of the numbers that follow `last` without a gap: no other row is among them."""
    after = numbers[numbers > last]
    return last + int((after == np.arange(last + 1, last + 1 + len(after))).cumprod().sum())


def _batches(
    file: FileForArrow,
    layout: CsvLayout,
    fields: list[int],
    block_bytes: int,
    odd: list[tuple[int, str]],
) -> Iterator[pa.RecordBatch]:
    """The rows of the right width; those of another are put into `odd` as number and text."""

    def put_aside(row: Any) -> str:
        odd.append((row.number, row.text))
        return "skip" if len(odd) < MAX_ODD_AT_ONCE else "error"

    names = [str(position) for position in range(len(layout.columns))]
    reading = pa_csv.ReadOptions(
        column_names=names,
        skip_rows=int(layout.has_header),
        block_size=block_bytes,
        use_threads=False,  # only then rows are numbered
    )
    parsing = pa_csv.ParseOptions(
        delimiter=layout.separator,
        quote_char='"' if layout.is_quoted else False,
        newlines_in_values=layout.is_quoted,
        ignore_empty_lines=False,
        invalid_row_handler=put_aside,
    )
    converting = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.large_string()),
        include_columns=[names[field] for field in fields],
        strings_can_be_null=True,
        null_values=[""],  # "NA" is Namibia, not a missing value.
    )
    try:
        yield from pa_csv.open_csv(file, reading, parsing, converting)
    except pa.ArrowInvalid as error:
        if len(odd) >= MAX_ODD_AT_ONCE:
            raise csv.Error(_OTHER_WIDTH.format(len(odd), len(names))) from error
        if "Empty CSV" not in str(error):
            raise


def _with_odd_rows(
    table: pd.DataFrame, odd: list[tuple[int, str]], layout: CsvLayout
) -> pd.DataFrame:
    """The table with rows of another width put in their places."""
    if not odd:
        return table
    rows = pd.concat([table, _odd_rows(odd, layout)[table.columns]])
    return rows.sort_values("row", kind="stable", ignore_index=True)


def _odd_rows(odd: list[tuple[int, str]], layout: CsvLayout) -> pd.DataFrame:
    """Rows with fewer or more fields than columns, as far as they can be read."""
    n_columns = len(layout.columns)
    fields = [_fields(text, layout) for _, text in odd]
    cells = [[field or None for field in (row + [""] * n_columns)[:n_columns]] for row in fields]
    return pd.DataFrame(cells, columns=range(n_columns), dtype="str").assign(
        row=[number for number, _ in odd], overlong=[any(row[n_columns:]) for row in fields]
    )


def _fields(text: str, layout: CsvLayout) -> list[str]:
    if not layout.is_quoted:
        return text.split(layout.separator)
    try:
        return next(csv.reader([text], delimiter=layout.separator, strict=True), [])
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise csv.Error(_UNCLOSED) from error
        return next(csv.reader([text], delimiter=layout.separator), [])


def _unreadable(path: Path, error: Exception) -> PhotoTableError:
    if isinstance(error, OSError) and error.errno:
        return PhotoTableError(
            f"{path}: the file cannot be read ({error.strerror}). Check that it is there and may "
            "be read, then try again."
        )
    reason = f"a row is very long: {_UNCLOSED}?" if "straddl" in str(error) else error
    return PhotoTableError(
        f"{path.name}: the file must be a table in UTF-8 (.csv or .csv.gz), but reading it "
        f"failed ({reason}). Save it again as 'CSV UTF-8'."
    )
