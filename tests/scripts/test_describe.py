"""describe.py on a small set: tables 5.1 and 5.2 in the terminal, everything as files."""

import json

import numpy as np
import pandas as pd
import pytest

from geocore.cells import generate_cells, load_grid
from scripts.describe import main
from tests.conftest import PLACES, encode, made_photo, write_table

N = 60


@pytest.fixture(scope="module")
def photo_set(tmp_path_factory):
    """Sixty photos in five cities with tags, owners, dates and a split; one has an image."""
    folder = tmp_path_factory.mktemp("sets") / "city photos"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "0.jpg").write_bytes(encode(made_photo(64, 48)))
    rng = np.random.default_rng(1)
    rows = [
        (
            f"{k}.jpg", PLACES[k % 5][1] + rng.normal(0, 0.1), PLACES[k % 5][2],
            ("city street", "forest", "me")[k % 3], f"user {k % 7}", f"20{10 + k % 4}-05-01",
            ("train", "train", "test")[k % 3],
        )
        for k in range(N)
    ]  # fmt: skip
    rows.append(("bad.jpg", 95, 10, "", "", "", "train"))
    header = ("IMG_ID", "LAT", "LON", "tags", "owner", "date_taken", "split")
    write_table(folder / "photos.csv", rows, header)
    return folder


def test_everything_is_told_and_written(photo_set, tmp_path, capsys):
    out = tmp_path / "new" / "report"
    before = sorted(photo_set.rglob("*"))
    assert main(["--photos", str(photo_set), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    for words in (
        "city photos: 60 photos with a position.",
        "Rows that cannot be used: 1 (1 × LAT outside [-90, 90]).",
        "Image files: 1 of 60 photos looked for.",
        "476,960", "493,605", "970,565", "926,053",
        "Where the photos are\n", "no photo is from",
        "Photos come from 5 countries;",
        "Where to collect next", "China",
        "Photographers: 7 took the 60 photos",
        "Taken: 2010 to 2013 (60 photos with a date)",
        "Sizes of 1 photos: median 64 × 48 pixels",
        "Test photos in about the same square kilometre as a training photo: ",
        f"Written to {out}.",
    ):  # fmt: skip
        assert words in printed
    assert max(map(len, printed.splitlines())) <= 100
    report = json.loads((out / "description.json").read_text("utf-8"))
    assert report["n_photos"] == 60 and report["photographers"]["n_photographers"] == 7
    assert {row["group"]: row["n_photos"] for row in report["table_5_1"]} == {
        "natural": 20, "urban": 20, "neither": 20, "no tags": 0
    }  # fmt: skip
    tables = {path.stem: pd.read_csv(path) for path in out.glob("*.csv")}
    assert tables["table_5_2"]["n_photos"].sum() == tables["density"]["n_photos"].sum() == 60
    assert (tables["density"]["level"] == 5).all()
    assert tables["countries"]["n_photos"].sum() == 60
    assert {"collect_regions", "collect_small_cells", "sparse_cells", "years"} <= set(tables)
    assert all((out / f"{name}.svg").stat().st_size > 1e5 for name in ("density", "lack"))
    assert sorted(photo_set.rglob("*")) == before  # a photo set is only read


def test_photos_are_counted_in_given_cells(photo_set, tmp_path, capsys):
    cells = tmp_path / "cells.csv"
    lat, lng = (np.array([place[k] for place in PLACES for _ in range(12)]) for k in (1, 2))
    grid = generate_cells(lat, lng, t_min=12, t_max=12)
    grid.save_csv(cells)
    assert main(["--photos", str(photo_set), "--grid", str(cells), "--t-min", "13"]) == 0
    assert "given cells with at least 13 photos" in capsys.readouterr().out
    assert load_grid(cells).n_leaves == 5


def test_no_text_of_the_table_becomes_a_formula(tmp_path):
    header = ("IMG_ID", "LAT", "LON", "split")
    write_table(
        tmp_path / "photos.csv", [("a.jpg", 48, 2, "=1+1"), ("b.jpg", 48, 2, "test")], header
    )
    assert main(["--photos", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    assert "'=1+1,1" in (tmp_path / "out" / "parts.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--photos", "nowhere"], "nowhere: there is no such file or folder"),
        (["--t-min", "30", "--t-max", "20"], "t_min must not be above t_max, received 30 and 20"),
        (["--t-min", "0"], "t_min must be at least 1 photo, received 0"),
        (["--grid", "none.csv"], "none.csv"),
        (["--grid", "GRID", "--t-max", "9"], "with a grid received t_max = 9"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(photo_set, tmp_path, capsys, extra, words):
    grid = tmp_path / "cells.csv"
    generate_cells([48.0], [2.0], t_min=1, t_max=5).save_csv(grid)
    extra = [str(grid) if word == "GRID" else word for word in extra]
    assert main(["--photos", str(photo_set), *extra]) == 2
    error = capsys.readouterr().err
    assert error.startswith("describe.py: ") and words in error and "Traceback" not in error
