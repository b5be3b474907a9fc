"""Models stage: batches of decoded and augmented photos for end-to-end training."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from geocore.models.images import augment, load_image


def photo_gather(
    paths: Sequence[str],
    class_index: np.ndarray,
    weights: np.ndarray,
    size_px: int,
    augmentation: str,
    seed: int,
) -> Callable[[tf.Tensor, tf.Tensor], tuple]:
    """What `geocore.training.Examples` calls for each batch of an epoch.

    Args:
        paths: (n_photos,) image files known to be readable.
        class_index: (n_photos,).
        weights: (n_photos,) of each photo in the loss.
        size_px: height and width of the decoded photos.
        augmentation: key of AUGMENTATIONS; every epoch varies a photo anew.
        seed: of the augmentation.

    Returns:
        Function from photo indices (batch,) and epoch to photos (batch, size_px, size_px, 3) in
        0..255, class indices (batch,) and weights (batch,).
    """
    labels, loss_weights = tf.constant(class_index), tf.constant(weights, tf.float32)

    def load(indices: np.ndarray) -> np.ndarray:
        return np.stack([load_image(paths[i], size_px) for i in indices])

    def gather(indices: tf.Tensor, epoch: tf.Tensor) -> tuple:
        """Photos, labels and loss weights of a batch, augmented anew in every epoch."""
        photos = tf.numpy_function(load, [indices], tf.uint8)
        photos = tf.ensure_shape(photos, (None, size_px, size_px, 3))
        batch_seed = tf.stack([seed + tf.cast(epoch, tf.int32), indices[0]])
        photos = augment(photos, augmentation, batch_seed)
        return (
            tf.cast(photos, tf.float32),
            tf.gather(labels, indices),
            tf.gather(loss_weights, indices),
        )

    return gather
