"""Repeats an experiment of the thesis on a photo set and stores every finished run.

Joins the stages offline, as `geocore.pipeline` does; no formula of its own.

A run is one row of the table, trained once. Repeat r uses seed 42 + r for split, draw and training,
so that rows of one repeat are tested on the same photos and the interval over repeats holds
everything that chance decided. Cells are drawn once from the places of all photos, as in the
thesis, so that the classes of a row are the same in every repeat; labels and pixels of a repeat's
test photos are never seen before they are predicted. No temperature is applied: the thesis had
none.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from geocore.answering import predict_held_out
from geocore.cells import UNASSIGNED, CellGrid
from geocore.config import ExperimentConfig, PhotoSetConfig, config_to_toml
from geocore.data.sampling import split_photos
from geocore.errors import BackboneError
from geocore.evaluation.report import tidy_figures
from geocore.evaluation.store import COLUMNS, RESULTS, append_run, is_finished, load_results
from geocore.experiments.plan import Plan, Row
from geocore.experiments.scaling import balanced_draw, n_needed, scaled_grid
from geocore.inference.bundle_files import photo_set_sha256
from geocore.models.features import Features
from geocore.pipeline import report_head, train_head, training_shares
from geocore.preparation import GROUP, Prepared, Say, load_features, load_photo_sets, prepare
from geocore.training import TrainingRun, prepare_tensorflow

N_REPEATS = 3
NO_WEIGHTS = "weights not available on this machine"


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One training of one row: settings with its seeds and thresholds, photos with its split."""

    experiment: str
    row: Row
    position: int
    repeat: int
    config: ExperimentConfig
    photos: pd.DataFrame
    features: Features
    grid: CellGrid

    @property
    def run_id(self) -> str:
        """Hash of settings, seeds and photos: equal runs have equal figures."""
        photos = self.photos[["sha256", "lat", "lng", "split"]].to_csv(index=False)
        content = f"{self.row.divisor}\n{config_to_toml(self.config)}\n{photos}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def repeat_experiment(
    plan: Plan,
    source: Path,
    cache: Path,
    store: Path = RESULTS,
    *,
    n_repeats: int = N_REPEATS,
    say: Say = print,
) -> pd.DataFrame:
    """Run all rows of an experiment; runs that the store already holds are not made again.

    A backbone whose weights cannot be had here is noted in the store and left out.

    Args:
        plan: the experiment.
        source: folder of one photo set, or its CSV.
        cache: where features are kept between runs.
        store: folder of the results.
        n_repeats: at least 1; three or more give an interval worth its name.
        say: receives one sentence per finished run.

    Returns:
        The experiment's stored rows.

    Raises:
        ValueError: fewer than one repeat, or too few photos to split.
        PhotoTableError: no usable photo.
        GridError: the photos do not allow two cells.
    """
    if n_repeats < 1:
        raise ValueError(f"repeats must be at least 1, received {n_repeats}.")
    prepare_tensorflow(plan.rows[0].config.training.seed)
    table = load_photo_sets(plan.rows[0].config, source, say)
    missing: dict[int, str] = {}
    photo_set_hash = ""
    for run in _runs(plan, table, cache, n_repeats, missing):
        number = run.position * n_repeats + run.repeat + 1
        photo_set_hash = photo_set_sha256(run.photos)
        where = f"{plan.experiment}: {run.row.setting}, {run.row.head}, repeat {run.repeat + 1}"
        if is_finished(load_results(plan.experiment, store), run.run_id):
            say(f"{where}: already in the store.")
            continue
        rows = measured(run)
        append_run(rows, store)
        say(f"{where} (run {number} of {len(plan.rows) * n_repeats}): {_sentence(rows)}")
    for position, message in missing.items():
        row = plan.rows[position]
        say(f"{plan.experiment}: {row.setting}, {row.head}: {message}")
        append_run(_note(plan, position, table, photo_set_hash), store)
    return load_results(plan.experiment, store)


def _runs(
    plan: Plan, table: pd.DataFrame, cache: Path, n_repeats: int, missing: dict[int, str]
) -> Iterator[Run]:
    """All runs in the order of the table; rows without weights go to `missing` instead."""
    for position, row in enumerate(plan.rows):
        try:
            photos, features = load_features(row.config, table, cache, _silent)
        except BackboneError as error:
            missing[position] = str(error)
            continue
        config, grid = scaled_grid(row.config, photos)
        for repeat in range(n_repeats):
            seeded = _seeded(config, repeat)
            yield Run(
                experiment=plan.experiment,
                row=row,
                position=position,
                repeat=repeat,
                config=seeded,
                photos=photos.assign(split=_split(photos, seeded)),
                features=features,
                grid=grid,
            )


