"""Rooms are told by what the backbone saw anyway, without a second look."""

from pathlib import Path

import numpy as np
import pytest

from geocore.casework.caution import INDOOR_LIMIT
from geocore.data.samples import load_samples
from geocore.indoor_fitting import SIZE_PX
from geocore.inference import Predictor, load_bundle
from geocore.inference.indoor_probe import SMALLEST_PX, WEIGHTS, IndoorProbe, indoor_probe
from geocore.models.backbones import build_backbone
from geocore.models.images import load_image
from tests.inference import tiny_model


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "a.jpg"
    tiny_model.made_photo(1).save(path, quality=95)
    return path


def test_maps_are_pooled_and_weighed():
    probe = IndoorProbe(np.array([0.5, -1.0, 0.2], np.float32))
    maps = np.zeros((3, 2, 3, 2), np.float32)
    maps[0, 0, 0] = (-9.0, 50.0)  # ReLU6: 0 and 6, a sixth of the map
    maps[1, ..., 0] = 6.0
    maps[2, ..., 1] = 6.0
    expected = [(1 + 0.2 - 1.0) / 2, 1.0, 0.0]
    np.testing.assert_allclose(probe.scores(maps), expected, atol=1e-6)
    np.testing.assert_allclose(probe.weigh(np.array([[0.0, 1.0]])), [0.1], atol=1e-6)


def test_a_look_weighs_what_the_whole_backbone_says(photo, tmp_path):
    """The predictor keeps the map before its last activation; the probe supplies that."""
    config = tiny_model.CONFIG.replace("size_px = 64", f"size_px = {SMALLEST_PX}")
    predictor = Predictor.load(tiny_model.save_tiny_model(tmp_path / "tiny", config_toml=config))
    pixels = load_image(photo, SMALLEST_PX)[None].astype(np.float32)
    backbone = build_backbone(tiny_model.BACKBONE, SMALLEST_PX)
    pooled = backbone(pixels).numpy().mean(axis=(1, 2))
    with np.load(WEIGHTS) as saved:
        expected = IndoorProbe(saved[tiny_model.BACKBONE]).weigh(pooled)
    reading = predictor.read(photo)
    assert predictor.look(reading).indoor_score == pytest.approx(expected[0], abs=1e-3)
    assert predictor.answer(reading).indoor_score == predictor.look(reading).indoor_score


def test_no_sample_photo_looks_like_a_room():
    paths = [Path(path) for path in load_samples().photos["path"]]
    pixels = np.stack([load_image(path, SIZE_PX) for path in paths]).astype(np.float32)
    pooled = build_backbone(tiny_model.BACKBONE, SIZE_PX)(pixels).numpy().mean(axis=(1, 2))
    with np.load(WEIGHTS) as saved:
        scores = IndoorProbe(saved[tiny_model.BACKBONE]).weigh(pooled)
    assert len(scores) >= 9 and scores.max() < INDOOR_LIMIT


def test_a_backbone_that_sees_too_little_cannot_say(tmp_path):
    assert indoor_probe(load_bundle(tiny_model.save_tiny_model(tmp_path / "tiny"))) is None


def test_a_tuned_backbone_cannot_say(photo, tmp_path):
    tuned = build_backbone(tiny_model.BACKBONE, SMALLEST_PX, folded=False)
    weights = [array.astype(np.float32) for array in tuned.get_weights()]
    config = tiny_model.CONFIG.replace("size_px = 64", f"size_px = {SMALLEST_PX}")
    folder = tiny_model.save_tiny_model(
        tmp_path / "tuned", backbone_weights=weights, config_toml=config
    )
    predictor = Predictor.load(folder)
    assert indoor_probe(predictor.bundle) is None
    assert predictor.look(predictor.read(photo)).indoor_score == 0
