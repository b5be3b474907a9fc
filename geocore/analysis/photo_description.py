"""Everything that is known of one photo set, put together once.

Stage: analysis. It joins what `data` says of the table with where the photos lie; it must not know
pages or scripts.

Source: thesis 5.1.1; own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.analysis.located_photos import LocatedPhotos, locate_photos
from geocore.cells import s2
from geocore.cells.place_names import load_place_namer
from geocore.data import statistics
from geocore.data.photo_files import find_photo_files
from geocore.data.photos import TABLE_NAMES, PhotoTable, load_coordinates, load_photos

NEAR_LEVEL = 13
"""Level of cells about 1 km wide: a test photo with a training photo in its own is near it."""
NONE_DROPPED = pd.DataFrame({"reason": [], "n_photos": []})


@dataclass(frozen=True, eq=False, kw_only=True)
class PhotoDescription:
    """What is known of a photo set; None stands for "the table has no such column".

    Attributes:
        name: of the set.
        lat, lng: degrees, (n_photos,).
        located: where the photos lie, in the order of their cells.
        tags: see `statistics.tag_table`.
        photographers: see `statistics.photographer_figures`.
        years: see `statistics.year_table`.
        parts: see `statistics.part_table`.
        sets: see `statistics.set_table`.
        share_near_training: share of the test photos that are near a training photo, see
            `NEAR_LEVEL`; None without both parts.
        sizes: see `statistics.size_figures`; of a draw where the files had to be opened.
        dropped: rows of the table that cannot be used: reason, n_photos.
        n_drawn, n_found: photos looked for on the disk, and those of them with an image file.
    """

    name: str
    lat: NDArray[np.float64]
    lng: NDArray[np.float64]
    located: LocatedPhotos
    tags: pd.DataFrame | None
    photographers: dict[str, float] | None
    years: pd.DataFrame | None
    parts: pd.DataFrame | None
    sets: pd.DataFrame | None
    share_near_training: float | None
    sizes: dict[str, float] | None
    dropped: pd.DataFrame = field(default_factory=NONE_DROPPED.copy)
    n_drawn: int = 0
    n_found: int = 0

    def __len__(self) -> int:
        return len(self.lat)

    @cached_property
    def places_sha256(self) -> str:
        """Hash of where the photos lie, whatever their order."""
        return hashlib.sha256(self.located.ids.tobytes()).hexdigest()


def describe_photos(
    photos: pd.DataFrame, name: str, *, paths: Sequence[str] = ()
) -> PhotoDescription:
    """Describe a table of photos.

    Args:
        photos: lat, lng, and any further columns.
        name: of the set.
        paths: image files to read sizes from where the table has none; a draw is enough.

    Raises:
        ValueError: a coordinate is missing or out of range.
    """
    lat, lng = photos["lat"].to_numpy(float), photos["lng"].to_numpy(float)
    located = locate_photos(lat, lng, load_place_namer())
    dates = statistics.photo_dates(photos)
    sizes = statistics.size_figures(photos)
    if sizes is None and len(paths):
        sizes = statistics.size_figures(statistics.read_sizes(paths))
    return PhotoDescription(
        name=name,
        lat=lat,
        lng=lng,
        located=located,
        tags=statistics.tag_table(photos),
        photographers=statistics.photographer_figures(photos),
        years=None if dates is None else statistics.year_table(dates),
        parts=statistics.part_table(photos),
        sets=statistics.set_table(photos),
        share_near_training=_share_near_training(photos, located),
        sizes=sizes,
    )


def describe_source(source: Path) -> PhotoDescription:
    """Describe the photo set in a folder or table; of its image files only a draw is opened.

    Raises:
        PhotoTableError: nothing is there, or nothing that can be used.
    """
    table = load_coordinates(source) if _has_table(source) else load_photos(source)
    paths, n_drawn = _some_files(source, table)
    reasons = table.dropped["reason"].value_counts()
    return replace(
        describe_photos(table.photos, source.resolve().name, paths=paths),
        dropped=reasons.rename_axis("reason").reset_index(name="n_photos"),
        n_drawn=n_drawn,
        n_found=len(paths),
    )


def _has_table(source: Path) -> bool:
    return not source.is_dir() or any((source / name).is_file() for name in TABLE_NAMES)


def _some_files(source: Path, table: PhotoTable) -> tuple[list[str], int]:
    """Image files of photos drawn at random, and how many photos were drawn."""
    n = min(len(table.photos), statistics.MOST_READ)
    drawn = table.photos.sample(n, random_state=42)
    paths = drawn["path"].to_numpy(object)
    if not paths[0]:
        folder = source if source.is_dir() else source.parent
        paths, _ = find_photo_files(folder, drawn["photo_id"].astype("str"))
    return [path for path in paths if path], n


def _share_near_training(photos: pd.DataFrame, located: LocatedPhotos) -> float | None:
    if statistics.PART not in photos:
        return None
    parts = ((photos[statistics.PART] == name).fillna(False) for name in ("test", "train"))
    test, train = (located.ids[part.to_numpy(bool)[located.order]] for part in parts)
    if not (len(test) and len(train)):
        return None
    cells = s2.parent(test, NEAR_LEVEL)
    first, last = s2.id_range(cells)
    # Both rise, as all located ids do: a cell holds a training photo if one lies in its range.
    return float((np.searchsorted(train, first) < np.searchsorted(train, last, "right")).mean())
