"""What a photo table says beyond positions: by hand, and None where a column is missing."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from geocore.data.statistics import (
    find_column,
    part_table,
    photo_dates,
    photographer_figures,
    read_sizes,
    set_table,
    size_figures,
    tag_table,
    year_table,
)
from tests.conftest import encode, made_photo


def test_a_column_is_found_under_any_usual_name():
    photos = pd.DataFrame({"Owner": ["a"], "AUTHOR": ["b"], "user": [None]})
    assert find_column(photos, ("owner", "author")) == "Owner"
    assert find_column(photos, ("user",)) is None  # there, but without a value
    assert find_column(photos, ("creator",)) is None


def test_tags_make_table_5_1():
    tags = ["mountain lake", "city street", "city mountain lake", "holiday me", "", None]
    table = tag_table(pd.DataFrame({"tags": tags})).set_index("group")
    assert table["n_photos"].to_dict() == {"natural": 2, "urban": 1, "neither": 1, "no tags": 2}
    assert table["share"].sum() == pytest.approx(1)
    assert table["thesis"].sum() == 970_565
    assert table["thesis_share"].sum() == pytest.approx(1)


def test_tags_may_be_lists():
    tags = [["golden gate", "Città"], ["forest"], None]
    table = tag_table(pd.DataFrame({"tags": tags})).set_index("group")
    assert table["n_photos"].to_dict() == {"natural": 1, "urban": 1, "neither": 0, "no tags": 1}


def test_tags_may_come_in_pieces_as_parquet_is_read():
    pieces = pa.chunked_array([["city"], ["forest", None]], type=pa.large_string())
    photos = pd.DataFrame({"tags": pd.Series(pieces, dtype=pd.StringDtype(na_value=np.nan))})
    table = tag_table(photos).set_index("group")
    assert table["n_photos"].to_dict() == {"natural": 1, "urban": 1, "neither": 0, "no tags": 1}


def test_photographers_by_hand():
    owners = ["a"] * 5 + ["b"] * 3 + ["c", "d"] + [None, "", " "]
    figures = photographer_figures(pd.DataFrame({"owner": owners}))
    assert figures == {
        "n_known": 10, "n_photographers": 4, "top_1": 0.5, "top_10": 1.0, "n_for_half": 1,
        "n_effective": pytest.approx(1 / (0.25 + 0.09 + 0.01 + 0.01)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "years"),
    [
        (["2012-05-31 10:00:00", "2013-01-01", None], [2012, 2013, None]),
        (["2012:05:31 10:00:00", "2013:01:01 00:00:00", "0000:00:00 00:00:00"], [2012, 2013, None]),
        (["2012-05-31T10:00:00Z", "2013-01-01T00:00:00+02:00", "soon"], [2012, 2012, None]),
        ([1338458400, 1356998400, None], [2012, 2013, None]),
        ([1338458400000, 1356998400000, 9e15], [2012, 2013, None]),
        (["1338458400000", "1356998400", ""], [2012, 2013, None]),
        (["2012-05-31", "1700-01-01", "2999-01-01"], [2012, None, None]),
    ],
)
def test_dates_in_every_usual_spelling(values, years):
    dates = photo_dates(pd.DataFrame({"date_taken": values}))
    found = [None if pd.isna(date) else date.year for date in dates]
    assert found == years


def test_years_are_counted_without_the_unknown():
    dates = pd.Series(pd.to_datetime(["2012-05-31", "2012-06-01", "2014-01-01", None]))
    table = year_table(dates)
    assert table["year"].tolist() == [2012, 2014]
    assert table["n_photos"].tolist() == [2, 1]
    assert table["share"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_parts_and_photographers_in_more_than_one():
    photos = pd.DataFrame(
        {"split": ["train", "train", "test", "test", None], "owner": ["a", "b", "a", "c", "d"]}
    )
    table = part_table(photos).set_index("part")
    assert table["n_photos"].to_dict() == {"train": 2, "test": 2, "none": 1}
    assert table["n_photographers"].to_dict() == {"train": 2, "test": 2, "none": 1}
    assert table["n_shared"].to_dict() == {"train": 1, "test": 1, "none": 0}
    assert part_table(photos.drop(columns="owner"))["n_shared"].isna().all()


def test_photo_sets_and_their_parts():
    photos = pd.DataFrame({"photo_set": ["a", "b", "b"], "split": ["train", "test", "train"]})
    table = set_table(photos).set_index("photo_set")
    assert table.index.tolist() == ["b", "a"]
    assert table.loc["b"].to_dict() == {"n_photos": 2, "test": 1, "train": 1}
    assert set_table(photos.drop(columns="split")).columns.tolist() == ["photo_set", "n_photos"]


def test_sizes_from_columns_and_from_files(tmp_path):
    sizes = size_figures(
        pd.DataFrame({"WIDTH": [640, 640, 200, 0], "height": ["480", "800", 300, 7]})
    )
    assert sizes == {
        "n_photos": 4, "n_unknown": 1, "median_width": 640, "median_height": 480,
        "share_portrait": pytest.approx(2 / 3), "share_small": pytest.approx(1 / 3),
    }  # fmt: skip
    upright = made_photo(64, 48)
    exif = upright.getexif()
    exif[0x0112] = 6
    (tmp_path / "a.jpg").write_bytes(encode(upright, exif=exif))
    (tmp_path / "b.jpg").write_bytes(b"no photo")
    read = read_sizes([str(tmp_path / name) for name in ("a.jpg", "b.jpg", "gone.jpg")])
    assert read[["width", "height"]].iloc[0].tolist() == [48, 64]  # as it is looked at
    assert read["width"].isna().tolist() == [False, True, True]
    assert len(read_sizes(list(read["path"]), most=2)) == 2


def test_what_is_not_there_is_none():
    photos = pd.DataFrame({"lat": [1.0], "lng": [2.0], "width": [np.nan], "height": [3]})
    tables = (tag_table, photographer_figures, photo_dates, part_table, set_table, size_figures)
    for figure in tables:
        assert figure(photos) is None
