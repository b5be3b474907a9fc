"""Models stage: photos as square arrays for a backbone, and their random variations in training.

Decoding is `geocore.data.images`; this module knows no table of photos, no cells and no backbone.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from PIL import Image

from geocore.data.images import Photo, decode_photo

CHANCE = 0.5  # thesis 6.1
BRIGHTNESS = 0.2 * 255  # largest shift, on the scale 0..255
CONTRAST = SATURATION = (0.8, 1.2)


def load_image(photo: Photo, size_px: int, *, name: str | None = None) -> np.ndarray:
    """Decode one photo and squash it to a square: `decode_photo`, then `resize_photo`.

    Raises:
        ImageError: The photo cannot be decoded.
    """
    return resize_photo(decode_photo(photo, name=name), size_px)


def resize_photo(image: Image.Image, size_px: int) -> np.ndarray:
    """Squash a photo to a square, bicubic and without aliasing.

    The whole scene is kept and its aspect ratio is not: cropping would lose the sides of a street.

    Args:
        image: RGB image of any size.
        size_px: Side of the result.

    Returns:
        uint8 (size_px, size_px, 3), RGB in 0..255.

    Raises:
        ValueError: `size_px` is not positive.

    Source:
        Thesis 4.1 (224 x 224 x 3); the filter: own.
    """
    if size_px < 1:
        raise ValueError(f"size_px must be at least 1, received {size_px}.")
    return np.asarray(image.convert("RGB").resize((size_px, size_px), Image.Resampling.BICUBIC))


def augment(images: tf.Tensor, kind: str, seed: int | tf.Tensor) -> tf.Tensor:
    """Random variations of square photos; the same images, kind and seed give the same result.

    With chance 0.5 each photo of the batch undergoes one change, drawn for itself.
    `"thesis"`: a turn by 90, 180 or 270 degrees, a flip (left-right or top-bottom), or colour
    (brightness, contrast and saturation together). `"upright"`: a left-right flip or colour, for
    outdoor scenes have a sky. `"none"`: nothing.

    Args:
        images: (n, size, size, 3) or (size, size, 3), in 0..255, uint8 or floating.
        kind: One of `AUGMENTATIONS`.
        seed: Whole number, or an int tensor of shape (2,).

    Returns:
        Of the shape and type of `images`, in 0..255.

    Raises:
        ValueError: Unknown kind, or images that are not square with 3 channels.

    Source:
        Thesis 6.1, Data Augmentation; sizes of the colour changes and `"upright"`: own.
    """
    images = tf.convert_to_tensor(images)
    _check(images.shape, kind)
    changes = AUGMENTATIONS[kind]
    if not changes:
        return images
    batch = images if images.shape.rank == 4 else images[tf.newaxis]
    seeds = tf.random.split(_seed_pair(seed), tf.shape(batch)[0])
    varied = tf.map_fn(
        lambda one: _change_one(one[0], changes, one[1]),
        (tf.cast(batch, tf.float32), seeds),
        fn_output_signature=tf.TensorSpec(batch.shape[1:], tf.float32),
    )
    varied = tf.clip_by_value(varied, 0.0, 255.0)
    varied = tf.cast(tf.round(varied) if images.dtype.is_integer else varied, images.dtype)
    return varied if images.shape.rank == 4 else varied[0]


def _check(shape: tf.TensorShape, kind: str) -> None:
    if kind not in AUGMENTATIONS:
        raise ValueError(f"Unknown augmentation {kind!r}. Known: {', '.join(AUGMENTATIONS)}.")
    if shape.rank not in (3, 4) or shape[-1] != 3 or shape[-2] != shape[-3]:
        raise ValueError(
            f"images must have shape (n, size, size, 3) or (size, size, 3), received {shape}."
        )


def _seed_pair(seed: int | tf.Tensor) -> tf.Tensor:
    pair = (seed % 2**31, 0) if isinstance(seed, int | np.integer) else seed
    return tf.cast(pair, tf.int32)


def _change_one(image: tf.Tensor, changes: tuple[Callable, ...], seed: tf.Tensor) -> tf.Tensor:
    """With chance 0.5, one of the changes, each as likely as the others."""
    chance_seed, which_seed, seed = tf.unstack(tf.random.split(seed, 3))
    which = tf.random.stateless_uniform((), which_seed, 0, len(changes), tf.int32)
    branches = [lambda change=change: change(image, seed) for change in changes]
    return tf.cond(
        tf.random.stateless_uniform((), chance_seed) < CHANCE,
        lambda: tf.switch_case(which, branches),
        lambda: image,
    )


def _turn(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    return tf.image.rot90(image, tf.random.stateless_uniform((), seed, 1, 4, tf.int32))


def _flip(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    axis = tf.random.stateless_uniform((1,), seed, 0, 2, tf.int32)
    return tf.reverse(image, axis)


def _mirror(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    del seed
    return tf.image.flip_left_right(image)


def _colour(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    brightness, contrast, saturation = tf.unstack(tf.random.split(seed, 3))
    image = tf.image.stateless_random_brightness(image, BRIGHTNESS, brightness)
    image = tf.image.stateless_random_contrast(image, *CONTRAST, contrast)
    # Saturation is defined on 0..1 only.
    image = tf.clip_by_value(image, 0.0, 255.0) / 255.0
    return tf.image.stateless_random_saturation(image, *SATURATION, saturation) * 255.0


AUGMENTATIONS: dict[str, tuple[Callable, ...]] = {
    "none": (),
    "thesis": (_turn, _flip, _colour),
    "upright": (_mirror, _colour),
}
