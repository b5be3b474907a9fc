"""A CSV in pieces: the rows that a plain reader gives, whatever the pieces, and their numbers."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocore.data.column_types import as_written, common_kind
from geocore.data.csv_chunks import CsvLayout, csv_chunks, first_line, header_layout
from geocore.errors import PhotoTableError

cell = st.sampled_from(["", "1", "a b", "a,b", 'in "quotes"', "two\nlines", "é", "x" * 30])
rows = st.lists(st.lists(cell, min_size=2, max_size=5), max_size=40)


def read(path: Path, **options: object) -> pd.DataFrame:
    return pd.concat(list(csv_chunks(path, header_layout(path), **options)), ignore_index=True)


@settings(max_examples=60)
@given(
    table=rows, line_end=st.sampled_from(["\n", "\r\n"]), chunk_bytes=st.sampled_from([1600, 9999])
)
def test_rows_of_any_width_are_those_of_a_plain_reader(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[list[str]],
    line_end: str,
    chunk_bytes: int,
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    text = io.StringIO()
    table = [["A", "B", "C"], ["first", "", ""], *table]
    csv.writer(text, lineterminator=line_end).writerows(table)
    path.write_bytes(text.getvalue().encode())
    found = read(path, chunk_bytes=chunk_bytes)
    expected = [([*row, "", ""][:3], any(row[3:])) for row in table[1:]]
    cells = found[[0, 1, 2]].fillna("").to_numpy().tolist()
    assert list(zip(cells, found["overlong"], strict=True)) == expected
    assert found["row"].tolist() == list(range(2, len(table) + 1))
    some = read(path, chunk_bytes=chunk_bytes, only=[2])
    pd.testing.assert_frame_equal(some, found[[2, "row", "overlong"]])


def test_fields_without_quotes_and_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "t").write_text('1\t"a\n2\tb"\n3\tc\td\n', "utf-8")
    layout = CsvLayout(separator="\t", columns=("x", "y"), has_header=False, is_quoted=False)
    found = pd.concat(list(csv_chunks(tmp_path / "t", layout)))
    assert found[1].tolist() == ['"a', 'b"', "c"]
    assert found["row"].tolist() == [1, 2, 3]
    assert found["overlong"].tolist() == [False, False, True]


@pytest.mark.parametrize(
    "body",
    ['a,1,"2\nb,3,4\nc,5,6\n', 'a,1,"2\n' + "b,3,4\n" * 3000, '"a,1,2\nb,3,4\n', 'a,1,2\nb,"3\n'],
)
def test_a_quotation_mark_that_swallows_the_rest_is_an_error(tmp_path: Path, body: str) -> None:
    """The rows it swallows would otherwise be lost without a word."""
    (tmp_path / "t.csv").write_text("IMG_ID,LAT,LON\n" + body, "utf-8")
    for chunk_bytes in (1600, 1 << 20):
        with pytest.raises(PhotoTableError, match=r"t\.csv.*a quotation mark is opened and never"):
            read(tmp_path / "t.csv", chunk_bytes=chunk_bytes)


def test_a_lone_quotation_mark_inside_a_field_is_a_letter(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('A,B\n5" screen,1\nb,2\n', "utf-8")
    assert read(tmp_path / "t.csv")[0].tolist() == ['5" screen', "b"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PhotoTableError, match=r"gone\.csv: the file cannot be read \(No such file"):
        first_line(tmp_path / "gone.csv")
    (tmp_path / "cut.csv.bz2").write_bytes(b"BZh91AY&SY no")
    with pytest.raises(PhotoTableError, match=r"cut\.csv\.bz2: .*failed"):
        header_layout(tmp_path / "cut.csv.bz2")
    (tmp_path / "t.csv").write_bytes(b"A,B\n" + b"1,2\n" * 9 + b"\xff\xfe,3\n")
    with pytest.raises(PhotoTableError, match="'CSV UTF-8'"):
        read(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", " 2", "-3"], [1, 2, -3]),
        (["1", None, "3"], [1.0, None, 3.0]),
        (["1.5", "2", "1e3"], [1.5, 2.0, 1000.0]),
        (["01", "02"], ["01", "02"]),
        (["0", "0.5"], [0.0, 0.5]),
        (["3859149887465501", "12345678901234567"], ["3859149887465501", "12345678901234567"]),
        (["1", "x"], ["1", "x"]),
        ([None, None], [None, None]),
        (["NA", "IT"], ["NA", "IT"]),
    ],
)
def test_text_becomes_numbers_only_where_nothing_is_lost(values: list, expected: list) -> None:
    found = as_written(pd.Series(values, dtype="str"))
    assert [None if pd.isna(x) else x for x in found] == expected
    assert pd.api.types.is_numeric_dtype(found) == isinstance(expected[0], int | float)


def test_a_column_in_pieces_has_the_most_general_kind() -> None:
    assert common_kind(["int", "int"]) == "int"
    assert common_kind(["int", "empty"]) == "float"
    assert common_kind(["float", "int"]) == "float"
    assert common_kind(["int", "text", "empty"]) == "text"
    assert common_kind(["empty"]) == common_kind([]) == "empty"
