"""Facts are kept while they are gathered: nothing is read twice, nothing half known is believed."""

import errno
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from geocore.data.cleaning import fact_store
from geocore.data.cleaning.fact_store import gather_facts
from geocore.data.cleaning.photo_hashes import photo_facts
from geocore.data.scheduling import open_processes
from geocore.errors import PhotoTableError
from tests.data.textured import save_photo


@pytest.fixture
def files(tmp_path):
    """Six small photos."""
    return [str(save_photo(tmp_path / "photos" / f"{k}.jpg", k, 48, 36)) for k in range(6)]


@pytest.fixture
def read(monkeypatch):
    """Names of the files that were really read."""
    names = []

    def counted(path, filters=()):
        names.append(Path(path).name)
        return photo_facts(path, filters)

    monkeypatch.setattr(fact_store, "photo_facts", counted)
    return names


def test_facts_come_in_the_order_of_the_paths(files):
    facts = gather_facts(files[::-1])
    assert facts["sha256"].tolist() == [photo_facts(path).sha256 for path in files[::-1]]
    assert facts.index.tolist() == list(range(6))
    assert gather_facts([]).empty


def test_many_files_are_read_in_processes_with_the_same_result(files, monkeypatch):
    expected = gather_facts(files)
    monkeypatch.setattr(fact_store, "MANY_PHOTOS", 2)
    started = []
    monkeypatch.setattr(
        fact_store, "open_processes", lambda *given: started.append(given) or open_processes(*given)
    )
    pd.testing.assert_frame_equal(gather_facts(files), expected)
    ((_, lost),) = started
    assert "Start the same command again" in str(lost)


def test_a_second_run_reads_nothing(files, read, tmp_path):
    first = gather_facts(files, folder=tmp_path / "store")
    done = []
    second = gather_facts(files, folder=tmp_path / "store", progress=done.append)
    assert len(read) == 6 and done == [6]
    pd.testing.assert_frame_equal(first, second, check_dtype=False)


def test_a_changed_file_is_read_again_and_only_that(files, read, tmp_path):
    gather_facts(files, folder=tmp_path / "store")
    save_photo(tmp_path / "photos" / "2.jpg", 99, 48, 36)
    os.utime(files[2], ns=(1, 1))
    facts = gather_facts(files, folder=tmp_path / "store")
    assert read[6:] == ["2.jpg"]
    assert facts["sha256"][2] == photo_facts(files[2]).sha256
    gather_facts(files, folder=tmp_path / "store")
    assert len(read) == 7


def test_other_filters_have_facts_of_their_own(files, read, tmp_path):
    gather_facts(files, folder=tmp_path / "store")
    filters = (("none", lambda path: "no"),)
    found = gather_facts(files, filters=filters, folder=tmp_path / "store")
    assert found["filtered"].tolist() == ["none: no"] * 6
    assert gather_facts(files, folder=tmp_path / "store")["filtered"].tolist() == [""] * 6
    assert len(read) == 12


def test_a_missing_file_is_looked_for_again(files, read, tmp_path):
    gone = str(tmp_path / "photos" / "gone.jpg")
    facts = gather_facts([*files, gone], folder=tmp_path / "store")
    assert "there is no such file" in facts["problem"][6]
    save_photo(tmp_path / "photos" / "gone.jpg", 7, 48, 36)
    assert gather_facts([*files, gone], folder=tmp_path / "store")["problem"][6] == ""
    assert read.count("gone.jpg") == 2 and len(read) == 8


def test_what_was_read_before_an_interruption_is_kept(files, read, tmp_path, monkeypatch):
    batches = fact_store.photo_results
    monkeypatch.setattr(fact_store, "photo_results", lambda *a, **k: batches(*a, **k, batch=2))

    def interrupt(n):
        if len(read) >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gather_facts(files, folder=tmp_path / "store", progress=interrupt)
    n_read = len(read)
    gather_facts(files, folder=tmp_path / "store")
    assert len(read) - n_read <= 4


def test_a_damaged_part_of_the_store_is_read_anew(files, read, tmp_path):
    gather_facts(files[:3], folder=tmp_path / "store")
    gather_facts(files, folder=tmp_path / "store")
    parts = sorted((tmp_path / "store").rglob("*.parquet"))
    assert len(parts) == 2
    parts[0].write_bytes(parts[0].read_bytes()[:100])
    gather_facts(files, folder=tmp_path / "store")
    assert len(read) == 9
    gather_facts(files, folder=tmp_path / "store")
    assert len(read) == 9


def test_many_parts_become_one(files, read, tmp_path, monkeypatch):
    monkeypatch.setattr(fact_store, "_MANY_FILES", 3)
    for k in range(1, 7):
        gather_facts(files[:k], folder=tmp_path / "store")
    facts = gather_facts(files, folder=tmp_path / "store")
    assert len(list((tmp_path / "store").rglob("*.parquet"))) <= 4
    assert len(read) == 6 and facts["problem"].tolist() == [""] * 6


def test_when_the_folder_vanishes_the_work_ends_and_goes_on_later(files, read, tmp_path):
    photos, away = tmp_path / "photos", tmp_path / "away"
    filters = (("slow", lambda path: ""),)
    gather_facts(files[:2], filters=filters, folder=tmp_path / "store")
    photos.rename(away)
    with pytest.raises(PhotoTableError, match="the folder is gone or empty now"):
        gather_facts(files, filters=filters, folder=tmp_path / "store")
    photos.mkdir()  # what an unplugged disk leaves behind
    with pytest.raises(PhotoTableError, match="is the disk connected"):
        gather_facts(files, filters=filters, folder=tmp_path / "store")
    shutil.rmtree(photos)
    away.rename(photos)
    n_read = len(read)
    assert gather_facts(files, filters=filters, folder=tmp_path / "store")["problem"].eq("").all()
    assert len(read) - n_read == 4


def test_a_full_disk_ends_the_work_with_a_sentence(files, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(pd.DataFrame, "to_parquet", full)
        with pytest.raises(PhotoTableError, match=r"No space left on device.*Free space"):
            gather_facts(files, folder=tmp_path / "store")
    assert list((tmp_path / "store" / "v1").iterdir()) == []
    assert gather_facts(files, folder=tmp_path / "store")["problem"].eq("").all()


def test_a_store_where_no_folder_can_be_is_refused(files, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PhotoTableError, match="choose another folder"):
        gather_facts(files, folder=tmp_path / "file")
