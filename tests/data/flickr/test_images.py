"""The images of a collection: whole files only, each fetched once, what is missing told."""

import errno
import hashlib
import os
import signal
from pathlib import Path

import pytest

from geocore.data.flickr import images as flickr_images
from geocore.data.flickr.crawl import CrawlLimits
from geocore.data.photos import load_photos
from geocore.errors import CrawlError
from geocore.faults.flickr_double import JPEG, FlickrDouble, Gate, MadePhotos, sending, status
from tests.data.flickr.runs import collect, start, table


def test_images_are_fetched_and_the_set_can_be_loaded(tmp_path):
    with FlickrDouble(MadePhotos.random(12)) as flickr:
        report = collect(flickr, tmp_path / "set", limits=CrawlLimits())
    assert (report.n_images, report.without_image) == (12, {})
    photos = table(tmp_path / "set")
    assert photos["IMG_ID"][3] == "03/5000000003.jpg"
    assert set(photos["SHA256"]) == {hashlib.sha256(JPEG).hexdigest()}
    loaded = load_photos(tmp_path / "set")
    assert len(loaded.photos) == 12
    assert Path(loaded.photos["path"].iloc[0]).read_bytes() == JPEG


def test_images_that_cannot_be_had_are_counted_and_left_out_of_the_table(tmp_path):
    with FlickrDouble(MadePhotos.random(9)) as flickr:
        faults = {
            0: status(404),
            1: sending(b"<html>gone</html>", "text/html"),
            2: sending(JPEG[:300], "image/jpeg"),
            3: sending(b"", "image/jpeg"),
            4: sending(b"GIF89a", "image/gif"),
        }
        flickr.image_faults = {str(5_000_000_000 + i): fault for i, fault in faults.items()}
        flickr.edit = lambda page, asked: page["photo"][5].update(url_z="https://example.org/a.jpg")
        report = collect(flickr, tmp_path / "set", limits=CrawlLimits())
    assert report.without_image == {
        "not a complete image": 4,
        "address not on Flickr's image servers": 1,
        "not offered any more (HTTP 404)": 1,
    }
    assert (report.n_photos, report.n_images) == (9, 3)
    assert len(table(tmp_path / "set")) == 3
    assert "  without image: 4, not a complete image" in report.summary()


def test_an_image_that_fails_for_now_is_tried_by_the_next_run(tmp_path):
    with FlickrDouble(MadePhotos.random(6)) as flickr:
        flickr.image_faults = {"5000000002": status(503)}
        report = collect(flickr, tmp_path / "set", limits=CrawlLimits())
        assert report.without_image == {"127.0.0.1 cannot answer now (HTTP 503).": 1}
        flickr.image_faults = {}
        report = collect(flickr, tmp_path / "set", limits=CrawlLimits())
        assert (report.n_images, report.without_image) == (6, {})


def test_image_servers_that_answer_nothing_end_the_run(tmp_path):
    with FlickrDouble(MadePhotos.random(30)) as flickr:
        flickr.image_faults = {str(i): status(503) for i in flickr.photos.ids}
        with pytest.raises(CrawlError, match=r"5 images in a row.*HTTP 503.*nothing is lost"):
            collect(flickr, tmp_path / "set", limits=CrawlLimits())
        assert len(table(tmp_path / "set")) == 0
        flickr.image_faults = {}
        assert collect(flickr, tmp_path / "set", limits=CrawlLimits()).n_images == 30


def test_a_vanished_image_folder_is_filled_again(tmp_path):
    with FlickrDouble(MadePhotos.random(6)) as flickr:
        collect(flickr, tmp_path / "set", limits=CrawlLimits())
        for path in (tmp_path / "set" / "images").rglob("*.jpg"):
            path.unlink()
        report = collect(flickr, tmp_path / "set", limits=CrawlLimits())
        assert report.n_images == 6
        assert len(flickr.log.queries) == 1
    assert len(list((tmp_path / "set" / "images").rglob("*.jpg"))) == 6


def test_a_complete_image_of_an_ended_run_is_taken_and_a_part_is_not(tmp_path):
    with FlickrDouble(MadePhotos.random(2)) as flickr:
        collect(flickr, tmp_path / "set")
        folder = tmp_path / "set" / "images" / "00"
        folder.mkdir(parents=True)
        (folder / "5000000000.jpg").write_bytes(JPEG)
        (folder.parent / "01").mkdir()
        (folder.parent / "01" / "5000000001.jpg.part").write_bytes(JPEG[:50])
        collect(flickr, tmp_path / "set", limits=CrawlLimits())
        assert flickr.log.images == ["5000000001"]
    assert (folder.parent / "01" / "5000000001.jpg").read_bytes() == JPEG


def test_a_full_disk_is_told_and_leaves_a_state_that_goes_on(tmp_path, monkeypatch):
    def fail(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with FlickrDouble(MadePhotos.random(5)) as flickr:
        with monkeypatch.context() as patch:
            patch.setattr(flickr_images, "_write", fail)
            with pytest.raises(CrawlError, match=r"No space left.*nothing is lost"):
                collect(flickr, tmp_path / "set", limits=CrawlLimits())
        assert collect(flickr, tmp_path / "set", limits=CrawlLimits()).n_images == 5


def test_a_process_killed_in_mid_download_fetches_no_image_twice(tmp_path):
    with FlickrDouble(MadePhotos.random(40)) as flickr:
        gate = Gate()
        flickr.image_faults = {str(flickr.photos.ids[25]): gate}
        process = start(flickr, tmp_path / "killed")
        assert gate.reached.wait(60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        flickr.image_faults = {}
        gate.opened.set()
        before = set(flickr.log.images)
        report = collect(flickr, tmp_path / "killed", limits=CrawlLimits())
        collect(flickr, tmp_path / "whole", limits=CrawlLimits())
    assert report.n_images == 40
    assert len(before) >= 25
    fetched_again = len(flickr.log.images) - 40 - len(set(flickr.log.images))
    assert fetched_again <= 2 * (os.cpu_count() or 1)
    assert not list((tmp_path / "killed").rglob("*.part"))
    killed = (tmp_path / "killed" / "photos.csv").read_bytes()
    assert killed == (tmp_path / "whole" / "photos.csv").read_bytes()
