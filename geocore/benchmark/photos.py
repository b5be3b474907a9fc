"""Benchmark: cleaning, features and the made world, each against the bare work inside it.

Seconds here are of the clock on the wall, for keeping all cores busy is half of the work.
"""

import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf
from PIL import Image

from geocore.benchmark.measurement import (
    Call,
    Measurement,
    alternate,
    compare,
    family_s,
    report,
)
from geocore.data.cleaning.clean import clean_photos
from geocore.data.cleaning.fact_store import gather_facts
from geocore.data.made_world.table import WorldSettings
from geocore.data.made_world.world import make_world
from geocore.data.photos import load_photos
from geocore.data.scheduling import map_photos, n_cores
from geocore.models.feature_pass import FeatureSpec, pooled_backbone
from geocore.models.features import BATCH_SIZE, extract_features
from geocore.models.images import load_image
from geocore.table_stages import peak_mb

PHOTOS_PER_S = 100
WALL = time.perf_counter


def measure_cleaning(n_photos: int = 8000, n_rounds: int = 3) -> list[Measurement]:
    """Cleaning a photo set against decoding its photos bare on all cores; its memory."""
    with _made_photos(n_photos) as photos:
        paths = photos["path"].tolist()
        calls = {
            "clean": lambda: clean_photos(photos),
            "read": lambda: gather_facts(paths),
            "bare": lambda: map_photos(_decode, paths),
        }
        seconds = {name: min(x) for name, x in alternate(calls, n_rounds, WALL).items()}
        memory = _growth(f"cleaning {n_photos:,} photos", calls["clean"], n_rounds)
    against = "against decoding them bare on threads of all cores"
    what = f"{n_photos:,} photos of 320 px"
    return [
        compare(
            f"{what}: read to be cleaned, {against}", seconds["read"], seconds["bare"], "s", 1 / 0.8
        ),
        report(
            f"{what}: read, compared and judged, {against}", seconds["clean"], seconds["bare"], "s"
        ),
        memory,
    ]


def measure_features(
    n_photos: int = 1024, size_px: int = 224, n_rounds: int = 3
) -> list[Measurement]:
    """Extracting features, decoding included, against the bare backbone; their memory."""
    spec = FeatureSpec(backbone="EfficientNet-Lite1", size_px=size_px)
    network = pooled_backbone(spec, False, "float32")
    with _made_photos(n_photos) as photos, tempfile.TemporaryDirectory() as cache:
        paths = photos["path"].tolist()
        pixels = np.stack([load_image(path, size_px) for path in paths])
        seeds = tf.zeros((BATCH_SIZE, 2), tf.int32)

        def bare() -> None:
            for i in range(0, n_photos, BATCH_SIZE):
                network(tf.constant(pixels[i : i + BATCH_SIZE]), seeds).numpy()

        def extract() -> None:
            extract_features(paths, spec, Path(cache))
            shutil.rmtree(cache)

        seconds = alternate({"extract": extract, "bare": bare}, n_rounds, WALL)
        memory = _growth(f"features of {n_photos:,} photos", extract, n_rounds)
    what = f"{n_photos:,} photos of 320 px: features at {size_px} px"
    against = "against the bare backbone on decoded photos"
    return [
        compare(f"{what}, {against}", min(seconds["extract"]), min(seconds["bare"]), "s", 1 / 0.9),
        memory,
    ]


def measure_made_world(n_photos: int = 1000, n_rounds: int = 2) -> list[Measurement]:
    """Drawing photos, in processor seconds shared by all cores, and against encoding them bare."""
    with _made_photos(n_photos) as photos, tempfile.TemporaryDirectory() as scratch:
        images = [Image.open(path).convert("RGB") for path in photos["path"]]

        def draw() -> None:
            make_world(Path(scratch) / "world", n_photos)
            shutil.rmtree(Path(scratch) / "world")

        calls = {"draw": draw, "bare": lambda: map_photos(_encode, images)}
        seconds = alternate(calls, n_rounds, family_s)
    what = f"{n_photos:,} made photos of 320 px on {n_cores()} cores"
    drawn_s, bare_s = (min(seconds[name]) / n_cores() for name in ("draw", "bare"))
    return [
        compare(f"{what}, against {PHOTOS_PER_S}/s", drawn_s, n_photos / PHOTOS_PER_S, "s", 1),
        report(f"{what}, against encoding them bare", drawn_s, bare_s, "s"),
    ]


@contextmanager
def _made_photos(n_photos: int) -> Iterator[pd.DataFrame]:
    """Table of a made world's photos, which are there as long as the `with` lasts."""
    with tempfile.TemporaryDirectory() as folder:
        make_world(Path(folder) / "world", n_photos, WorldSettings())
        yield load_photos(Path(folder) / "world").photos


def _growth(what: str, call: Call, n_times: int) -> Measurement:
    """Whether the peak memory stays what it is when something is done over and over again."""
    before = peak_mb()
    for _ in range(n_times):
        call()
    return compare(f"{what} {n_times} times more: peak memory", peak_mb(), before, "MB", 1.05)


def _decode(path: str) -> None:
    with Image.open(path) as image:
        image.load()


def _encode(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()
