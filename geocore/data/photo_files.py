"""Data stage: finds the image files that photo ids name. It opens none and knows no position."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.errors import PhotoTableError

OUTSIDE = "image file outside the folder of the table"
NOT_FOUND = "image file not found"
_OUTSIDE = r"^/|(?:^|/)\.\.(?:/|$)|:.*/|\x00"


def is_outside(photo_ids: pd.Series) -> NDArray[np.bool_]:
    """Whether an id points out of the folder: absolute, with `..`, or on another drive."""
    ids = photo_ids.str.replace("\\", "/", regex=False)
    return ids.str.contains(_OUTSIDE, regex=True).to_numpy(bool)


class PhotoFiles:
    """Files beside a table or in `images/` beside it; every directory is listed once.

    A million photos so cost seconds.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._listed: dict[str, list[tuple[str, set[str]]]] = {}

    def check_is_there(self) -> None:
        """Raise where `images` leads to nothing, rather than call all images missing.

        Raises:
            PhotoTableError: It is a link whose folder is gone.
        """
        images = self.folder / "images"
        if images.is_symlink() and not images.exists():
            raise PhotoTableError(
                f"{images} leads to {images.readlink()}, which is not there. Connect the drive "
                "that it is on, or put the images back."
            )

    def find(self, photo_ids: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """See `find_photo_files`."""
        ids = photo_ids.str.replace("\\", "/", regex=False)
        outside = is_outside(ids)
        parts = (text.rpartition("/") for text in ids.mask(outside, ""))
        paths = np.array(
            [_path(self._listings(parent), name) for parent, _, name in parts], dtype=object
        )
        reasons = np.where(paths == "", NOT_FOUND, "").astype(object)
        reasons[outside] = OUTSIDE
        return paths, reasons

    def _listings(self, parent: str) -> list[tuple[str, set[str]]]:
        """The directories that may hold a parent's files, each with its names."""
        if parent not in self._listed:
            folders = (self.folder / parent, self.folder / "images" / parent)
            self._listed[parent] = [_listing(folder) for folder in folders]
        return self._listed[parent]


def find_photo_files(folder: Path, photo_ids: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Look up the file of every photo beside the table or in `images/` beside it.

    Directories within an id may be divided by slash or backslash; an absolute id, or one with `..`,
    is refused.

    Args:
        folder: Where the table lies.
        photo_ids: Text (n_photos,), such as `images/0.jpg`, `0.jpg` or `6a/2f/0.jpg`.

    Returns:
        paths: str (n_photos,), absolute, "" where there is none.
        reasons: str (n_photos,), why there is none, "" where there is one.
    """
    return PhotoFiles(folder).find(photo_ids)


def _listing(directory: Path) -> tuple[str, set[str]]:
    try:
        with os.scandir(directory) as entries:
            names = {entry.name for entry in entries if entry.is_file()}
    except (OSError, ValueError):
        names = set()
    return f"{directory}{os.sep}", names


def _path(listings: list[tuple[str, set[str]]], name: str) -> str:
    return next((prefix + name for prefix, names in listings if name in names), "")
