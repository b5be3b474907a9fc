"""Training stage: what a run has come to, kept after every epoch so that a killed one goes on."""

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from geocore.progress import report_progress
from geocore.training.settings import TrainingConfig

CROSS_ENTROPY = "cross_entropy"
_HDF5_BYTES = 256 << 10  # what the file holds beside the weights
MONITORED = f"val_{CROSS_ENTROPY}"  # the validation loss without the weight-decay term


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


class RunState(keras.callbacks.Callback):
    """Saves after every epoch all that the next epoch depends on, and restores it.

    Keras's BackupAndRestore brings back weights, optimiser and epoch, but not what early stopping
    and the plateau rule have seen; without that a run that was killed ends elsewhere than one that
    was not. The state file is replaced in one step and names the weights that belong to it, so a
    kill at any moment leaves the last complete epoch. Of several workers, who all come to the same
    figures, one writes and all read.
    """

    def __init__(
        self,
        folder: Path,
        config: TrainingConfig,
        *,
        is_writer: bool = True,
        is_kept: bool = True,
    ) -> None:
        """A run that is not kept writes nothing: it is not meant to go on after a kill."""
        super().__init__()
        self.folder, self.config, self.is_writer = folder, config, is_writer
        self.is_kept = is_kept
        self.best_path = folder / "best.weights.h5"
        self.history: list[dict[str, float]] = []
        self.is_finished = False
        self.best_weights: list[np.ndarray] | None = None
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
        if not self.is_kept or not path.exists():
            return 0
        state = json.loads(path.read_text())
        if state.get("monitored") != MONITORED:  # left by an older version of this module
            return 0
        self.history, self.rules = state["history"], state["rules"]
        self.is_finished = state["is_finished"]
        model.optimizer.build(model.trainable_variables)  # else its moments are not read back
        model.load_weights(self.folder / state["weights"])
        return len(self.history)

    def load_best(self, model: keras.Model) -> None:
        """Give the model the weights of the epoch with the best validation loss."""
        if self.best_weights is not None:
            model.set_weights(self.best_weights)
        else:  # of an epoch before this process began
            model.optimizer.build(model.trainable_variables)
            model.load_weights(self.best_path)

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
            self.best_weights = self.model.get_weights()
            self._save_weights(self.best_path)
        self._save()
        report_progress("epoch", of=self.config.epochs, **self.history[-1])

    def on_train_end(self, logs: dict | None = None) -> None:
        """Mark the run as finished."""
        self.is_finished = True
        self._save()

    def _save_weights(self, path: Path) -> None:
        if not self.is_kept:
            return
        if not self.is_writer:
            self._take_part_in_saving()
            return
        self._check_room(path)
        scratch = path.with_name(f"new-{path.name}")
        self.model.save_weights(scratch)
        scratch.replace(path)

    def _check_room(self, path: Path) -> None:
        """Begin no file that does not fit: HDF5 may crash the program where a disk fills up."""
        n_bytes = sum(weights.nbytes for weights in self.model.get_weights())
        if shutil.disk_usage(path.parent).free < 3 * n_bytes + _HDF5_BYTES:  # Adam keeps two more
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    def _take_part_in_saving(self) -> None:
        """Saving adds up over all workers what each has counted, so all of them must save."""
        with tempfile.TemporaryDirectory() as scratch:
            self.model.save_weights(Path(scratch) / "unused.weights.h5")

    def _save(self) -> None:
        if not self.is_kept:
            return
        weights = f"epoch-{len(self.history):04d}.weights.h5"
        self._save_weights(self.folder / weights)
        if not self.is_writer:
            return
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
