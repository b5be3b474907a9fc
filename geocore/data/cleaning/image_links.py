"""Data stage: a folder whose `images` leads to photos that lie elsewhere, so that none is copied.

It knows only names: it opens no photo and judges none.
"""

import os
from pathlib import Path

import pandas as pd

from geocore.errors import PhotoTableError

IMAGES = "images"


def image_links(photos: pd.DataFrame) -> dict[str, Path]:
    """What must be linked, so that every photo is found by its id below another folder.

    Args:
        photos: photo_id, path; not empty.

    Returns:
        Name of each link below the folder, and the directory it leads to: `images` alone, or one
        link per first part of the ids, such as `images/street_photos`.

    Raises:
        PhotoTableError: no such links exist, because the files of one photo set lie both in its
            folder and in `images/` below it.
    """
    tails = photos["photo_id"].astype(str).str.replace("\\", "/", regex=False)
    tails = tails.str.removeprefix(f"{IMAGES}/")
    bases = _bases(photos["path"], tails)
    if bases.nunique() == 1 and bases.iloc[0]:
        return {IMAGES: Path(bases.iloc[0])}
    parts = tails.str.partition("/")
    bases = _bases(photos["path"], parts[2])
    per_part = bases.groupby(parts[0]).agg(["nunique", "first"])
    is_possible = (per_part["nunique"] == 1) & (per_part["first"] != "")
    if (
        not is_possible.all()
        or per_part.index.isin(["", ".", ".."]).any()
        or (parts[1] == "").any()
    ):
        raise PhotoTableError(
            f"{photos['path'].iloc[0]}: the photos of one set must lie in one folder under the "
            "names that the table gives them, but some lie elsewhere. Clean the photo sets one at "
            "a time, or name all files from the folder of the table on."
        )
    return {f"{IMAGES}/{part}": Path(base) for part, base in per_part["first"].items()}


def make_links(folder: Path, links: dict[str, Path]) -> None:
    """Put the links into the folder, in the place of those that an earlier run left there.

    Raises:
        PhotoTableError: something else is called `images` there, or no links can be made.
    """
    top = folder / IMAGES
    try:
        _remove_links(top)
        for name, target in links.items():
            link = folder / name
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(target, target_is_directory=True)
    except OSError as error:
        raise PhotoTableError(
            f"{top}: here a link to the folder of the photos must be made, but that failed "
            f"({error}). Choose a folder on a disk that knows links, in which nothing else is "
            f"called {IMAGES}."
        ) from error


def _bases(paths: pd.Series, tails: pd.Series) -> pd.Series:
    """Each path without its tail; "" where it does not end so."""
    return pd.Series(
        [
            path.removesuffix(f"/{tail}") if path.endswith(f"/{tail}") else ""
            for path, tail in zip(paths.str.replace(os.sep, "/", regex=False), tails, strict=True)
        ],
        index=paths.index,
        dtype="str",
    )


def _remove_links(top: Path) -> None:
    if top.is_symlink():
        top.unlink()
    elif top.is_dir():
        for link in top.iterdir():
            if link.is_symlink():
                link.unlink()
        top.rmdir()
