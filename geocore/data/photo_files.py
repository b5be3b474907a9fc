"""Data stage: finds the image files that photo ids name. It opens none and knows no position."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

OUTSIDE = "image file outside the folder of the table"
NOT_FOUND = "image file not found"
_OUTSIDE = r"^/|(?:^|/)\.\.(?:/|$)|:.*/|\x00"


def is_outside(photo_ids: pd.Series) -> NDArray[np.bool_]:
    """Whether an id points out of the folder: absolute, with `..`, or on another drive."""
    ids = photo_ids.str.replace("\\", "/", regex=False)
    return ids.str.contains(_OUTSIDE, regex=True).to_numpy(bool)


def find_photo_files(folder: Path, photo_ids: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Look up the file of every photo beside the table or in `images/` beside it.

    Every directory is listed once, so that a million photos cost seconds. Directories within
    an id may be divided by slash or backslash; an absolute id, or one with `..`, is refused.

    Args:
        folder: Where the table lies.
        photo_ids: Text (n_photos,), such as `images/0.jpg`, `0.jpg` or `6a/2f/0.jpg`.

    Returns:
        paths: str (n_photos,), absolute, "" where there is none.
        reasons: str (n_photos,), why there is none, "" where there is one.
    """
    folder = folder.resolve()
    ids = photo_ids.str.replace("\\", "/", regex=False)
    parts = ids.str.rpartition("/")
    parents, names = parts[0].to_numpy(dtype=object), parts[2].to_numpy(dtype=object)
    listings = {parent: _listings(folder, parent) for parent in pd.unique(parents)}
    paths = np.array(
        [_path(listings[parent], name) for parent, name in zip(parents, names, strict=True)],
        dtype=object,
    )
    reasons = np.where(paths == "", NOT_FOUND, "").astype(object)
    outside = is_outside(photo_ids)
    paths[outside], reasons[outside] = "", OUTSIDE
    return paths, reasons


def _listings(folder: Path, parent: str) -> list[tuple[str, set[str]]] | None:
    """The directories that may hold a parent's files, each with its names; None if outside."""
    if parent.startswith("/") or ".." in parent.split("/") or ":" in parent:
        return None
    return [_listing(folder / parent), _listing(folder / "images" / parent)]


def _listing(directory: Path) -> tuple[str, set[str]]:
    try:
        with os.scandir(directory) as entries:
            names = {entry.name for entry in entries if entry.is_file()}
    except (OSError, ValueError):
        names = set()
    return f"{directory}{os.sep}", names


def _path(listings: list[tuple[str, set[str]]] | None, name: str) -> str:
    return next((prefix + name for prefix, names in listings or [] if name in names), "")
