"""Measures the claims of the README as ratios within one run, each thing next to its yardstick.

Outside the flow, like `pipeline`: it joins the stages only to time them and holds no formula that
they use. Seconds are processor seconds of this program, both sides of a ratio alternate and the
best round of each counts, so that a busy machine does not decide.
"""

import io
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
import s2sphere
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from geocore.cells import Hierarchy, build_hierarchy, dense_matrices, generate_cells
from geocore.data.photos import load_coordinates
from geocore.inference import DEFAULT_BUNDLE, Predictor, load_bundle
from geocore.large_bundle import save_large_bundle
from geocore.models.backbones import build_backbone
from geocore.models.classifier import ClassifierConfig, build_classifier, on_photos
from geocore.models.heads import HEADS, build_head

COORDINATES = Path(__file__).parent / "assets" / "flickr_100k.csv.gz"
MEASURED_PAGES = ("3_Model_comparison.py", "4_Calibration_and_confusion.py")
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One line of the benchmark's table.

    Attributes:
        what: what was measured, with its size.
        value: what geocore needs.
        reference: what the yardstick needs, in the same unit.
        unit: of both.
        ratio: value / reference.
        goal: the ratio (or, where the unit is in it, the value) to stay under.
        is_reached: whether it does.
    """

    what: str
    value: float
    reference: float
    unit: str
    ratio: float
    goal: str
    is_reached: bool


def check_parts(parts: list[str]) -> list[str]:
    """The named parts of PARTS; all of them when none is named.

    Raises:
        ValueError: a part is unknown.
    """
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise ValueError(f"Unknown part {unknown[0]!r}. Known parts: {', '.join(PARTS)}.")
    return parts or list(PARTS)


def as_table(lines: list[Measurement]) -> str:
    """The measurements as a table to read."""
    rows = [
        f"{'yes' if line.is_reached else 'NO':<8}{line.ratio:<8.3g}{line.goal:<22}"
        f"{f'{line.value:.3g} / {line.reference:.3g} {line.unit}':<26}{line.what}"
        for line in lines
    ]
    head = f"{'reached':<8}{'ratio':<8}{'goal':<22}{'value / reference':<26}what"
    return "\n".join([head, *rows])


def _compare(what: str, value: float, reference: float, unit: str, at_most: float) -> Measurement:
    ratio = value / reference
    return Measurement(
        what=what,
        value=value,
        reference=reference,
        unit=unit,
        ratio=ratio,
        goal=f"ratio <= {at_most:.3g}",
        is_reached=ratio <= at_most,
    )


def jittered(n_points: int, seed: int = 42) -> tuple[FloatArray, FloatArray]:
    """Real Flickr coordinates, repeated and moved by about a kilometre: lat, lng (n_points,)."""
    photos = load_coordinates(COORDINATES).photos.sample(n_points, replace=True, random_state=seed)
    noise = np.random.default_rng(seed).normal(0, 0.01, (2, n_points))
    lat = np.clip(photos["lat"].to_numpy() + noise[0], -90, 90)
    return lat, (photos["lng"].to_numpy() + noise[1] + 180) % 360 - 180


def measure_cells(n_points: int = 1_000_000, n_sampled: int = 20_000) -> list[Measurement]:
    """Ids and grid of many points against s2sphere's ids alone, timed on a sample and scaled."""
    lat, lng = jittered(n_points)
    sample = list(zip(lat[:n_sampled].tolist(), lng[:n_sampled].tolist(), strict=True))

    def theirs() -> None:
        for point in sample:
            s2sphere.CellId.from_lat_lng(s2sphere.LatLng.from_degrees(*point)).id()

    def ours() -> None:
        generate_cells(lat, lng, t_min=3000, t_max=30000)

    seconds = _alternate({"ours": ours, "theirs": theirs}, n_rounds=3)
    scaled = min(seconds["theirs"]) * n_points / n_sampled
    what = f"{n_points:,} points: ids and grid, against s2sphere's ids alone (scaled from a sample)"
    return [
        _compare(what, min(seconds["ours"]), scaled, "s", 1 / 15),
        _peak_memory(5 * n_points),
    ]


def _peak_memory(n_points: int) -> Measurement:
    lat, lng = jittered(n_points)
    tracemalloc.start()
    generate_cells(lat, lng, t_min=3000, t_max=30000)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6 + (lat.nbytes + lng.nbytes) / 1e6
    tracemalloc.stop()
    return _compare(f"{n_points:,} points: memory", peak_mb, 1500, "MB", 1)


def measure_epochs(n_photos: int = 96, size_px: int = 224) -> list[Measurement]:
    """Time of one epoch with every head against MC, with the frozen backbone in the graph."""
    hierarchy = _thesis_hierarchy()
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
    models = _classifiers(_thesis_hierarchy())
    return _epoch_ratios(models, features, 32, 1.2, "cached features")


