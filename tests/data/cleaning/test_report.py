"""What cleaning found as files and as a page: read back the same, harmless, whole or not at all."""

import errno
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from geocore.data.cleaning import report as cleaning_report
from geocore.data.cleaning.page import cleaning_page
from geocore.data.cleaning.report import load_report, save_report
from geocore.data.cleaning.run import clean_photo_sets
from geocore.data.cleaning.settings import CleaningSettings
from geocore.data.photos import load_photos
from geocore.errors import PhotoTableError
from tests.conftest import write_table
from tests.data.textured import save_photo, textured_photo

HOSTILE = "<img src=x onerror=alert(1)>.jpg"


@pytest.fixture
def photo_set(tmp_path):
    """Six good photos, a copy, one that is none with a hostile name, and rows without a photo."""
    folder = tmp_path / "set"
    for k in range(6):
        save_photo(folder / "images" / f"{k}.jpg", k)
    textured_photo(0).resize((200, 170)).save(folder / "images" / "small.png")
    (folder / "images" / HOSTILE).write_text("no photo", encoding="utf-8")
    names = [*(f"images/{k}.jpg" for k in range(6)), "images/small.png", f"images/{HOSTILE}"]
    rows = [(name, 41.9 + k / 100, 12.4567, "Rome") for k, name in enumerate(names)]
    rows += [("../../etc/passwd", 41.91, 12.41, "x"), ("images/gone.jpg", 41.91, 12.41, "x")]
    write_table(folder / "photos.csv", rows, ("IMG_ID", "LAT", "LON", "CITY"))
    return folder


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


def test_the_result_is_a_photo_set_of_the_originals(photo_set, tmp_path):
    before, out = contents(photo_set), tmp_path / "out"
    report = clean_photo_sets([photo_set], out)
    table = load_photos(out)
    assert table.photos["photo_id"].tolist() == [f"images/{k}.jpg" for k in range(6)]
    assert table.dropped.empty
    assert Path(table.photos["path"][3]).samefile(photo_set / "images" / "3.jpg")
    assert table.photos["CITY"].tolist() == ["Rome"] * 6
    parquet = load_photos(out / "photos.parquet").photos
    pd.testing.assert_frame_equal(parquet, table.photos, check_dtype=False)
    assert report.n_in == 10
    assert contents(photo_set) == before


def test_what_was_saved_is_loaded(photo_set, tmp_path):
    settings = CleaningSettings(max_aspect=np.inf, filters=("drawings",))
    report = clean_photo_sets([photo_set], tmp_path / "out", settings)
    loaded = load_report(tmp_path / "out")
    assert loaded.summary() == report.summary()
    assert loaded.settings == settings
    for name in ("dropped", "leaks", "shared"):
        expected = getattr(report, name)
        pd.testing.assert_frame_equal(getattr(loaded, name), expected, check_dtype=False)
    assert loaded.photos.columns.tolist() == ["photo_id", "path", "lat", "lng", "CITY"]
    shutil.rmtree(photo_set)
    assert load_report(tmp_path / "out").photos["path"].tolist() == [""] * 6


def test_every_row_of_the_table_is_accounted_for(photo_set, tmp_path):
    report = clean_photo_sets([photo_set], tmp_path / "out")
    reasons = dict(zip(report.dropped["photo_id"], report.dropped["reason"], strict=True))
    assert reasons == {
        "../../etc/passwd": "image file outside the folder of the table",
        "images/gone.jpg": "image file not found",
        f"images/{HOSTILE}": "not a readable photo",
        "images/small.png": "copy: near duplicate",
    }
    assert "1 left out: image file outside the folder of the table" in report.summary()


def test_several_sets_are_cleaned_as_one(photo_set, tmp_path):
    other = tmp_path / "elsewhere" / "other"
    save_photo(other / "9.jpg", 9)
    textured_photo(2).save(other / "2.png")
    write_table(other / "photos.csv", [("9.jpg", 1.23, 4.56), ("2.png", 1.23, 4.57)])
    report = clean_photo_sets([photo_set, other], tmp_path / "out")
    assert report.leaks[["photo_id", "kept_photo_id"]].to_numpy().tolist() == [
        ["other/2.png", "set/images/2.jpg"]
    ]
    table = load_photos(tmp_path / "out")
    assert table.dropped.empty and len(table.photos) == 7
    assert table.photos["photo_set"].tolist() == ["set"] * 6 + ["other"]
    turned = clean_photo_sets([other, photo_set], tmp_path / "out")
    assert turned.leaks["photo_id"].tolist() == ["set/images/2.jpg"]


