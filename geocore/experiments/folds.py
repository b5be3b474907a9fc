"""Every head on every photo of the tested sets, several times, each time trained without its place.

Joins the stages offline, as `geocore.pipeline` does; no formula of its own. What a fold answered is
kept as soon as it is there, so that a killed run loses one fold at most.

Nothing is chosen on the photos that are reported on: axes, evidence, its sharpness, heads,
temperatures, shares of the evidence and the sharpness of the point all come from the other folds.
The settings of the configuration are fixed beforehand. Cells are drawn once from the places of all
tested photos, so that a class is the same in every fold.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from geocore.answering import head_mixing, hear_places, predict_held_out
from geocore.cells import CellGrid
from geocore.cells.place_names import PlaceNamer, load_place_namer
from geocore.config import ExperimentConfig, config_to_toml
from geocore.data.sampling import k_folds, split_photos
from geocore.evaluation.folded import folds_report
from geocore.evaluation.store import RESULTS, save_folds
from geocore.experiments.set_areas import set_areas
from geocore.field_baselines import answer_baselines, fit_baselines
from geocore.inference.bundle_files import as_json, photo_set_sha256
from geocore.inference.calibrating import measure_predictions
from geocore.models.features import Features
from geocore.pipeline import train_head
from geocore.preparation import (
    Prepared,
    Say,
    has_test_photos,
    load_features,
    load_photo_sets,
    make_grid,
    prepare,
    without_leaks,
)
from geocore.training import prepare_tensorflow

N_FOLDS, PLACE_KM = 5, 25.0
"""Photos that a chain of steps shorter than that joins never straddle two folds."""
N_REPEATS = 3
SAME_LAYERS = {"HMC-sol": "HMC"}
"""One function in log space (eq. 4.2 and 4.5), so the same seed gives the same weights."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldedPhotos:
    """What all folds share.

    Attributes:
        photos: of all sets; column is_tested.
        grid: the cells.
        namer: of places and countries, for search areas.
    """

    config: ExperimentConfig
    photos: pd.DataFrame
    features: Features
    grid: CellGrid
    namer: PlaceNamer
    n_folds: int

    @property
    def run_id(self) -> str:
        """Hash of settings and photos: equal runs have equal answers."""
        photos = self.photos[["photo_id", "sha256", "lat", "lng", "is_tested"]].to_csv(index=False)
        content = f"{self.n_folds} {PLACE_KM}\n{config_to_toml(self.config)}\n{photos}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def repeat_folds(
    config: ExperimentConfig,
    source: Path,
    cache: Path,
    store: Path = RESULTS,
    *,
    n_repeats: int = N_REPEATS,
    n_folds: int = N_FOLDS,
    say: Say = print,
) -> dict[str, Any]:
    """`answer_folds`, measured and stored.

    Returns:
        The report, see `geocore.evaluation.folded.folds_report`.
    """
    rows, areas, protocol, of_set = answer_folds(
        config, source, cache, n_repeats=n_repeats, n_folds=n_folds, say=say
    )
    report = folds_report(rows, areas, protocol, config.heads.default) | {"areas_of_set": of_set}
    save_folds(report, store)
    return report


