"""Heads joined with the evidence of places, from photos to a bundle that answers."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geocore.answering import (
    evidence_weights,
    hear_places,
    mixing_report,
    predict_held_out,
    with_domains,
)
from geocore.answering import head_mixing as fitted_mixing
from geocore.config import config_from_dict
from geocore.errors import BundleError
from geocore.evaluation import domain_fit
from geocore.evaluation.baselines import KNN
from geocore.finishing import finish_bundle
from geocore.inference import Predictor, load_bundle
from geocore.inference.bundle_network import build_network
from geocore.inference.evidence_file import (
    EVIDENCE_FILE,
    REDUCTION_FILE,
    head_mixing,
    load_evidence,
    load_projection,
)
from geocore.inference.familiarity_file import load_familiarity
from geocore.models.heads import normalise
from geocore.pipeline import run_experiment, train_head
from geocore.preparation import prepare_photos
from tests.inference.tiny_bundle import signed_again

pytestmark = pytest.mark.slow  # trains bundles

TABLES = {
    "grid": {"t_min": 2, "t_max": 12},
    "backbone": {
        "name": "EfficientNet-Lite0",
        "further": ["EfficientNet-Lite1"],
        "depths": ["top", "residual", "sixteenth"],
        "root": True,
        "mirror": True,
        "size_px": 64,
    },
    "augmentation": {"n_views": 0},
    "classifier": {"hidden_units": 32, "pooling": "mean+std+bands", "n_axes": 16},
    "heads": {"names": ["MC", "HMC-tree"]},
    "training": {"learning_rate": 0.003, "epochs": 8},
    "evidence": {"is_used": True},
}
CONFIG = config_from_dict(TABLES)


def silent(_):
    pass


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def folder(tiny_photo_folder, cache, tmp_path_factory):
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    run_experiment(CONFIG, tiny_photo_folder, out, cache, silent)
    finish_bundle(out, tiny_photo_folder, cache, silent)
    return out


@pytest.fixture(scope="module")
def predictor(folder):
    return Predictor.load(folder)


def held_out_photo(predictor, tiny_photo_folder, head="MC", row=0):
    found = predictor.bundle.predictions(head).iloc[row]
    return tiny_photo_folder / found["photo_id"].removeprefix("photos/"), found


def test_it_learned_the_five_places(predictor):
    assert predictor.bundle.report["heads"]["MC"]["all"]["top_1"]["value"] >= 0.75


def test_the_predictor_answers_as_the_report_was_measured(predictor, tiny_photo_folder):
    for head in predictor.bundle.heads:
        for row in range(8):
            photo, found = held_out_photo(predictor, tiny_photo_folder, head, row)
            answer = predictor.predict(photo, head)
            np.testing.assert_allclose(answer.probs, found["probs"], atol=2e-3)
            assert (answer.lat, answer.lng) == pytest.approx(
                (found["point_lat"], found["point_lng"])
            )


def test_head_and_evidence_both_count(predictor, tiny_photo_folder):
    """The served probs are neither the head's nor the evidence's own."""
    photo, _ = held_out_photo(predictor, tiny_photo_folder)
    reading = predictor.read(photo)
    served = predictor.answer(reading, "MC").probs
    shares = predictor.bundle.report["evidence_shares"]
    assert set(shares) == {"MC", "HMC-tree"} and 0 < shares["MC"] < 1
    assert np.abs(served - reading.probs["MC"]).max() > 1e-3
    off = Predictor.load(predictor.bundle.folder, calibrated=False).answer(reading, "MC").probs
    assert np.abs(off - reading.probs["MC"]).max() > 1e-3
    assert served.sum() == pytest.approx(1, abs=1e-5)


def test_baselines_and_familiarity_read_the_same_few_features(predictor, tiny_photo_folder):
    photo, found = held_out_photo(predictor, tiny_photo_folder, KNN)
    np.testing.assert_allclose(predictor.predict(photo, KNN).probs, found["probs"], atol=2e-3)
    look = predictor.look(predictor.read(photo))
    assert look.features.shape == (16,)
    familiarity = load_familiarity(predictor.bundle)
    test = predictor.bundle.photos[predictor.bundle.photos["split"] == "test"]
    position = list(test["photo_id"]).index(found["photo_id"])
    distance = familiarity.distance(look.features[None])[0]
    assert distance == pytest.approx(familiarity.held_out[position], abs=0.02)


def test_the_explanation_is_of_the_served_cell_with_all_else_held(predictor, tiny_photo_folder):
    """Against differences: the head's logit moves as the heat map's gradient says."""
    photo, _ = held_out_photo(predictor, tiny_photo_folder)
    reading = predictor.read(photo)
    top = int(predictor.answer(reading, "MC").probs.argmax())
    heat_map = predictor.explain(reading, "MC")
    assert heat_map.shape == (2, 2) and 0 <= heat_map.min() <= heat_map.max() <= 1
    np.testing.assert_array_equal(heat_map, predictor.explain(reading, "MC", top))
    network = predictor._network
    network._held.hold(reading.features)
    head_only = network._head_only("MC")
    own = normalise(head_only(reading.feature_map[None])).numpy()[0]
    np.testing.assert_allclose(own, reading.probs["MC"], atol=1e-5)


def test_what_it_says_of_validation_photos_is_said_without_their_places(tiny_photo_folder, cache):
    prepared = prepare_photos(CONFIG, tiny_photo_folder, cache, silent)
    witness = hear_places(prepared)
    rows = prepared.rows("validation")
    assert np.isin(rows, witness.learned).all()
    held_out, _ = witness.hear(prepared, rows)
    with_them, _ = witness.answers.evidence.hear(prepared.inputs[rows, 0])
    assert np.abs(held_out - with_them).max() > 1e-3
    assert not np.isin(np.flatnonzero(prepared.photos["split"] == "test"), witness.learned).any()


def with_two_sets(prepared):
    """Every other photo of a second set whose features tell it from the first."""
    second = np.arange(len(prepared.photos)) % 2 == 1
    names = np.where(second, "scenes", "streets")
    found = replace(prepared, photos=prepared.photos.assign(photo_set=names))
    inputs = prepared.inputs.copy()
    inputs[second, :, 0] += 6.0
    vars(found)["inputs"] = inputs
    return found


def test_photos_are_answered_as_those_of_the_set_they_look_like(
    tiny_photo_folder, cache, tmp_path, monkeypatch
):
    monkeypatch.setattr(domain_fit, "MIN_PHOTOS", 5)
    prepared = with_two_sets(prepare_photos(CONFIG, tiny_photo_folder, cache, silent))
    witness = hear_places(prepared)
    assert witness.domains == ("streets", "scenes")
    weights, _ = train_head(prepared, "MC")
    mixing = fitted_mixing(prepared, "MC", weights, witness)
    assert len(mixing.shares) == len(mixing.strengths) == 2
    rows = predict_held_out(prepared, "MC", weights, mixing, witness)
    assert (rows["domain"] == rows["photo_set"]).mean() > 0.8
    report = mixing_report({"MC": mixing}, witness)
    assert report["domains"] == ["streets", "scenes"]
    assert report["domain_mixings"]["MC"]["shares"] == list(mixing.shares)
    baseline = with_domains({"Uniform": rows.drop(columns="domain")}, rows)["Uniform"]
    assert baseline["domain"].tolist() == rows["domain"].tolist()


def test_a_set_counts_less_where_it_is_crowded():
    """Three photos of an extra set crowd where the first set has one, none crowds elsewhere."""
    photos = pd.DataFrame(
        {
            "photo_set": ["first"] * 2 + ["extra"] * 9 + ["sparse"],
            "lat": [10.0, -40.0] + [10.0] * 8 + [-40.0, 10.0],
            "lng": [0.0, 90.0] + [0.0] * 8 + [90.0, 0.0],
            "evidence_weight": [1.0, 1.0] + [0.25] * 9 + [0.5],
            "density_km": [0.0, 0.0] + [100.0] * 9 + [0.0],
        }
    )
    weights = evidence_weights(photos)
    crowded = 0.25 * (1 / 2) / (8 / 9) / 2
    assert weights[:2].tolist() == [1, 1] and weights[-1] == 0.5
    assert weights[2:10] == pytest.approx(crowded)
    assert weights[10] == pytest.approx(0.25)


def test_files_that_do_not_fit_are_refused(folder, tmp_path):
    bundle = load_bundle(folder)
    assert load_projection(bundle)[0].shape[1] == 16
    for name, change, load, sentence in (
        (REDUCTION_FILE, lambda x: x[:1], load_projection, "a projection and a shift of one width"),
        (EVIDENCE_FILE, lambda x: x[:2], load_evidence, "The arrays features, coefficients"),
        (EVIDENCE_FILE, lambda x: [*x[:5], x[5] * 0, *x[6:]], load_evidence, "must have a place"),
        (REDUCTION_FILE, lambda x: [x[0][1:], x[1]], build_network, "does not fit config.toml"),
    ):
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        with np.load(copy / name) as saved:
            arrays = change([saved[key] for key in sorted(saved.files)])
        np.savez(copy / name, **{f"w{i:02d}": x for i, x in enumerate(arrays)})
        with pytest.raises(BundleError, match=sentence):
            load(load_bundle(signed_again(copy)))
        shutil.rmtree(copy)


def test_an_impossible_share_in_the_report_is_refused(folder):
    bundle = load_bundle(folder)
    bundle.report["evidence_shares"]["MC"] = 7
    with pytest.raises(BundleError, match="share must lie between 0 and 1, received 7"):
        head_mixing(bundle, "MC")


def test_a_bundle_without_evidence_has_none(tmp_path):
    from tests.inference.tiny_bundle import save_tiny_bundle

    bundle = load_bundle(save_tiny_bundle(tmp_path / "plain"))
    assert load_evidence(bundle) is None and load_projection(bundle) is None
    assert head_mixing(bundle, "MC").share == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("domains", ["a", "b"], "must name and mix the 0 photo sets"),
        ("domains", 5, "must name and mix the 0 photo sets"),
        ("domains", [None], "must name and mix the 0 photo sets"),
        ("domain_mixings", {"MC": {"shares": [0.5], "strengths": [1]}}, "must name and mix the 0"),
        ("domain_mixings", {"MC": {"shares": [7], "strengths": [1]}}, "share must lie between"),
        ("domain_mixings", {"MC": 3}, "Make the bundle anew"),
        ("point_sharpness", -1, "finite number above 0"),
    ],
)
def test_a_report_that_does_not_fit_the_evidence_is_refused(
    folder, tmp_path, name, value, sentence
):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    report = json.loads((copy / "report.json").read_text())
    (copy / "report.json").write_text(json.dumps(report | {name: value}))
    with pytest.raises(BundleError, match=sentence):
        load_evidence(load_bundle(signed_again(copy)))
