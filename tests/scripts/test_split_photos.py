"""The command: a set divided by photo, photographer or place, which training takes as it is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geocore.cells.geodesy import distance_km
from geocore.data.photos import load_coordinates, load_photos
from scripts.split_photos import main


def test_a_set_is_divided_by_place(
    tiny_photo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "split"
    arguments = ["--photos", str(tiny_photo_folder), "--out", str(out), "--validation", "0.3"]
    assert main([*arguments, "--place-km", "200"]) == 0
    said = capsys.readouterr().out
    assert "photos.csv: 40 of 40 photos can be used." in said
    assert "32 train, 8 validation; places within 200 km together" in said
    assert "The largest group holds 8 photos (20.0%)." in said
    photos = load_photos(out).photos
    assert len(photos) == 40, "images are found through the link"
    lat, lng, part = (photos[x].to_numpy() for x in ("lat", "lng", "split"))
    km = distance_km(lat[:, None], lng[:, None], lat, lng)
    assert km[part[:, None] != part].min() > 200


def test_the_thesis_s_split_is_the_default(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    table = pd.DataFrame({"IMG_ID": range(500), "LAT": 1.0, "LON": np.arange(500) / 10})
    table["AUTHOR"] = table.index // 10
    table.to_csv(tmp_path / "t.csv", index=False)
    base = ["--photos", str(tmp_path / "t.csv")]
    assert main([*base, "--out", str(tmp_path / "a")]) == 0
    assert "450 train, 50 validation; photo by photo." in capsys.readouterr().out
    assert main([*base, "--out", str(tmp_path / "b"), "--group", "AUTHOR", "--test", "0.1"]) == 0
    photos = load_coordinates(tmp_path / "b").photos
    assert photos.groupby("AUTHOR")["split"].nunique().max() == 1
    assert photos["split"].value_counts().to_dict() == {"train": 400, "validation": 50, "test": 50}


def test_errors_are_sentences(
    tiny_photo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    base = ["--photos", str(tiny_photo_folder)]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    for more, words in (
        (["--out", str(tmp_path / "full")], "must be a new or empty folder"),
        (["--out", str(tmp_path / "o"), "--group", "AUTOR"], "received 'AUTOR'. Columns: photo_id"),
        (["--out", str(tmp_path / "o"), "--place-km", "9000"], "must stay together holds"),
        (["--out", str(tiny_photo_folder / "images" / "o")], "must not lie inside"),
    ):
        assert main([*base, *more]) == 2
        assert words in capsys.readouterr().err
    assert not (tiny_photo_folder / "images" / "o").exists()
