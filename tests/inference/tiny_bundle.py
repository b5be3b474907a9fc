"""A bundle of a made world, small enough to be written and read in every test."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.cells import generate_cells
from geocore.inference import bundle_files
from geocore.inference.bundle import save_bundle


def tiny_photos(n_photos: int = 400, seed: int = 0) -> pd.DataFrame:
    """Photos in eight clusters over the sphere: photos.parquet without class_index."""
    rng = np.random.default_rng(seed)
    centers = np.array(
        [(45, 9), (40, -75), (-33, 151), (35, 139), (-23, -46), (28, 77), (-17, 178.5), (64, -21)]
    )
    lat, lng = (centers[rng.integers(0, 8, n_photos)] + rng.normal(0, 4, (n_photos, 2))).T
    return pd.DataFrame(
        {
            "photo_id": [f"p{i:04d}.jpg" for i in range(n_photos)],
            "photo_set": rng.choice(["street", "scenes"], n_photos),
            "sha256": [f"{i:064x}" for i in range(n_photos)],
            "lat": lat,
            "lng": (lng + 180) % 360 - 180,
            "split": rng.choice(["train", "validation", "test"], n_photos, p=[0.7, 0.1, 0.2]),
        }
    )


def bundle_parts(
    heads: tuple[str, ...] = ("MC", "HMC-tree"), photos: pd.DataFrame | None = None
) -> dict[str, object]:
    """Arguments of `save_bundle` for a made world; weights are random, probs are Dirichlet."""
    rng = np.random.default_rng(1)
    photos = tiny_photos() if photos is None else photos
    grid = generate_cells(photos["lat"], photos["lng"], t_min=5, t_max=60)
    photos = photos.assign(class_index=grid.assign(photos["lat"], photos["lng"]))
    held_out = photos[photos["split"] == "test"]
    predictions = [
        held_out[["photo_id", "photo_set", "lat", "lng", "class_index"]].assign(
            head=head,
            point_lat=0.0,
            point_lng=0.0,
            probs=list(rng.dirichlet(np.ones(grid.n_leaves), len(held_out)).astype(np.float32)),
        )
        for head in heads
    ]
    figure = {"value": 0.5, "ci95": [0.4, 0.6]}
    return {
        "config_toml": '[model]\nbackbone = "EfficientNet-Lite0"\nsize_px = 224\n',
        "grid": grid,
        "head_weights": {head: [rng.normal(size=(3, 4)).astype(np.float16)] for head in heads},
        "report": {
            "heads": {
                head: {"all": {"n_photos": len(held_out), "top_1": figure}} for head in heads
            },
            "default_head": heads[-1],
            "training": {},
        },
        "predictions": pd.concat(predictions, ignore_index=True),
        "photos": photos,
        "model_card": "# Tiny world\n\nNot for use. Ä\n",
    }


def save_tiny_bundle(folder: Path, **changes: object) -> Path:
    """Save the made world's bundle, some parts replaced."""
    return save_bundle(folder, **{**bundle_parts(), **changes})


def signed_again(folder: Path) -> Path:
    """A bundle whose files were changed, with a manifest that says they are right."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    names = [name for name in manifest["files"] if (folder / name).exists()]
    manifest["files"] = {name: bundle_files.file_sha256(folder / name) for name in names}
    del manifest["manifest_sha256"]
    manifest["manifest_sha256"] = bundle_files._text_sha256(bundle_files.as_json(manifest))
    (folder / "manifest.json").write_text(bundle_files.as_json(manifest), "utf-8", newline="\n")
    return folder
