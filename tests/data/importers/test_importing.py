"""An import ends well or goes on: killed, disk full, images gone; nothing twice, nothing lost."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocore.data.importers import ImportOptions, import_photos, repeated_ids
from geocore.data.importers import importing as module
from geocore.data.importers.import_report import load_report
from geocore.data.importers.repeated_ids import repeated_rows, save_keys
from geocore.data.photo_checks import DUPLICATE, LAT_RANGE, NO_POSITION
from geocore.data.photos import load_coordinates, load_photos
from geocore.errors import PhotoTableError
from tests.data.importers.made import JPEG, europe, record, write_images, write_shards

SMALL = 400  # bytes of text a piece is made of


def csv_of(path: Path, n_rows: int) -> Path:
    """A table with an id that comes back, a missing position, and a column of two kinds."""
    table = europe(n_rows).assign(N=[str(i) for i in range(n_rows)], AUTHOR="7@N00")
    table.loc[n_rows - 1, "IMG_ID"] = "3.jpg"
    table.loc[n_rows // 2, "LAT"] = np.nan
    table.loc[n_rows - 2, "N"] = "0.5"
    table.to_csv(path, index=False)
    return path


def small(**others: object) -> ImportOptions:
    return ImportOptions(chunk_bytes=SMALL, **others)


@pytest.mark.parametrize("table", ["photos.parquet", "photos.csv"])
def test_pieces_make_the_table_that_one_reading_makes(tmp_path: Path, table: str) -> None:
    source = csv_of(tmp_path / "t.csv", 80)
    rows: list[int] = []
    report = import_photos(
        source, tmp_path / "out", options=small(table=table, progress=rows.append)
    )
    assert len(rows) > 4
    assert sum(rows) == report.n_in == 80
    expected = load_coordinates(source)
    found = load_coordinates(tmp_path / "out").photos
    pd.testing.assert_frame_equal(found, expected.photos)
    assert found["N"].dtype == np.float64
    assert report.reasons == {NO_POSITION: 1, DUPLICATE: 1}
    assert report.examples[DUPLICATE] == "row 81, 3.jpg"
    dropped = pd.read_csv(tmp_path / "out" / "dropped.csv")
    assert dropped["row"].tolist() == expected.dropped["row"].tolist() == [42, 81]
    assert sorted(x.name for x in (tmp_path / "out").iterdir()) == [
        "dropped.csv",
        "import.json",
        table,
    ]
    summary = load_report(tmp_path / "out").summary()
    assert summary.startswith("t.csv (MP-16, Im2GPS3k or YFCC25k table (IMG_ID, AUTHOR, LAT, LON))")
    assert "78 of 80 photos imported into" in summary
    assert "left out: 1 × duplicate IMG_ID (the first one counts) (first: row 81, 3" in summary
    assert "Images: none, the table holds positions only." in summary


KILLED = """
import os, signal, sys
from geocore.data.importers import ImportOptions, import_photos
calls = []
def progress(n):
    calls.append(n)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
