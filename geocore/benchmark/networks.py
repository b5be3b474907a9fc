"""Benchmark: the heads, and one photo from its bytes to its answer."""

import io
from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from geocore.benchmark.measurement import Measurement, alternate, compare
from geocore.cells import Hierarchy, build_hierarchy, dense_matrices, generate_cells
from geocore.config import config_from_dict
from geocore.data.photos import load_coordinates
from geocore.inference import DEFAULT_BUNDLE, Predictor
from geocore.inference.bundle import Bundle
from geocore.models.backbones import build_backbone
from geocore.models.classifier import ClassifierConfig, build_classifier, on_photos
from geocore.models.heads import HEADS, build_head
from geocore.table_stages import COORDINATES, jittered


def measure_epochs(n_photos: int = 96, size_px: int = 224) -> list[Measurement]:
    """Time of one epoch with every head against MC, with the frozen backbone in the graph."""
    hierarchy = thesis_hierarchy()
    backbone = build_backbone("EfficientNet-Lite1", size_px)
    backbone.trainable = False
    photos = np.random.default_rng(0).uniform(0, 255, (n_photos, size_px, size_px, 3))
    models = {
        name: on_photos(backbone, classifier, "max")
        for name, classifier in _classifiers(hierarchy).items()
    }
    return _epoch_ratios(models, photos.astype("float32"), 32, 1.05, "backbone in the graph")


def measure_cached_epochs(n_photos: int = 4096) -> list[Measurement]:
    """Time of one epoch with every head against MC, on cached features."""
    features = np.random.default_rng(0).normal(size=(n_photos, 1280)).astype("float32")
    models = _classifiers(thesis_hierarchy())
    return _epoch_ratios(models, features, 32, 1.2, "cached features")


def thesis_hierarchy() -> Hierarchy:
    """About as many leaves as experiment D had (72), from about as many photos."""
    lat, lng = jittered(970_565)
    return build_hierarchy(generate_cells(lat, lng, t_min=3000, t_max=30000))


def _classifiers(hierarchy: Hierarchy) -> dict[str, keras.Model]:
    config = ClassifierConfig()
    return {name: build_classifier(1280, build_head(name, hierarchy), config) for name in HEADS}


def _epoch_ratios(
    models: dict[str, keras.Model],
    inputs: NDArray[np.float32],
    batch_size: int,
    at_most: float,
    setting: str,
) -> list[Measurement]:
    n_leaves = models["MC"].output_shape[-1]
    targets = np.random.default_rng(0).integers(0, n_leaves, len(inputs))
    batches = tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(batch_size).cache()
    for model in models.values():
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=keras.optimizers.Adam(1e-4), loss=loss, metrics=["accuracy"])

    def epoch(model: keras.Model) -> Callable[[], object]:
        return lambda: model.fit(batches, shuffle=False, verbose=0)

    seconds = alternate({name: epoch(model) for name, model in models.items()}, n_rounds=7)
    size = f"{n_leaves} leaves, {setting}: epoch with"
    return [
        compare(f"{size} {name}, against MC", min(seconds[name]), min(seconds["MC"]), "s", at_most)
        for name in models
        if name != "MC"
    ]


def measure_combine(batch_size: int = 32) -> list[Measurement]:
    """HMC from levels to leaves: gathered in log space, against the matrices of Algorithm 2."""
    photos = load_coordinates(COORDINATES).photos
    grid = generate_cells(photos["lat"], photos["lng"], t_min=2, t_max=18, level_end=28)
    hierarchy = build_hierarchy(grid)
    head = build_head("HMC", hierarchy, mode="literal")
    rng = np.random.default_rng(0)
    sizes = [len(ids) for ids in hierarchy.cell_ids]
    logits = [tf.constant(rng.normal(size=(batch_size, n)), tf.float32) for n in sizes]
    gather = tf.function(head.combine)
    gathered = gather(logits)
    seconds = alternate({"gather": lambda: gather(logits)}, n_rounds=30)["gather"]
    dense_s, dense_mb, product = dense_combine(hierarchy, logits)
    held_mb = (sum(x.nbytes for x in head.parents) + head.leaf_index.nbytes) / 1e6
    size = f"{hierarchy.n_leaves:,} leaves x {hierarchy.depth} levels, batch {batch_size}"
    is_finite = bool(np.isfinite(gathered).all())
    n_alive, n_products = np.count_nonzero(product), batch_size * hierarchy.n_leaves
    lost = f"{size}: literal products that float32 keeps, against log space"
    return [
        compare(f"{size}: combine, against matrices", min(seconds), dense_s, "s", 0.05),
        compare(f"{size}: constants held, against matrices", held_mb, dense_mb, "MB", 0.05),
        Measurement(
            what=lost,
            value=float(n_alive),
            reference=float(n_products),
            unit="products",
            ratio=float(n_alive / n_products),
            goal="log scores all finite",
            is_reached=is_finite,
        ),
    ]


def dense_combine(hierarchy: Hierarchy, logits: list[tf.Tensor]) -> tuple[float, float, tf.Tensor]:
    """Seconds and megabytes of the dense matrices, and their product (n, n_leaves) in float32."""
    seconds, megabytes, product = 0.0, 0.0, tf.constant(1.0)
    times = tf.function(lambda x, matrix, so_far: so_far * tf.matmul(tf.nn.softmax(x), matrix))
    for x, matrix in zip(logits, dense_matrices(hierarchy), strict=True):
        dense = tf.constant(matrix, tf.float32)
        megabytes += matrix.size * 4 / 1e6
        level = partial(times, x, dense, product)  # eq. 4.2
        seconds += min(alternate({"level": level}, 5)["level"])
        product = level()
    return seconds, megabytes, product


def measure_photo(n_photos: int = 9) -> list[Measurement]:
    """One photo, from its bytes to all heads and a Grad-CAM, against bare passes of what it ships.

    A bare pass is one of every backbone of the bundle on one photo that is decoded already.
    """
    predictor = Predictor.load(DEFAULT_BUNDLE)
    bare = bare_pass(predictor.bundle)
    photos = iter([_noise_photo(seed) for seed in range(n_photos + 1)])

    def answer() -> None:
        reading = predictor.read(next(photos))
        for head in predictor.bundle.heads:
            predictor.answer(reading, head)
        predictor.explain(reading)

    seconds = alternate({"answer": answer, "bare": bare}, n_photos)
    what = f"one photo: {len(predictor.bundle.heads)} heads and Grad-CAM, against one bare pass"
    return [compare(what, min(seconds["answer"]), min(seconds["bare"]), "s", 4)]


def bare_pass(bundle: Bundle) -> Callable[[], object]:
    """One pass of every backbone that a bundle ships over one photo, decoded already."""
    settings = config_from_dict(bundle.config).backbone
    backbones = [build_backbone(name, settings.size_px) for name in settings.names]
    shape = (1, *backbones[0].input_shape[1:])
    passes = tf.function(
        lambda x: [backbone(x, training=False) for backbone in backbones],
        input_signature=[tf.TensorSpec(shape, tf.float32)],
    )
    image = tf.random.uniform(shape, 0, 255)
    return lambda: passes(image)


def _noise_photo(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).resize((640, 480)).save(stream, "JPEG")
    return stream.getvalue()