def answer_folds(
    config: ExperimentConfig,
    source: Path,
    cache: Path,
    *,
    n_repeats: int = N_REPEATS,
    n_folds: int = N_FOLDS,
    say: Say = print,
) -> tuple[pd.DataFrame, list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """Answer every tested photo once per repeat; folds that were answered before are not again.

    Args:
        config: the experiment.
        source: one photo set, or the folder that holds the experiment's photo sets.
        cache: where features and finished folds are kept.
        n_repeats: draws of the folds, at least 1.
        n_folds: at least 2.
        say: receives one sentence per fold.

    Returns:
        Rows of predictions.parquet with the columns repeat, fold and, of heads, temperature,
        evidence_share, point_sharpness and epochs; per fold the search areas' record of
        `geocore.inference.calibrating.measure_predictions`; the protocol in numbers; and
        `geocore.experiments.set_areas.set_areas` of the first repeat.

    Raises:
        ValueError: fewer than one repeat, or too few photos for the folds.
        PhotoTableError: no usable photo.
        GridError: the photos do not allow two cells.
    """
    if n_repeats < 1:
        raise ValueError(f"repeats must be at least 1, received {n_repeats}.")
    shared = _shared(config, source, cache, n_folds, say)
    folder = cache / "folds" / shared.run_id
    folder.mkdir(parents=True, exist_ok=True)
    tables, areas = [], []
    for repeat, fold, is_fold in _folds(shared, n_repeats):
        path = folder / f"repeat{repeat}_fold{fold}.parquet"
        where = f"Repeat {repeat + 1} of {n_repeats}, fold {fold + 1} of {n_folds}"
        if path.is_file():
            say(f"{where}: answered before.")
        else:
            rows, measured = answer_fold(shared, repeat, is_fold)
            path.with_suffix(".json").write_text(as_json(measured), "utf-8")
            scratch = path.with_suffix(".new")
            rows.assign(repeat=repeat, fold=fold).to_parquet(scratch, index=False)
            scratch.replace(path)  # from here on the fold is finished
            say(f"{where}: {is_fold.sum()} photos answered.")
        tables.append(pd.read_parquet(path))
        areas.append(json.loads(path.with_suffix(".json").read_text("utf-8")))
    rows = pd.concat(tables, ignore_index=True)
    first = rows[(rows["repeat"] == 0) & rows["epochs"].notna()]  # the heads, no baselines
    tested = shared.photos[shared.photos["is_tested"]]
    of_set = set_areas(first, tested, shared.grid, shared.namer)
    return rows, areas, _protocol(shared, n_repeats), of_set


def _shared(
    config: ExperimentConfig, source: Path, cache: Path, n_folds: int, say: Say
) -> FoldedPhotos:
    prepare_tensorflow(config.training.seed)
    photos, features = load_features(config, load_photo_sets(config, source, say), cache, say)
    photos = photos.assign(is_tested=has_test_photos(photos))
    return FoldedPhotos(
        config=config,
        photos=photos,
        features=features,
        grid=make_grid(config, photos[photos["is_tested"]]),
        namer=load_place_namer(),
        n_folds=n_folds,
    )


def _folds(shared: FoldedPhotos, n_repeats: int) -> Iterator[tuple[int, int, np.ndarray]]:
    """Number of the repeat and of the fold, and which photos it tests, bool (n_photos,)."""
    tested = shared.photos[shared.photos["is_tested"]]
    for repeat in range(n_repeats):
        seed = shared.config.split_seed + repeat
        number = pd.Series(k_folds(tested, shared.n_folds, seed, place_km=PLACE_KM), tested.index)
        number = number.reindex(shared.photos.index, fill_value=-1).to_numpy()
        for fold in range(shared.n_folds):
            yield repeat, fold, number == fold


def answer_fold(
    shared: FoldedPhotos, repeat: int, is_fold: np.ndarray
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Learn from the other folds and answer one: its rows, and what its search areas are worth.

    The photos that stop training early and fit temperatures and shares are a part of the other
    folds, drawn by place. No photo that only trains stands within 1 km of a tested one.
    """
    keras.utils.clear_session()
    config = _seeded(shared.config, repeat)
    photos = shared.photos.assign(split=fold_split(shared.photos, is_fold, config))
    prepared = prepare(
        config, without_leaks(photos, _silent), shared.features, _silent, shared.grid
    )
    heads, witness = config.heads.names, hear_places(prepared)
    weights: dict[str, list[np.ndarray]] = {}
    rows: dict[str, pd.DataFrame] = {}
    epochs: dict[str, int] = {}
    for head in heads:
        same = SAME_LAYERS.get(head, "")
        if same in weights:
            weights[head], epochs[head] = weights[same], epochs[same]
        else:
            weights[head], run = train_head(prepared, head)
            epochs[head] = run.best_epoch
        mixing = head_mixing(prepared, head, weights[head], witness)
        rows[head] = predict_held_out(prepared, head, weights[head], mixing, witness).assign(
            temperature=mixing.temperature,
            evidence_share=mixing.share,
            point_sharpness=np.nan if witness is None else witness.answers.sharpness,
            epochs=float(epochs[head]),
        )
    measured = measure_predictions(rows, shared.grid, prepared.photos, shared.namer)
    if repeat == 0:  # a yardstick need not be steadier than that
        rows |= _baseline_rows(prepared, weights.get("MC"))
    return pd.concat(rows.values(), ignore_index=True), measured


def fold_split(photos: pd.DataFrame, is_fold: np.ndarray, config: ExperimentConfig) -> pd.Series:
    """Test for the fold's photos; of the other tested sets' photos some places for validation.

    Args:
        photos: with the columns photo_id, lat, lng and is_tested.
        is_fold: bool (n_photos,).
        config: its validation share and seed.
    """
    split = pd.Series("train", photos.index).mask(is_fold, "test")
    rest = photos[photos["is_tested"].to_numpy() & ~is_fold]
    drawn = split_photos(
        rest,
        test=0.0,
        validation=config.validation_share,
        seed=config.split_seed,
        place_km=PLACE_KM,
    )
    split.loc[rest.index] = drawn.to_numpy()
    return split


def _baseline_rows(prepared: Prepared, flat: list[np.ndarray] | None) -> dict[str, pd.DataFrame]:
    """The field's baselines; the coarse partition is the grid itself, whose MC is trained."""

    def train(part: Prepared, _: str) -> list[np.ndarray]:
        return flat if part is prepared and flat is not None else train_head(part, "MC")[0]

    return answer_baselines(prepared, fit_baselines(prepared, train))


def _seeded(config: ExperimentConfig, repeat: int) -> ExperimentConfig:
    training = replace(config.training, seed=config.training.seed + repeat)
    return replace(config, split_seed=config.split_seed + repeat, training=training)


def _protocol(shared: FoldedPhotos, n_repeats: int) -> dict[str, Any]:
    """What a reader must know to judge the figures, for the stored report."""
    photos = shared.photos
    counts = photos.groupby("photo_set", sort=False)["is_tested"].agg(["size", "any"])
    return {
        "n_repeats": n_repeats,
        "n_folds": shared.n_folds,
        "place_km": PLACE_KM,
        "tested": {str(x): int(n) for x, n in counts["size"][counts["any"]].items()},
        "only_trains": {str(x): int(n) for x, n in counts["size"][~counts["any"]].items()},
        "photo_sets_sha256": photo_set_sha256(photos),
        "run_id": shared.run_id,
    }


def _silent(_: str) -> None:
    """Say nothing: what is said once per photo set need not be said once per fold."""
