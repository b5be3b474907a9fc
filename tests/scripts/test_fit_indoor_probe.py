"""scripts/fit_indoor_probe.py as an outsider runs it."""

import numpy as np

from geocore import indoor_fitting
from geocore.inference.indoor_probe import IndoorProbe
from scripts import fit_indoor_probe
from tests.inference import tiny_model


def test_the_probe_is_fitted_and_judged(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(indoor_fitting, "BACKBONES", ("EfficientNet-Lite0",))
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        tiny_model.made_photo(number).save(folder / f"place_{number}_0.jpg")
    table = tmp_path / "indoor_photos.csv"
    table.write_text("photo,seen\n" + "".join(f"place_{n}_0.jpg,inside\n" for n in range(3)))
    out = tmp_path / "probe.npz"
    args = ["--photos", folder, "--cache", tmp_path, "--table", table, "--out", out]
    assert fit_indoor_probe.main([str(arg) for arg in args]) == 0
    said = capsys.readouterr().out
    assert "of 3 photos from inside are seen" in said and "of 3 from outdoors" in said
    with np.load(out) as saved:
        assert saved["EfficientNet-Lite0"].shape == (1281,)
        assert np.isfinite(IndoorProbe(saved["EfficientNet-Lite0"]).weigh(np.ones((1, 1280))))


def test_a_folder_without_the_rooms_is_a_sentence(capsys, tmp_path):
    assert fit_indoor_probe.main(["--photos", str(tmp_path)]) == 2
    assert "photos of indoor_photos.csv" in capsys.readouterr().err
