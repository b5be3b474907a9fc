"""Data stage: the image files of known photos, each one proven to be the very photo by its hash."""

from pathlib import Path

import pandas as pd

from geocore.data.images import photo_sha256
from geocore.data.photo_files import find_photo_files
from geocore.errors import ImageError


def verified_photo_files(folder: Path, photos: pd.DataFrame) -> list[Path | None]:
    """The file of each photo below a folder, None where there is none or it is another photo.

    The folder may be that of one photo set or the one that holds the sets: an id such as
    `street_photos/images/0.jpg` is looked up whole and without its first part.

    Args:
        folder: where photos may lie; it need not exist.
        photos: columns photo_id and sha256 (64 hexadecimal digits).
    """
    ids = photos["photo_id"].astype(str)
    whole, _ = find_photo_files(folder, ids)
    inner, _ = find_photo_files(folder, ids.str.partition("/")[2])
    return [
        next((Path(x) for x in places if x and _sha256(Path(x)) == sha256), None)
        for *places, sha256 in zip(whole, inner, photos["sha256"], strict=True)
    ]


def _sha256(path: Path) -> str:
    try:
        return photo_sha256(path)
    except ImageError:
        return ""
