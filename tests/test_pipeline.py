"""The whole way offline on a tiny made world: photos in, a bundle that answers out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geocore.config import config_from_dict
from geocore.data.photos import load_photos
from geocore.errors import GridError, PhotoTableError
from geocore.evaluation.temperature import undo_temperature
from geocore.inference import Predictor, load_bundle
from geocore.pipeline import run_experiment, train_head
from geocore.preparation import (
    balanced_weights,
    load_photo_sets,
    make_grid,
    prepare_photos,
    without_leaks,
)
from geocore.progress import VARIABLE, read_progress

TABLES = {
    "grid": {"t_min": 2, "t_max": 12},
    "backbone": {"name": "EfficientNet-Lite0", "size_px": 64},
    "classifier": {"hidden_units": 32, "pooling": "max+mean", "standardise": True},
    "heads": {"names": ["MC", "HMC-tree"]},
    "training": {"learning_rate": 0.003, "epochs": 8},
}
CONFIG = config_from_dict(TABLES)


def silent(_):
    pass


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def bundle(tiny_photo_folder, cache, tmp_path_factory):
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(cache / "progress.jsonl"))
        run_experiment(CONFIG, tiny_photo_folder, out, cache, said.append)
    return load_bundle(out), said


def test_it_says_how_far_it_is(bundle, cache):
    lines = read_progress(cache / "progress.jsonl")
    steps = [line["name"] for line in lines if line["kind"] == "step"]
    assert steps == ["features", "MC", "HMC-tree", "baselines", "report"]
    counts = [line for line in lines if line["kind"] == "count"]
    assert (counts[-1]["done"], counts[-1]["of"]) == (80, 80)  # forty photos, two views of each
    first = next(line for line in lines if line["kind"] == "epoch")
    assert (first["epoch"], first["of"]) == (1, CONFIG.training.epochs)
    assert first["loss"] > 0 and first["val_cross_entropy"] > 0 and first["seconds"] > 0


def test_the_bundle_holds_what_was_asked_for(bundle):
    made, said = bundle
    assert made.heads == ("HMC-tree", "MC")
    assert set(made.report["heads"]["MC"]) == {"all", "photos"}
    assert made.report["heads"]["MC"]["all"]["n_photos"] == 8
    assert made.photos["split"].value_counts().to_dict() == {
        "train": 28,
        "test": 8,
        "validation": 4,
    }
    assert "path" not in made.photos
    assert "Where it is blind" in made.card
    assert any("5 cells" in sentence for sentence in said)


def test_it_learned_the_five_places(bundle):
    """The made photos differ by the colour of their ground; guessing would give a fifth."""
    top_1 = bundle[0].report["heads"]["MC"]["all"]["top_1"]["value"]
    assert top_1 >= 0.75


def test_the_predictor_answers_as_the_report_was_measured(bundle, tiny_photo_folder):
    """Offline on cached features, online from the file: the same probs."""
    made = bundle[0]
    predictor = Predictor.load(made.folder)
    rows = made.predictions("HMC-tree")
    for row in rows.itertuples():
        photo = tiny_photo_folder / row.photo_id.removeprefix("photos/")
        answer = predictor.predict(photo, "HMC-tree")
        np.testing.assert_allclose(answer.probs, row.probs, atol=2e-4)
        assert (answer.lat, answer.lng) == pytest.approx((row.point_lat, row.point_lng))


def test_the_temperature_is_fitted_on_validation_photos_and_served(
    bundle, tiny_photo_folder, cache, tmp_path, monkeypatch
):
    fitted_on = []

    def fit(labels, probs):
        fitted_on.append((len(labels), probs.shape[1]))
        return 8.0

    monkeypatch.setattr("geocore.answering.fit_temperature", fit)
    made = load_bundle(run_experiment(CONFIG, tiny_photo_folder, tmp_path / "hot", cache, silent))
    assert fitted_on == [(4, 5), (4, 5)]
    assert made.report["temperatures"] == {"MC": 8.0, "HMC-tree": 8.0}
    assert "MC 8.00" in made.card
    raw = undo_temperature(bundle[0].probs("MC"), bundle[0].temperature("MC"))
    np.testing.assert_allclose(undo_temperature(made.probs("MC"), 8.0), raw, atol=1e-4)
    assert np.abs(made.probs("MC") - raw).max() > 0.01
    row = made.predictions("MC").iloc[0]
    photo = tiny_photo_folder / row["photo_id"].removeprefix("photos/")
    np.testing.assert_allclose(
        Predictor.load(made.folder).predict(photo, "MC").probs, row["probs"], atol=1e-3
    )
    off = Predictor.load(made.folder, calibrated=False).predict(photo, "MC")
    np.testing.assert_allclose(off.probs, raw[0], atol=4e-4)


def test_the_same_run_gives_the_same_weights(bundle, tiny_photo_folder, tmp_path):
    again = run_experiment(CONFIG, tiny_photo_folder, tmp_path / "again", tmp_path / "new", silent)
    for head in bundle[0].heads:
        pairs = zip(
            bundle[0].head_weights(head), load_bundle(again).head_weights(head), strict=True
        )
        for left, right in pairs:
            np.testing.assert_array_equal(left, right)


def test_features_are_kept(bundle, tiny_photo_folder, cache, tmp_path, monkeypatch):
    monkeypatch.setattr("geocore.models.feature_pass.pooled_backbone", pytest.fail)
    run_experiment(CONFIG, tiny_photo_folder, tmp_path / "again", cache, silent)


@pytest.mark.slow
def test_fine_tuning_ships_its_backbone(tiny_photo_folder, cache, tmp_path):
    training = replace(CONFIG.training, epochs=1, learning_rate=1e-4)
    config = replace(
        CONFIG,
        backbone=replace(CONFIG.backbone, fine_tune=True),
        heads=replace(CONFIG.heads, names=("MC",), default="MC"),
        training=training,
    )
    out = run_experiment(config, tiny_photo_folder, tmp_path / "tuned", cache, silent)
    tuned = load_bundle(out)
    assert tuned.backbone_weights() is not None
    row = tuned.predictions("MC").iloc[0]
    photo = tiny_photo_folder / row["photo_id"].removeprefix("photos/")
    answer = Predictor.load(out).predict(photo, "MC")
    np.testing.assert_allclose(answer.probs, row["probs"], atol=2e-3)


def test_an_unreadable_photo_is_reported_and_stops_nothing(make_photo_folder, cache, tmp_path):
    folder = make_photo_folder(30)
    (folder / "images" / "3.jpg").write_text("not a photo")
    (folder / "images" / "4.jpg").write_bytes((folder / "images" / "9.jpg").read_bytes())
    said = []
    run_experiment(CONFIG, folder, tmp_path / "bundle", cache, said.append)
    assert sum("3.jpg" in x and x.startswith("Left out") for x in said) == 1
    assert any("1 photos that are byte for byte copies" in x for x in said)
    assert len(load_bundle(tmp_path / "bundle").photos) == 28


def test_photo_sets_below_one_folder(tiny_photo_folder, make_photo_folder):
    make_photo_folder(20, name="other")
    root = make_photo_folder(10, name="third").parent
    tables = TABLES | {"photo_sets": [{"folder": "other"}, {"folder": "third", "test_share": 0.0}]}
    photos = load_photo_sets(config_from_dict(tables), root, silent)
    assert photos.groupby("photo_set")["split"].unique().map(set).to_dict() == {
        "other": {"train", "validation", "test"},
        "third": {"train"},
    }


def test_a_source_that_is_the_only_set_named_keeps_its_settings(tiny_photo_folder):
    tables = TABLES | {"photo_sets": [{"folder": "whatever", "test_share": 0.5}]}
    photos = load_photo_sets(config_from_dict(tables), tiny_photo_folder, silent)
    assert (photos["split"] == "test").mean() == pytest.approx(0.5, abs=0.05)


def test_a_missing_photo_set_is_named(tiny_photo_folder, tmp_path):
    config = config_from_dict(TABLES | {"photo_sets": [{"folder": "absent"}]})
    with pytest.raises(PhotoTableError, match="absent"):
        load_photo_sets(config, tmp_path, silent)


def test_a_grid_with_one_leaf_is_refused():
    photos = pd.DataFrame({"lat": [10.0, 10.1], "lng": [20.0, 20.1]})
    with pytest.raises(GridError, match=r"at least two cells; t_min 2 and t_max 12 leave 1 for 2"):
        make_grid(CONFIG, photos)


def test_all_photos_unreadable(make_photo_folder, cache, tmp_path):
    folder = make_photo_folder(20)
    for path in (folder / "images").iterdir():
        path.write_text("not a photo")
    with pytest.raises(PhotoTableError, match="none of the image files can be read"):
        run_experiment(CONFIG, folder, tmp_path / "bundle", cache, silent)


def photo_table():
    """Two tested photos at one place, and an extra set beside them, further off and far away."""
    rows = [
        ("main", "test", 0.0, 0.0, 0, 1.0),
        ("main", "train", 0.0, 5.0, 1, 1.0),
        ("extra", "train", 0.0, 0.005, 0, 0.25),
        ("extra", "train", 0.0, 0.02, 1, 0.25),
        ("extra", "train", 0.0, 5.0, 1, 0.25),
        ("extra", "train", 0.0, 5.1, 1, 0.9),
    ]
    columns = ["photo_set", "split", "lat", "lng", "class_index", "weight"]
    return pd.DataFrame(rows, columns=columns)


def test_extra_photos_beside_a_test_photo_are_not_used():
    said = []
    splits = without_leaks(photo_table(), said.append)["split"]
    assert list(splits) == ["test", "train", "unused", "train", "train", "train"]
    assert said == ["Left out: 1 photos that only train and stand within 1 km of a test photo."]


def test_an_extra_set_never_outweighs_a_leaf():
    """One main training photo in leaf 1, three extra ones: a third each; none in leaf 0."""
    weights = balanced_weights(photo_table())
    assert list(weights) == pytest.approx([1, 1, 0, 0.25, 0.25, 1 / 3])


def test_photos_without_sets_are_a_table(tiny_photo_folder):
    photos = load_photo_sets(CONFIG, tiny_photo_folder, silent)
    assert len(photos) == len(load_photos(tiny_photo_folder).photos)


def test_one_of_the_kept_poolings_goes_with_axes(tiny_photo_folder, cache):
    tables = TABLES | {"classifier": {"hidden_units": 8, "pooling": "max", "n_axes": 8}}
    prepared = prepare_photos(config_from_dict(tables), tiny_photo_folder, cache, silent)
    assert prepared.inputs.shape[-1] == 8


def test_no_photo_to_tell_when_to_stop_is_said(tiny_photo_folder, cache):
    prepared = prepare_photos(CONFIG, tiny_photo_folder, cache, silent)
    everything = replace(prepared, photos=prepared.photos.assign(split="train"))
    with pytest.raises(PhotoTableError, match="and 0 to tell when to stop; both must be there"):
        train_head(everything, "MC")
