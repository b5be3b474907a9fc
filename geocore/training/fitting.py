"""Training stage: compile and fit one network, on one device or on those of a strategy."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from geocore.training.batch_progress import watchers
from geocore.training.batches import (
    Examples,
    Share,
    shuffled_batches,
    validation_batches,
    validation_steps,
)
from geocore.training.run_state import CROSS_ENTROPY, RunState, TrainingRun
from geocore.training.settings import TrainingConfig
from geocore.training.strategy import (
    build_for,
    check_batch_size,
    is_first_worker,
    losing_no_worker,
    meet_at_epoch,
    open_strategy,
    replicate,
)

VALIDATION_BATCH = 1024  # of features, which are small


def prepare_tensorflow(seed: int, *, mixed_precision: bool = False, strategy: str = "none") -> None:
    """Seed Python, NumPy and TensorFlow, ask for repeatable operations, let a GPU's memory grow.

    Args:
        seed: the same seed gives the same weights twice on the same machine.
        mixed_precision: compute in 16 bits and keep weights in 32; for GPUs, slower on a CPU.
        strategy: of STRATEGIES; several machines must find each other before anything else.

    Raises:
        ValueError: the environment does not say which machines train together.
    """
    tf.get_logger().setLevel("ERROR")  # every head and fold is a graph of its own, as intended
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    open_strategy(strategy)
    keras.mixed_precision.set_global_policy("mixed_float16" if mixed_precision else "float32")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def fit_features(
    classifier: keras.Model,
    train: tuple[np.ndarray, np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    config: TrainingConfig,
    folder: Path | None = None,
) -> TrainingRun:
    """Fit a classifier on cached features.

    Args:
        classifier: model from features (n, n_features) to logits (n, n_leaves).
        train: features (n_photos, n_features), class indices (n_photos,), weights (n_photos,).
        validation: features and class indices.
        config: optimiser, regularisers, seed.
        folder: where the state of the run is kept so that it can go on after a kill; None keeps
            nothing.

    Returns:
        The run; the classifier holds the weights of the best validation loss.
    """
    return fit(
        classifier,
        _of_arrays(*train, batch_size=config.batch_size),
        _of_arrays(*validation, batch_size=VALIDATION_BATCH),
        config,
        folder,
    )


def _of_arrays(*arrays: np.ndarray, batch_size: int) -> Examples:
    tensors = [tf.constant(x) for x in arrays]

    def gather(indices: tf.Tensor, _: tf.Tensor) -> tuple:
        return tuple(tf.gather(x, indices) for x in tensors)

    return Examples(n_photos=len(arrays[0]), gather=gather, batch_size=batch_size)


def fit(
    model: keras.Model,
    train: Examples,
    validation: Examples,
    config: TrainingConfig,
    folder: Path | None = None,
) -> TrainingRun:
    """Compile and fit a model whose outputs are logits; see `fit_features`, `shuffled_batches`.

    A model that several devices train must have been made inside `device_scope`.

    Raises:
        ValueError: there is no training photo, or several devices cannot share a batch.
        ClusterError: another machine that trains along was lost.
    """
    if train.n_photos < 1:
        raise ValueError("There is no training photo left: every photo lies outside the cells.")
    if folder is None and config.strategy != "none":  # several workers meet in what they write
        with tempfile.TemporaryDirectory() as scratch:
            return fit(model, train, validation, config, Path(scratch))
    is_kept = folder is not None
    folder = folder or Path()
    if is_kept:
        folder.mkdir(parents=True, exist_ok=True)
    strategy = open_strategy(config.strategy)
    check_batch_size(config.batch_size, strategy)
    network = model if config.strategy == "none" else replicate(model, strategy)
    with strategy.scope(), losing_no_worker(config):
        writes = is_first_worker(config)
        state = RunState(folder, config, is_writer=writes, is_kept=is_kept)
        _fit(network, train, validation, state, strategy)
    return state.run()


def _fit(
    network: keras.Model,
    train: Examples,
    validation: Examples,
    state: RunState,
    strategy: tf.distribute.Strategy,
) -> None:
    """Compile, go on from the last complete epoch, and end with the best weights."""
    config = state.config
    network.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # eq. 6.1
        metrics=[
            "accuracy",
            keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name=CROSS_ENTROPY),
        ],
    )
    build_for(network, strategy)
    first_epoch = state.restore(network)
    meet_at_epoch(first_epoch, strategy)
    if not state.is_finished:
        share_out = strategy.distribute_datasets_from_function
        network.fit(
            share_out(lambda i: shuffled_batches(train, config, first_epoch, Share.of(i))),
            validation_data=share_out(lambda i: validation_batches(validation, Share.of(i))),
            validation_steps=validation_steps(validation, strategy.num_replicas_in_sync),
            initial_epoch=first_epoch,
            epochs=config.epochs,
            steps_per_epoch=train.n_steps,
            callbacks=[*watchers(), *state.callbacks()],
            shuffle=False,
            verbose=0,
        )
    meet_at_epoch(len(state.history), strategy)  # what the first worker wrote is there now
    state.load_best(network)
