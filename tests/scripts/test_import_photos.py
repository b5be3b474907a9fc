"""The command: a collection becomes a photo set that other commands read; errors are sentences."""

from pathlib import Path

import pytest

from geocore.data.photos import load_photos
from scripts.import_photos import main
from tests.conftest import PLACES
from tests.data.importers.made import JPEG, europe


def test_a_table_with_images(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    lines = [f"{i}.jpg,7@N00,{lat},{lng}" for i, (_, lat, lng, _) in enumerate(PLACES)]
    text = "\n".join(["IMG_ID,AUTHOR,LAT,LON", *lines, "gone.jpg,7@N00,1,2"])
    (tmp_path / "mp16.csv").write_text(text, "utf-8")
    (tmp_path / "photos").mkdir()
    for i in range(5):
        (tmp_path / "photos" / f"{i}.jpg").write_bytes(JPEG)
    arguments = [str(tmp_path / "mp16.csv"), "--images", str(tmp_path / "photos")]
    assert main([*arguments, "--out", str(tmp_path / "set")]) == 0
    said = capsys.readouterr().out
    assert "5 of 6 photos imported into photos.parquet" in said
    assert "left out: 1 × image file not found (first: row 7, gone.jpg)" in said
    assert f"The photo set is {tmp_path / 'set'}." in said
    assert len(load_photos(tmp_path / "set").photos) == 5


def test_swapped_columns_are_an_error_until_one_says_which(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    europe(40, swapped=True).to_csv(tmp_path / "t.csv", index=False)
    arguments = [str(tmp_path / "t.csv"), "--out", str(tmp_path / "set"), "--table", "photos.csv"]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("import_photos.py: t.csv: LAT must be the latitude and LON the long")
    assert "--swap" in error
    assert "--not-swapped" in error
    assert not (tmp_path / "set" / "photos.csv").exists()
    assert main([*arguments, "--swap"]) == 0
    assert "0.jpg,52.5,13.4" in (tmp_path / "set" / "photos.csv").read_text("utf-8")


def test_errors_are_sentences(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([str(tmp_path / "gone"), "--out", str(tmp_path / "set")]) == 2
    assert "there is no such file or folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    helped = capsys.readouterr().out
    assert "yfcc100m" in helped
    assert "tab-separated" in helped