import_photos(sys.argv[1], sys.argv[2], options=ImportOptions(chunk_bytes=400, progress=progress))
"""


def test_a_killed_import_goes_on(tmp_path: Path) -> None:
    source, out = csv_of(tmp_path / "t.csv", 80), tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", KILLED, source, out], check=False)
    assert done.returncode == -9
    assert not (out / "photos.parquet").exists()
    rows: list[int] = []
    report = import_photos(source, out, options=small(progress=rows.append))
    assert sum(rows) < 80 == report.n_in, "what was done is not done again"
    whole = import_photos(source, tmp_path / "whole", options=small())
    assert (report.n_out, report.reasons) == (whole.n_out, whole.reasons)
    tables = [(x / "photos.parquet").read_bytes() for x in (out, tmp_path / "whole")]
    assert tables[0] == tables[1]
    assert not (out / ".import").exists()
    assert import_photos(source, out, options=small(progress=rows.append)) == report


@pytest.mark.parametrize("n_good", [0, 7, 24])
def test_a_full_disk_leaves_a_state_to_go_on_from(
    tmp_path: Path, n_good: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write that fails is one of a piece, of its note, or of the last table."""
    source, out = csv_of(tmp_path / "t.csv", 80), tmp_path / "out"
    calls: list[int] = []

    def fsync(number: int) -> None:
        calls.append(number)
        if len(calls) > n_good:
            raise OSError(28, "No space left on device", "disk")

    with monkeypatch.context() as patch:
        patch.setattr("geocore.data.whole_files.os.fsync", fsync)
        with pytest.raises(
            PhotoTableError, match=r"import stopped \(No space left on device: .*again: it goes on"
        ):
            import_photos(source, out, options=small())
    assert not (out / "import.json").exists()
    report = import_photos(source, out, options=small())
    assert (report.n_in, report.n_out) == (80, 78)
    assert len(load_coordinates(out).photos) == 78


def test_images_that_vanish_are_not_called_missing(tmp_path: Path) -> None:
    source, out = csv_of(tmp_path / "t.csv", 80), tmp_path / "out"
    images = write_images(tmp_path / "images", [f"{i}.jpg" for i in range(60)])
    gone = tmp_path / "unplugged"

    def unplug(_: int) -> None:
        if images.exists():
            images.rename(gone)

    with pytest.raises(PhotoTableError, match=r"folder of the images is not there.*it goes on"):
        import_photos(source, out, options=small(progress=unplug), images=images)
    with pytest.raises(PhotoTableError, match="folder of the images is not there"):
        import_photos(source, out, options=small(), images=images)
    with pytest.raises(PhotoTableError, match="the import into this folder is not finished"):
        load_photos(out)
    gone.rename(images)
    report = import_photos(source, out, options=small(), images=images)
    assert report.n_out == 59
    assert report.reasons == {NO_POSITION: 1, "image file not found": 19, DUPLICATE: 1}
    assert len(load_photos(out).photos) == 59
    assert (out / "images").resolve() == images.resolve()
    images.rename(gone)
    with pytest.raises(PhotoTableError, match=r"images leads to .*images, which is not there"):
        load_photos(out)


def test_shards_go_on_within_a_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geocore.data.importers.shards.RECORDS_AT_ONCE", 3)
    records = [[record(f"{shard}_{i}.jpg") for i in range(7)] for shard in range(2)]
    source, out = write_shards(tmp_path / "s", records), tmp_path / "out"

    def stop(_: int) -> None:
        if len(list((out / "images").iterdir())) >= 10:
            raise OSError(5, "Input/output error", "disk")

    with pytest.raises(PhotoTableError, match="Input/output error"):
        import_photos(source, out, options=ImportOptions(progress=stop))
    rows: list[int] = []
    report = import_photos(source, out, options=ImportOptions(progress=rows.append))
    assert (sum(rows), report.n_out) == (4, 14)
    photos = load_photos(out).photos["photo_id"].tolist()
    assert photos == [x["id"] for shard in records for x in shard]
    assert not list((out / "images").glob(".*"))


def test_what_lies_in_the_folder_is_respected(tmp_path: Path) -> None:
    source, out = csv_of(tmp_path / "t.csv", 30), tmp_path / "out"
    out.mkdir()
    (out / "photos.csv").write_text("IMG_ID,LAT,LON\n", "utf-8")
    with pytest.raises(ValueError, match=r"must be a new folder, but it holds photos\.csv already"):
        import_photos(source, out)
    assert (out / "photos.csv").read_text("utf-8") == "IMG_ID,LAT,LON\n"
    with pytest.raises(ValueError, match=r"photos\.parquet or photos\.csv, received photos\.xlsx"):
        ImportOptions(table="photos.xlsx")
    write_images(tmp_path / "folder", ["a.jpg"])
    with pytest.raises(ValueError, match="must not lie inside the folder that is imported"):
        import_photos(tmp_path / "folder", tmp_path / "folder" / "out")
    with pytest.raises(ValueError, match="Shards hold their images"):
        import_photos(write_shards(tmp_path / "s", [[record("a")]]), tmp_path / "o2", images=out)
    with pytest.raises(PhotoTableError, match="there is no photo in it"):
        import_photos(source, tmp_path / "o3", images=tmp_path / "s")


