"""Every reason for leaving out a photo, their order, and which of two copies stays."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from geocore.data.cleaning import reasons as why
from geocore.data.cleaning.clean import DROPPED_COLUMNS, LEAK_COLUMNS, clean_photos
from geocore.data.cleaning.photo_filters import PHOTO_FILTERS
from geocore.data.cleaning.settings import LIMITS, CleaningSettings
from geocore.data.photos import UNDECODABLE
from geocore.errors import PhotoTableError
from tests.data.textured import save_photo, textured_photo


def table(folder, rows, **columns):
    """Photos in a folder: name and position, or name alone for a place in Rome."""
    rows = [row if isinstance(row, tuple) else (row, 41.9028, 12.4964) for row in rows]
    names, lat, lng = zip(*rows, strict=True)
    paths = [str(folder / name) for name in names]
    return pd.DataFrame({"photo_id": names, "path": paths, "lat": lat, "lng": lng, **columns})


@pytest.fixture
def five(tmp_path):
    """Five good photos."""
    for k in range(5):
        save_photo(tmp_path / f"{k}.jpg", k)
    return table(tmp_path, [f"{k}.jpg" for k in range(5)])


def reasons(report):
    return dict(zip(report.dropped["photo_id"], report.dropped["reason"], strict=True))


def test_good_photos_are_kept_as_they_were(five):
    before = five.assign(CITY="Rome").set_index(pd.Index([9, 9, 3, 1, 0]))
    photos = before.copy()
    report = clean_photos(photos)
    pd.testing.assert_frame_equal(report.photos, before.reset_index(drop=True))
    pd.testing.assert_frame_equal(photos, before)
    assert report.n_in == 5 and report.dropped.empty and report.leaks.empty
    assert list(report.dropped) == list(DROPPED_COLUMNS)
    assert list(report.leaks) == list(LEAK_COLUMNS)
    assert report.summary() == "5 of 5 photos are kept."


def test_every_reason_has_its_photo(tmp_path, five):
    save_photo(tmp_path / "small.jpg", 10, 200, 159)
    save_photo(tmp_path / "long.jpg", 11, 700, 200)
    Image.new("RGB", (200, 200), (90, 120, 60)).save(tmp_path / "lens_cap.jpg")
    (tmp_path / "text.jpg").write_text("no photo", encoding="utf-8")
    for name, seed in (("island.jpg", 12), ("middle.jpg", 13), ("rounded.jpg", 14)):
        save_photo(tmp_path / name, seed)
    shutil.copy(tmp_path / "0.jpg", tmp_path / "copy.jpg")
    textured_photo(1).resize((180, 160)).save(tmp_path / "smaller.webp")
    more = table(
        tmp_path,
        [
            *("gone.jpg", "text.jpg", "small.jpg", "long.jpg", "lens_cap.jpg"),
            *(("island.jpg", 0.0, 0.001), ("middle.jpg", -26.5, 31.4), ("rounded.jpg", 38.0, -97)),
            *("copy.jpg", "smaller.webp"),
        ],
    )
    report = clean_photos(pd.concat([five, more], ignore_index=True))
    assert report.photos["photo_id"].tolist() == five["photo_id"].tolist()
    assert reasons(report) == {
        "gone.jpg": why.UNREAD,
        "text.jpg": UNDECODABLE,
        "small.jpg": why.TOO_SMALL,
        "long.jpg": why.TOO_LONG,
        "lens_cap.jpg": why.ONE_COLOUR,
        "island.jpg": why.NULL_ISLAND,
        "middle.jpg": why.CENTROID,
        "rounded.jpg": why.COARSE,
        "copy.jpg": why.SAME_FILE,
        "smaller.webp": why.NEAR_DUPLICATE,
    }
    dropped = report.dropped.set_index("photo_id")
    assert dropped["kept_photo_id"][["copy.jpg", "smaller.webp"]].tolist() == ["0.jpg", "1.jpg"]
    assert (dropped["kept_photo_id"].drop(["copy.jpg", "smaller.webp"]) == "").all()
    assert dropped["detail"]["small.jpg"] == "200 x 159 px"
    assert dropped["detail"]["middle.jpg"] == "-26.5, 31.4 (Eswatini)"
    assert dropped["detail"]["smaller.webp"].endswith("of 256 features differ")
    assert report.n_in == len(report.photos) + len(report.dropped) == 15
    assert report.counts().index.tolist() == [r for r in why.REASONS if r != why.FILTERED]
    assert "  1 left out: too small" in report.summary()


def test_every_test_can_be_switched_off(tmp_path):
    Image.new("RGB", (700, 100), "grey").save(tmp_path / "a.jpg")
    shutil.copy(tmp_path / "a.jpg", tmp_path / "b.jpg")
    save_photo(tmp_path / "c.jpg", 1)
    textured_photo(1).save(tmp_path / "d.png")
    rows = [("a.jpg", 0.0, 0.0), ("c.jpg", -26.5, 31.4), ("d.png", 38.0, -97.0)]
    off = {name: 0 for name in LIMITS} | {"max_aspect": np.inf, "near_bits": -1}
    report = clean_photos(table(tmp_path, rows), CleaningSettings(**off))
    assert report.dropped.empty


def test_a_position_that_cannot_be_believed_does_not_push_out_a_good_one(tmp_path, five):
    shutil.copy(tmp_path / "0.jpg", tmp_path / "copy.jpg")
    nowhere = table(tmp_path, [("copy.jpg", 0.0, 0.0)])
    report = clean_photos(pd.concat([nowhere, five], ignore_index=True))
    assert reasons(report) == {"copy.jpg": why.NULL_ISLAND}


def test_of_copies_that_of_the_test_split_stays_and_the_others_are_leaks(tmp_path):
    save_photo(tmp_path / "a.jpg", 1)
    shutil.copy(tmp_path / "a.jpg", tmp_path / "b.jpg")
    textured_photo(1).save(tmp_path / "c.png")
    save_photo(tmp_path / "d.jpg", 2)
    splits = ["train", "validation", "test", "train"]
    photos = table(tmp_path, ["a.jpg", "b.jpg", "c.png", "d.jpg"], split=splits)
    report = clean_photos(photos)
    assert report.photos["photo_id"].tolist() == ["c.png", "d.jpg"]
    assert report.leaks.drop(columns="detail").to_numpy().tolist() == [
        ["a.jpg", "train", "c.png", "test", why.SAME_FILE],
        ["b.jpg", "validation", "c.png", "test", why.NEAR_DUPLICATE],
    ]
    words = "in another part: 1 in train of photos in test; 1 in validation of photos in test."
    assert words in report.summary()


def test_copies_across_photo_sets_are_leaks_and_those_within_one_are_not(tmp_path, five):
    for name in ("again.jpg", "elsewhere.jpg"):
        shutil.copy(tmp_path / "0.jpg", tmp_path / name)
    more = table(tmp_path, ["again.jpg", "elsewhere.jpg"])
    sets = ["one"] * 6 + ["two"]
    photos = pd.concat([five, more], ignore_index=True).assign(photo_set=sets)
    report = clean_photos(photos)
    assert report.leaks[["photo_id", "part", "kept_part"]].to_numpy().tolist() == [
        ["elsewhere.jpg", "two", "one"]
    ]
    assert len(report.dropped) == 2
    splits = ["train"] * 6 + ["test"]
    both = clean_photos(photos.assign(split=splits)).leaks
    assert both[["photo_id", "part", "kept_part"]].to_numpy().tolist() == [
        ["0.jpg", "one, train", "two, test"],
        ["again.jpg", "one, train", "two, test"],
    ]
    without = clean_photos(photos.drop(index=[5, 6]).assign(photo_set=[*"aabbb"]))
    assert "No leaks: no copy of a photo in another part was found." in without.summary()


def test_copies_that_claim_distant_places_are_counted(tmp_path, five):
    shutil.copy(tmp_path / "0.jpg", tmp_path / "copy.jpg")
    photos = pd.concat([five, table(tmp_path, [("copy.jpg", 48.8566, 2.3522)])], ignore_index=True)
    report = clean_photos(photos)
    assert report.dropped["detail"].tolist() == ["positions 1,105 km apart"]
    assert report.dropped["apart_km"].iloc[0] == pytest.approx(1105, abs=1)
    assert report.n_conflicts() == 1
    assert "1 of the copies claim to be more than 1 km from their original" in report.summary()


def test_a_filter_of_ones_own(five, monkeypatch):
    monkeypatch.setitem(PHOTO_FILTERS, "indoor", lambda path: "a room" * (path.stem == "3"))
    report = clean_photos(five, CleaningSettings(filters=("indoor",)))
    assert report.dropped[["photo_id", "reason", "detail"]].to_numpy().tolist() == [
        ["3.jpg", why.FILTERED, "indoor: a room"]
    ]


def test_nothing_in_and_nothing_left(tmp_path, five):
    empty = clean_photos(five[:0])
    assert empty.n_in == 0 and empty.photos.empty and empty.dropped.empty
    assert empty.summary() == "0 of 0 photos are kept."
    none = clean_photos(five, CleaningSettings(min_side_px=5000))
    assert none.photos.empty and len(none.dropped) == 5
    assert none.summary().startswith("0 of 5 photos are kept.")


def test_positions_that_many_kept_photos_share_are_told(tmp_path):
    photos = table(tmp_path, [str(save_photo(tmp_path / f"{k}.jpg", k).name) for k in range(12)])
    shared = clean_photos(photos).shared
    assert shared.to_numpy().tolist() == [[41.9028, 12.4964, 12]]


def test_tables_that_cannot_be_cleaned_are_refused(five):
    with pytest.raises(ValueError, match="'lng' is missing"):
        clean_photos(five.drop(columns="lng"))
    with pytest.raises(ValueError, match=r"Every photo_id must occur once, but '0\.jpg'"):
        clean_photos(pd.concat([five, five]))
    with pytest.raises(ValueError, match="Unknown filter 'indoor'"):
        clean_photos(five, CleaningSettings(filters=("indoor",)))


def test_a_folder_that_is_gone_is_no_reason_to_leave_out_its_photos(tmp_path):
    photos = table(tmp_path / "away", ["a.jpg", "b.jpg"])
    with pytest.raises(PhotoTableError, match="the folder is gone or empty now"):
        clean_photos(photos)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_side_px": -1}, "min_side_px must be 0 or more, received -1"),
        ({"coarse_deg": float("nan")}, "coarse_deg must be 0 or more, received nan"),
        ({"max_aspect": 0.5}, "max_aspect, longer side by shorter, must be at least 1"),
        ({"near_bits": 128}, r"near_bits must lie within \[0, 127\], or be -1 for no test"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        CleaningSettings(**settings)


def test_the_real_photos_have_no_copies(shared_data):
    folder = shared_data / "country_scenes"
    names = [path.name for path in sorted((folder / "images").glob("*.jpg"))[:150]]
    report = clean_photos(table(folder / "images", names))
    assert not set(report.dropped["reason"]) & {why.SAME_FILE, why.NEAR_DUPLICATE}
