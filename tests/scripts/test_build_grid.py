"""build_grid.py from the table of positions to the table of cells, and its words when it cannot."""

import gzip
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from geocore.cells import load_grid
from geocore.cells.place_names import ASSETS
from scripts.build_grid import main

COLUMNS = ["token", "level", "parent", "class_index", "n_photos", "lat", "lng", "place"]
# Ten photos in Berlin, six in Sydney, two in the middle of the Pacific.
ROWS = [("52.52", "13.40")] * 10 + [("-33.87", "151.21")] * 6 + [("0", "-100")] * 2
NUMBERS = ["--t-min", "5", "--t-max", "8", "--level-end", "2"]


def write_photos(path, rows=ROWS, header="IMG_ID,LAT,LON"):
    lines = [header, *(f"{k}.jpg,{lat},{lng}" for k, (lat, lng) in enumerate(rows))]
    text = "\n".join(lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


@pytest.mark.parametrize("name", ["photos.csv", "photos.csv.gz"])
def test_the_table_of_cells_and_the_summary(tmp_path, capsys, name):
    out = tmp_path / "cells.csv"
    assert main([write_photos(tmp_path / name), *NUMBERS, "--out", str(out)]) == 0
    table = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert table.columns.tolist() == COLUMNS
    leaves = load_grid(out).leaves
    assert leaves["n_photos"].tolist() == [10, 6]
    assert "Berlin" in leaves["place"][0] and "Sydney" in leaves["place"][1]
    printed = capsys.readouterr().out
    assert f"{name}: 18 of 18 photos can be used." in printed
    assert "Classes: 2 cells, on levels 0 to 2." in printed
    assert "Photos kept: 16 of 18 (88.9%)." in printed
    assert "Photos dropped: 2, in cells with fewer than t_min photos." in printed
    assert "Photos per class: 6 to 10, median 8." in printed


def test_preserve_keeps_everything(tmp_path, capsys):
    out = tmp_path / "cells.csv"
    photos = write_photos(tmp_path / "photos.csv")
    assert main([photos, *NUMBERS, "--policy", "preserve", "--out", str(out)]) == 0
    assert load_grid(out).leaves["n_photos"].sum() == len(ROWS)
    printed = capsys.readouterr().out
    assert "Photos kept: 18 of 18 (100.0%)." in printed
    assert "Share of the sphere covered: 100.0%." in printed


def test_level_start_sets_the_roots(tmp_path):
    out = tmp_path / "cells.csv"
    photos = write_photos(tmp_path / "photos.csv")
    assert main([photos, "--level-start", "2", *NUMBERS, "--out", str(out)]) == 0
    assert load_grid(out).cells["level"].unique().tolist() == [2]


def test_unusable_rows_are_counted_with_their_reason(tmp_path, capsys):
    rows = [*ROWS, ("91", "0"), ("", "5"), ("north", "5")]
    out = tmp_path / "cells.csv"
    assert main([write_photos(tmp_path / "photos.csv", rows), *NUMBERS, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "photos.csv: 18 of 21 photos can be used. Left out: " in printed
    assert "LAT outside [-90, 90]" in printed and "not a number" in printed


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (["--t-min", "9", "--t-max", "8"], "t_min must not be above t_max"),
        (["--t-min", "100", "--t-max", "200"], "No cell is left: every cell must hold at least"),
        ([*NUMBERS, "--level-start", "3"], "level_end must be from level_start = 3"),
    ],
)
def test_settings_that_cannot_work_end_with_a_sentence(tmp_path, capsys, numbers, message):
    out = tmp_path / "cells.csv"
    assert main([write_photos(tmp_path / "photos.csv"), *numbers, "--out", str(out)]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("build_grid.py: ") and message in printed.err
    assert printed.out == "" and not out.exists()


def test_files_that_cannot_be_used_end_with_a_sentence(tmp_path, capsys):
    numbers, out = NUMBERS, str(tmp_path / "cells.csv")
    assert main([str(tmp_path / "none.csv"), *numbers, "--out", out]) == 2
    assert "there is no such file" in capsys.readouterr().err
    no_lat = write_photos(tmp_path / "a.csv", header="IMG_ID,X,LON")
    assert main([no_lat, *numbers, "--out", out]) == 2
    assert "there is no column LAT" in capsys.readouterr().err
    swapped = write_photos(tmp_path / "b.csv", [(lng, lat) for lat, lng in ROWS])
    assert main([swapped, *numbers, "--out", out]) == 2
    assert "look swapped" in capsys.readouterr().err
    photos = write_photos(tmp_path / "photos.csv")
    assert main([photos, *numbers, "--out", str(tmp_path / "none" / "cells.csv")]) == 2
    assert "build_grid.py: " in capsys.readouterr().err


def test_the_photo_table_is_never_overwritten(tmp_path, capsys):
    photos = write_photos(tmp_path / "photos.csv")
    assert main([photos, *NUMBERS, "--out", photos]) == 2
    assert "--out must not be the photo table itself" in capsys.readouterr().err
    assert pd.read_csv(photos).columns.tolist() == ["IMG_ID", "LAT", "LON"]


def test_it_runs_as_a_command_and_explains_itself():
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "scripts/build_grid.py", "--help"]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert "--t-min" in found.stdout and "fewest photos of a cell" in found.stdout


def test_a_hundred_thousand_real_coordinates_make_as_many_classes_as_measured(tmp_path, capsys):
    out = tmp_path / "cells.csv"
    numbers = ["--t-min", "300", "--t-max", "3000"]
    assert main([str(ASSETS / "flickr_100k.csv.gz"), *numbers, "--out", str(out)]) == 0
    assert load_grid(out).n_leaves == 77
    assert "flickr_100k.csv.gz: 100,000 of 100,000 photos can be used." in capsys.readouterr().out


def test_real_landslides(tmp_path, shared_data):
    photos, out = shared_data / "coordinates" / "landslides_nasa.csv", tmp_path / "cells.csv"
    assert main([str(photos), "--t-min", "20", "--t-max", "200", "--out", str(out)]) == 0
    leaves = load_grid(out).leaves
    assert len(leaves) == 108
    assert leaves["n_photos"].between(20, 200).all()
