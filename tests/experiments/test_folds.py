"""Cross-validation by place on a tiny made world, and going on after a kill."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geocore.config import config_from_dict
from geocore.data.place_groups import place_groups
from geocore.evaluation.point_sharpness import SHARPNESSES
from geocore.evaluation.store import load_folds
from geocore.experiments import folds
from geocore.experiments.folds import answer_fold, answer_folds, fold_split, repeat_folds
from geocore.field_baselines import divided
from geocore.pipeline import train_head
from geocore.preparation import prepare

CONFIG = config_from_dict(
    {
        "validation_share": 0.4,
        "grid": {"t_min": 2, "t_max": 12},
        "backbone": {"name": "EfficientNet-Lite0", "size_px": 64},
        "augmentation": {"kind": "none", "n_views": 0},
        "classifier": {"hidden_units": 8, "pooling": "max+mean", "n_axes": 8, "standardise": False},
        "heads": {"names": ["MC", "HMC", "HMC-sol"], "default": "MC"},
        "training": {"learning_rate": 0.01, "epochs": 2},
        "evidence": {"is_used": True},
    }
)


def silent(_):
    pass


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def shared(tiny_photo_folder, cache):
    return folds._shared(CONFIG, tiny_photo_folder, cache, 2, silent)


@pytest.fixture(scope="module")
def answered(shared):
    """One fold as it is answered, heads, baselines and search areas."""
    _, _, is_fold = next(iter(folds._folds(shared, 1)))
    return is_fold, *answer_fold(shared, 0, is_fold)


def test_a_fold_is_answered_by_every_head_and_baseline(answered):
    is_fold, rows, areas = answered
    assert list(rows["head"].unique())[:3] == ["MC", "HMC", "HMC-sol"]
    assert (rows.groupby("head").size() == is_fold.sum()).all() and rows["head"].nunique() > 3
    assert set(areas) == {"MC", "HMC", "HMC-sol"}


def test_what_is_fitted_is_kept_with_the_answers(answered):
    rows = answered[1].groupby("head").first()
    assert rows.loc["MC", "point_sharpness"] in SHARPNESSES
    assert 0 <= rows.loc["MC", "evidence_share"] <= 1 and rows.loc["MC", "epochs"] in (1, 2)
    assert rows.loc["Uniform", ["temperature", "epochs"]].isna().all()


def test_heads_of_the_same_layers_learn_the_same(shared):
    is_fold = np.arange(len(shared.photos)) % 2 == 0
    photos = shared.photos.assign(split=fold_split(shared.photos, is_fold, CONFIG))
    prepared = prepare(CONFIG, photos, shared.features, silent, shared.grid)
    for head, same in folds.SAME_LAYERS.items():
        pairs = zip(train_head(prepared, head)[0], train_head(prepared, same)[0], strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)


def test_finer_cells_do_not_make_the_inputs_anew(shared):
    photos = shared.photos.assign(split="train", weight=1.0)
    prepared = prepare(CONFIG, photos, shared.features, silent, shared.grid)
    finer = divided(prepared, 0.5)
    assert finer.inputs is prepared.inputs
    assert finer.grid.n_leaves > prepared.grid.n_leaves
    assert finer.photos["class_index"].max() < finer.grid.n_leaves


def test_no_two_parts_of_a_fold_share_a_place(shared):
    photos = shared.photos
    place = place_groups(photos["lat"], photos["lng"], distance_km=folds.PLACE_KM)
    numbers = np.full(len(photos), -1)
    for _, fold, is_fold in folds._folds(shared, 1):
        numbers[is_fold] = fold
        split = fold_split(photos, is_fold, CONFIG)
        assert set(split) == {"train", "validation", "test"}
        assert (split[is_fold] == "test").all() and (split[~is_fold] != "test").all()
        assert pd.Series(place).groupby(split.to_numpy()).unique().explode().is_unique
    assert set(numbers) == {0, 1}  # every photo is tested once


def test_what_only_trains_is_never_tested_nor_validated(shared):
    photos = shared.photos.assign(is_tested=np.arange(len(shared.photos)) % 4 > 0)
    other = replace(shared, photos=photos)
    for _, _, is_fold in folds._folds(other, 1):
        split = fold_split(photos, is_fold, CONFIG)
        assert (split[~photos["is_tested"]] == "train").all()


def test_a_killed_run_goes_on_with_the_fold_that_is_missing(
    tiny_photo_folder, tmp_path, cache, answered, monkeypatch
):
    _, made, areas = answered
    asked = []

    def answer(shared, repeat, is_fold):
        if len(asked) == 3:
            raise KeyboardInterrupt
        asked.append((repeat, is_fold))
        photos = shared.photos[is_fold]
        parts = [
            made[made["head"] == head]
            .iloc[np.arange(len(photos)) % 5]
            .assign(photo_id=photos["photo_id"].to_numpy())
            for head in made["head"].unique()
        ]
        return pd.concat(parts), areas

    monkeypatch.setattr(folds, "answer_fold", answer)
    options = {"n_repeats": 2, "n_folds": 2, "say": silent}
    with pytest.raises(KeyboardInterrupt):
        repeat_folds(CONFIG, tiny_photo_folder, cache, tmp_path, **options)
    assert load_folds(tmp_path) is None
    said, first = [], asked[:]
    asked.clear()
    report = repeat_folds(
        CONFIG, tiny_photo_folder, cache, tmp_path, **options | {"say": said.append}
    )
    assert len(first) == 3 and [repeat for repeat, _ in asked] == [1]
    assert sum("answered before" in x for x in said) == 3
    assert report["heads"]["MC"]["all"]["n_photos"] == 40
    rows = report["areas_of_set"]["heads"]["MC"]["least-area"]
    assert report["areas_of_set"]["n_photos"] == 40
    assert [row["level"] for row in rows] == [0.8, 0.9, 0.95]
    assert all(0 <= row["coverage_lowest"] <= row["coverage"] <= 1 for row in rows)
    assert load_folds(tmp_path) == report
    asked.clear()
    other = replace(CONFIG, split_seed=7)  # other folds are another run
    answer_folds(other, tiny_photo_folder, cache, n_repeats=1, n_folds=2, say=silent)
    assert len(asked) == 2


def test_no_repeat_is_refused(tiny_photo_folder, cache):
    with pytest.raises(ValueError, match="repeats must be at least 1, received 0"):
        answer_folds(CONFIG, tiny_photo_folder, cache, n_repeats=0)
