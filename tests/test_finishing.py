"""What a bundle is given after training: search areas and familiar photos."""

import numpy as np
import pytest
from PIL import Image

from geocore import finishing
from geocore.errors import PhotoTableError
from geocore.inference.bundle import load_bundle, save_bundle
from geocore.inference.familiarity_file import load_familiarity
from geocore.inference.search_calibration import load_calibration
from geocore.models.features import Features
from tests.dashboard.measured_bundle import measured_parts
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


def test_the_card_is_written_anew_with_kinds_of_photos(monkeypatch, tmp_path):
    parts = measured_parts() | {"config_toml": CONFIG}
    folder = save_bundle(tmp_path / "bundle", **parts)
    photos = parts["photos"].assign(path=tmp_path / "bright.png")
    photos.loc[::4, "path"] = tmp_path / "dim.png"
    Image.new("RGB", (32, 32), (200, 200, 200)).save(tmp_path / "bright.png")
    Image.new("RGB", (32, 32), (20, 20, 20)).save(tmp_path / "dim.png")
    monkeypatch.setattr(finishing, "load_photo_sets", lambda *_: photos)
    finishing.renew_card(folder, tmp_path)
    bundle = load_bundle(folder)
    kinds = bundle.report["kinds"][bundle.default_head]
    tested = photos.set_index("photo_id").loc[bundle.predictions(bundle.default_head)["photo_id"]]
    n_dim = sum(path.stem == "dim" for path in tested["path"])
    assert kinds["Light"]["dim"]["n_photos"] == n_dim > 0
    assert sum(group["n_photos"] for group in kinds["Continent"].values()) == len(tested)
    assert f"| Light: dim | {n_dim} |" in bundle.card
    finishing.renew_card(folder, None)  # photos that are not there say nothing of their light
    assert set(load_bundle(folder).report["kinds"][bundle.default_head]) == {"Continent", "Cities"}


def test_a_card_of_other_photos_is_refused(folder, monkeypatch, tmp_path):
    rest = tiny_photos().iloc[200:].assign(path=tmp_path / "x.png")
    monkeypatch.setattr(finishing, "load_photo_sets", lambda *_: rest)
    with pytest.raises(PhotoTableError, match="held-out photos of bundle 'bundle' are not there"):
        finishing.renew_card(folder, tmp_path)