def measured(run: Run) -> pd.DataFrame:
    """Train and measure one run.

    Returns:
        Its rows for the store.
    """
    keras.utils.clear_session()
    prepared = prepare(run.config, run.photos, run.features, _silent, run.grid)
    prepared = _with_fewer_photos(prepared, run)
    weights, training = train_head(prepared, run.row.head)
    predictions = predict_held_out(prepared, run.row.head, weights)
    entry = report_head(predictions, training_shares(prepared))["all"]
    figures = tidy_figures({"heads": {run.row.head: {"all": entry}}})
    return _as_rows(run, prepared, training, figures)


def _with_fewer_photos(prepared: Prepared, run: Run) -> Prepared:
    """Keep the drawn training photos of experiment B, all of them where nothing is divided."""
    train = prepared.rows("train")
    if run.row.divisor == 1 or not len(train):
        return prepared
    labels = prepared.photos["class_index"].to_numpy()[train]
    n_photos = n_needed(len(train), run.row.divisor)
    drawn = train[balanced_draw(labels, run.grid.n_leaves, n_photos, run.config.training.seed)]
    split = prepared.photos["split"].to_numpy(object)
    is_left = np.isin(np.arange(len(split)), train) & ~np.isin(np.arange(len(split)), drawn)
    split[is_left] = "unused"
    return replace(prepared, photos=prepared.photos.assign(split=split))


def _as_rows(
    run: Run, prepared: Prepared, training: TrainingRun, figures: pd.DataFrame
) -> pd.DataFrame:
    n_train, n_leaves = len(prepared.rows("train")), run.grid.n_leaves
    x = {"B": n_train, "C": n_leaves}.get(run.experiment, np.nan)
    rows = figures.assign(
        experiment=run.experiment,
        row=run.position,
        setting=run.row.setting,
        x=x,
        repeat=run.repeat,
        seed=run.config.training.seed,
        n_train=n_train,
        n_leaves=n_leaves,
        share_kept=float((prepared.photos["class_index"] != UNASSIGNED).mean()),
        n_epochs=len(training.history),
        seconds_per_epoch=training.seconds_per_epoch,
        photo_set=str(run.photos["photo_set"].iloc[0]),
        photo_set_sha256=photo_set_sha256(run.photos),
        run_id=run.run_id,
        note="",
    )
    return rows[list(COLUMNS)].astype(COLUMNS)


def _note(plan: Plan, position: int, table: pd.DataFrame, photo_set_hash: str) -> pd.DataFrame:
    """The row of a setting that could not be run: no measure, no value, the reason."""
    row = plan.rows[position]
    known = {
        "experiment": plan.experiment,
        "row": position,
        "setting": row.setting,
        "head": row.head,
        "seed": row.config.training.seed,
        "photo_set": str(table["photo_set"].iloc[0]),
        "photo_set_sha256": photo_set_hash,
        "note": NO_WEIGHTS,
    }
    empty = {"str": "", "int64": 0, "float64": np.nan}
    values = {name: [known.get(name, empty[kind])] for name, kind in COLUMNS.items()}
    return pd.DataFrame(values).astype(COLUMNS)


def _seeded(config: ExperimentConfig, repeat: int) -> ExperimentConfig:
    training = replace(config.training, seed=config.training.seed + repeat)
    return replace(config, split_seed=config.split_seed + repeat, training=training)


def _split(photos: pd.DataFrame, config: ExperimentConfig) -> pd.Series:
    """A new draw; where the only photo set says its own split, that one in every repeat."""
    if len(config.photo_sets) == 1 and config.photo_sets[0].split:
        return photos["split"]
    return split_photos(
        photos,
        test=PhotoSetConfig(folder=".").test_share,
        validation=config.validation_share,
        seed=config.split_seed,
        group=GROUP if GROUP in photos else None,
    )


def _sentence(rows: pd.DataFrame) -> str:
    value = rows.set_index("measure")["value"]
    first = rows.iloc[0]
    return (
        f"{first['n_train']} photos, {first['n_leaves']} classes: loss {value['loss']:.3f}, "
        f"accuracy {value['top_1']:.1%}, IoR {value['ior']:.2f}; {first['n_epochs']} epochs, "
        f"{first['seconds_per_epoch']:.2f} s each"
    )


def _silent(_: str) -> None:
    """Say nothing: what is said once per photo set need not be said once per run."""
