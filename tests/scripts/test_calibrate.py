"""scripts/calibrate.py: a bundle gets its search areas, or the reason why not is told."""

import shutil

from geocore.inference.bundle import load_bundle
from geocore.inference.search_calibration import load_calibration
from scripts.calibrate import main
from tests.inference.tiny_bundle import save_tiny_bundle


def test_a_bundle_is_calibrated_and_told_about(tmp_path, capsys):
    folder = save_tiny_bundle(tmp_path / "bundle")
    assert main(["--bundle", str(folder)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("86 photos calibrate.")
    assert "least-area" in said
    assert len(load_calibration(load_bundle(folder)).photos) == 86


def test_what_is_no_bundle_is_left_alone(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["--bundle", str(tmp_path)]) == 2
    assert "this is not a bundle" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_altered_bundle_is_not_signed_again(tmp_path, capsys):
    folder = save_tiny_bundle(tmp_path / "bundle")
    shutil.copy(folder / "config.toml", folder / "more.toml")
    assert main(["--bundle", str(folder)]) == 2
    assert "more.toml" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [folder]
