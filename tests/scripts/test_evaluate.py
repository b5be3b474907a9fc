"""scripts/evaluate.py as an outsider runs it."""

import json
import shutil

import pandas as pd
import pytest

from geocore.data.images import photo_sha256
from scripts import evaluate
from tests.inference import tiny_model
from tests.inference.tiny_bundle import tiny_photos

FIGURES = ("loss", "top_1", "top_5", "top_10", "ior", "ece", "median_km", "geoscore")


@pytest.fixture(scope="module")
def folder(tiny_photo_folder, tmp_path_factory):
    """Forty made photos; the bundle was trained or tuned on four, one is in its report."""
    return shutil.copytree(tiny_photo_folder, tmp_path_factory.mktemp("known") / "photos")


@pytest.fixture(scope="module")
def bundle(folder, tmp_path_factory):
    photos = tiny_photos()
    hashes = [photo_sha256(folder / "images" / f"{i}.jpg") for i in range(5)]
    photos.loc[:4, "sha256"] = hashes
    photos.loc[:4, "split"] = ["train", "train", "train", "validation", "test"]
    return tiny_model.save_tiny_model(
        tmp_path_factory.mktemp("bundles") / "tiny", ("MC", "HMC-tree"), photos=photos
    )


def _run(capsys, bundle, folder, out, *args) -> tuple[int, dict, str]:
    arguments = ["--bundle", bundle, "--photos", folder, "--out", out, *args]
    code = evaluate.main([str(argument) for argument in arguments])
    report = json.loads(out.read_text("utf-8")) if out.exists() else {}
    return code, report, capsys.readouterr().err


def test_every_figure_has_a_value_and_an_interval(capsys, bundle, folder, tmp_path):
    code, report, err = _run(capsys, bundle, folder, tmp_path / "r.json", "--head", "MC")
    assert code == 0 and report["head"] == "MC"
    assert report["n_photos"] == 40 and isinstance(report["n_unassigned"], int)
    within = [report["within_km"][km] for km in ("1", "25", "200", "750", "2500")]
    for figure in [*(report[name] for name in FIGURES), *within]:
        low, high = figure["ci95"]
        assert low - 1e-9 <= figure["value"] <= high + 1e-9
    assert "40 of 40 photos can be used" in err


def test_the_first_figures_are_printed(capsys, bundle, folder, tmp_path):
    out = tmp_path / "r.json"
    evaluate.main(["--bundle", str(bundle), "--photos", str(folder), "--out", str(out)])
    figures, said = json.loads(out.read_text("utf-8")), capsys.readouterr().out
    assert f"first: {figures['top_1']['value']:.1%} ({figures['top_1']['ci95'][0]:.1%} to" in said
    assert f"median error: {figures['median_km']['value']:,.0f} km" in said
    assert f"All figures: {out}" in said


def test_photos_of_the_training_are_counted_and_warned_of(capsys, bundle, folder, tmp_path):
    _, report, err = _run(capsys, bundle, folder, tmp_path / "r.json")
    assert report["n_in_training"] == 4 and report["head"] == "HMC-tree"
    assert "4 of these photos were used to make the bundle" in err and "--unseen-only" in err


def test_unseen_only_leaves_them_out(capsys, bundle, folder, tmp_path):
    code, report, err = _run(capsys, bundle, folder, tmp_path / "r.json", "--unseen-only")
    assert code == 0 and report["n_photos"] == 36 and report["n_in_training"] == 4
    assert "flatter" not in err


def test_bad_photos_are_left_out_and_named(capsys, bundle, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "photos")
    (copy / "images" / "7.jpg").write_text("dear")
    (copy / "images" / "8.jpg").write_bytes(b"")
    (copy / "images" / "9.jpg").unlink()
    code, report, err = _run(capsys, bundle, copy, tmp_path / "r.json")
    assert code == 0 and report["n_photos"] == 37 and report["n_dropped"] == 1
    assert sorted(row["photo"].rpartition("/")[2] for row in report["failures"]) == [
        "7.jpg",
        "8.jpg",
    ]
    assert "Left out: 7.jpg: the content is not a photo" in err and "image file not found" in err


def test_a_bad_photo_does_not_shift_the_truth_of_the_next(capsys, bundle, folder, tmp_path):
    """Leaving out a row and not reading a photo must give the same figures."""
    broken, shorter = (shutil.copytree(folder, tmp_path / name) for name in ("broken", "shorter"))
    (broken / "images" / "0.jpg").write_text("dear")
    table = pd.read_csv(shorter / "photos.csv")
    table.iloc[1:].to_csv(shorter / "photos.csv", index=False)
    _, report, _ = _run(capsys, bundle, broken, tmp_path / "a.json")
    _, expected, _ = _run(capsys, bundle, shorter, tmp_path / "b.json")
    for name in FIGURES:
        assert report[name]["value"] == pytest.approx(expected[name]["value"], rel=1e-5)


def test_nothing_left_is_a_sentence(capsys, bundle, folder, tmp_path):
    table = pd.read_csv(folder / "photos.csv").iloc[:4]
    few = shutil.copytree(folder, tmp_path / "few")
    table.to_csv(few / "photos.csv", index=False)
    code, report, err = _run(capsys, bundle, few, tmp_path / "r.json", "--unseen-only")
    assert (code, report) == (2, {})
    assert "no photo is left to measure on; 4 in the table, 4 of them used in training" in err


def test_the_bundle_is_never_written_into(capsys, bundle, folder):
    out = bundle / "report.json"
    before = out.read_bytes()
    code, _, err = _run(capsys, bundle, folder, out)
    assert code == 2 and "--out must lie outside the bundle" in err
    assert out.read_bytes() == before


def test_a_folder_without_table_or_positions_is_a_sentence(capsys, bundle, tmp_path):
    (tmp_path / "none").mkdir()
    code, report, err = _run(capsys, bundle, tmp_path / "none", tmp_path / "r.json")
    assert (code, report) == (2, {}) and err.startswith("evaluate.py: ")


def test_help_is_for_strangers(capsys):
    with pytest.raises(SystemExit):
        evaluate.main(["--help"])
    text = capsys.readouterr().out
    assert "--unseen-only" in text and "photos.csv" in text
