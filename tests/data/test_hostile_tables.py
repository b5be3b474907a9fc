"""Tables made to break the reader: a clear error or a row left out, never a crash, never a hang."""

import datetime as dt
import gzip
import os
import struct
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geocore.data import csv_chunks, memory_budget, parquet_rows
from geocore.data.arrow_file import FileForArrow
from geocore.data.csv_chunks import header_layout
from geocore.data.importers import import_photos
from geocore.data.photo_checks import NO_POSITION, NOT_A_NUMBER
from geocore.data.photos import PhotoTable, load_coordinates, load_photos
from geocore.errors import PhotoTableError

N = 30


def loaded(path: Path, /, **columns: object) -> PhotoTable:
    """What is read of a Parquet table with these columns besides, or instead of, the usual ones."""
    table = {
        "IMG_ID": [f"{i}.jpg" for i in range(N)],
        "LAT": [10.0 + i for i in range(N)],
        "LON": [20.0 + i for i in range(N)],
    }
    pq.write_table(pa.table(table | columns), path)
    return load_coordinates(path)


def broken_text(good: bytes = b"ab") -> pa.Array:
    """N texts of two bytes; the first is no UTF-8."""
    offsets = pa.py_buffer(np.arange(0, 2 * N + 1, 2, dtype=np.int32))
    return pa.Array.from_buffers(
        pa.string(), N, [None, offsets, pa.py_buffer(b"\xff\xfe" + good * (N - 1))]
    )


def test_one_text_that_is_no_utf8_costs_one_row(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    assert loaded(path, LAT=broken_text(b"15")).dropped["reason"].tolist() == [NOT_A_NUMBER]
    assert loaded(path, IMG_ID=broken_text()).photos["photo_id"].tolist() == ["��", "ab"]
    assert loaded(path, X=broken_text()).photos["X"].tolist() == ["��", *["ab"] * (N - 1)]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([2**31 - 1] * N, pa.int32()).cast(pa.date32()),
        pa.array([2**62] * N, pa.int64()).cast(pa.time64("us")),
        pa.array([0] * N, pa.timestamp("ms", tz="Europe/Nowhere")),
        pa.array([2**62] * N, pa.timestamp("ms")),
        pa.array([Decimal("1.5")] * N, pa.decimal256(50, 3)),
        pa.array([dt.datetime(2020, 1, 1)] * N).dictionary_encode(),
        pa.array(["x"] * N, pa.string_view()),
        pa.array(["x"] * N, pa.large_string()).dictionary_encode(),
        pa.nulls(N),
        pa.array([{"a": 1}] * N),
    ],
    ids=lambda x: str(x.type)[:30],
)
def test_further_columns_of_any_kind_cost_no_row(tmp_path: Path, values: pa.Array) -> None:
    assert len(loaded(tmp_path / "t.parquet", X=values).photos) == N


@pytest.mark.parametrize(
    ("values", "reason"),
    [(pa.array([True] * N), NOT_A_NUMBER), (pa.nulls(N), NO_POSITION)],
)
def test_what_is_no_latitude(tmp_path: Path, values: pa.Array, reason: str) -> None:
    with pytest.raises(PhotoTableError, match=f"{N} × {reason}"):
        loaded(tmp_path / "t.parquet", LAT=values)


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("LAT", pa.array([[1.0]] * N), "list"),
        ("IMG_ID", pa.array([b"x"] * N), "binary"),
        ("IMG_ID", pa.array([b"x"] * N).dictionary_encode(), "dictionary"),
        ("IMG_ID", pa.array([{"a": "x"}] * N), "struct"),
    ],
)
def test_nested_columns_where_plain_ones_are_needed(
    tmp_path: Path, name: str, values: pa.Array, kind: str
) -> None:
    with pytest.raises(PhotoTableError, match=f"column {name} must hold texts or numbers.*{kind}"):
        loaded(tmp_path / "t.parquet", **{name: values})


@pytest.mark.parametrize(
    "name", ["row", "lng", "photo_id", "path", "overlong", "", "a.b", "\x00", "x" * 100_000]
)
def test_further_columns_may_be_called_as_ours(tmp_path: Path, name: str) -> None:
    found = loaded(tmp_path / "t.parquet", **{name: list(range(N))}).photos
    assert found["photo_id"].tolist() == [f"{i}.jpg" for i in range(N)]
    assert found["lng"].tolist() == [20.0 + i for i in range(N)]
    assert found["path"].tolist() == [""] * N


def test_two_further_columns_never_get_one_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("IMG_ID,LAT,LON,row,ROW_csv\na,1,2,3,4\n", "utf-8")
    found = load_coordinates(tmp_path / "t.csv").photos
    assert found[["row_csv_csv", "ROW_csv"]].to_numpy().tolist() == [[3, 4]]


