"""The sample photos may be shown by anyone, and each says why."""

from pathlib import Path

from geocore.data.images import decode_photo
from geocore.data.samples import SAMPLES, load_samples


def test_ten_photos_that_anyone_may_show() -> None:
    table = load_samples()
    assert table.dropped.empty
    assert len(table.photos) == 10
    assert set(table.photos["LICENSE"]) <= {"Public domain", "CC0 1.0"}
    for column in ("TITLE", "COUNTRY", "AUTHOR"):
        assert table.photos[column].str.len().min() > 1
    assert table.photos["SOURCE"].str.startswith("https://commons.wikimedia.org/wiki/File:").all()


def test_small_and_without_metadata() -> None:
    assert sum(file.stat().st_size for file in SAMPLES.parent.iterdir()) < 2_000_000
    for path in load_samples().photos["path"]:
        assert max(decode_photo(path).size) == 800
        assert b"Exif" not in Path(path).read_bytes()


def test_every_file_of_the_folder_is_listed() -> None:
    files = {file.name for file in SAMPLES.parent.glob("*.jpg")}
    assert files == set(load_samples().photos["photo_id"])
    assert (SAMPLES.parent / "README.md").is_file()
