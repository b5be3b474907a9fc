"""Every experiment on a tiny made world, and going on after a kill."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geocore.errors import BackboneError
from geocore.evaluation.measures import MEASURES
from geocore.evaluation.store import load_results
from geocore.experiments import repetition
from geocore.experiments.plan import plan_from_dict
from geocore.experiments.repetition import NO_WEIGHTS, repeat_experiment

pytestmark = pytest.mark.slow  # trains bundles

SHARED = {
    "grid": {"t_min": 3000, "t_max": 30_000},
    "backbone": {"name": "EfficientNet-Lite0", "size_px": 64},
    "augmentation": {"n_views": 0},
    "classifier": {"hidden_units": 8, "pooling": "max+mean", "standardise": True},
    "training": {"learning_rate": 0.01, "epochs": 2, "batch_size": 16},
}
ROWS = {
    "A": [
        {"setting": "VGG19", "backbone": {"name": "VGG19"}},
        {"setting": "EfficientNet-Lite0"},
    ],
    "B": [{"setting": "1/4", "divisor": 4}, {"setting": "all"}],
    "C": [
        {"setting": "few", "grid": {"t_min": 80_000, "t_max": 350_000}},
        {"setting": "many", "grid": {"t_min": 3000, "t_max": 15_000}},
    ],
    "D": [
        {"setting": "table 6.7", "head": "HMC", "heads": {"mode": "literal"}},
        {"setting": "ours", "head": "HMC"},
        {"setting": "ours", "head": "HMC-tree"},
    ],
}


def plan(experiment):
    return plan_from_dict(SHARED | {"experiment": experiment, "rows": ROWS[experiment]})


def silent(_):
    pass


def no_weights(*_, **__):
    raise BackboneError("The ImageNet weights of VGG19 cannot be fetched.")


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def without_vgg19(monkeypatch):
    load = repetition.load_features

    def loaded(config, *rest):
        return no_weights() if config.backbone.name == "VGG19" else load(config, *rest)

    monkeypatch.setattr(repetition, "load_features", loaded)


def repeated(experiment, folder, cache, store, n_repeats=2, say=silent):
    return repeat_experiment(plan(experiment), folder, cache, store, n_repeats=n_repeats, say=say)


def runs_of(results):
    return results.drop_duplicates("run_id").reset_index(drop=True)


def test_a_backbone_without_weights_is_a_row_that_says_so(
    without_vgg19, tiny_photo_folder, cache, tmp_path
):
    said = []
    results = repeated("A", tiny_photo_folder, cache, tmp_path, say=said.append)
    noted = results[results["note"] != ""]
    assert noted[["setting", "note", "measure"]].values.tolist() == [["VGG19", NO_WEIGHTS, ""]]
    assert np.isnan(noted["value"]).all()
    assert set(results["photo_set_sha256"]) == {noted["photo_set_sha256"].iloc[0]}
    measured = results[results["note"] == ""]
    assert set(measured["setting"]) == {"EfficientNet-Lite0"}
    assert any("VGG19" in x and "cannot be fetched" in x for x in said)
    assert len(repeated("A", tiny_photo_folder, cache, tmp_path)) == len(results)


def test_fewer_photos_train_and_the_same_ones_test(tiny_photo_folder, cache, tmp_path):
    runs = runs_of(repeated("B", tiny_photo_folder, cache, tmp_path))
    few, whole = runs["n_train"].tolist()[:2], runs["n_train"].tolist()[2:]
    assert few == [round(n / 4) for n in whole] and min(whole) > 20
    assert runs["x"].tolist() == runs["n_train"].tolist()
    assert set(runs["n_photos"]) == {8}
    assert runs["seed"].tolist() == [42, 43, 42, 43]


def test_classes_grow_with_smaller_thresholds(tiny_photo_folder, cache, tmp_path):
    runs = runs_of(repeated("C", tiny_photo_folder, cache, tmp_path))
    few, many = (runs[runs["setting"] == name] for name in ("few", "many"))
    assert few["n_leaves"].nunique() == many["n_leaves"].nunique() == 1
    assert 2 <= few["n_leaves"].iloc[0] < many["n_leaves"].iloc[0]
    assert runs["x"].tolist() == runs["n_leaves"].tolist()
    assert runs["share_kept"].between(0.5, 1).all()


def test_every_figure_of_every_head_is_stored(tiny_photo_folder, cache, tmp_path):
    results = repeated("D", tiny_photo_folder, cache, tmp_path, n_repeats=1)
    assert (results.groupby(["setting", "head", "repeat"])["measure"].nunique() == 15).all()
    assert set(results["measure"]) == set(MEASURES)
    assert results["head"].drop_duplicates().tolist() == ["HMC", "HMC-tree"]
    assert results["x"].isna().all() and (results["seconds_per_epoch"] > 0).all()
    top_1 = results[results["measure"] == "top_1"]
    assert (top_1["low"] <= top_1["value"]).all() and (top_1["value"] <= top_1["high"]).all()


def test_a_killed_experiment_goes_on_with_the_first_missing_run(
    tiny_photo_folder, cache, tmp_path, monkeypatch
):
    measured, done = repetition.measured, []

    def killed(run):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(run.row.setting)
        return measured(run)

    monkeypatch.setattr(repetition, "measured", killed)
    with pytest.raises(KeyboardInterrupt):
        repeated("B", tiny_photo_folder, cache, tmp_path / "killed", n_repeats=1)
    assert runs_of(load_results("B", tmp_path / "killed"))["setting"].tolist() == ["1/4"]
    monkeypatch.setattr(repetition, "measured", lambda run: done.append("again") or measured(run))
    said = []
    again = repeated("B", tiny_photo_folder, cache, tmp_path / "killed", 1, said.append)
    assert done == ["1/4", "again"]
    assert sum("already in the store" in x for x in said) == 1
    monkeypatch.setattr(repetition, "measured", measured)
    whole = repeated("B", tiny_photo_folder, cache, tmp_path / "whole", n_repeats=1)
    columns = whole.columns.drop("seconds_per_epoch")
    pd.testing.assert_frame_equal(again[columns], whole[columns])


def test_another_setting_is_another_run(tiny_photo_folder, cache, tmp_path):
    """Same row, other settings: run again, and the old figures are gone."""
    shares = []
    for share in (0.1, 0.2):
        tables = {"experiment": "B", "rows": ROWS["B"][1:], "validation_share": share}
        made, said = plan_from_dict(SHARED | tables), []
        repeat_experiment(made, tiny_photo_folder, cache, tmp_path, n_repeats=1, say=said.append)
        assert not any("already" in x for x in said)
        shares.append(runs_of(load_results("B", tmp_path))["run_id"].tolist())
    assert [len(x) for x in shares] == [1, 1] and shares[0] != shares[1]


def test_a_repeat_is_needed(tiny_photo_folder, cache, tmp_path):
    with pytest.raises(ValueError, match="repeats must be at least 1, received 0"):
        repeated("B", tiny_photo_folder, cache, tmp_path, n_repeats=0)
