"""The joining of stages for the field's baselines: the same features and split as the heads.

Belongs to `geocore.pipeline`; no formula of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from geocore.cells import generate_cells
from geocore.evaluation.baseline_fits import (
    Examples,
    fit_constant,
    fit_nearest_photos,
    fit_partitions,
    uniform_guess,
)
from geocore.evaluation.baselines import (
    CONSTANT,
    KNN,
    PLANET,
    THREE,
    UNIFORM,
    Baseline,
    baseline_arrays,
    baseline_from_arrays,
)
from geocore.evaluation.points import best_points
from geocore.inference.training_places import training_point_table
from geocore.preparation import Prepared

TrainPartition = Callable[[Prepared, str], list[np.ndarray]]
COARSE, FINER = "coarse", {"middle": 0.4, "fine": 0.2}
"""Thresholds of the middle and the fine partition as shares of the coarse one's: 5000, 2000 and
1000 photos at most in Mueller-Budack et al. 2018."""


def fit_baselines(prepared: Prepared, train: TrainPartition) -> dict[str, list[np.ndarray]]:
    """The arrays that a bundle keeps of every baseline, by name.

    Args:
        prepared: photos with their cells and features.
        train: fits one softmax over the leaves of what it is given; the second argument names the
            partition.
    """
    learned, validation = _examples(prepared, "train"), _examples(prepared, "validation")
    n_leaves = prepared.grid.n_leaves
    fitted: dict[str, Baseline] = {
        KNN: fit_nearest_photos(learned, validation, prepared.grid.assign, n_leaves),
        **_fit_partitions(prepared, train, validation),
        CONSTANT: fit_constant(learned.class_index, n_leaves),
        UNIFORM: uniform_guess(n_leaves),
    }
    return {name: baseline_arrays(baseline) for name, baseline in fitted.items()}


def _fit_partitions(
    prepared: Prepared, train: TrainPartition, validation: Examples
) -> dict[str, Baseline]:
    """Three partitions and the fine one alone; the coarse one is the bundle's own grid."""
    partitions = {COARSE: prepared} | {
        name: divided(prepared, share) for name, share in FINER.items()
    }
    weights = {name: train(part, name) for name, part in partitions.items()}
    shaping = _shaping(prepared)
    positions = prepared.photos.loc[shaping, ["lat", "lng"]].to_numpy().T
    learned = Examples(
        features=np.zeros((shaping.sum(), 0), np.float32),
        lat=positions[0],
        lng=positions[1],
        class_index=prepared.photos["class_index"].to_numpy()[shaping],
    )
    names = [*reversed(partitions)]
    cells = [partitions[name].grid.assign(*positions) for name in names]
    kept = [weights[name] for name in names]
    fine = partitions[names[0]].grid.leaves
    centroids = (fine["lat"].to_numpy(), fine["lng"].to_numpy())
    rest = (centroids, validation, prepared.grid.n_leaves)
    return {
        THREE: fit_partitions(learned, cells, kept, *rest),
        PLANET: fit_partitions(learned, cells[:1], kept[:1], *rest),
    }


def divided(prepared: Prepared, share: float) -> Prepared:
    """The same photos over a finer partition: both thresholds of Algorithm 1 times a share."""
    photos, settings = prepared.photos, prepared.config.grid
    finer = replace(
        settings,
        t_min=max(2, round(settings.t_min * share)),
        t_max=max(2, round(settings.t_max * share)),
    )
    shaping = photos[_shaping(prepared)]
    grid = generate_cells(shaping["lat"].to_numpy(), shaping["lng"].to_numpy(), **vars(finer))
    class_index = grid.assign(photos["lat"].to_numpy(), photos["lng"].to_numpy())
    return prepared.over(grid, class_index)


def _shaping(prepared: Prepared) -> np.ndarray:
    """Which photos shape partitions: training and validation photos of full weight; bool."""
    photos = prepared.photos
    full = photos["weight"] >= photos["weight"].max()
    return (photos["split"].isin(["train", "validation"]) & full).to_numpy()


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
    """What a classifier reads of the photos themselves, (n_rows, n_inputs)."""
    return prepared.inputs[rows, 0]
