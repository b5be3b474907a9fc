"""Views of a place are answered by heads that never stood there."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geocore import event_calibration
from geocore.cells.geodesy import distance_km
from geocore.errors import PhotoTableError
from geocore.event_calibration import held_out_places
from geocore.inference.event_fitting import PLACE
from geocore.preparation import Prepared
from scripts import calibrate_events
from tests.inference.calibrated_bundle import calibrated_bundle


@pytest.fixture(scope="module")
def photos():
    """Ten places of four views, a photo of another set beside each, and test photos."""
    rng = np.random.default_rng(0)
    lat, lng = rng.uniform(-60, 60, 10), rng.uniform(-170, 170, 10)
    views = pd.DataFrame({"lat": np.repeat(lat, 4), "lng": np.repeat(lng, 4), "split": "train"})
    views[PLACE] = [f"place {i // 4}" for i in range(40)]
    beside = pd.DataFrame({"lat": lat + 0.001, "lng": lng, "split": "train"})
    test = pd.DataFrame({"lat": lat + 5, "lng": lng, "split": "test"})
    table = pd.concat([views, beside, test], ignore_index=True)
    return table.assign(photo_id=[f"p{i}" for i in range(len(table))])


def test_no_head_answers_a_place_that_it_has_seen(photos, monkeypatch):
    trained, answered = [], []

    def train(prepared, head):
        trained.append(prepared.photos[prepared.photos["split"] == "train"])
        return [], SimpleNamespace()

    def answer(prepared, head, weights, mixing, witness):
        rows = prepared.photos[prepared.photos["split"] == "test"]
        answered.append(rows)
        return rows

    monkeypatch.setattr(event_calibration, "train_head", train)
    monkeypatch.setattr(event_calibration, "predict_held_out", answer)
    monkeypatch.setattr(event_calibration, "head_mixing", lambda *_: None)
    monkeypatch.setattr(event_calibration, "hear_places", lambda _: None)
    monkeypatch.setattr(event_calibration, "with_reduction", lambda prepared: prepared)
    monkeypatch.setattr(event_calibration, "sentence", lambda _: "done")
    config = SimpleNamespace(split_seed=42)
    prepared = Prepared(config=config, photos=photos, grid=None, hierarchy=None, features=None)
    rows = pd.concat(held_out_places(prepared, "MC", 3, lambda _: None))
    assert sorted(rows["photo_id"]) == sorted(photos["photo_id"][:40])
    assert (rows[PLACE] == photos[PLACE][rows.index]).all()
    for known, asked in zip(trained, answered, strict=True):
        gaps = distance_km(
            known["lat"].to_numpy()[:, None], known["lng"].to_numpy()[:, None],
            asked["lat"].to_numpy(), asked["lng"].to_numpy(),
        )  # fmt: skip
        assert gaps.min() > 1
        assert len(known) >= 6 * 5


def test_other_photos_than_the_bundles_are_refused(photos, monkeypatch, capsys):
    other = photos.assign(sha256="f" * 64)
    monkeypatch.setattr(
        event_calibration,
        "config_from_dict",
        lambda _: SimpleNamespace(training=SimpleNamespace(seed=1)),
    )
    monkeypatch.setattr(event_calibration, "prepare_tensorflow", lambda _: None)
    monkeypatch.setattr(event_calibration, "load_photo_sets", lambda *_: other)
    monkeypatch.setattr(event_calibration, "load_features", lambda *_: (other, None))
    folder = calibrated_bundle().folder
    assert calibrate_events.main(["--bundle", str(folder), "--photos", "sets"]) == 2
    assert "must be those that bundle 'calibrated' was made from" in capsys.readouterr().err


def test_places_need_all_views(photos):
    with pytest.raises(PhotoTableError, match="No place has 4 views"):
        event_calibration.complete_places(photos[:3])
    assert len(event_calibration.complete_places(photos[:7])) == 4
