"""Data stage: a table or a folder of photos becomes one checked table. It knows no cell, no model.

A row that cannot be used is never lost silently: it stands in `PhotoTable.dropped` with its reason.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.data.exif import exif_position
from geocore.data.images import PHOTO_SUFFIXES
from geocore.data.photo_checks import dropped_rows, mark_duplicates, numbers, position_reasons
from geocore.data.photo_csv import read_photo_csv
from geocore.data.photo_files import find_photo_files
from geocore.data.photo_parquet import read_photo_parquet
from geocore.data.swapped import IsPlausible, check_not_swapped, implausible_places
from geocore.errors import ImageError, PhotoTableError

TABLE_NAMES = ("photos.csv", "photos.csv.gz", "photos.parquet")
NO_GPS = "no GPS position in the photo's EXIF"
UNDECODABLE = "not a readable photo"


@dataclass(frozen=True)
class PhotoTable:
    """Photos with positions, and what was left out.

    Attributes:
        photos: One row per usable photo, in the order of the source: photo_id (unique str), path
            (absolute str, "" if only coordinates were loaded), lat, lng (float64, degrees), then
            every further column of the source as it was.
        dropped: One row per unusable one: row (line of the CSV, its header being 1; or the rank of
            the file in the folder, from 1), photo_id, reason, received (the offending value).
        n_rows: Number of rows or files looked at; `len(photos) + len(dropped)`.
        source: The table or folder.
        doubt: Why latitude and longitude look swapped, as a sentence, or "".
    """

    photos: pd.DataFrame
    dropped: pd.DataFrame
    n_rows: int
    source: Path
    doubt: str = ""

    def summary(self) -> str:
        """In words: rows in, rows out, the count per reason with its first row, and any doubt."""
        kept = f"{self.source.name}: {len(self.photos):,} of {self.n_rows:,} photos can be used."
        if self.doubt:
            kept = f"{kept} Doubtful: {self.doubt}"
        if self.dropped.empty:
            return kept
        reasons = [
            f"{len(rows):,} × {reason} (first at row {rows['row'].iloc[0]}"
            + (f": {rows['received'].iloc[0]})" if rows["received"].iloc[0] else ")")
            for reason, rows in self.dropped.groupby("reason", sort=False)
        ]
        return f"{kept} Left out: {'; '.join(reasons)}."


def load_photos(source: str | Path, *, is_plausible: IsPlausible | None = None) -> PhotoTable:
    """Load photos with known positions, their image files found and their positions checked.

    Args:
        source: A `.csv`, `.csv.gz` or `.parquet` with columns IMG_ID, LAT, LON (other usual
            spellings are understood) and the image files beside it or in `images/`; or a folder
            that holds such a table called `photos`; or a folder of photos whose EXIF has a GPS
            position, read recursively.
        is_plausible: Whether a photo may have been taken at a place, see `geocore.data.swapped`;
            with it, columns that look swapped though all values are in range are doubted.

    Returns:
        The table; an image file is known to exist, but is not decoded here.

    Raises:
        PhotoTableError: Nothing is there, a column is missing, latitude and longitude look swapped,
            or not a single photo can be used.

    Source:
        Thesis chapter 5; layout of the MP-16 files.
    """
    path = Path(source)
    if path.is_dir():
        tables = [path / name for name in TABLE_NAMES if (path / name).is_file()]
        return _from_table(tables[0], True, is_plausible) if tables else _from_folder(path)
    return _from_table(path, True, is_plausible)


def load_coordinates(
    table_path: str | Path, *, is_plausible: IsPlausible | None = None
) -> PhotoTable:
    """Load positions only: as `load_photos`, but no image file is needed and `path` is "".

    Without a column IMG_ID the photos are called after their row.

    Raises:
        PhotoTableError: As `load_photos`.
    """
    path = Path(table_path)
    tables = [path / name for name in TABLE_NAMES if (path / name).is_file()]
    return _from_table(tables[0] if tables else path, False, is_plausible)


def _from_table(path: Path, with_files: bool, is_plausible: IsPlausible | None) -> PhotoTable:
    _check_is_table(path)
    read = read_photo_parquet if path.suffix.lower() == ".parquet" else read_photo_csv
    raw = read(path, needs_id=with_files)
    lat, lng = (numbers(raw[name]) for name in ("lat", "lng"))
    check_not_swapped(lat, lng, path.name)
    reasons = position_reasons(raw, lat, lng)
    paths = pd.Series("", index=raw.index, dtype="str")
    if with_files:
        found, file_reasons = find_photo_files(path.parent, raw["photo_id"])
        paths = pd.Series(found, index=raw.index, dtype="str")
        reasons = np.where(reasons == "", file_reasons, reasons)
    reasons = mark_duplicates(reasons, paths if with_files else raw["photo_id"])
    photos = raw.drop(columns=["row", "overlong"]).assign(lat=lat, lng=lng)
    photos.insert(1, "path", paths)
    table = _table(path, photos, dropped_rows(raw, reasons), reasons == "")
    return replace(table, doubt=implausible_places(lat, lng, is_plausible) if is_plausible else "")


def _check_is_table(path: Path) -> None:
    if not path.is_file():
        raise PhotoTableError(
            f"{path}: there is no such file or folder. Give a table with columns IMG_ID,LAT,LON, "
            "or a folder of photos."
        )
    if not path.name.lower().endswith((".csv", ".csv.gz", ".parquet")):
        raise PhotoTableError(
            f"{path.name}: a table of photos must be a .csv, .csv.gz or .parquet, or a folder of "
            "photos. To locate this one file, use the prediction instead."
        )


def list_photo_files(folder: Path) -> list[Path]:
    """The photos in a folder and below, by name; hidden ones are passed over.

    Raises:
        PhotoTableError: There is none.
    """
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in PHOTO_SUFFIXES
        and not any(part.startswith((".", "__MACOSX")) for part in file.relative_to(folder).parts)
    )
    if not files:
        raise PhotoTableError(
            f"{folder}: the folder must hold a photos.csv or photos, but neither is there. Put the "
            "photos (JPEG, HEIC, PNG, ...) or the table into it, or give another folder."
        )
    return files


def exif_row(file: Path) -> tuple[float, float, str]:
    """Latitude and longitude of one photo and "", or NaN twice and why it has none."""
    try:
        position = exif_position(file)
    except ImageError:
        return np.nan, np.nan, UNDECODABLE
    return (*position, "") if position else (np.nan, np.nan, NO_GPS)


def _from_folder(folder: Path) -> PhotoTable:
    files = list_photo_files(folder)
    positions = [exif_row(file) for file in files]
    photos = pd.DataFrame(
        {
            "photo_id": [file.relative_to(folder).as_posix() for file in files],
            "path": [str(file.resolve()) for file in files],
            "lat": [lat for lat, _, _ in positions],
            "lng": [lng for _, lng, _ in positions],
        }
    )
    reasons = np.array([reason for _, _, reason in positions], dtype=object)
    names = photos.assign(row=np.arange(1, len(files) + 1), lat="", lng="")
    return _table(folder, photos, dropped_rows(names, reasons), reasons == "")


def _table(
    source: Path, photos: pd.DataFrame, dropped: pd.DataFrame, is_usable: np.ndarray
) -> PhotoTable:
    """The usable ones of the photos; there must be at least one."""
    table = PhotoTable(photos[is_usable].reset_index(drop=True), dropped, len(photos), source)
    if not is_usable.any():
        raise PhotoTableError(
            f"No usable photo is left. {table.summary()} Correct the table, or give another one."
        )
    return table
