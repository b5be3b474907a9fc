"""Data stage: a table or a folder of photos becomes one checked table. It knows no cell, no model.

A row that cannot be used is never lost silently: it stands in `PhotoTable.dropped` with its reason.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.data.column_types import as_written
from geocore.data.exif import exif_position
from geocore.data.images import PHOTO_SUFFIXES
from geocore.data.memory_budget import MemoryBudget, too_large
from geocore.data.photo_checks import (
    dropped_rows,
    numbers,
    position_reasons,
    repeated,
    repeated_rows,
    shown,
)
from geocore.data.photo_files import PhotoFiles
from geocore.data.raw_rows import raw_rows
from geocore.data.swapped import IsPlausible, check_not_swapped, implausible_places
from geocore.errors import ImageError, PhotoTableError

TABLE_NAMES = ("photos.csv", "photos.csv.gz", "photos.parquet")
UNFINISHED = ".import"  # what an import keeps in the folder until it is done
NO_GPS = "no GPS position in the photo's EXIF"
UNDECODABLE = "not a readable photo"
_Checked = tuple[pd.DataFrame, pd.DataFrame, np.ndarray, np.ndarray]


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
            + (f": {shown(rows['received'].iloc[0])})" if rows["received"].iloc[0] else ")")
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
            the table does not fit into memory, or not a single photo can be used.

    Source:
        Thesis chapter 5; layout of the MP-16 files.
    """
    path = Path(source)
    if path.is_dir():
        tables = [path / name for name in TABLE_NAMES if (path / name).is_file()]
        if not tables and (path / UNFINISHED).exists():
            raise PhotoTableError(
                f"{path}: the import into this folder is not finished. Run its command again: it "
                "goes on where it stopped."
            )
        return _from_table(tables[0], True, is_plausible) if tables else _from_folder(path)
    return _from_table(path, True, is_plausible)


def load_coordinates(
    table_path: str | Path, *, is_plausible: IsPlausible | None = None, further: bool = True
) -> PhotoTable:
    """Load positions only: as `load_photos`, but no image file is needed and `path` is "".

    Without a column IMG_ID the photos are called after their row.

    Args:
        table_path: The table, or the folder that holds it.
        is_plausible: As in `load_photos`.
        further: Whether columns other than photo_id, lat and lng are read; without them a table of
            any width takes about 60 bytes per photo.

    Raises:
        PhotoTableError: As `load_photos`.
    """
    path = Path(table_path)
    tables = [path / name for name in TABLE_NAMES if (path / name).is_file()]
    return _from_table(tables[0] if tables else path, False, is_plausible, further)


def _from_table(
    path: Path, with_files: bool, is_plausible: IsPlausible | None, further: bool = True
) -> PhotoTable:
    """Check a table piece by piece, so that of a large one no more is held than is used."""
    files = PhotoFiles(path.parent) if with_files else None
    if files:
        files.check_is_there()
    try:
        return _joined(path, files, is_plausible, further)
    except MemoryError as error:
        raise PhotoTableError(too_large(path.name)) from error


def _joined(
    path: Path, files: PhotoFiles | None, is_plausible: IsPlausible | None, further: bool
) -> PhotoTable:
    parts = zip(*_all_checked(path, files, further), strict=True)
    photos, dropped, lat, lng = (list(part) for part in parts)
    all_lat, all_lng = np.concatenate(lat), np.concatenate(lng)
    check_not_swapped(all_lat, all_lng, path.name)
    kept, again = _without_repeated(photos, "path" if files else "photo_id")
    left_out = pd.concat([*dropped, again], ignore_index=True)
    return _table(
        path,
        kept if path.suffix.lower() == ".parquet" else _as_written(kept),
        left_out.sort_values("row", kind="stable", ignore_index=True),
        doubt=implausible_places(all_lat, all_lng, is_plausible) if is_plausible else "",
    )


def _all_checked(path: Path, files: PhotoFiles | None, further: bool) -> Iterator[_Checked]:
    """All pieces of a table, as long as there is memory for them."""
    budget = MemoryBudget(path.name)
    for raw in raw_rows(path, needs_id=files is not None, further=further):
        checked = _checked(raw, files)
        budget.take(sum(int(part.memory_usage(deep=True).sum()) for part in checked[:2]))
        yield checked


def _without_repeated(pieces: list[pd.DataFrame], key: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One table without rows whose key comes again, and those rows as left out."""
    photos = pd.concat(pieces, ignore_index=True)
    pieces.clear()
    is_repeated = repeated(photos[key])
    again = repeated_rows(photos[is_repeated])
    if is_repeated.any():
        photos = photos[~is_repeated].reset_index(drop=True)
    return photos.drop(columns="row"), again


def _as_written(photos: pd.DataFrame) -> pd.DataFrame:
    """A CSV's further columns, as numbers where all of one is numbers."""
    return photos.assign(**{name: as_written(photos[name]) for name in photos.columns[4:]})


def _checked(raw: pd.DataFrame, files: PhotoFiles | None) -> _Checked:
    """Of a piece: usable photos with their rows, what was left out, all latitudes, longitudes."""
    lat, lng = (numbers(raw[name]) for name in ("lat", "lng"))
    reasons = position_reasons(raw, lat, lng)
    paths = pd.Series("", index=raw.index, dtype="str")
    if files:
        found, file_reasons = files.find(raw["photo_id"])
        paths = pd.Series(found, index=raw.index, dtype="str")
        reasons = np.where(reasons == "", file_reasons, reasons)
    photos = raw.drop(columns="overlong").assign(lat=lat, lng=lng)
    photos.insert(2, "path", paths)
    return photos[reasons == ""], dropped_rows(raw, reasons), lat, lng


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
            "path": [os.path.realpath(file) for file in files],  # links may go round in a circle
            "lat": [lat for lat, _, _ in positions],
            "lng": [lng for _, lng, _ in positions],
        }
    )
    reasons = np.array([reason for _, _, reason in positions], dtype=object)
    raw = photos.assign(row=np.arange(1, len(files) + 1), lat="", lng="")
    is_usable = reasons == ""
    return _table(folder, photos[is_usable].reset_index(drop=True), dropped_rows(raw, reasons))


def _table(
    source: Path, photos: pd.DataFrame, dropped: pd.DataFrame, doubt: str = ""
) -> PhotoTable:
    """The table; at least one photo must be usable."""
    table = PhotoTable(photos, dropped, len(photos) + len(dropped), source, doubt)
    if photos.empty:
        raise PhotoTableError(
            f"No usable photo is left. {table.summary()} Correct the table, or give another one."
        )
    return table
