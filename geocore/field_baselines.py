"""The joining of stages for the field's baselines: the same features and split as the heads.

Belongs to `geocore.pipeline`; no formula of its own.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geocore.evaluation.baseline_fits import (
    Examples,
    fit_constant,
    fit_nearest_photos,
    uniform_guess,
)
from geocore.evaluation.baselines import (
    CONSTANT,
    KNN,
    UNIFORM,
    Baseline,
    baseline_arrays,
    baseline_from_arrays,
)
from geocore.evaluation.points import best_points
from geocore.inference.training_places import training_point_table
from geocore.preparation import Prepared


def fit_baselines(prepared: Prepared) -> dict[str, list[np.ndarray]]:
    """The arrays that a bundle keeps of every baseline, by name."""
    train, validation = _examples(prepared, "train"), _examples(prepared, "validation")
    n_leaves = prepared.grid.n_leaves
    fitted: dict[str, Baseline] = {
        KNN: fit_nearest_photos(train, validation, prepared.grid.assign, n_leaves),
        CONSTANT: fit_constant(train.class_index, n_leaves),
        UNIFORM: uniform_guess(n_leaves),
    }
    return {name: baseline_arrays(baseline) for name, baseline in fitted.items()}


def answer_baselines(
    prepared: Prepared, arrays: Mapping[str, list[np.ndarray]]
) -> dict[str, pd.DataFrame]:
    """Every baseline's rows of predictions.parquet, as the bundle will answer."""
    test = prepared.photos[prepared.photos["split"] == "test"]
    features = _features(prepared, np.flatnonzero(prepared.photos["split"] == "test"))
    table = training_point_table(prepared.grid, prepared.photos)
    columns = ["photo_id", "photo_set", "lat", "lng", "class_index"]
    rows = {}
    for name, kept in arrays.items():
        baseline = baseline_from_arrays(name, [x.astype(np.float32) for x in kept])
        answers = baseline.answer(features)
        points = answers.points
        lat, lng = best_points(answers.probs, table) if points is None else points.T
        rows[name] = test[columns].assign(
            head=name, point_lat=lat, point_lng=lng, probs=list(answers.probs)
        )
    return rows


def _examples(prepared: Prepared, split: str) -> Examples:
    """Photos of one split inside the leaves, those of reduced weight left out."""
    rows = prepared.rows(split)
    weight = prepared.photos["weight"].to_numpy()[rows]
    if len(rows):
        rows = rows[weight >= weight.max()]
    photos = prepared.photos.iloc[rows]
    return Examples(
        features=_features(prepared, rows),
        lat=photos["lat"].to_numpy(),
        lng=photos["lng"].to_numpy(),
        class_index=photos["class_index"].to_numpy(),
    )


def _features(prepared: Prepared, rows: np.ndarray) -> np.ndarray:
    """Pooled features of the photos themselves, (n_rows, n_features)."""
    return prepared.features.pooled(prepared.config.classifier.pooling)[rows, 0]