def test_a_name_that_a_plain_and_a_nested_column_share(tmp_path: Path) -> None:
    schema = pa.schema([("LAT", "float64"), ("LON", "float64"), ("LAT", pa.list_(pa.int8()))])
    columns = [pa.array([1.0]), pa.array([2.0]), pa.array([[1]], pa.list_(pa.int8()))]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), tmp_path / "t.parquet")
    with pytest.raises(PhotoTableError, match="LAT is there more than once"):
        load_coordinates(tmp_path / "t.parquet")


def test_lying_footers_and_spoilt_bytes(tmp_path: Path) -> None:
    """Every file is read or refused; 300 spoilt ones of the same size."""
    path = tmp_path / "t.parquet"
    loaded(path, NAME=["Ann"] * N)
    good = path.read_bytes()
    spoilt = [good[:-8] + struct.pack("<I", n) + b"PAR1" for n in (0, 1, 2**31 - 1, 2**32 - 1)]
    spoilt += [good[:n] for n in (0, 4, 12, len(good) // 2, len(good) - 1)]
    random = np.random.default_rng(5)
    for _ in range(300):
        copy = bytearray(good)
        for at in random.integers(4, len(good) - 8, random.integers(1, 5)):
            copy[at] = random.integers(256)
        spoilt.append(bytes(copy))
    n_refused = 0
    for content in spoilt:
        path.write_bytes(content)
        try:
            load_coordinates(path)
        except PhotoTableError as error:
            n_refused += 1
            assert len(str(error)) < 1_000
    assert n_refused > 100


def test_a_text_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    """Once in the dictionary, twenty times in the table."""
    giant = pa.array(["x" * (2 << 20)])
    values = pa.DictionaryArray.from_arrays(pa.array([0] * N, pa.int32()), giant)
    with pytest.raises(PhotoTableError, match=r"no text may be longer.*column X has one of 2,097"):
        loaded(tmp_path / "t.parquet", X=values)


def test_pieces_are_no_larger_than_they_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_rows, "MAX_PIECE_BYTES", 100_000)
    texts = pa.array(["x" * 20_000, "y" * 20_000]).take(pa.array([0, 1] * (N // 2)))
    pq.write_table(pa.table({"X": texts, "Y": range(N)}), tmp_path / "t.parquet")
    pieces = list(parquet_rows.plain_rows(tmp_path / "t.parquet", ["X", "Y"]))
    assert all(piece.nbytes < 110_000 for piece in pieces)
    assert pa.concat_tables(pieces).to_pydict() == {"X": texts.to_pylist(), "Y": list(range(N))}


def test_pieces_have_no_more_rows_than_they_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_rows, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(parquet_rows, "_DECODED_AT_ONCE", 4)
    pq.write_table(pa.table({"Y": range(N)}), tmp_path / "t.parquet", row_group_size=7)
    pieces = list(parquet_rows.plain_rows(tmp_path / "t.parquet", ["Y"]))
    assert max(map(len, pieces)) <= 10 and len(pieces) >= 4
    assert pa.concat_tables(pieces).to_pydict() == {"Y": list(range(N))}


def test_memory_that_runs_out_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*_: object) -> None:
        raise pa.ArrowMemoryError("malloc of size 81920000 failed")

    monkeypatch.setattr(parquet_rows, "_check_size", run_out)
    with pytest.raises(PhotoTableError, match="must fit into memory, but takes more than a third"):
        loaded(tmp_path / "t.parquet")


def test_groups_of_rows_that_unpack_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_rows, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(PhotoTableError, match="a group of rows may have 100 bytes"):
        loaded(tmp_path / "t.parquet")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_table_that_does_not_fit_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    table = pd.DataFrame({"IMG_ID": [f"{i}" for i in range(99)], "LAT": 1.0, "LON": 2.0})
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    assert len(load_coordinates(tmp_path / name).photos) == 99
    monkeypatch.setattr(memory_budget, "free_bytes", lambda: 3_000)
    with pytest.raises(PhotoTableError, match="must fit into memory"):
        load_coordinates(tmp_path / name)


def test_free_memory_heeds_the_limit_of_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_budget, "_GROUP", tmp_path)
    assert memory_budget.free_bytes() > 1_000
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("4000\n")
    assert memory_budget.free_bytes() == 1_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_budget.free_bytes() > 1_000


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_tables_of_too_many_columns(tmp_path: Path, name: str) -> None:
    names = ["LAT", "LON", *(f"c{i}" for i in range(10_000))]
    if name == "t.csv":
        (tmp_path / name).write_text(",".join(names) + "\n1,2\n", "utf-8")
    else:
        pq.write_table(pa.table({x: [1] for x in names}), tmp_path / name)
    with pytest.raises(PhotoTableError, match=r"may have 10,000 columns, received 10,002"):
        load_coordinates(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"IMG_ID,LAT,LON\ra.jpg,1,2\r", "the line ends of an old Mac"),
        (b'IMG_ID,LAT,LON,"a\nb"\nx,1,2,3\n', "their quotation marks closed"),
        (b"IMG_ID,LAT,LON," + b"x" * 200_000 + b"\na,1,2\n", "Names must be short"),
        (b"IMG_ID,LAT,LON," + b"x" * (1 << 20) + b"\na,1,2\n", "no line may be longer"),
        (b"IMG_ID,LAT,LON\na," + b"x" * (9 << 20) + b"\n", "a row is very long"),
        ("IMG_ID,LAT,LON\na,1,2\n".encode("utf-16-be"), "'CSV UTF-8'"),
        (b"IMG_ID,LAT,LON\n\xe9,1,2\n", "'CSV UTF-8'"),
    ],
)
def test_lines_that_cannot_be_read(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(PhotoTableError, match=message):
        load_coordinates(tmp_path / "t.csv")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(content))
    with pytest.raises(PhotoTableError, match=message):
        load_coordinates(tmp_path / "t.csv.gz")


