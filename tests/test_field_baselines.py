"""Baselines all the way: fitted beside the heads, kept in the bundle, answering new photos."""

import numpy as np
import pytest

from geocore.errors import BundleError
from geocore.evaluation.baselines import BASELINES, KNN, UNIFORM
from geocore.inference import Predictor, load_bundle
from geocore.pipeline import run_experiment
from tests.inference.tiny_bundle import save_tiny_bundle
from tests.test_pipeline import CONFIG, silent

pytestmark = pytest.mark.slow  # trains bundles


@pytest.fixture(scope="module")
def bundle(tiny_photo_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    return load_bundle(
        run_experiment(CONFIG, tiny_photo_folder, folder / "b", folder / "c", silent)
    )


def test_the_bundle_measures_them_beside_the_heads(bundle):
    assert bundle.answers == ("HMC-tree", "MC", *bundle.baselines)
    assert bundle.baselines == tuple(BASELINES)
    for name in bundle.baselines:
        assert bundle.report["heads"][name]["all"]["n_photos"] == 8
        np.testing.assert_allclose(bundle.probs(name).sum(axis=1), 1, atol=1e-5)
    assert "Not heads but baselines" in bundle.card
    losses = {name: bundle.report["heads"][name]["all"]["loss"]["value"] for name in bundle.answers}
    assert losses[UNIFORM] == pytest.approx(np.log(bundle.grid.n_leaves), abs=1e-6)
    assert losses[KNN] < losses[UNIFORM]


def test_training_tells_accuracy_on_validation_photos(bundle):
    photos = bundle.photos[bundle.photos["split"] == "validation"]
    for entry in bundle.report["training"].values():
        n_right = entry["validation_accuracy"] * len(photos)
        assert 0 <= n_right <= len(photos)
        assert n_right == pytest.approx(round(n_right))


def test_they_answer_a_new_photo_as_they_were_measured(bundle, tiny_photo_folder):
    predictor = Predictor.load(bundle.folder)
    for name in bundle.baselines:
        row = bundle.predictions(name).iloc[0]
        photo = tiny_photo_folder / row["photo_id"].removeprefix("photos/")
        answer = predictor.predict(photo, name)
        np.testing.assert_allclose(answer.probs, row["probs"], atol=2e-3)
        assert (answer.lat, answer.lng) == pytest.approx((row["point_lat"], row["point_lng"]))
    assert set(predictor.predict_heads(photo)) == set(bundle.heads)
    with pytest.raises(ValueError, match="Uniform is a baseline: only heads can be explained"):
        predictor.explain(photo, UNIFORM)


def test_asking_for_what_is_not_there(bundle, tmp_path):
    with pytest.raises(ValueError, match=r"is a baseline of bundle 'b', not a head"):
        bundle.head_weights(UNIFORM)
    with pytest.raises(ValueError, match=r"Unknown baseline .MC.\. Baselines of .b.: Nearest"):
        bundle.baseline("MC")
    arrays = [np.ones(3, np.float32)] * 2
    broken = load_bundle(save_tiny_bundle(tmp_path / "x", baselines={UNIFORM: arrays}))
    with pytest.raises(BundleError, match=r"Uniform\.npz: Uniform is made of 1 arrays, received 2"):
        broken.baseline(UNIFORM)
