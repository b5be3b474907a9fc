"""Photo tables as Parquet and CSV: what is written is read back; nothing is half written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geocore.data.photo_checks import DUPLICATE, LAT_RANGE, NO_ID, NO_POSITION
from geocore.data.photo_parquet import photo_table_writer, save_photo_table
from geocore.data.photos import load_coordinates, load_photos
from geocore.errors import PhotoTableError


def photos_with_names() -> pd.DataFrame:
    photos = pd.DataFrame(
        {
            "photo_id": ["007", 'a "b", c.jpg', "d.jpg"],
            "path": ["/x/007", "", ""],
            "lat": [41.9, -0.1, 1 / 3],
            "lng": [12.5, 179.99999999999997, -1e-7],
            "AUTHOR": ["Ann, of\nRome", "=1+1", None],
            "N": [1, 2, 3],
            "SHARE": [0.5, np.nan, 1.0],
        }
    )
    return photos.astype({"photo_id": "str", "AUTHOR": "str"})


@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
@pytest.mark.parametrize("n_pieces", [1, 3])
def test_what_is_written_is_read_back(tmp_path: Path, name: str, n_pieces: int) -> None:
    photos = photos_with_names()
    pieces = [photos] if n_pieces == 1 else (photos.iloc[[i]] for i in range(3))
    assert save_photo_table(pieces, tmp_path / name) == 3
    again = load_coordinates(tmp_path / name).photos
    pd.testing.assert_frame_equal(again, photos.assign(path=pd.Series("", range(3), dtype="str")))
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_csv_without_commas_in_its_texts_needs_no_quotes(tmp_path: Path) -> None:
    save_photo_table(photos_with_names().iloc[[2]].drop(columns="AUTHOR"), tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text("utf-8")
    assert text == "IMG_ID,LAT,LON,N,SHARE\nd.jpg,0.3333333333333333,-1e-7,3,1\n"


def test_photos_are_found_beside_a_parquet_table(make_photo_folder: Callable) -> None:
    folder = make_photo_folder(5)
    photos = load_photos(folder).photos
    save_photo_table(photos, folder / "photos.parquet")
    pd.testing.assert_frame_equal(load_photos(folder / "photos.parquet").photos, photos)
    (folder / "photos.csv").unlink()
    pd.testing.assert_frame_equal(load_photos(folder).photos, photos)


def test_tables_of_others_in_parquet(tmp_path: Path) -> None:
    """Ids that are numbers, missing values, nested columns, spellings of other collections."""
    table = pa.table(
        {
            "id": pa.array([3859149887465501, 2, 2, None, 5, 6]),
            "latitude": pa.array([-43.8, 1.0, 1.0, 2.0, None, 91.0], pa.float32()),
            "longitude": pa.array([-176.6, 2.0, 2.0, 3.0, 4.0, 5.0], pa.float32()),
            "country": pa.array(["NZ", "NA", None, "", "", ""]).dictionary_encode(),
            "image": pa.array([{"bytes": b"x"}] * 6),
            "blob": pa.array([b"x"] * 6),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    found = load_coordinates(tmp_path / "t.parquet")
    assert found.photos["photo_id"].tolist() == ["3859149887465501", "2"]
    assert found.photos["country"].tolist() == ["NZ", "NA"]
    assert list(found.photos) == ["photo_id", "path", "lat", "lng", "country"]
    reasons = list(zip(found.dropped["row"], found.dropped["reason"], strict=True))
    assert reasons == [(3, DUPLICATE), (4, NO_ID), (5, NO_POSITION), (6, LAT_RANGE)]
    assert found.dropped["received"].tolist()[-1] == "91.0"


def test_coordinates_as_text_are_understood(tmp_path: Path) -> None:
    pq.write_table(pa.table({"LAT": ["1.5", "x"], "LON": ["2", "3"]}), tmp_path / "t.parquet")
    found = load_coordinates(tmp_path / "t.parquet")
    assert found.photos[["photo_id", "lat", "lng"]].to_numpy().tolist() == [["row 1", 1.5, 2.0]]
    assert found.dropped["received"].tolist() == ["x, 3"]


def test_tables_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 is not enough")
    with pytest.raises(PhotoTableError, match=r"t\.parquet: the file must be a Parquet table"):
        load_coordinates(tmp_path / "t.parquet")
    pq.write_table(pa.table({"LAT": [1.0]}), tmp_path / "u.parquet")
    with pytest.raises(PhotoTableError, match=r"no column IMG_ID and no column LON.*found: LAT"):
        load_photos(tmp_path / "u.parquet")
    pq.write_table(pa.table({"LAT": pa.array([], "float64"), "LON": []}), tmp_path / "v.parquet")
    with pytest.raises(PhotoTableError, match="No usable photo is left"):
        load_coordinates(tmp_path / "v.parquet")


def test_an_interrupted_table_leaves_the_old_one(tmp_path: Path) -> None:
    photos = photos_with_names()
    for name in ("t.parquet", "t.csv"):
        save_photo_table(photos, tmp_path / name)
        before = (tmp_path / name).read_bytes()
        with pytest.raises(OSError, match="No space"), photo_table_writer(tmp_path / name) as write:
            write(photos.iloc[:1])
            raise OSError(28, "No space left on device")
        assert (tmp_path / name).read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


def test_bad_arguments_say_what_must_hold(tmp_path: Path) -> None:
    photos = photos_with_names()
    with pytest.raises(ValueError, match=r"must be a \.parquet or a \.csv, received t\.xlsx"):
        save_photo_table(photos, tmp_path / "t.xlsx")
    with pytest.raises(ValueError, match=r"must have the columns photo_id, lat, lng, but 'lat'"):
        save_photo_table(photos.drop(columns="lat"), tmp_path / "t.csv")
    with pytest.raises(ValueError, match="at least one piece, received none"):
        save_photo_table([], tmp_path / "t.csv")
    for name in ("t.parquet", "t.csv"):
        with pytest.raises(ValueError, match=r"must have the same columns.*IMG_ID \(large_string"):
            save_photo_table([photos, photos.drop(columns="N")], tmp_path / name)