def test_no_message_controls_a_terminal(tmp_path: Path) -> None:
    escape = "\x1b[2J\u202e"
    (tmp_path / "t.csv").write_text(f"IMG_ID,LAT,LON\na,1,2\n{escape},x,2\n", "utf-8")
    summary = load_coordinates(tmp_path / "t.csv").summary()
    assert "not a number" in summary and summary.isprintable()
    (tmp_path / "o.csv").write_text(f"IMG_ID,LAT,LON\na,1,2\n,1,2\na{escape},1,2\n" * 2, "utf-8")
    report = import_photos(tmp_path / "o.csv", tmp_path / "out")
    assert report.reasons and report.summary().replace("\n", "").isprintable()
    (tmp_path / "u.csv").write_text(f"IMG_ID,{escape}\na,1\n", "utf-8")
    with pytest.raises(PhotoTableError) as error:
        load_coordinates(tmp_path / "u.csv")
    assert str(error.value).isprintable()


def test_messages_name_some_columns_not_thousands(tmp_path: Path) -> None:
    names = ",".join(f"{'long' * 30}{i}" for i in range(2_000))
    (tmp_path / "t.csv").write_text(f"{names}\n", "utf-8")
    with pytest.raises(PhotoTableError, match="and 1,980 more") as error:
        load_coordinates(tmp_path / "t.csv")
    assert len(str(error.value)) < 2_000


def test_rows_of_another_width_are_not_gathered_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("IMG_ID,LAT,LON\na,1,2\n" + "b,1\n" * 900 + "c,3,4\n" + "d,1\n" * 900, "utf-8")
    layout = header_layout(path)
    pieces = list(csv_chunks.csv_chunks(path, layout, chunk_bytes=1_600))
    assert pd.concat(pieces)["row"].tolist() == list(range(2, 1_804))
    assert max(map(len, pieces)) < 500, "they wait for the next row of the right width"
    monkeypatch.setattr(csv_chunks, "MAX_ODD_AT_ONCE", 500)
    path.write_text("IMG_ID,LAT,LON\n" + "b,1\n" * 900, "utf-8")
    with pytest.raises(PhotoTableError, match="500 rows on end have more or fewer fields than the"):
        list(csv_chunks.csv_chunks(path, layout))


ENDS_WHILE_ARROW_READS = """
import sys
from pathlib import Path
from geocore.data.photos import load_coordinates
from geocore.errors import PhotoTableError
try:
    load_coordinates(Path(sys.argv[1]))
except PhotoTableError:
    print("refused")
"""


def test_a_refused_table_lets_the_program_end(tmp_path: Path) -> None:
    """Arrow reads ahead in a thread; a program that ended meanwhile hung or crashed, often."""
    with gzip.open(tmp_path / "t.csv.gz", "wb", compresslevel=1) as file:
        file.write(b"IMG_ID,LAT,LON\n")
        for _ in range(64):
            file.write(b"a" * (1 << 20))
    command = [sys.executable, "-c", ENDS_WHILE_ARROW_READS, str(tmp_path / "t.csv.gz")]
    for _ in range(3):
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert (ended.returncode, ended.stdout) == (0, "refused\n"), ended.stderr


def test_a_stopped_file_waits_for_who_reads_it(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"abc")

    class Slow:
        def read(self, size: int) -> bytes:
            time.sleep(0.01)
            return b'"'

    file = FileForArrow(Slow())
    with file:
        assert (file.read(1), file.n_quotes) == (b'"', 1)
    assert file.read(1) == b""


def test_links_in_a_circle_and_pipes_are_rows_left_out(tmp_path: Path, shared_data: Path) -> None:
    photo = next((shared_data / "exif_photos").rglob("*.jpg"))
    (tmp_path / "a.jpg").write_bytes(photo.read_bytes())
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.jpg")
    found = load_photos(tmp_path)
    assert found.dropped["photo_id"].tolist() == ["loop.jpg", "pipe.jpg", "zero.jpg"]
    assert found.photos["photo_id"].tolist() == ["a.jpg"]
