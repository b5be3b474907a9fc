"""Importers: the image file that belongs to each row.

Three cases: no images at all (positions only), images in a folder that stays where it is, and
images inside the source, which are written into the photo set. An id that points out of the folder
is refused in all three.
"""

import io
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.data.images import PHOTO_SUFFIXES, open_photo
from geocore.data.photo_files import NOT_FOUND, OUTSIDE, is_outside
from geocore.data.photos import UNDECODABLE
from geocore.data.text_hashes import text_hashes
from geocore.errors import ImageError, PhotoTableError

AMBIGUOUS = "several image files have this name"
UNUSABLE_NAME = "IMG_ID cannot be the name of a file"
_FORMAT_SUFFIX = {
    **{"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "HEIF": ".heic"},
    "JPEG2000": ".jp2",
}
_MAX_NAME_BYTES, _MAX_PATH_BYTES = 240, 1000

Texts = NDArray[np.object_]


class ImageFiles(Protocol):
    """Finds or makes the files of a piece's photos."""

    def files(self, piece: pd.DataFrame, reasons: Texts) -> tuple[pd.Series, Texts]:
        """Names below `images/` (str), and the reasons with those added why there is no file."""


class NoImages:
    """Positions only: photos keep their ids."""

    def files(self, piece: pd.DataFrame, reasons: Texts) -> tuple[pd.Series, Texts]:
        """See `ImageFiles`."""
        return piece["photo_id"], _added(reasons, is_outside(piece["photo_id"]), OUTSIDE)


class ImageFolder:
    """Files below a folder, found by id or, where that is no path, by name without suffix.

    The folder is listed once; 100 bytes per file are kept in memory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.check_is_there()
        self.paths = _listed(self.folder)
        if not len(self.paths):
            raise PhotoTableError(
                f"{folder}: the folder must hold the images, but there is no photo in it. Name "
                "the folder that does."
            )
        self.by_path = _Index(self.paths, lambda paths: paths)
        self.by_stem = _Index(self.paths, _stems)

    def check_is_there(self) -> None:
        """Raise if the folder cannot be seen, rather than call all its images missing.

        Raises:
            PhotoTableError: It is gone, or not a folder.
        """
        if not self.folder.is_dir():
            raise PhotoTableError(
                f"{self.folder}: the folder of the images is not there. If it is on another drive, "
                "connect that; then run the same command again: it goes on where it stopped."
            )

    def files(self, piece: pd.DataFrame, reasons: Texts) -> tuple[pd.Series, Texts]:
        """See `ImageFiles`."""
        self.check_is_there()
        ids = piece["photo_id"].str.replace("\\", "/", regex=False)
        tries = [(self.by_path, ids), (self.by_path, ids.str.removeprefix("images/"))]
        tries += [(self.by_stem, piece[x].fillna("")) for x in ("photo_id", "HASH") if x in piece]
        rank = np.full(len(piece), -1)
        count = np.zeros(len(piece), int)
        for index, names in tries:
            missing = np.flatnonzero(count == 0)
            rank[missing], count[missing] = index.find(names.iloc[missing])
        reasons = _added(reasons, is_outside(ids), OUTSIDE)
        reasons = _added(reasons, count == 0, NOT_FOUND)
        reasons = _added(reasons, count > 1, AMBIGUOUS)
        return self.paths.take(np.maximum(rank, 0)).reset_index(drop=True), reasons


class ImageWriter:
    """Writes the images of a piece into the photo set, each whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self, piece: pd.DataFrame, reasons: Texts) -> tuple[pd.Series, Texts]:
        """See `ImageFiles`."""
        ids = piece["photo_id"].str.replace("\\", "/", regex=False)
        reasons = _added(reasons, is_outside(ids), OUTSIDE)
        reasons = _added(reasons, ~_can_be_a_name(ids), UNUSABLE_NAME)
        names = ids.to_numpy(object, copy=True)
        scratch: dict[Path, Path] = {}
        for i in np.flatnonzero(reasons == ""):
            content = piece["image"].iloc[i]
            suffix = _suffix(content)
            if not suffix:
                reasons[i] = UNDECODABLE
                continue
            if Path(names[i]).suffix.lower() not in PHOTO_SUFFIXES:
                names[i] += suffix
            path = self.folder / names[i]
            if not _can_be_made(path, scratch):
                reasons[i] = UNUSABLE_NAME
            elif path not in scratch and not path.exists():  # of equal names the first one counts
                scratch[path] = _write(path, content)
        _put_in_place(scratch)
        return pd.Series(names, index=piece.index, dtype="str"), reasons


