"""Importers: a folder of photos whose EXIF says where they were taken."""

from pathlib import Path

import pandas as pd

from geocore.data.importers.pieces import Pieces, Position, piece_of
from geocore.data.photos import exif_row, list_photo_files

FILES_AT_ONCE = 500


def read_exif_folder(folder: Path, start: Position) -> Pieces:
    """The photos below a folder, by name, piece by piece; only their headers are read.

    Raises:
        PhotoTableError: The folder holds no photo.
        OSError: The folder cannot be read.
    """
    files = list_photo_files(folder)
    first = start[0] if start else 0
    for begin in range(first, len(files), FILES_AT_ONCE):
        some = files[begin : begin + FILES_AT_ONCE]
        found = [exif_row(file) for file in some]
        records = [
            {"photo_id": file.relative_to(folder).as_posix(), "lat": repr(lat), "lng": repr(lng)}
            for file, (lat, lng, _) in zip(some, found, strict=True)
        ]
        piece = piece_of(records, begin + 1, ())
        piece["reason"] = pd.Series([reason for _, _, reason in found], dtype="str")
        yield piece, [begin + len(some)]
