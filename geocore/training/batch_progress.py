"""Training stage: how far a long epoch is, said to whoever watches."""

import time

import keras

from geocore.progress import is_watched, report_progress

EVERY_S = 2.0  # a shorter epoch says nothing before its end


class BatchProgress(keras.callbacks.Callback):
    """Says every few seconds how many batches of the epoch are done."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self._epoch, self._spoke = epoch + 1, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Speak where it is time to."""
        now = time.monotonic()
        if now - self._spoke >= EVERY_S:
            self._spoke = now
            figures = {"epoch": self._epoch, "epochs": self.params["epochs"]}
            report_progress("batch", **figures, done=batch + 1, of=self.params["steps"])


def watchers() -> list[keras.callbacks.Callback]:
    """What a fit needs beside its own callbacks; nothing where nobody watches."""
    return [BatchProgress()] if is_watched() else []
