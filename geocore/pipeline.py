"""The one place that joins the stages offline: photos, cells, features, heads, report, bundle.

No formula of its own. The online counterpart is `geocore.inference.predictor`.
"""

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.answering import (
    Witness,
    head_mixing,
    hear_places,
    mixing_report,
    new_classifier,
    predict_held_out,
    with_domains,
)
from geocore.cells.place_names import load_place_namer
from geocore.config import ExperimentConfig, config_to_toml
from geocore.data.disk import disk_faults
from geocore.errors import PhotoTableError
from geocore.evaluation.evaluator import evaluate_probs
from geocore.field_baselines import answer_baselines, fit_baselines
from geocore.fine_tuning import compact, tune_backbone
from geocore.inference.bundle import save_bundle
from geocore.inference.evidence_file import further_arrays
from geocore.inference.model_card import write_model_card
from geocore.models.classifier import feature_statistics, merged_weights
from geocore.photo_features import features_of
from geocore.preparation import Prepared, Say, prepare_photos, with_reduction
from geocore.progress import Steps
from geocore.provenance import provenance, run_name
from geocore.training import (
    TrainingRun,
    device_scope,
    fit_features,
    is_first_worker,
    prepare_tensorflow,
)


@disk_faults()
def run_experiment(
    config: ExperimentConfig,
    source: Path,
    out: Path,
    cache: Path,
    say: Say = print,
    scheduler: str | None = None,
) -> Path:
    """Train and evaluate every head of an experiment and write the bundle.

    Args:
        config: the experiment.
        source: one photo set, or the folder that holds the experiment's photo sets.
        out: bundle folder; of several workers the first one writes it.
        cache: where features and the state of unfinished training are kept between runs.
        say: receives one sentence per finished step.
        scheduler: where features are computed, see `geocore.data.scheduling.map_photos`.

    Returns:
        The bundle's folder.

    Raises:
        PhotoTableError: no usable photo.
        GridError: the settings leave fewer than two cells.
        BackboneError: the backbone's weights cannot be had.
        ClusterError: the cluster cannot be reached or is gone.
    """
    tuning = ["backbone"] if config.backbone.fine_tune else []
    steps = Steps(["features", *tuning, *config.heads.names, "baselines", "report"])
    steps.begin("features")
    precision, training = config.backbone.mixed_precision, config.training
    prepare_tensorflow(training.seed, mixed_precision=precision, strategy=training.strategy)
    prepared = prepare_photos(config, source, cache, say, scheduler)
    state = cache / "runs" / run_name(prepared)
    tuned = None
    if tuning:
        steps.begin("backbone")
        tuned, run = tune_backbone(
            prepared, partial(new_classifier, prepared, config.heads.default), state / "backbone"
        )
        say(f"Backbone with {config.heads.default}: {sentence(run)}")
        features = features_of(config, prepared.photos, cache, tuple(tuned), scheduler)
        prepared = with_reduction(replace(prepared, features=features))
    weights, runs = {}, {}
    for head in config.heads.names:
        steps.begin(head)
        weights[head], runs[head] = train_head(prepared, head, state / head)
        say(f"{head}: {sentence(runs[head])}")
    steps.begin("baselines")
    baselines = fit_baselines(prepared, lambda part, name: train_head(part, "MC", state / name)[0])
    steps.begin("report")
    if is_first_worker(training):
        _evaluate_and_save(out, prepared, weights, runs, baselines, tuned)
    return out


def _evaluate_and_save(
    out: Path,
    prepared: Prepared,
    weights: dict[str, list[np.ndarray]],
    runs: dict[str, TrainingRun],
    baselines: dict[str, list[np.ndarray]],
    tuned: list[np.ndarray] | None,
) -> None:
    """Measure the trained heads on the test photos and write the bundle."""
    config = prepared.config
    witness = hear_places(prepared)
    mixings = {head: head_mixing(prepared, head, x, witness) for head, x in weights.items()}
    predictions = {
        head: predict_held_out(prepared, head, x, mixings[head], witness)
        for head, x in weights.items()
    }
    predictions |= with_domains(
        answer_baselines(prepared, baselines), next(iter(predictions.values()))
    )
    report = build_report(prepared, predictions, runs) | mixing_report(mixings, witness)
    grid = prepared.grid.with_places(load_place_namer())
    save_bundle(
        out,
        config_toml=config_to_toml(config),
        grid=grid,
        head_weights=weights,
        report=report,
        predictions=pd.concat(predictions.values(), ignore_index=True),
        photos=prepared.photos.drop(columns="path"),
        model_card=write_model_card(report, predictions, prepared.photos, grid, asdict(config)),
        backbone_weights=tuned,
        baselines=baselines,
        further_arrays=_further_arrays(prepared, witness),
        provenance=provenance(config, tuned),
    )


