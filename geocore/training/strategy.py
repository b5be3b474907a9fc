"""Training stage: one network on several devices, of this machine or of several (tf.distribute).

Keras 3 fits a model under MultiWorkerMirroredStrategy neither as it is (it stops with "Attempt to
convert a value (PerReplica…) to a Tensor", keras-team/keras issue 20585, seen with Keras 3.15) nor
once that is avoided (it averages scalars over an axis they do not have). Two public means are
enough, and MirroredStrategy takes them too: variables are made in the strategy's scope but the
model around them outside of it, and a step gives its figures as vectors of length one. What Keras
would then make in the middle of the first step is made before it: `build_for`.
"""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

import keras
import tensorflow as tf

from geocore.errors import ClusterError
from geocore.training.settings import TrainingConfig

EXAMPLE = (
    '{"cluster": {"worker": ["host0:12345", "host1:12345"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


@cache
def open_strategy(name: str) -> tf.distribute.Strategy:
    """The strategy of that name; for several machines it waits until all of them are there.

    It must be opened before TensorFlow computes anything, and there is one of a kind per process.

    Raises:
        ValueError: TF_CONFIG does not say which machines.
    """
    if name == "multi-worker":
        _check_tf_config(os.environ.get("TF_CONFIG", ""))
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except RuntimeError as error:
            raise ValueError(
                "Only scripts/train.py trains on several machines: they must find each other "
                "before anything is computed. Set strategy to 'none' or 'mirrored' here."
            ) from error
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def device_scope(config: TrainingConfig) -> AbstractContextManager:
    """Where a network must be made that is then fitted; its dropout masks are equal on all devices.

    Raises:
        ValueError: the environment does not say which machines train together.
    """
    return open_strategy(config.strategy).scope()


def _check_tf_config(text: str) -> None:
    try:
        settings = json.loads(text)
        n_workers = len(settings["cluster"]["worker"])
        is_complete = settings["task"]["type"] == "worker"
        is_complete &= settings["task"]["index"] in range(n_workers)
    except (ValueError, KeyError, TypeError):
        is_complete = False
    if not is_complete:
        raise ValueError(
            "strategy 'multi-worker' needs the environment variable TF_CONFIG, which names all "
            f"machines and says which of them this one is, such as {EXAMPLE}; received "
            f"{text or 'none'}."
        )


def is_first_worker(config: TrainingConfig) -> bool:
    """Whether this process is the one that writes what all of them found."""
    resolver = open_strategy(config.strategy).cluster_resolver
    return config.strategy != "multi-worker" or resolver.task_id == 0


def check_batch_size(batch_size: int, strategy: tf.distribute.Strategy) -> None:
    """Every device takes an equal part of a batch.

    Raises:
        ValueError: they cannot.
    """
    n_devices = strategy.num_replicas_in_sync
    if batch_size % n_devices:
        raise ValueError(
            f"batch_size must be a multiple of the number of devices that share a batch, received "
            f"{batch_size} for {n_devices}."
        )


def replicate(model: keras.Model, strategy: tf.distribute.Strategy) -> keras.Model:
    """The same network with the same variables, to be fitted on every device of the strategy.

    Raises:
        ValueError: it was not made inside `device_scope`.
    """
    for variable in model.variables:
        if not strategy.extended.variable_created_in_scope(variable.value):
            raise ValueError(
                "A network that several devices train must be made inside 'with device_scope"
                f"(config)'; its variable {variable.path!r} was not."
            )
    return _Replicated(model.inputs, model.outputs[0], name=model.name)


def build_for(network: keras.Model, strategy: tf.distribute.Strategy) -> None:
    """Make the variables of optimiser and metrics of a compiled network, on every device."""
    network.optimizer.build(network.trainable_variables)
    logits, class_index = tf.zeros((1, network.output_shape[-1])), tf.zeros(1, tf.int32)
    strategy.run(lambda: network.compute_metrics(None, class_index, logits, None))
    network.reset_metrics()


class _Replicated(keras.Model):
    """A network whose steps give vectors, which `fit` can average over workers."""

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step of training on one device's part of a batch."""
        return _as_vectors(super().train_step(data))

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """One step of validation on one device's part of a batch."""
        return _as_vectors(super().test_step(data))


def _as_vectors(figures: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {name: tf.reshape(figure, (1,)) for name, figure in figures.items()}


def meet_at_epoch(epoch: int, strategy: tf.distribute.Strategy) -> None:
    """Wait for all workers, and be sure that they have done the same number of epochs.

    Raises:
        ClusterError: they do not see the same state of the run.
    """
    epochs = strategy.gather(tf.constant([epoch]), axis=0).numpy()
    if len(set(epochs)) > 1:
        raise ClusterError(
            "All workers must go on from the same epoch, but they have done "
            f"{', '.join(map(str, epochs))}. Give them one --cache folder that all of them see."
        )


@contextmanager
def losing_no_worker(config: TrainingConfig) -> Iterator[None]:
    """Say what to do when another worker is gone, of which TensorFlow tells in many ways.

    Raises:
        ClusterError: another worker was lost.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if config.strategy != "multi-worker":
            raise
        raise ClusterError(
            "Training on several machines ended, most likely because one of them was lost. Start "
            "the same command on all of them again: they go on after the last complete epoch. "
            f"({error.message.strip().splitlines()[0]})"
        ) from error
