"""Collections made to break an importer: refused with a sentence, or one row left out."""

import gzip
import io
from pathlib import Path

import msgpack
import pandas as pd
import pytest

from geocore.data.importers import import_photos, measured_json, shards
from geocore.data.importers.shards import DAMAGED, NO_RECORD
from geocore.data.photo_checks import NO_ID, NO_POSITION, NOT_A_NUMBER
from geocore.data.photo_files import OUTSIDE
from geocore.data.photos import load_coordinates
from geocore.errors import PhotoTableError
from tests.data.importers.made import record, write_json, write_shards

GOOD = '{"id":"1","lat":1.5,"lng":2.5}'


@pytest.mark.parametrize("name", ["reason", "image", "row", "path"])
def test_columns_called_as_what_an_import_notes_are_columns(tmp_path: Path, name: str) -> None:
    """A column `reason` was taken for why its row cannot be used."""
    (tmp_path / "t.csv").write_text(f"IMG_ID,LAT,LON,{name}\na,1,2,mine\n", "utf-8")
    assert import_photos(tmp_path / "t.csv", tmp_path / "out").n_out == 1
    photos = load_coordinates(tmp_path / "out").photos
    assert "mine" in photos.iloc[0, 4:].tolist()


def test_a_column_without_a_name_says_nothing_of_videos(tmp_path: Path) -> None:
    table = {"IMG_ID": ["a", "b"], "LAT": [1.0, 2.0], "LON": [3.0, 4.0], "": ["7", "8"]}
    pd.DataFrame(table).to_parquet(tmp_path / "t.parquet")
    assert import_photos(tmp_path / "t.parquet", tmp_path / "out").n_out == 2


@pytest.mark.parametrize(
    "content",
    [
        "[" * 50_000,
        '{"a":' * 20_000 + "1" + "}" * 20_000,
        f'{{"data":[{GOOD},{{"id":"2","x":' + "[" * 20_000 + "]" * 20_000 + "}]}",
        '{"data":[{"id":"1","lat":1,"lng":2,"n":' + "9" * 100_000 + "}]}",
        '{"data":[{"id":"1","lat":1e999999,"lng":2}]}',
        f'{{"data":[{GOOD}]}} and more',
        "",
    ],
)
def test_json_that_is_deep_endless_or_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.json").write_text(content, "utf-8")
    with pytest.raises(PhotoTableError, match=r"m\.json: the file must be JSON.* Download it"):
        import_photos(tmp_path / "m.json", tmp_path / "out")


@pytest.mark.parametrize("content", [f'{{"data":[{GOOD},{{"id":"%s"}}]}}', '{"x":"%s","data":[]}'])
def test_one_entry_is_not_gathered_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(measured_json, "MAX_ENTRY_BYTES", 200_000)
    text = (content % ("a" * 500_000)).encode()
    (tmp_path / "m.json.gz").write_bytes(gzip.compress(text))
    with pytest.raises(PhotoTableError, match="an entry is longer than 200,000 bytes"):
        import_photos(tmp_path / "m.json.gz", tmp_path / "out")


def test_many_entries_are_no_long_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured_json, "MAX_ENTRY_BYTES", 200_000)
    entries = ",".join(f'{{"id":"{i}","lat":1,"lng":2}}' for i in range(9_000))
    (tmp_path / "m.json").write_text(f'{{"data":[{entries}]}}', "utf-8")
    assert import_photos(tmp_path / "m.json", tmp_path / "out").n_out == 9_000


@pytest.mark.parametrize("spoil", [lambda x: x[:60], lambda x: x[:-4] + b"oops", lambda x: x[5:]])
def test_compressed_json_that_is_cut_or_spoilt(tmp_path: Path, spoil: object) -> None:
    text = '{"data":[' + ",".join([GOOD] * 1_000) + "]}"
    (tmp_path / "m.json.gz").write_bytes(spoil(gzip.compress(text.encode())))
    with pytest.raises(PhotoTableError, match=r"m\.json\.gz: the file must be JSON.* Download it"):
        import_photos(tmp_path / "m.json.gz", tmp_path / "out")


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 1_000])
def test_brackets_within_texts_are_no_depth(at_once: int) -> None:
    text = rb'{"a[[\\": ["\"[[", "x]", {"b": "\\\\"}], "[[[": "]", "c": 1}'
    file = measured_json.MeasuredJson(io.BytesIO(text))
    while file.read(at_once):
        assert file._depth <= 3
    assert file._depth == 0


def test_odd_entries_of_json_are_rows_left_out(tmp_path: Path) -> None:
    entries = [
        {"id": "1", "geometry": {"coordinates": [1, 2]}},
        {"id": ["2"], "lat": 1, "lng": 2},
        {"id": "3", "geometry": {"coordinates": "abc"}},
        {"id": "4", "geometry": {"coordinates": [{"a": 1}, 2]}},
        {"id": "5\0", "lat": 1, "lng": 2},
        {"id": "6", "lat": 1, "lng": 2, "captured_at": "²²²²²²²²²²²²"},
        "no object",
    ]
    report = import_photos(write_json(tmp_path / "m.json", entries), tmp_path / "out")
    assert report.reasons == {NO_ID: 2, NO_POSITION: 1, NOT_A_NUMBER: 1, OUTSIDE: 1}
    assert load_coordinates(tmp_path / "out").photos["photo_id"].tolist() == ["1", "6"]


@pytest.mark.parametrize(
    "junk",
    [
        b"\xdd\x0b\xeb\xc2\x00" * 50,  # lists that claim 200 million items, one in the other
        b"\xdf\x0b\xeb\xc2\x00" * 50,
        b"\x91" * 100_000,
        b"\xdb\xff\xff\xff\xff",
        b"\xc7\x0c\xff" + b"\xff" * 12,  # a moment that no calendar knows
    ],
)
def test_shards_that_claim_more_than_they_hold(tmp_path: Path, junk: bytes) -> None:
    source = write_shards(tmp_path / "s", [[record("a.jpg")], [record("b.jpg")]])
    with (source / "shard_0.msg").open("ab") as file:
        file.write(junk)
    report = import_photos(source, tmp_path / "out")
    assert (report.n_out, report.reasons) == (2, {DAMAGED: 1})


def test_odd_ids_and_places_in_a_shard_are_rows_left_out(tmp_path: Path) -> None:
    nested: list = []
    for _ in range(400):
        nested = [nested]
    odd = [
        record("x", id=nested),
        record("y" * 100_000),
        record("z", latitude=[1]),
        record("moment", latitude=msgpack.Timestamp(1, 2)),
    ]
    source = write_shards(tmp_path / "s", [[*odd, record("good.jpg")]])
    report = import_photos(source, tmp_path / "out")
    assert (report.n_out, report.reasons) == (1, {NO_RECORD: 2, NO_POSITION: 2})


def test_a_piece_of_large_images_has_fewer_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "BYTES_AT_ONCE", 2_000)
    source = write_shards(tmp_path / "s", [[record(f"{i}.jpg") for i in range(9)]])
    pieces = [piece for piece, _ in shards.read_shards(source, [])]
    assert len(pieces) > 2
    _, at = next(shards.read_shards(source, []))
    rest = [piece for piece, _ in shards.read_shards(source, at)]
    assert [len(x) for x in rest] == [len(x) for x in pieces[1:]]