def _further_arrays(prepared: Prepared, witness: Witness | None) -> dict:
    reduction = prepared.reduction
    projection = None if reduction is None else (reduction.projection, reduction.shift)
    return further_arrays(projection, None if witness is None else witness.answers.evidence)


def train_head(
    prepared: Prepared, head: str, state: Path | None = None
) -> tuple[list[np.ndarray], TrainingRun]:
    """Fit one head on the training photos' features, all views of them.

    Returns:
        The classifier's weights as the bundle keeps them, standardisation merged in, and the run.
    """
    config = prepared.config
    features = prepared.inputs
    train, validation = prepared.rows("train"), prepared.rows("validation")
    if not len(train) or not len(validation):
        raise PhotoTableError(
            f"{len(train)} photos are left to train on and {len(validation)} to tell when to stop; "
            "both must be there. Give more photos, or a larger validation_share."
        )
    labels = prepared.photos["class_index"].to_numpy()
    weights = prepared.photos["weight"].to_numpy(np.float32)
    n_views = features.shape[1]
    statistics = feature_statistics(features[train, 0]) if config.classifier.standardise else None
    with device_scope(config.training):
        classifier = new_classifier(prepared, head, statistics)
    run = fit_features(
        classifier,
        (
            features[train].reshape(-1, features.shape[2]),
            np.repeat(labels[train], n_views),
            np.repeat(weights[train], n_views),
        ),
        (features[validation, 0], labels[validation]),
        config.training,
        state,
    )
    return compact(merged_weights(classifier)), run


def build_report(
    prepared: Prepared, predictions: dict[str, pd.DataFrame], runs: dict[str, TrainingRun]
) -> dict:
    """Content of report.json for held-out predictions and training runs per head."""
    shares = training_shares(prepared)
    return {
        "heads": {head: report_head(rows, shares) for head, rows in predictions.items()},
        "default_head": prepared.config.heads.default,
        "training": {
            head: {
                "epochs": len(run.history),
                "best_epoch": run.best_epoch,
                "seconds_per_epoch": run.seconds_per_epoch,
                "best_validation_loss": run.best_validation_loss,
                "validation_accuracy": float(run.history["val_accuracy"][run.best_epoch - 1]),
            }
            for head, run in runs.items()
        },
    }


def report_head(predictions: pd.DataFrame, shares: np.ndarray) -> dict[str, dict]:
    """Figures of one head on all test photos and on each photo set of them."""
    parts = {"all": predictions} | dict(list(predictions.groupby("photo_set")))
    return {
        str(name): evaluate_probs(
            np.stack(list(rows["probs"])),
            rows["class_index"].to_numpy(),
            rows["lat"].to_numpy(),
            rows["lng"].to_numpy(),
            rows["point_lat"].to_numpy(),
            rows["point_lng"].to_numpy(),
            class_prior=shares,
        )
        for name, rows in parts.items()
    }


def training_shares(prepared: Prepared) -> np.ndarray:
    """Share of the training photos in each leaf, (n_leaves,)."""
    labels = prepared.photos["class_index"].to_numpy()[prepared.rows("train")]
    return np.bincount(labels, minlength=prepared.grid.n_leaves) / len(labels)


def sentence(run: TrainingRun) -> str:
    """How a run went, in one sentence."""
    return (
        f"best validation loss {run.best_validation_loss:.3f} after epoch {run.best_epoch} of "
        f"{len(run.history)}, {run.seconds_per_epoch:.2f} s per epoch"
    )
