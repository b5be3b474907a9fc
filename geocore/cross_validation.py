"""Cross-validation: every head on every photo, by the stages that `geocore.pipeline` joins."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd

from geocore.answering import head_mixing, hear_places, predict_held_out
from geocore.cells.place_names import load_place_namer
from geocore.config import ExperimentConfig
from geocore.data.sampling import k_folds
from geocore.field_baselines import answer_baselines, fit_baselines
from geocore.inference.calibrating import measure_predictions
from geocore.pipeline import report_head, sentence, train_head, training_shares
from geocore.preparation import (
    GROUP,
    Say,
    load_features,
    load_photo_sets,
    make_grid,
    prepare,
    without_leaks,
)
from geocore.training import prepare_tensorflow


def cross_validate(
    config: ExperimentConfig, source: Path, cache: Path, *, k: int = 5, say: Say = print
) -> dict[str, Any]:
    """Every head and baseline on every photo of the tested sets, trained without the photo's fold.

    The grid is built once, from the coordinates of all photos of the sets that shape it, so that a
    class is the same in every fold; labels and features of a fold's photos are never seen before
    they are predicted. Search areas are measured likewise: photos that calibrate and photos that
    are tested are both predicted by models that have not seen them. Only how the pieces of a cell
    share its probability is told by the coordinates of all photos.

    Returns:
        Content of a report.json: per head the figures on all photos and per photo set; and
        search_areas: per head and method what `geocore.inference.calibrating` measures.
    """
    prepare_tensorflow(config.training.seed)
    photos, features = load_features(config, load_photo_sets(config, source, say), cache, say)
    is_tested = (photos["split"] == "test").groupby(photos["photo_set"]).transform("any")
    group = GROUP if GROUP in photos else None
    folds = pd.Series(k_folds(photos, k, config.split_seed, group), photos.index)
    folds = folds.where(is_tested, -1)
    grid = make_grid(config, photos[is_tested])
    predictions: dict[str, list[pd.DataFrame]] = defaultdict(list)
    for fold in range(k):
        part = without_leaks(_with_fold(photos, folds == fold), say)
        prepared = prepare(config, part, features, say, grid)
        witness = hear_places(prepared)
        for head in config.heads.names:
            weights, run = train_head(prepared, head)
            mixing = head_mixing(prepared, head, weights, witness)
            predictions[head].append(predict_held_out(prepared, head, weights, mixing, witness))
            say(f"fold {fold + 1} of {k}, {head}: {sentence(run)}")
        baselines = fit_baselines(prepared, lambda part, _: train_head(part, "MC")[0])
        for name, rows in answer_baselines(prepared, baselines).items():
            predictions[name].append(rows)
    shares = training_shares(prepared)
    rows = {head: pd.concat(x, ignore_index=True) for head, x in predictions.items()}
    areas = measure_predictions(
        {head: rows[head] for head in config.heads.names},
        grid,
        prepared.photos[is_tested].assign(split="train"),
        load_place_namer(),
    )
    return {
        "heads": {head: report_head(x, shares) for head, x in rows.items()},
        "search_areas": areas,
        "default_head": config.heads.default,
        "training": {},
    }


def _with_fold(photos: pd.DataFrame, is_fold: pd.Series) -> pd.DataFrame:
    """The table with that fold as test photos and those of the other folds back in training."""
    split = photos["split"].where(photos["split"] != "test", "train")
    return photos.assign(split=split.mask(is_fold, "test"))
