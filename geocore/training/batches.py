"""Training stage: which photos are looked at in which step, by one device or by several.

It knows photos by their index alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from geocore.training.settings import TrainingConfig

Gather = Callable[[tf.Tensor, tf.Tensor], tuple]


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Photos to learn from, or to validate on.

    Attributes:
        n_photos: their number.
        gather: maps (photo indices (batch,), epoch) to (inputs, class indices, weights).
        batch_size: photos per step.
    """

    n_photos: int
    gather: Gather
    batch_size: int

    @property
    def n_steps(self) -> int:
        """Steps of an epoch, the last one with what is left."""
        return -(-self.n_photos // self.batch_size)


@dataclass(frozen=True, kw_only=True)
class Share:
    """What the devices of one machine see of each batch.

    Attributes:
        n_devices: of all machines; a batch has as many parts.
        first: the first of this machine's parts.
        n_here: number of this machine's parts.
    """

    n_devices: int = 1
    first: int = 0
    n_here: int = 1

    @classmethod
    def of(cls, context: tf.distribute.InputContext) -> "Share":
        """This machine's share, as TensorFlow tells it."""
        n_here = context.num_replicas_in_sync // context.num_input_pipelines
        first = context.input_pipeline_id * n_here
        return cls(n_devices=context.num_replicas_in_sync, first=first, n_here=n_here)


ALL = Share()


def shuffled_batches(
    train: Examples, config: TrainingConfig, first_epoch: int = 0, share: Share = ALL
) -> tf.data.Dataset:
    """Batches of every epoch from ``first_epoch`` on, each epoch in an order of its own.

    Args:
        train: the photos.
        config: epochs and seed.
        first_epoch: 0, or the number of epochs already done.
        share: of one machine among several, or of one with several devices; every device's part
            of a batch is then an element of its own.
    """

    def epoch_batches(epoch: tf.Tensor) -> tf.data.Dataset:
        """Batches of one epoch, in an order that its number and the seed decide."""
        seed = tf.stack([tf.constant(config.seed, tf.int64), epoch])
        order = tf.random.experimental.stateless_shuffle(tf.range(train.n_photos), seed)
        if share.n_devices > 1:
            parts = tf.data.Dataset.from_tensor_slices(_parts(order, train.batch_size, share))
            return parts.map(
                lambda indices, scale: _scaled(train.gather(indices, epoch), scale),
                tf.data.AUTOTUNE,
            )
        batches = tf.data.Dataset.from_tensor_slices(order).batch(train.batch_size)
        return batches.map(lambda indices: train.gather(indices, epoch), tf.data.AUTOTUNE)

    epochs = tf.data.Dataset.range(first_epoch, config.epochs)
    return epochs.flat_map(epoch_batches).prefetch(tf.data.AUTOTUNE)


def _parts(order: tf.Tensor, batch_size: int, share: Share) -> tuple[tf.Tensor, tf.Tensor]:
    """This machine's parts of all batches of an epoch: photo indices and factors of their weights.

    Devices average over equal parts. So the last batch is filled up with photos of weight 0, and
    the others' weights grow by as much: every photo counts as it would on one device.

    Returns:
        int32 and float32 (n_steps * n_here, batch_size / n_devices).
    """
    n_photos = tf.size(order)
    n_steps = -(-n_photos // batch_size)
    place = tf.range(n_steps * batch_size)
    n_in_batch = tf.minimum(batch_size, n_photos - place // batch_size * batch_size)
    scale = tf.where(place < n_photos, batch_size / n_in_batch, 0.0)
    shape = (n_steps, share.n_devices, batch_size // share.n_devices)
    here = slice(share.first, share.first + share.n_here)
    indices = tf.reshape(tf.gather(order, place % n_photos), shape)[:, here]
    scale = tf.reshape(tf.cast(scale, tf.float32), shape)[:, here]
    return tf.reshape(indices, (-1, shape[2])), tf.reshape(scale, (-1, shape[2]))


def _scaled(batch: tuple, scale: tf.Tensor) -> tuple:
    inputs, class_index, weights = batch
    return inputs, class_index, weights * scale


def validation_batches(validation: Examples, share: Share = ALL) -> tf.data.Dataset:
    """Photos as they are with their class indices, in order, in batches.

    Several devices see each photo once, in parts whose sizes differ by one at most, and then all
    over again; where there are fewer photos than devices each sees all of them.
    """
    n_photos, first_epoch = validation.n_photos, tf.constant(0)
    n_steps = validation_steps(validation, share.n_devices)
    if n_steps is None:
        batches = tf.data.Dataset.range(n_photos).map(_int32).batch(validation.batch_size)
    elif n_photos < share.n_devices:
        batches = tf.data.Dataset.from_tensors(tf.range(n_photos)).repeat()
    else:
        batches = _near_equal_parts(n_photos, n_steps, share).repeat()
    return batches.map(lambda indices: validation.gather(indices, first_epoch)[:2])


def validation_steps(validation: Examples, n_devices: int) -> int | None:
    """Steps in which several devices see every photo once; None for one device, which just ends."""
    return None if n_devices == 1 else max(1, validation.n_photos // validation.batch_size)


def _near_equal_parts(n_photos: int, n_steps: int, share: Share) -> tf.data.Dataset:
    """This machine's parts of all photos in order, int32 (n,) each, one after the other."""
    n_parts = n_steps * share.n_devices

    def part(i: tf.Tensor) -> tf.Tensor:
        number = i // share.n_here * share.n_devices + share.first + i % share.n_here
        return tf.range(
            _int32(number * n_photos // n_parts), _int32((number + 1) * n_photos // n_parts)
        )

    return tf.data.Dataset.range(n_steps * share.n_here).map(part)


def _int32(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(x, tf.int32)
