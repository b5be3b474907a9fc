"""scripts/predict.py as an outsider runs it."""

import csv
import io
import json

import pytest

from scripts import predict
from tests.data.test_faces import PORTRAIT
from tests.inference import tiny_model


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_model.save_tiny_model(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture
def photos(tmp_path):
    """A folder with two good photos, one below another, and files that are none."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    tiny_model.made_photo(1).save(folder / "a.jpg")
    tiny_model.made_photo(2).save(folder / "more" / "B.PNG")
    (folder / "readme.txt").write_text("no photo")
    (folder / ".hidden.jpg").write_text("no photo")
    return folder


def _run(capsys, *args) -> tuple[int, str, str]:
    code = predict.main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_json_of_a_folder(capsys, photos, bundle):
    code, out, _ = _run(capsys, photos, "--bundle", bundle, "--format", "json", "--top", 3)
    rows = json.loads(out)
    assert code == 0
    assert [row["photo"] for row in rows] == [str(photos / "a.jpg"), str(photos / "more" / "B.PNG")]
    for row in rows:
        assert list(row)[:6] == ["photo", "head", "lat", "lng", "cell_km2", "cells"]
        assert row["head"] == "HMC-tree" and row["bundle"] == "tiny" and row["cell_km2"] > 0
        assert len(row["cells"]) == 3
        assert list(row["cells"][0]) == ["token", "level", "place", "lat", "lng", "prob"]
        probs = [cell["prob"] for cell in row["cells"]]
        assert probs == sorted(probs, reverse=True) and sum(probs) <= 1 + 1e-6


def test_a_bad_photo_is_an_error_row_and_the_code_is_1(capsys, photos, bundle):
    (photos / "letter.jpg").write_text("dear")
    args = [photos / "letter.jpg", photos / "a.jpg", photos / "none.jpg"]
    code, out, _ = _run(capsys, *args, "--bundle", bundle, "--format", "json")
    rows = json.loads(out)
    assert code == 1
    for row in rows[::2]:
        assert {"error", "photo"} <= set(row) and "cells" not in row
    assert "letter.jpg: the content is not a photo" in rows[0]["error"]
    assert "no such file" in rows[2]["error"]
    assert rows[1]["cells"]


def test_a_folder_without_photos_is_an_error_row(capsys, tmp_path, photos, bundle):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, out, _ = _run(capsys, photos, empty, "--bundle", bundle, "--format", "json")
    rows = json.loads(out)
    assert code == 1 and len(rows) == 3
    assert rows[2]["photo"] == str(empty) and "the folder holds no photo" in rows[2]["error"]


def test_csv_and_geojson_and_table(capsys, photos, bundle):
    (photos / "letter.jpg").write_text("dear")
    args = [photos, "--bundle", bundle, "--top", 2, "--head", "MC", "--format"]
    code, out, _ = _run(capsys, *args, "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 1 and len(rows) == 5 and {row["head"] for row in rows} == {"MC", ""}
    code, out, _ = _run(capsys, *args, "geojson")
    kinds = [f["properties"]["kind"] for f in json.loads(out)["features"]]
    assert code == 1 and sorted(kinds) == ["cell"] * 4 + ["error"] + ["point"] * 2
    code, out, _ = _run(capsys, *args, "table")
    assert code == 1 and out.count("best single point") == 2 and out.count("error:") == 1


def test_a_formula_for_a_name_is_disarmed_in_csv(capsys, photos, bundle, monkeypatch):
    monkeypatch.chdir(photos)
    (photos / "=1+1.jpg").write_bytes((photos / "a.jpg").read_bytes())
    _, out, _ = _run(capsys, "=1+1.jpg", "--bundle", bundle, "--top", 1, "--format", "csv")
    assert next(csv.DictReader(io.StringIO(out)))["photo"] == "'=1+1.jpg"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--head", "HCM"], "Unknown head 'HCM'. Heads of bundle 'tiny': HMC-tree, MC."),
        (["--top", "0"], "top must be at least 1, received 0"),
    ],
)
def test_wrong_arguments_end_with_a_sentence_and_code_2(capsys, photos, bundle, args, message):
    code, out, err = _run(capsys, photos, "--bundle", bundle, *args)
    assert (code, out) == (2, "") and err.startswith(f"predict.py: {message}")


def test_a_folder_that_is_no_bundle_ends_with_a_sentence(capsys, photos):
    code, out, err = _run(capsys, photos, "--bundle", photos)
    assert (code, out) == (2, "")
    assert "predict.py:" in err and "this is not a bundle" in err


def test_help_is_for_strangers(capsys):
    with pytest.raises(SystemExit) as stop:
        predict.main(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "PHOTO_OR_DIR" in text and "{table,json,csv,geojson}" in text and "error row" in text


def test_a_photo_of_a_person_is_answered_once_it_is_said_what_for(capsys, photos, bundle):
    args = [PORTRAIT, photos / "a.jpg", "--bundle", bundle, "--format", "json"]
    code, out, _ = _run(capsys, *args)
    held, answered = json.loads(out)
    assert code == 1 and "cells" in answered
    assert "portrait.jpg: it seems to show a person" in held["error"] and "cells" not in held
    code, out, _ = _run(capsys, *args, "--no-private-person")
    assert code == 0 and all("cells" in row for row in json.loads(out))
