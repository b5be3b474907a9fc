"""Data stage: cleaning from folders to a folder. It joins the steps and decides nothing itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.data.cleaning.clean import DROPPED_COLUMNS, CleaningReport, clean_photos
from geocore.data.cleaning.image_links import IMAGES, image_links
from geocore.data.cleaning.near_duplicates import N_TABLES
from geocore.data.cleaning.report import STORE, refuse_foreign_folder, save_report
from geocore.data.cleaning.settings import CleaningSettings
from geocore.data.photos import TABLE_NAMES, PhotoTable, load_photos
from geocore.errors import PhotoTableError

Progress = Callable[[int], object]


def clean_photo_sets(
    sources: Sequence[Path],
    out: Path,
    settings: CleaningSettings | None = None,
    *,
    scheduler: str | None = None,
    start_progress: Callable[[str, int], Progress] | None = None,
    thumbnails: bool = False,
) -> CleaningReport:
    """Clean one photo set, or several as one, and write what is kept as a photo set.

    Killed at any moment and started again it goes on: what is known of each file is kept in
    `out/facts`. Of several sets those named first are preferred where photos are copies.

    Args:
        sources: what `load_photos` takes.
        out: folder of the result, see `save_report`.
        settings: see `clean_photos`.
        scheduler: see `map_photos`.
        start_progress: is told what begins and of how many steps, and returns what is called with
            the number of steps just done.
        thumbnails: see `save_report`.

    Returns:
        The report; its `dropped` also has the rows that `load_photos` could not use.

    Raises:
        PhotoTableError: a set cannot be used, or the result cannot be written.
        ValueError: `out` lies in one of the sets, or two sets have the same name.
    """
    _check_folders(sources, out)
    tables = {_name(source): load_photos(source) for source in sources}
    photos = _joined(tables)
    image_links(photos)  # Raises now, not after hours of reading.
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PhotoTableError(
            f"{out}: this must be a folder that can be written, but making it failed ({error}). "
            "Choose another folder."
        ) from error
    report = clean_photos(
        photos,
        settings,
        scheduler=scheduler,
        progress=_started_when_called(start_progress, "Reading photos", len(photos)),
        compare_progress=_started_when_called(start_progress, "Comparing", N_TABLES),
        store=out / STORE,
    )
    report = _with_table_losses(report, tables)
    save_report(report, out, thumbnails=thumbnails)
    return report


def _started_when_called(
    start: Callable[[str, int], Progress] | None, what: str, n_steps: int
) -> Progress | None:
    if start is None:
        return None
    started = cache(start)
    return lambda n: started(what, n_steps)(n)


def _check_folders(sources: Sequence[Path], out: Path) -> None:
    names = [_name(source) for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(
            f"Photo sets that are cleaned together need different names, received {twice[0]!r} "
            "twice. Rename a folder."
        )
    for source in sources:
        folder = source if source.is_dir() else source.parent
        inside = [folder] if source.is_dir() else [folder / IMAGES]
        is_inside = any(out.resolve().is_relative_to(part.resolve()) for part in inside)
        if is_inside or out.resolve() == folder.resolve():
            raise ValueError(
                f"The result must not be written into a photo set, received {out} for {source}. "
                "Choose a folder elsewhere."
            )
    refuse_foreign_folder(out)


def _name(source: Path) -> str:
    """A photo set is called after its folder, or after its table if that has a name of its own."""
    path = source.resolve()
    is_table = path.is_file() and path.name not in TABLE_NAMES
    if is_table:
        return path.name.partition(".")[0]
    return path.parent.name if path.is_file() else path.name


def _joined(tables: Mapping[str, PhotoTable]) -> pd.DataFrame:
    """One table; of several sets ids begin with the set's name, and `photo_set` says it."""
    if len(tables) == 1:
        return next(iter(tables.values())).photos
    parts = [table.photos.assign(photo_set=name) for name, table in tables.items()]
    for part in parts:
        part["photo_id"] = part["photo_set"] + "/" + part["photo_id"]
    return pd.concat(parts, ignore_index=True)


def _with_table_losses(report: CleaningReport, tables: Mapping[str, PhotoTable]) -> CleaningReport:
    """The report with the rows that never became photos: no position, no file."""
    lost = []
    for name, table in tables.items():
        rows = table.dropped
        prefix = f"{name}/" if len(tables) > 1 else ""
        where = "row " + rows["row"].astype(str) + ": " + rows["received"].astype(str)
        rows = rows.assign(photo_id=prefix + rows["photo_id"].astype(str), detail=where)
        lost.append(rows.assign(path="", kept_photo_id="", apart_km=np.nan)[list(DROPPED_COLUMNS)])
    dropped = pd.concat([*lost, report.dropped], ignore_index=True)
    n_lost = len(dropped) - len(report.dropped)
    return replace(report, dropped=dropped, n_in=report.n_in + n_lost)