def test_another_import_does_not_go_on_with_this_ones_pieces(tmp_path: Path) -> None:
    source, out = csv_of(tmp_path / "t.csv", 80), tmp_path / "out"

    def stop(_: int) -> None:
        raise OSError(5, "Input/output error", "disk")

    with pytest.raises(PhotoTableError):
        import_photos(source, out, options=small(progress=stop))
    with pytest.raises(PhotoTableError, match=r"asked for otherwise \(swap: False, now True\)"):
        import_photos(source, out, options=small(swap=True))
    csv_of(source, 81)
    with pytest.raises(PhotoTableError, match=r"asked for otherwise \(bytes: \d+, now \d+\)"):
        import_photos(source, out, options=small())


def is_european(lat: np.ndarray, lng: np.ndarray) -> np.ndarray:
    return (lat > 35) & (lat < 70) & (np.abs(lng) < 30)


def test_swapped_columns_are_named_and_exchanged_only_on_request(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    europe(60, swapped=True).to_csv(source, index=False)
    out, asks = tmp_path / "out", {"is_plausible": is_european}
    with pytest.raises(PhotoTableError, match=r"of 60 rows .* 0% lie .* 100% would .* --swap"):
        import_photos(source, out, options=ImportOptions(**asks))
    assert not list(out.iterdir()), "nothing is begun"
    assert import_photos(
        source, tmp_path / "as_is", options=ImportOptions(swap=False, **asks)
    ).n_out
    report = import_photos(source, out, options=ImportOptions(swap=True, **asks))
    assert "exchanged, as asked" in report.summary()
    lat, lng = (load_coordinates(out).photos[x].to_numpy() for x in ("lat", "lng"))
    assert is_european(lat, lng).all()
    europe(60).to_csv(source, index=False)
    assert not import_photos(source, tmp_path / "right", options=ImportOptions(**asks)).is_swapped


def test_the_swapped_columns_of_a_widely_used_test_file(tmp_path: Path) -> None:
    """The header and places of im2gps3k_places365.csv: latitudes beyond 90 in the column LAT."""
    rows = ["32.3,-64.8", "29.98,122.4", "46.5,30.8", "42.2,-87.8", "62.1,6.1", "43.1,131.9"] * 4
    lines = [f"{i}.jpg,7@N00,{row},2" for i, row in enumerate(rows)]
    source = tmp_path / "im2gps3k_places365.csv"
    source.write_text("\n".join(["IMG_ID,AUTHOR,LON,LAT,S3_Label", *lines]) + "\n", "utf-8")
    with pytest.raises(PhotoTableError, match=r"8 of 24 rows \(first: LAT 122\.4, LON 29\.98\)"):
        import_photos(source, tmp_path / "out")
    report = import_photos(source, tmp_path / "out", options=ImportOptions(swap=True))
    assert report.n_out == 24
    photos = load_coordinates(tmp_path / "out").photos
    assert photos.loc[1, ["lat", "lng"]].tolist() == [29.98, 122.4]
    report = import_photos(source, tmp_path / "as_is", options=ImportOptions(swap=False))
    assert report.reasons == {LAT_RANGE: 8}


def test_pieces_without_a_usable_photo_are_no_hindrance(tmp_path: Path) -> None:
    table = europe(80).assign(N=1, CITY="Rome")
    table.loc[10:60, ["LAT", "N", "CITY"]] = [None, None, None]
    table.to_csv(tmp_path / "t.csv", index=False)
    report = import_photos(tmp_path / "t.csv", tmp_path / "out", options=small())
    assert report.reasons == {NO_POSITION: 51}
    photos = load_coordinates(tmp_path / "out").photos
    assert photos["N"].tolist() == [1] * 29
    assert set(photos["CITY"]) == {"Rome"}


def test_no_usable_photo_is_an_error_with_its_reasons(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text("IMG_ID,LAT,LON\na.jpg,,\n../b.jpg,1,2\n", "utf-8")
    with pytest.raises(
        PhotoTableError, match=r"(?s)No usable photo is left.*0 of 2.*Correct the source"
    ):
        import_photos(source, tmp_path / "out")
    assert not (tmp_path / "out" / ".import").exists()


def test_ids_that_point_out_of_the_folder_are_refused_without_images_too(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    ids = ["a.jpg", "../b.jpg", "/c.jpg", "x/../../d.jpg", "C:/e.jpg", "..\\f.jpg", "ok..jpg"]
    source.write_text("IMG_ID,LAT,LON\n" + "".join(f"{i},1,2\n" for i in ids), "utf-8")
    report = import_photos(source, tmp_path / "out")
    assert load_coordinates(tmp_path / "out").photos["photo_id"].tolist() == ["a.jpg", "ok..jpg"]
    assert report.reasons == {"image file outside the folder of the table": 5}


def test_images_beside_a_table_are_found_without_being_named(tmp_path: Path) -> None:
    table = europe(3).assign(IMG_ID=["images/a.jpg", "b", "c.png"])
    table.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "images").mkdir()
    for name in ("a.jpg", "b.jpeg", "c.jpg"):
        (tmp_path / "images" / name).write_bytes(JPEG)
    import_photos(tmp_path / "t.csv", tmp_path / "out")
    assert load_photos(tmp_path / "out").photos["photo_id"].tolist() == ["a.jpg", "b.jpeg", "c.jpg"]


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=6),
    n_ids=st.integers(1, 80),
    at_once=st.sampled_from([1, 7, 1000]),
    seed=st.integers(0, 1000),
)
def test_repeated_ids_are_those_that_pandas_finds(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], n_ids: int, at_once: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("keys")
    random = np.random.default_rng(seed)
    parts = [pd.Series([f"{i}" for i in random.integers(0, n_ids, n)], dtype="str") for n in sizes]
    for number, part in enumerate(parts):
        save_keys(part, folder / f"{number}.npy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeated_ids, "IDS_AT_ONCE", at_once)
        found = repeated_rows([folder / f"{i}.npy" for i in range(len(parts))])
    is_repeated = pd.concat(parts, ignore_index=True).duplicated().to_numpy()
    ends = np.cumsum(sizes)
    expected = [np.flatnonzero(is_repeated[e - n : e]) for e, n in zip(ends, sizes, strict=True)]
    assert [x.tolist() for x in found] == [x.tolist() for x in expected]


def peak_bytes(source: Path, out: Path) -> int:
    """Most memory that an import held at once, Python's and Arrow's."""
    pool = pa.proxy_memory_pool(pa.default_memory_pool())
    before = pa.default_memory_pool()
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        import_photos(source, out, options=ImportOptions(chunk_bytes=1 << 15))
        return tracemalloc.get_traced_memory()[1] + pool.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(before)


def test_memory_does_not_grow_with_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated_ids, "IDS_AT_ONCE", 1000)
    import_photos(csv_of(tmp_path / "warm.csv", 100), tmp_path / "warm")
    peaks = [
        peak_bytes(csv_of(tmp_path / f"{n}.csv", n), tmp_path / f"{n}") for n in (6_000, 18_000)
    ]
    assert peaks[1] < 1.3 * peaks[0], peaks
    assert module.N_LISTED == 1000
