"""Training stage: fit one network to photos that already have a class index (thesis 6.1).

Knows Keras and arrays; knows nothing of tables, grids or bundles. Every epoch's order and
augmentation follow from (seed, epoch) alone, so a run that was killed goes on from its last epoch
and ends with the weights it would have had anyway.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from geocore.progress import report_progress


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How a network is fitted.

    Attributes:
        learning_rate: of Adam; table 6.7 has 1e-4 for MC and HMC-sol, 1e-2 for HMC, 1e-6 for
            HMC-smooth.
        epochs: at most so many; early stopping usually ends sooner.
        batch_size: photos per step.
        stop_patience: epochs without a better validation loss before training stops.
        plateau_patience: epochs without a better validation loss before the learning rate falls.
        plateau_factor: what the learning rate is multiplied by then.
        seed: of weights, dropout, order and augmentation.
    """

    learning_rate: float = 1e-4  # table 6.7
    epochs: int = 10  # table 6.7
    batch_size: int = 32  # 6.1.1
    stop_patience: int = 3  # 6.1.3
    plateau_patience: int = 3  # 6.1.3
    plateau_factor: float = 0.2  # 6.1.3
    seed: int = 42  # 6.5.2

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, received {self.learning_rate}.")
        if min(self.epochs, self.batch_size, self.stop_patience, self.plateau_patience) < 1:
            raise ValueError("epochs, batch_size and both patiences must be at least 1.")
        if not 0 < self.plateau_factor < 1:
            raise ValueError(f"plateau_factor must lie in (0, 1), received {self.plateau_factor}.")


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """What a fit leaves behind.

    Attributes:
        history: one row per epoch: epoch, loss, accuracy, val_loss, val_accuracy, learning_rate,
            seconds.
        best_epoch: epoch (from 1) whose weights the model now has.
        best_validation_loss: its log-loss on the validation photos, weight decay not included.
    """

    history: pd.DataFrame
    best_epoch: int
    best_validation_loss: float

    @property
    def seconds_per_epoch(self) -> float:
        """Median over the epochs, so that the first one's compilation does not count."""
        return float(self.history["seconds"].median())


MONITORED = "val_cross_entropy"  # the validation loss without the weight-decay term
Gather = Callable[[tf.Tensor, tf.Tensor], tuple]


def prepare_tensorflow(seed: int, *, mixed_precision: bool = False) -> None:
    """Seed Python, NumPy and TensorFlow, ask for repeatable operations, let a GPU's memory grow.

    Args:
        seed: the same seed gives the same weights twice on the same machine.
        mixed_precision: compute in 16 bits and keep weights in 32; for GPUs, slower on a CPU.
    """
    tf.get_logger().setLevel("ERROR")  # every head and fold is a graph of its own, as intended
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    keras.mixed_precision.set_global_policy("mixed_float16" if mixed_precision else "float32")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def shuffled_batches(
    n_photos: int, config: TrainingConfig, gather: Gather, first_epoch: int = 0
) -> tf.data.Dataset:
    """Batches of every epoch from ``first_epoch`` on, each epoch in an order of its own.

    Args:
        n_photos: number of training photos.
        config: batch size, epochs and seed.
        gather: maps (photo indices (batch,), epoch) to what ``model.fit`` takes: (inputs, class
            indices, weights).
        first_epoch: 0, or the number of epochs already done.
    """

    def epoch_batches(epoch: tf.Tensor) -> tf.data.Dataset:
        seed = tf.stack([tf.constant(config.seed, tf.int64), epoch])
        order = tf.random.experimental.stateless_shuffle(tf.range(n_photos), seed)
        batches = tf.data.Dataset.from_tensor_slices(order).batch(config.batch_size)
        return batches.map(lambda indices: gather(indices, epoch), tf.data.AUTOTUNE)

    epochs = tf.data.Dataset.range(first_epoch, config.epochs)
    return epochs.flat_map(epoch_batches).prefetch(tf.data.AUTOTUNE)


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
    features, class_index, weights = (tf.constant(x) for x in train)

    def gather(indices: tf.Tensor, _: tf.Tensor) -> tuple:
        return tuple(tf.gather(x, indices) for x in (features, class_index, weights))

    held_out = tf.data.Dataset.from_tensor_slices(validation).batch(1024)
    return fit(classifier, len(train[0]), gather, held_out, config, folder)