class _Index:
    """Rows of a text column by content, or by a part of it: hashes, sorted."""

    def __init__(self, texts: pd.Series, part: Callable[[pd.Series], pd.Series]) -> None:
        self.part = part
        keys = text_hashes(part(texts))
        self.order = np.argsort(keys, kind="stable")
        self.sorted_keys = keys[self.order]

    def find(self, texts: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row of the first equal text (-1 for none), and how many there are."""
        keys = text_hashes(self.part(texts))
        first = np.searchsorted(self.sorted_keys, keys)
        count = np.searchsorted(self.sorted_keys, keys, side="right") - first
        at = np.minimum(first, len(self.order) - 1)
        return np.where(count > 0, self.order[at], -1), count


def _stems(paths: pd.Series) -> pd.Series:
    """Names without folders and without the suffix of a photo."""
    suffixes = "|".join(suffix[1:] for suffix in sorted(PHOTO_SUFFIXES))
    return paths.str.replace(rf"(?i)^.*/|\.({suffixes})$", "", regex=True)


def _listed(folder: Path) -> pd.Series:
    """Paths of all photos below a folder, relative to it, folder by folder."""
    parts = [pd.Series(paths, dtype="str") for paths in _in_lists(_photo_paths(str(folder)))]
    return pd.concat(parts, ignore_index=True) if parts else pd.Series(dtype="str")


def _photo_paths(folder: str) -> Iterator[str]:
    suffixes = tuple(PHOTO_SUFFIXES)
    for directory, below, names in os.walk(folder):
        below.sort()
        prefix = directory[len(folder) :].replace(os.sep, "/").lstrip("/")
        prefix = f"{prefix}/" if prefix else ""
        photos = (name for name in names if name.lower().endswith(suffixes))
        yield from (f"{prefix}{name}" for name in sorted(photos) if not name.startswith("."))


def _in_lists(texts: Iterator[str], at_once: int = 100_000) -> Iterator[list[str]]:
    while some := list(islice(texts, at_once)):
        yield some


def _added(reasons: Texts, holds: NDArray[np.bool_] | pd.Series, reason: str) -> Texts:
    """The reasons, with that one where there is none yet and it holds."""
    result = reasons.copy()
    result[(reasons == "") & np.asarray(holds, bool)] = reason
    return result


def _can_be_a_name(ids: pd.Series) -> NDArray[np.bool_]:
    has_control = ids.str.contains(r"[\x00-\x1f\x7f]", regex=True)
    is_odd = ids.str.contains(r"(?:^|/)\.?(?:/|$)", regex=True)
    longest = [max(len(part.encode()) for part in text.split("/")) for text in ids]
    is_long = (np.array(longest, int) > _MAX_NAME_BYTES) | (ids.str.len() > _MAX_PATH_BYTES // 4)
    return ~(has_control | is_odd | is_long).to_numpy(bool)


def _suffix(content: bytes) -> str:
    """The suffix for an encoded photo's format, "" where it is no photo."""
    try:
        with open_photo(io.BytesIO(content), name="photo", header_only=True) as image:
            name = image.format or ""
    except ImageError:
        return ""
    return _FORMAT_SUFFIX.get(name, f".{name.lower()}")


def _can_be_made(path: Path, planned: dict[Path, Path]) -> bool:
    """Whether no folder is called as the file is, and no file as one of its folders."""
    folders = list(path.parents)
    return not path.is_dir() and not any(x in planned or x.is_file() for x in folders)


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_bytes(content)
    return scratch


def _put_in_place(scratch: dict[Path, Path]) -> None:
    """Make all written files safe, in one wait for hundreds of them, and only then visible."""
    if scratch:
        os.sync()
    for path, file in scratch.items():
        file.replace(path)
