"""Training as a background job: what is checked before, and the command that is started.

Belongs to the background jobs. It starts `scripts/train.py` as a person would and loads no
TensorFlow; what only that command can judge, it judges.
"""

import hashlib
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geocore.cells import UNASSIGNED, generate_cells
from geocore.cells.place_names import is_near_town
from geocore.data.photos import TABLE_NAMES, load_photos
from geocore.data.sampling import given_split, split_photos
from geocore.errors import GridError, JobError, PhotoTableError
from geocore.jobs.queue import list_jobs, start_job
from geocore.jobs.recipes import Recipe, changed_recipe
from geocore.jobs.record import Job, bundles_folder, jobs_folder

SCRIPT = Path(__file__).parents[2] / "scripts" / "train.py"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_FEW_TESTED = 100
_FEATURE_BYTES = 2 * 2048 * 4  # maximum and mean of the widest backbone's channels
_REST_BYTES = 200_000_000  # states of unfinished heads, and the bundle itself


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a reader wants trained.

    Attributes:
        name: of the new bundle.
        photos: one photo set, or the folder of those that the recipe names.
        recipe: the configuration.
        heads: to train, at least one.
        epochs: at most so many.
        t_min: fewest photos of a cell.
        t_max: most photos of a cell.
    """

    name: str
    photos: Path
    recipe: Recipe
    heads: tuple[str, ...]
    epochs: int
    t_min: int
    t_max: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """The photos of a training.

    Attributes:
        photos: lat, lng, split, and shapes_cells (bool): whether it decides where cells lie.
        sentences: what each photo set's table says of itself.
        photo_sets: their settings, as tables of a configuration.
    """

    photos: pd.DataFrame
    sentences: tuple[str, ...]
    photo_sets: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Finding:
    """One result of the check before the start: "good", "warning" or "stop", and a sentence."""

    kind: str
    sentence: str


def find_photos(recipe: Recipe, source: Path) -> Found:
    """Read the tables of a training's photos, and split them as the training will.

    Raises:
        PhotoTableError: nothing usable is there, or too little to divide.
    """
    entries = _photo_sets(recipe, source)
    folders = [_below(source, entry["folder"]) for entry in entries]
    tables = [load_photos(folder, is_plausible=is_near_town) for folder in folders]
    parts = [
        _divided(table.photos, recipe, entry) for table, entry in zip(tables, entries, strict=True)
    ]
    return Found(
        photos=pd.concat(parts, ignore_index=True),
        sentences=tuple(table.summary() for table in tables),
        photo_sets=entries,
    )


def check_training(choice: Choice, found: Found, cache: Path) -> list[Finding]:
    """What speaks for and against starting: photos, cells, photos to test with, space on disk."""
    if not choice.heads:
        return [Finding("stop", "Choose at least one head.")]
    tested = int((found.photos["split"] == "test").sum())
    findings = [Finding("good", sentence) for sentence in found.sentences]
    findings += [_check_cells(choice, found.photos), _check_space(choice, found.photos, cache)]
    if tested < _FEW_TESTED:
        findings.append(
            Finding(
                "warning",
                f"Only {tested} photos are kept for testing: how good the model is will be known "
                "very roughly.",
            )
        )
    return findings


def suggested_thresholds(found: Found) -> tuple[int, int]:
    """Fewest and most photos of a cell that give some tens of cells where photos are spread."""
    n_photos = int(found.photos["shapes_cells"].sum())
    t_max = max(4, n_photos // 15)
    return max(2, t_max // 12), t_max


def start_training(choice: Choice, found: Found, cache: Path) -> Job:
    """Start the training, or put it into the queue.

    Args:
        choice: what to train.
        found: its photos.
        cache: where features and unfinished training are kept, shared by all trainings.

    Raises:
        ValueError: the name cannot be a folder's, or a setting is out of range.
        JobError: a bundle or another training has that name, or the very same training runs or
            waits already: it would end in the same weights.
    """
    if not NAME.fullmatch(choice.name):
        raise JobError(
            f"A bundle's name must be 1 to 60 letters (a to z), digits, - or _ and begin with a "
            f"letter or digit, received {choice.name!r}."
        )
    config = changed_recipe(
        choice.recipe,
        heads=choice.heads,
        epochs=choice.epochs,
        t_min=choice.t_min,
        t_max=choice.t_max,
        photo_sets=found.photo_sets,
    )
    digest = hashlib.sha256(f"{choice.photos.resolve()}\n{config}".encode()).hexdigest()
    _refuse_twin(digest)
    about = {
        "photos": choice.photos.name,
        "n_photos": len(found.photos),
        "recipe": choice.recipe.name,
        "heads": list(choice.heads),
        "epochs": choice.epochs,
        "sha256": digest,
    }
    out = bundles_folder() / choice.name
    paths = {"photos": choice.photos.resolve(), "out": out, "cache": cache.resolve()}
    options = [str(part) for name, path in paths.items() for part in (f"--{name}", path)]
    return start_job(
        choice.name,
        [sys.executable, str(SCRIPT), "--config", "{folder}/config.toml", *options],
        result=str(out),
        files={"config.toml": config},
        about=about,
    )


def cache_folder() -> Path:
    """Where trainings keep features and unfinished states: beside the jobs, as scripts/train.py."""
    return jobs_folder().parent


def _refuse_twin(sha256: str) -> None:
    twin = next((x for x in list_jobs() if x.is_active and x.about.get("sha256") == sha256), None)
    if twin is not None:
        raise JobError(
            f"'{twin.title}' is {twin.status} already with the same photos and settings: it would "
            "give the same model. Change a setting, or wait for it."
        )


def _photo_sets(recipe: Recipe, source: Path) -> tuple[dict[str, Any], ...]:
    """Those that the recipe names, where they lie in the source; else the source is the one set.

    The only set that a recipe names lends its settings to any source.
    """
    named = recipe.photo_sets
    is_one = source.is_file() or any((source / name).is_file() for name in TABLE_NAMES)
    if named and not is_one and all((source / entry["folder"]).is_dir() for entry in named):
        return tuple(named)
    return ((named[0] if len(named) == 1 else {}) | {"folder": "."},)


def _below(source: Path, folder: str) -> Path:
    return source if folder == "." else source / folder


def _divided(photos: pd.DataFrame, recipe: Recipe, entry: dict[str, Any]) -> pd.DataFrame:
    test = float(entry.get("test_share", 0.2))
    validation = float(recipe.tables.get("validation_share", 0.1)) if test else 0.0
    try:
        if entry.get("split"):
            split = given_split(photos, entry["split"])
        else:
            split = split_photos(
                photos,
                test=test,
                validation=validation,
                seed=int(recipe.tables.get("split_seed", 42)),
                group=entry.get("group") or None,
                place_km=entry.get("place_km") or None,
            )
    except ValueError as error:
        raise PhotoTableError(
            f"{len(photos):,} photos cannot be divided into photos to learn from and photos to "
            f"test with: {error} Choose other photos, or another configuration."
        ) from error
    shapes = split.isin(["train", "validation"]) & (split == "test").any()
    return photos[["lat", "lng"]].assign(split=split, shapes_cells=shapes)


def _check_cells(choice: Choice, photos: pd.DataFrame) -> Finding:
    settings = choice.recipe.tables["grid"] | {"t_min": choice.t_min, "t_max": choice.t_max}
    shaping = photos[photos["shapes_cells"]]
    try:
        grid = generate_cells(shaping["lat"].to_numpy(), shaping["lng"].to_numpy(), **settings)
    except (GridError, ValueError) as error:
        return Finding("stop", f"No cells can be made of these photos: {error}")
    if grid.n_leaves < 2:
        return Finding(
            "stop",
            f"With {choice.t_min} to {choice.t_max} photos per cell, {len(shaping):,} photos make "
            "1 cell; a model needs at least 2 to choose from. Lower both numbers, or take more "
            "photos from further apart.",
        )
    inside = grid.assign(shaping["lat"].to_numpy(), shaping["lng"].to_numpy())
    counts = np.bincount(inside[inside != UNASSIGNED], minlength=grid.n_leaves)
    return Finding(
        "good",
        f"{grid.n_leaves} cells to choose from, made of {len(shaping):,} photos: {counts.min()} to "
        f"{counts.max()} photos in each, {np.mean(inside == UNASSIGNED):.0%} of the photos outside "
        "all cells.",
    )


def _check_space(choice: Choice, photos: pd.DataFrame, cache: Path) -> Finding:
    n_views = 1 + int(choice.recipe.tables.get("augmentation", {}).get("n_views", 1))
    need = len(photos) * n_views * _FEATURE_BYTES + _REST_BYTES
    existing = next(path for path in (cache.absolute(), *cache.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    sentence = f"It needs up to {_size(need)} on disk; {_size(free)} are free."
    return Finding("good" if free > need else "stop", sentence)


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:,.0f} MB"