def fit(
    model: keras.Model,
    n_photos: int,
    gather: Gather,
    validation: tf.data.Dataset,
    config: TrainingConfig,
    folder: Path | None = None,
) -> TrainingRun:
    """Compile and fit a model whose outputs are logits; see `fit_features`, `shuffled_batches`.

    Raises:
        ValueError: there is no training photo.
    """
    if n_photos < 1:
        raise ValueError("There is no training photo left: every photo lies outside the cells.")
    if folder is None:
        with tempfile.TemporaryDirectory() as scratch:
            return fit(model, n_photos, gather, validation, config, Path(scratch))
    folder.mkdir(parents=True, exist_ok=True)
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # eq. 6.1
        metrics=[
            "accuracy",
            keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="cross_entropy"),
        ],
    )
    state = RunState(folder, config)
    first_epoch = state.restore(model)
    if not state.is_finished:
        model.fit(
            shuffled_batches(n_photos, config, gather, first_epoch),
            validation_data=validation,
            initial_epoch=first_epoch,
            epochs=config.epochs,
            steps_per_epoch=-(-n_photos // config.batch_size),
            callbacks=state.callbacks(),
            shuffle=False,
            verbose=0,
        )
    model.optimizer.build(model.trainable_variables)
    model.load_weights(state.best_path)
    return state.run()


class RunState(keras.callbacks.Callback):
    """Saves after every epoch all that the next epoch depends on, and restores it.

    Keras's BackupAndRestore brings back weights, optimiser and epoch, but not what early stopping
    and the plateau rule have seen; without that a run that was killed ends elsewhere than one that
    was not. The state file is replaced in one step and names the weights that belong to it, so a
    kill at any moment leaves the last complete epoch.
    """

    def __init__(self, folder: Path, config: TrainingConfig) -> None:
        super().__init__()
        self.folder, self.config = folder, config
        self.best_path = folder / "best.weights.h5"
        self.history: list[dict[str, float]] = []
        self.is_finished = False
        self.rules: dict[str, dict[str, float]] = {}
        self.stopping = keras.callbacks.EarlyStopping(
            MONITORED, patience=config.stop_patience, mode="min"
        )
        self.plateau = keras.callbacks.ReduceLROnPlateau(
            MONITORED, config.plateau_factor, config.plateau_patience, mode="min"
        )

    def callbacks(self) -> list[keras.callbacks.Callback]:
        """Callbacks of SPEC 6 in the order in which they must run; this one last."""
        return [self.stopping, self.plateau, self]

    def restore(self, model: keras.Model) -> int:
        """Load the last complete epoch into the model; returns the number of epochs done."""
        path = self.folder / "state.json"
        if not path.exists():
            return 0
        state = json.loads(path.read_text())
        if state.get("monitored") != MONITORED:  # left by an older version of this module
            return 0
        self.history, self.rules = state["history"], state["rules"]
        self.is_finished = state["is_finished"]
        model.optimizer.build(model.trainable_variables)  # else its moments are not read back
        model.load_weights(self.folder / state["weights"])
        return len(self.history)

    def run(self) -> TrainingRun:
        """The run so far."""
        history = pd.DataFrame(self.history)
        best = int(history[MONITORED].idxmin())
        loss = float(history[MONITORED][best])
        return TrainingRun(history=history, best_epoch=best + 1, best_validation_loss=loss)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Tell the rules what they had seen."""
        for name, rule in (("stopping", self.stopping), ("plateau", self.plateau)):
            for key, value in self.rules.get(name, {}).items():
                setattr(rule, key, value)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock, and the dropout masks of this epoch."""
        for layer in _dropouts(self.model):  # their state is not among the saved weights
            layer.seed_generator.state.assign([self.config.seed, epoch])
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keep the epoch's figures, its weights where they are the best, and the state."""
        figures = {key: float(value) for key, value in (logs or {}).items()}
        seconds = time.perf_counter() - self._started
        self.history.append({"epoch": epoch + 1, **figures, "seconds": seconds})
        if figures[MONITORED] <= min(row[MONITORED] for row in self.history):
            self._save_weights(self.best_path)
        self._save()
        report_progress("epoch", of=self.config.epochs, **self.history[-1])

    def on_train_end(self, logs: dict | None = None) -> None:
        """Mark the run as finished."""
        self.is_finished = True
        self._save()

    def _save_weights(self, path: Path) -> None:
        scratch = path.with_name(f"new-{path.name}")
        self.model.save_weights(scratch)
        scratch.replace(path)

    def _save(self) -> None:
        weights = f"epoch-{len(self.history):04d}.weights.h5"
        self._save_weights(self.folder / weights)
        state = {"weights": weights, "history": self.history, "is_finished": self.is_finished}
        state["monitored"] = MONITORED
        state["rules"] = {
            "stopping": {"wait": self.stopping.wait, "best": _plain(self.stopping.best)},
            "plateau": {"wait": self.plateau.wait, "best": _plain(self.plateau.best)},
        }
        scratch = self.folder / "new-state.json"
        scratch.write_text(json.dumps(state))
        scratch.replace(self.folder / "state.json")
        for old in self.folder.glob("epoch-*.weights.h5"):
            if old.name != weights:
                old.unlink()


def _dropouts(model: keras.Model) -> Iterator[keras.layers.Dropout]:
    """Dropout layers that act, nested models included."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _dropouts(layer)
        elif isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
            yield layer


def _plain(value: float | None) -> float | None:
    return None if value is None else float(value)
