"""A made bundle as large as a bundle may get, to time what reads it.

Outside the flow, like `benchmark`. Places are real Flickr coordinates; what the heads answer is
made up: noise over all leaves, and now and then the true leaf or one beside it. Its heads have no
weights that fit a network, so it can be looked at but not asked.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.cells import CellGrid, generate_cells
from geocore.data.photos import load_coordinates
from geocore.evaluation.evaluator import evaluate_probs
from geocore.inference.bundle import save_bundle

HEADS = ("HMC-tree", "MC")
TEMPERATURES = {"HMC-tree": 1.4, "MC": 1.8}
_CONFIG = '[backbone]\nname = "EfficientNet-Lite1"\nsize_px = 288\n'


def save_large_bundle(
    folder: Path, coordinates: Path, *, n_photos: int = 100_000, t_min: int = 9, t_max: int = 60
) -> Path:
    """Write a bundle of two heads whose held-out photos are all the photos there are.

    With the default settings some 3,000 leaves; its probs fill gigabytes.

    Args:
        folder: where to.
        coordinates: CSV of positions.
        n_photos: how many of them, repeated where there are fewer.
        t_min: least photos of a cell.
        t_max: most photos of a cell.
    """
    photos, grid = _photos(coordinates, n_photos, t_min, t_max)
    predictions = {head: _predictions(head, seed, photos, grid) for seed, head in enumerate(HEADS)}
    return save_bundle(
        folder,
        config_toml=_CONFIG,
        grid=grid,
        head_weights={head: [np.zeros((1, 1), np.float32)] for head in HEADS},
        report={
            "heads": {head: _figures(rows) for head, rows in predictions.items()},
            "default_head": HEADS[0],
            "training": {},
            "temperatures": TEMPERATURES,
        },
        predictions=pd.concat(predictions.values(), ignore_index=True),
        photos=photos,
        model_card="# Made\n\nNot a model: a bundle to time pages with.\n",
    )


def _photos(
    coordinates: Path, n_photos: int, t_min: int, t_max: int
) -> tuple[pd.DataFrame, CellGrid]:
    found = load_coordinates(coordinates).photos
    places = found.sample(n_photos, replace=n_photos > len(found), random_state=1)
    lat, lng = places["lat"].to_numpy(), places["lng"].to_numpy()
    grid = generate_cells(lat, lng, t_min=t_min, t_max=t_max)
    photos = pd.DataFrame(
        {
            "photo_id": [f"made/{i:06d}.jpg" for i in range(n_photos)],
            "photo_set": np.where(np.arange(n_photos) % 3, "street_photos", "country_scenes"),
            "sha256": [f"{i:064x}" for i in range(n_photos)],
            "lat": lat,
            "lng": lng,
            "class_index": grid.assign(lat, lng),
            "split": "test",
        }
    )
    return photos, grid


def _predictions(head: str, seed: int, photos: pd.DataFrame, grid: CellGrid) -> pd.DataFrame:
    probs = made_probs(photos["class_index"].to_numpy(), grid.n_leaves, seed)
    points = grid.leaves.iloc[probs.argmax(axis=1)]
    return photos[["photo_id", "photo_set", "lat", "lng", "class_index"]].assign(
        head=head,
        point_lat=points["lat"].to_numpy(),
        point_lng=points["lng"].to_numpy(),
        probs=list(probs),
    )


def _figures(rows: pd.DataFrame) -> dict[str, dict]:
    """Figures on all photos and on each set; few resamples, as nobody reads the intervals."""
    parts = {"all": rows} | dict(list(rows.groupby("photo_set")))
    columns = ("class_index", "lat", "lng", "point_lat", "point_lng")
    return {
        str(name): evaluate_probs(
            np.stack(list(part["probs"])), *(part[x].to_numpy() for x in columns), n_bootstrap=50
        )
        for name, part in parts.items()
    }


def made_probs(class_index: np.ndarray, n_leaves: int, seed: int) -> NDArray[np.float32]:
    """Probs (n_photos, n_leaves) that know a little: noise, with more at or beside the truth."""
    rng = np.random.default_rng(seed)
    n_photos = len(class_index)
    probs = rng.standard_normal((n_photos, n_leaves), np.float32)
    for height, spread in ((7.0, 0), (6.0, 2), (7.0, 40), (8.0, 400)):
        shift = rng.integers(-spread, spread + 1, n_photos)
        near = (np.maximum(class_index, 0) + shift) % n_leaves
        probs[np.arange(n_photos), near] += height * rng.random(n_photos, np.float32)
    np.exp(probs, out=probs)
    probs /= probs.sum(axis=1, keepdims=True)
    return probs
