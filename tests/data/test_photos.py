"""Photo tables: every row is used or dropped with its reason; hopeless tables are refused."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.data import photo_checks as module
from geocore.data.photos import PhotoTable, load_coordinates, load_photos
from geocore.errors import PhotoTableError
from tests.conftest import encode, made_photo, write_table


def table_of(tmp_path: Path, text: str, name: str = "photos.csv") -> PhotoTable:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_coordinates(path)


def reasons(table: PhotoTable) -> list[tuple[int, str]]:
    return list(zip(table.dropped["row"], table.dropped["reason"], strict=True))


def test_folder_and_csv_give_the_same_table(tiny_photo_folder: Path) -> None:
    from_folder, from_csv = (
        load_photos(tiny_photo_folder),
        load_photos(tiny_photo_folder / "photos.csv"),
    )
    pd.testing.assert_frame_equal(from_folder.photos, from_csv.photos)
    assert list(from_folder.photos) == ["photo_id", "path", "lat", "lng", "CITY"]
    assert from_folder.n_rows == len(from_folder.photos) == 40
    assert from_folder.dropped.empty
    assert from_folder.summary() == "photos.csv: 40 of 40 photos can be used."
    assert all(
        Path(path).is_absolute() and Path(path).is_file() for path in from_folder.photos["path"]
    )
    assert from_folder.photos["CITY"].tolist()[:2] == ["Rome", "Nairobi"]


def test_every_unusable_row_is_counted_with_its_reason(make_photo_folder: Callable) -> None:
    folder = make_photo_folder(3)
    rows = [
        ("images/0.jpg", 1.5, 2.5),
        ("0.jpg", 1.5, 2.5),
        ("images/0.jpg", 9, 9),
        ("1.jpg", "", 2),
        ("1.jpg", "nan", 2),
        ("1.jpg", "12°N", 2),
        ("1.jpg", 1, 2, 3),
        ("1.jpg", -90.5, 2),
        ("1.jpg", 5, 180.01),
        ("1.jpg", "inf", 0),
        ("gone.jpg", 1, 2),
        ("../photos.csv", 1, 2),
        ("/etc/passwd", 1, 2),
        ("images/../../x.jpg", 1, 2),
        ("", 1, 2),
        ("1.jpg", 90, -180),
        ("2.jpg", -90, 180),
    ]
    write_table(folder / "photos.csv", rows)
    table = load_photos(folder)
    assert table.photos["photo_id"].tolist() == ["images/0.jpg", "1.jpg", "2.jpg"]
    assert table.photos["lat"].tolist() == [1.5, 90, -90]
    assert reasons(table) == [
        (3, module.DUPLICATE),
        (4, module.DUPLICATE),
        (5, module.NO_POSITION),
        (6, module.NO_POSITION),
        (7, module.NOT_A_NUMBER),
        (8, module.OVERLONG),
        (9, module.LAT_RANGE),
        (10, module.LNG_RANGE),
        (11, module.LAT_RANGE),
        (12, "image file not found"),
        (13, "image file outside the folder of the table"),
        (14, "image file outside the folder of the table"),
        (15, "image file outside the folder of the table"),
        (16, module.NO_ID),
    ]
    assert table.n_rows == 17
    summary = table.summary()
    assert summary.startswith("photos.csv: 3 of 17 photos can be used. Left out: 2 × duplicate")
    assert "2 × LAT outside [-90, 90] (first at row 9: -90.5)" in summary
    assert "1 × LON outside [-180, 180] (first at row 10: 180.01)" in summary
    assert "1 × LAT or LON not a number (first at row 7: 12°N, 2)" in summary


@pytest.mark.parametrize(
    "header",
    ["img_id,lat,lon", "IMG_ID,Latitude,LONGITUDE", "filename,lat,lng", "image, Lat , Long"],
)
def test_spellings_of_the_columns(tmp_path: Path, header: str) -> None:
    table = table_of(tmp_path, f"{header}\na.jpg,1,2\n")
    assert table.photos.iloc[0].tolist() == ["a.jpg", "", 1.0, 2.0]


def test_columns_in_any_order_and_further_ones_as_they_were(tmp_path: Path) -> None:
    text = "COUNTRY,LON,HEADING,LAT,IMG_ID,path\nNA,17.1,90,-22.5,a.jpg,x\nIT,12,,42,b.jpg,y\n"
    photos = table_of(tmp_path, text).photos
    assert photos["COUNTRY"].tolist() == ["NA", "IT"], "Namibia is not a missing value"
    assert photos["HEADING"].tolist()[0] == 90
    assert np.isnan(photos["HEADING"].iloc[1])
    assert photos["path_csv"].tolist() == ["x", "y"]
    assert photos["path"].tolist() == ["", ""]


@pytest.mark.parametrize(
    "text", ["IMG_ID;LAT;LON\na.jpg;41,9;12,5\n", "IMG_ID\tLAT\tLON\na.jpg\t41.9\t12.5"]
)
def test_semicolons_tabs_and_decimal_commas(tmp_path: Path, text: str) -> None:
    assert table_of(tmp_path, text).photos[["lat", "lng"]].iloc[0].tolist() == [41.9, 12.5]


def test_decimal_commas_between_commas_are_no_other_place(tmp_path: Path) -> None:
    table = table_of(tmp_path, "IMG_ID,LAT,LON\na.jpg,1,2\nb.jpg,41,9,12,5\nc.jpg,3,4\n")
    assert table.photos["photo_id"].tolist() == ["a.jpg", "c.jpg"]
    assert reasons(table) == [(3, module.OVERLONG)]


def test_byte_order_mark_blank_lines_quotes_and_trailing_commas(tmp_path: Path) -> None:
    text = '\ufeffIMG_ID,LAT,LON,\n"a, b.jpg",1,2,\n\n  c.jpg , 3 ,4,\n,,,\n'
    table = table_of(tmp_path, text)
    assert table.photos["photo_id"].tolist() == ["a, b.jpg", "c.jpg"]
    assert table.n_rows == 2
    assert table.dropped.empty


def test_ids_stay_text(tmp_path: Path) -> None:
    assert table_of(tmp_path, "IMG_ID,LAT,LON\n007,1,2\n7,1,2\n").photos["photo_id"].tolist() == [
        "007",
        "7",
    ]


def test_coordinates_need_no_ids_and_may_be_compressed(tmp_path: Path) -> None:
    path = tmp_path / "points.csv.gz"
    path.write_bytes(gzip.compress(b"LAT,LON\n1,2\n91,3\n5,6\n"))
    table = load_coordinates(path)
    assert table.photos["photo_id"].tolist() == ["row 2", "row 4"]
    assert reasons(table) == [(3, module.LAT_RANGE)]


def test_a_folder_may_hold_a_compressed_table(make_photo_folder: Callable) -> None:
    folder = make_photo_folder(4)
    plain = folder / "photos.csv"
    (folder / "photos.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert len(load_photos(folder).photos) == len(load_coordinates(folder).photos) == 4


def test_windows_paths_and_deep_folders(tmp_path: Path) -> None:
    (tmp_path / "images" / "6a" / "2f").mkdir(parents=True)
    (tmp_path / "images" / "6a" / "2f" / "x.jpg").write_bytes(encode(made_photo()))
    write_table(tmp_path / "t.csv", [("6a\\2f\\x.jpg", 1, 2)])
    photos = load_photos(tmp_path / "t.csv").photos
    assert photos["path"].tolist() == [str(tmp_path.resolve() / "images" / "6a" / "2f" / "x.jpg")]


def test_a_directory_named_like_a_photo_is_no_photo(make_photo_folder: Callable) -> None:
    folder = make_photo_folder(2)
    (folder / "images" / "0.jpg").unlink()
    (folder / "images" / "0.jpg").mkdir()
    assert reasons(load_photos(folder)) == [(2, "image file not found")]


# Tables that cannot be used at all


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("IMG_ID,LON,CITY\na.jpg,1,Rome\n", r"no column LAT\. .*found: IMG_ID, LON, CITY\. Rename"),
        ("IMG_ID,X\na.jpg,1\n", r"no column LAT and no column LON"),
        ("", r"the first line must name the columns IMG_ID,LAT,LON, received nothing"),
        ("IMG_ID,LAT,LON\n", r"No usable photo is left\. photos\.csv: 0 of 0 photos"),
        (
            "IMG_ID,LAT,LON\na.jpg,x,y\n",
            r"0 of 1 .*1 × LAT or LON not a number .*Correct the table",
        ),
        ("IMG_ID,LAT,LAT,LON\na.jpg,1,2,3\n", r"name of its own, but LAT is there more than once"),
        (
            'IMG_ID,LAT,LON\n"a.jpg,1,2\n',
            r"must be a table in UTF-8 .*Save it again as 'CSV UTF-8'",
        ),
    ],
)
def test_hopeless_tables_say_why(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(PhotoTableError, match=words):
        table_of(tmp_path, text)


def test_photos_need_an_id_column(tmp_path: Path) -> None:
    (tmp_path / "photos.csv").write_text("LAT,LON\n1,2\n")
    with pytest.raises(PhotoTableError, match=r"photos\.csv: there is no column IMG_ID"):
        load_photos(tmp_path)


def test_swapped_columns_are_named_as_such(tmp_path: Path) -> None:
    rows = "".join(f"{i}.jpg,{-120 + i},{40 + i}\n" for i in range(50))
    with pytest.raises(
        PhotoTableError,
        match=r"within \[-90, 90\], but it does not in 30 of 50 rows"
        r" \(first: LAT -120, LON 40\).*look swapped",
    ):
        table_of(tmp_path, "IMG_ID,LAT,LON\n" + rows)


def test_real_looking_errors_of_latitude_are_not_called_swapped(tmp_path: Path) -> None:
    table = table_of(tmp_path, "IMG_ID,LAT,LON\na,95,10\nb,10,120\nc,20,-100\n")
    assert reasons(table) == [(2, module.LAT_RANGE)]
    table = table_of(
        tmp_path, "IMG_ID,LAT,LON\n" + "a,95,10\n" + "".join(f"b{i},10,20\n" for i in range(30))
    )
    assert len(table.photos) == 30


def test_files_that_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(PhotoTableError, match="no such file or folder"):
        load_photos(tmp_path / "gone.csv")
    photo = tmp_path / "a.jpg"
    photo.write_bytes(encode(made_photo()))
    with pytest.raises(
        PhotoTableError, match=r"a\.jpg: a table of photos must be a \.csv, \.csv\.gz or \.parquet"
    ):
        load_photos(photo)
    binary = tmp_path / "b.csv"
    binary.write_bytes(encode(made_photo()))
    with pytest.raises(PhotoTableError, match=r"b\.csv: the file must be a table in UTF-8"):
        load_photos(binary)
    damaged = tmp_path / "c.csv.gz"
    damaged.write_bytes(gzip.compress(b"IMG_ID,LAT,LON\na,1,2\n" * 9)[:-12])
    with pytest.raises(PhotoTableError, match=r"c\.csv\.gz: .*Save it again"):
        load_coordinates(damaged)
    latin = tmp_path / "d.csv"
    latin.write_bytes("IMG_ID,LAT,LON\nété.jpg,1,2\n".encode("latin-1"))
    with pytest.raises(PhotoTableError, match="'CSV UTF-8'"):
        load_coordinates(latin)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(PhotoTableError, match=r"must hold a photos\.csv or photos, but neither"):
        load_photos(tmp_path)


coordinate = st.one_of(
    st.floats(-200, 200).map(repr), st.sampled_from(["", "nan", "x", "1e999", "-0", "+4", "90"])
)


@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=30))
def test_rows_in_are_rows_out_plus_rows_dropped(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    write_table(path, [(f"{i}.jpg", *row) for i, row in enumerate([("1", "100"), *rows])])
    table = load_coordinates(path)
    assert len(table.photos) + len(table.dropped) == table.n_rows == len(rows) + 1
    assert table.photos["lat"].between(-90, 90).all()
    assert table.photos["lng"].between(-180, 180).all()
    assert table.photos["photo_id"].is_unique
    assert set(table.dropped["photo_id"]).isdisjoint(table.photos["photo_id"])


# The real tables


@pytest.mark.parametrize(
    ("name", "n_photos"),
    [
        ("street_photos", 1202),
        ("street_places", 4841),
        ("country_scenes", 450),
        ("open_photos", 114),
    ],
)
def test_real_folders_are_read_whole(shared_data: Path, name: str, n_photos: int) -> None:
    table = load_photos(shared_data / name)
    assert (len(table.photos), table.n_rows) == (n_photos, n_photos)


@pytest.mark.parametrize(
    ("name", "n_photos"),
    [
        ("flickr_100k.csv.gz", 100_000),
        ("flood_photos_2013.csv", 883),
        ("landslides_nasa.csv", 9564),
    ],
)
def test_real_coordinates_are_read_whole(shared_data: Path, name: str, n_photos: int) -> None:
    assert len(load_coordinates(shared_data / "coordinates" / name).photos) == n_photos
