"""What a bundle is given after training: search areas and familiar photos."""

import numpy as np
import pytest

from geocore import finishing
from geocore.errors import PhotoTableError
from geocore.inference.bundle import load_bundle
from geocore.inference.familiarity_file import load_familiarity
from geocore.inference.search_calibration import load_calibration
from geocore.models.features import Features
from tests.inference.tiny_bundle import save_tiny_bundle, tiny_photos

CONFIG = """
[grid]
t_min = 5
t_max = 60

[backbone]
name = "EfficientNet-Lite0"
size_px = 64

[classifier]
pooling = "mean"
"""


def values_of(photos):
    """Forty maxima and forty means for every photo."""
    return np.random.default_rng(0).normal(size=(len(photos), 1, 80)).astype(np.float32)


def features_of_each(config, photos, cache, weights=None):
    """Only the photos themselves are asked for, no variations."""
    assert config.augmentation.n_views == 0
    assert weights is None
    return Features(values=values_of(photos), sha256=photos["sha256"].to_numpy(), errors={})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(finishing, "features_of", features_of_each)
    return save_tiny_bundle(tmp_path / "bundle", config_toml=CONFIG)


def test_photos_are_matched_by_their_bytes(folder, monkeypatch, tmp_path):
    shuffled = tiny_photos().sample(frac=1, random_state=1, ignore_index=True)
    monkeypatch.setattr(finishing, "load_photo_sets", lambda *_: shuffled)
    said = []
    finishing.finish_bundle(folder, tmp_path, tmp_path, said.append)
    bundle = load_bundle(folder)
    familiarity = load_familiarity(bundle)
    means = values_of(shuffled)[:, 0, 40:]
    test = bundle.photos[bundle.photos["split"] == "test"]
    first = means[shuffled["sha256"] == test["sha256"].iloc[0]]
    assert familiarity.distance(first) == pytest.approx(familiarity.held_out[:1], rel=1e-5)
    assert len(familiarity.held_out) == len(test)
    assert len(load_calibration(bundle).photos) == len(test)
    assert said == ["Search areas: 86 photos calibrate.", "Familiar photos: 10 axes."]


def test_other_photos_are_refused(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(finishing, "load_photo_sets", lambda *_: tiny_photos().iloc[1:])
    with pytest.raises(PhotoTableError, match="1 of the 400 photos that bundle 'bundle' was made"):
        finishing.familiarity_of(load_bundle(folder), tmp_path, tmp_path)


def test_without_photos_familiar_ones_stay_as_they_are(folder, tmp_path):
    finishing.finish_bundle(folder, None, tmp_path, lambda _: None)
    bundle = load_bundle(folder)
    assert load_familiarity(bundle) is None
    assert len(load_calibration(bundle).photos) == 86