def test_a_set_is_called_after_its_folder_or_its_table(photo_set, tmp_path):
    save_photo(tmp_path / "more" / "9.jpg", 9)
    table = write_table(tmp_path / "more" / "mine.csv", [("9.jpg", 1.23, 4.56)])
    report = clean_photo_sets([photo_set / "photos.csv", table], tmp_path / "out")
    assert set(report.photos["photo_set"]) == {"set", "mine"}
    assert load_photos(tmp_path / "out").dropped.empty


def test_the_page_needs_nothing_and_runs_nothing(photo_set, tmp_path):
    clean_photo_sets([photo_set], tmp_path / "out")
    page = (tmp_path / "out" / "cleaning.html").read_text("utf-8")
    assert "6 of 10 photos are kept (60.0%)" in page
    assert "&lt;img src=x onerror=alert(1)&gt;.jpg" in page
    assert not re.findall(r"<(img|script|link|iframe|a)\b", page)
    assert "://" not in page and str(tmp_path) not in page
    assert "default-src 'none'" in page


def test_photos_are_on_the_page_only_if_asked_for(photo_set, tmp_path):
    report = clean_photo_sets([photo_set], tmp_path / "out", thumbnails=True)
    page = (tmp_path / "out" / "cleaning.html").read_text("utf-8")
    assert len(re.findall('<img alt="" src="data:image/jpeg;base64,[^"]+">', page)) == 2
    assert "<img" not in cleaning_page(report)


def test_a_page_on_nothing(photo_set, tmp_path):
    report = clean_photo_sets([photo_set], tmp_path / "out", CleaningSettings(min_side_px=5000))
    assert report.photos.empty
    loaded = load_report(tmp_path / "out")
    assert loaded.photos.empty and len(loaded.dropped) == 10
    assert "0 of 10 photos are kept" in (tmp_path / "out" / "cleaning.html").read_text("utf-8")
    assert not (tmp_path / "out" / "images").exists()


def test_the_result_is_never_written_into_a_photo_set_or_among_other_things(photo_set, tmp_path):
    for out in (photo_set, photo_set / "clean", photo_set / "images" / "x"):
        with pytest.raises(ValueError, match="must not be written into a photo set"):
            clean_photo_sets([photo_set], out)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(PhotoTableError, match="this holds something else"):
        clean_photo_sets([photo_set], tmp_path / "mine")
    (tmp_path / "file").touch()
    with pytest.raises(PhotoTableError, match="this holds something else"):
        clean_photo_sets([photo_set], tmp_path / "file")
    with pytest.raises(PhotoTableError, match="must be a folder that can be written"):
        clean_photo_sets([photo_set], tmp_path / "file" / "out")
    with pytest.raises(ValueError, match="need different names, received 'set' twice"):
        clean_photo_sets([photo_set, photo_set], tmp_path / "out")


def test_a_full_disk_leaves_the_earlier_result(photo_set, tmp_path, monkeypatch):
    out = tmp_path / "out"
    clean_photo_sets([photo_set], out)
    before = contents(out)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cleaning_report, "flush_to_disk", full)
    with pytest.raises(PhotoTableError, match=r"No space left on device.*Free space"):
        clean_photo_sets([photo_set], out, CleaningSettings(min_side_px=5000))
    assert contents(out) == before


def test_a_report_that_cannot_be_trusted_is_refused(photo_set, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(PhotoTableError, match=r"a cleaned photo set has a cleaning\.json"):
        load_report(out)
    report = clean_photo_sets([photo_set], out)
    summary = json.loads((out / "cleaning.json").read_text("utf-8"))
    assert summary["dropped"]["copy: near duplicate"] == 1
    for change, message in (
        ({"format_version": 2}, "damaged or of another version .format 2, expected 1"),
        ({"n_in": 99}, "99 photos must be kept or left out, but photos.parquet has 6"),
        ({"settings": {"size": 3}}, "damaged or of another version"),
    ):
        (out / "cleaning.json").write_text(json.dumps(summary | change), "utf-8")
        with pytest.raises(PhotoTableError, match=message):
            load_report(out)
    save_report(report, out)
    (out / "photos.parquet").write_bytes(b"damaged")
    with pytest.raises(PhotoTableError):
        load_report(out)
    Image.new("RGB", (9, 9)).save(out / "x.png")
    save_report(report, out)
    assert load_report(out).n_in == 10 and (out / "x.png").exists()