def _thesis_hierarchy() -> Hierarchy:
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

    seconds = _alternate({name: epoch(model) for name, model in models.items()}, n_rounds=7)
    size = f"{n_leaves} leaves, {setting}: epoch with"
    return [
        _compare(f"{size} {name}, against MC", min(seconds[name]), min(seconds["MC"]), "s", at_most)
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
    seconds = _alternate({"gather": lambda: gather(logits)}, n_rounds=30)["gather"]
    dense_s, dense_mb, product = _dense_combine(hierarchy, logits)
    held_mb = (sum(x.nbytes for x in head.parents) + head.leaf_index.nbytes) / 1e6
    size = f"{hierarchy.n_leaves:,} leaves x {hierarchy.depth} levels, batch {batch_size}"
    is_finite = bool(np.isfinite(gathered).all())
    n_alive, n_products = np.count_nonzero(product), batch_size * hierarchy.n_leaves
    lost = f"{size}: literal products that float32 keeps, against log space"
    return [
        _compare(f"{size}: combine, against matrices", min(seconds), dense_s, "s", 0.05),
        _compare(f"{size}: constants held, against matrices", held_mb, dense_mb, "MB", 0.05),
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


def _dense_combine(hierarchy: Hierarchy, logits: list[tf.Tensor]) -> tuple[float, float, tf.Tensor]:
    """Seconds and megabytes of the dense matrices, and their product (n, n_leaves) in float32."""
    seconds, megabytes, product = 0.0, 0.0, tf.constant(1.0)
    times = tf.function(lambda x, matrix, so_far: so_far * tf.matmul(tf.nn.softmax(x), matrix))
    for x, matrix in zip(logits, dense_matrices(hierarchy), strict=True):
        dense = tf.constant(matrix, tf.float32)
        megabytes += matrix.size * 4 / 1e6
        level = partial(times, x, dense, product)  # eq. 4.2
        seconds += min(_alternate({"level": level}, 5)["level"])
        product = level()
    return seconds, megabytes, product


def measure_photo(n_photos: int = 9) -> list[Measurement]:
    """One photo, from its bytes to all heads and a Grad-CAM, against one bare backbone pass."""
    predictor = Predictor.load(DEFAULT_BUNDLE)
    settings = predictor.bundle.config["backbone"]
    backbone = build_backbone(settings["name"], settings["size_px"])
    signature = [tf.TensorSpec((1, *backbone.input_shape[1:]), tf.float32)]
    bare = tf.function(lambda x: backbone(x, training=False), input_signature=signature)
    image = tf.random.uniform((1, *backbone.input_shape[1:]), 0, 255)
    photos = iter([_noise_photo(seed) for seed in range(n_photos + 1)])

    def answer() -> None:
        reading = predictor.read(next(photos))
        for head in predictor.bundle.heads:
            predictor.answer(reading, head)
        predictor.explain(reading)

    seconds = _alternate({"answer": answer, "bare": lambda: bare(image)}, n_photos)
    what = f"one photo: {len(predictor.bundle.heads)} heads and Grad-CAM, against one backbone pass"
    return [_compare(what, min(seconds["answer"]), min(seconds["bare"]), "s", 3)]


def _noise_photo(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).resize((640, 480)).save(stream, "JPEG")
    return stream.getvalue()


def _alternate(calls: dict[str, Callable[[], object]], n_rounds: int) -> dict[str, list[float]]:
    """Processor seconds of every call in every round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(n_rounds + 1):
        for name, call in calls.items():
            started = time.process_time()
            call()
            if i:
                seconds[name].append(time.process_time() - started)
    return seconds


def measure_pages(at_most_s: float = 2.0, **size: int) -> list[Measurement]:
    """First draw of the pages on measured figures, from a bundle as large as one may get."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = save_large_bundle(Path(folder) / "large", COORDINATES, **size)
        command = [sys.executable, "-m", "dashboard.draw_times", str(bundle), *MEASURED_PAGES]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        n_leaves = load_bundle(bundle).grid.n_leaves
    what = f"drawn from {n_leaves:,} leaves"
    drawn = {page: json.loads(done.stdout)[page][0] for page in MEASURED_PAGES}
    return [_compare(f"{page}, {what}", s, at_most_s, "s", 1) for page, s in drawn.items()]


PARTS: dict[str, Callable[[], list[Measurement]]] = {
    "cells": measure_cells,
    "combine": measure_combine,
    "epochs": measure_epochs,
    "cached-epochs": measure_cached_epochs,
    "photo": measure_photo,
    "pages": measure_pages,
}
