import numpy as np

from geocore.inference import load_bundle
from geocore.inference.probs_per_cell import probs_per_cell
from tests.inference.tiny_bundle import save_tiny_bundle


def test_sums_are_those_of_the_predictions(tmp_path, monkeypatch):
    monkeypatch.setattr("geocore.inference.probs_per_cell._BATCH_PHOTOS", 7)
    bundle = load_bundle(save_tiny_bundle(tmp_path / "b"))
    rows = bundle.predictions("MC")
    chosen = rows["photo_id"].iloc[::3]
    expected = np.stack(list(rows["probs"].iloc[::3])).sum(axis=0)
    np.testing.assert_allclose(probs_per_cell(bundle, "MC", set(chosen)), expected, rtol=1e-5)


def test_no_photos_no_probability(tmp_path):
    bundle = load_bundle(save_tiny_bundle(tmp_path / "b"))
    assert probs_per_cell(bundle, "MC", []).sum() == 0
