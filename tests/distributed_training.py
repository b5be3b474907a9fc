"""A small training as a process of its own: what the workers of test_distributed_training run.

python -m tests.distributed_training STRATEGY OUT [FOLDER] [--devices N] [--die-at EPOCH]
"""

import argparse
import os
import signal
from pathlib import Path

import numpy as np
import tensorflow as tf

from geocore import training
from geocore.cells import build_hierarchy, generate_cells
from geocore.errors import ClusterError
from geocore.models.classifier import ClassifierConfig, build_classifier, feature_statistics
from geocore.models.heads import build_head
from geocore.training import TrainingConfig, device_scope, fit_features, prepare_tensorflow

LOST_A_WORKER = 3


def photos(n: int, seed: int, n_leaves: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 6) and class indices that follow from them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_leaves, n)
    return (rng.normal(size=(n, 6)) + np.eye(n_leaves, 6)[labels] * 2).astype("float32"), labels


def train(strategy: str, folder: Path | None = None) -> list[np.ndarray]:
    """Weights after five epochs; neither set of photos can be divided evenly."""
    config = TrainingConfig(
        learning_rate=3e-3, epochs=5, batch_size=8, stop_patience=5, strategy=strategy
    )
    prepare_tensorflow(42, strategy=strategy)
    lat, lng = np.random.default_rng(0).uniform((-60, -170), (60, 170), (40, 2)).T
    hierarchy = build_hierarchy(generate_cells(lat, lng, t_min=2, t_max=9))
    features, labels = photos(51, 0, hierarchy.n_leaves)
    with device_scope(config):
        model = build_classifier(
            6,
            build_head("HMC-tree", hierarchy),
            ClassifierConfig(hidden_units=16, dropout=0.0),
            standardisation=feature_statistics(features),
            seed=42,
        )
    weights = np.linspace(0.5, 1, 51, dtype="float32")
    held_out = photos(21, 1, hierarchy.n_leaves)
    run = fit_features(model, (features, labels, weights), held_out, config, folder)
    return [*model.get_weights(), run.history["val_cross_entropy"].to_numpy()]


def die_at(epoch: int) -> None:
    """Kill this process when that epoch, counted from 0, begins."""
    real = training.RunState.on_epoch_begin

    def begin(self: training.RunState, number: int, logs: dict | None = None) -> None:
        if number == epoch:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, number, logs)

    training.RunState.on_epoch_begin = begin


def main() -> int:
    """Train, and write the weights to OUT."""
    parser = argparse.ArgumentParser()
    parser.add_argument("strategy")
    parser.add_argument("out", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--die-at", type=int)
    arguments = parser.parse_args()
    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * arguments.devices
    tf.config.set_logical_device_configuration(cpu, devices)
    if arguments.die_at is not None:
        die_at(arguments.die_at)
    try:
        np.savez(arguments.out, *train(arguments.strategy, arguments.folder))
    except ClusterError:
        return LOST_A_WORKER
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
