"""Data stage: which photos of a table should be left out, each with its reason.

The input is never changed: what comes out is a shorter table. It draws no report, knows no cells.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.data.cleaning.fact_store import gather_facts
from geocore.data.cleaning.photo_filters import named_filters
from geocore.data.cleaning.reasons import (
    APART_KM,
    REASONS,
    find_copies,
    tests_of_files,
    tests_of_places,
)
from geocore.data.cleaning.settings import CleaningSettings
from geocore.data.cleaning.suspicious_coordinates import shared_positions

DROPPED_COLUMNS = ("photo_id", "path", "reason", "detail", "kept_photo_id", "apart_km")
LEAK_COLUMNS = ("photo_id", "part", "kept_photo_id", "kept_part", "reason", "detail")
_NEEDED = ("photo_id", "path", "lat", "lng")
_PARTS = ("photo_set", "split")


@dataclass(frozen=True)
class CleaningReport:
    """What cleaning kept and what it left out.

    Attributes:
        photos: the rows kept, in their order, with all their columns.
        dropped: columns DROPPED_COLUMNS; `kept_photo_id` names the photo that a copy is a copy of,
            else "", and `apart_km` says how far apart the two claim to be, else NaN.
        leaks: of the copies those whose original is in another split or photo set, columns
            LEAK_COLUMNS; they are among the dropped.
        n_in: rows looked at, `len(photos) + len(dropped)`.
        settings: what was asked.
        shared: positions that many of the kept photos have to the last digit.
    """

    photos: pd.DataFrame
    dropped: pd.DataFrame
    leaks: pd.DataFrame
    n_in: int
    settings: CleaningSettings
    shared: pd.DataFrame

    def counts(self) -> pd.Series:
        """Photos dropped per reason: those of the table's rows, then in the order of the tests."""
        counts = self.dropped["reason"].value_counts()
        of_rows = [reason for reason in self.dropped["reason"].unique() if reason not in REASONS]
        return counts.reindex([*of_rows, *(reason for reason in REASONS if reason in counts.index)])

    def n_conflicts(self) -> int:
        """Copies that claim another place than their original, so that one of the two is wrong."""
        return int((self.dropped["apart_km"] > APART_KM).sum())

    def summary(self) -> str:
        """Rows in, rows out, one line per reason, and what is remarkable about the copies."""
        lines = [f"{len(self.photos):,} of {self.n_in:,} photos are kept."]
        lines += [f"  {n:,} left out: {reason}" for reason, n in self.counts().items()]
        if n := self.n_conflicts():
            lines.append(
                f"{n:,} of the copies claim to be more than {APART_KM:g} km from their original: "
                "one of the two positions is wrong."
            )
        if len(self.leaks):
            across = self.leaks.groupby(["part", "kept_part"]).size()
            found = [f"{n:,} in {part} of photos in {kept}" for (part, kept), n in across.items()]
            lines.append(f"Leaks, copies of a photo in another part: {'; '.join(found)}.")
        elif has_parts(self.photos):
            lines.append("No leaks: no copy of a photo in another part was found.")
        return "\n".join(lines)


def clean_photos(
    photos: pd.DataFrame,
    settings: CleaningSettings | None = None,
    *,
    scheduler: str | None = None,
    progress: Callable[[int], object] | None = None,
    compare_progress: Callable[[int], object] | None = None,
    store: Path | None = None,
) -> CleaningReport:
    """Leave out what is no usable photo, has no believable position, or is there already.

    A photo is left out for the first reason that applies, in the order of `REASONS`. Of copies the
    one in the test split is kept, or else in the validation split, or else the one that comes first
    in the table.

    Args:
        photos: photo_id (unique), path, lat, lng; `split` and `photo_set`, where there are such
            columns, are the parts between which copies are leaks.
        settings: by default those of `CleaningSettings`.
        scheduler: where files are read, see `map_photos`.
        progress: called with the number of photos just read.
        compare_progress: called with 1 for each of the N_TABLES comparisons that follow.
        store: folder in which what is known of each file is kept for the next run.

    Raises:
        ValueError: a column is missing, ids occur twice, or a filter is unknown.
        PhotoTableError: the folder of the photos vanished, or the store cannot be written.

    Source:
        Thesis chapter 5 (corrupted, duplicated and wrongly sized images are dropped); the rest own.
    """
    settings = settings or CleaningSettings()
    _check_table(photos)
    table = photos.reset_index(drop=True)
    facts = gather_facts(
        table["path"].tolist(),
        filters=named_filters(settings.filters),
        folder=store,
        scheduler=scheduler,
        progress=progress,
    )
    found = pd.DataFrame({"reason": "", "detail": "", "kept": np.arange(len(table))})
    found["apart_km"] = np.nan
    for reason, fails, in_words in [
        *tests_of_files(facts, settings),
        *tests_of_places(table, settings),
    ]:
        rows = np.flatnonzero((found["reason"] == "") & fails)
        found.loc[rows, "reason"] = reason
        found.loc[rows, "detail"] = in_words(rows)
    find_copies(found, table, facts, settings, compare_progress)
    return _report(table, found, settings)


def has_parts(photos: pd.DataFrame) -> bool:
    """Whether the photos are divided into splits or come from several sets."""
    return any(photos[name].nunique() > 1 for name in _PARTS if name in photos)


def _check_table(photos: pd.DataFrame) -> None:
    if missing := [name for name in _NEEDED if name not in photos]:
        raise ValueError(
            f"photos must have the columns {', '.join(_NEEDED)}, but {missing[0]!r} is missing. "
            "Use geocore.data.photos.load_photos."
        )
    twice = photos["photo_id"][photos["photo_id"].duplicated()]
    if len(twice):
        raise ValueError(
            f"Every photo_id must occur once, but {twice.iloc[0]!r} occurs more often. Put the "
            "name of the photo set before the ids when joining sets."
        )


def _report(
    photos: pd.DataFrame, found: pd.DataFrame, settings: CleaningSettings
) -> CleaningReport:
    is_kept = (found["reason"] == "").to_numpy()
    rows = np.flatnonzero(~is_kept)
    originals = found["kept"].to_numpy()[rows]
    ids = photos["photo_id"].to_numpy(object)
    dropped = found.iloc[rows][["reason", "detail", "apart_km"]].assign(
        photo_id=ids[rows],
        path=photos["path"].to_numpy(object)[rows],
        kept_photo_id=np.where(originals == rows, "", ids[originals]),
    )
    parts = _part_of_each(photos)
    leaks = dropped.assign(part=parts[rows], kept_part=parts[originals])
    leaks = leaks[leaks["part"] != leaks["kept_part"]]
    kept = photos[is_kept].reset_index(drop=True)
    return CleaningReport(
        photos=kept,
        dropped=dropped[list(DROPPED_COLUMNS)].reset_index(drop=True),
        leaks=leaks[list(LEAK_COLUMNS)].reset_index(drop=True),
        n_in=len(photos),
        settings=settings,
        shared=shared_positions(kept),
    )


def _part_of_each(photos: pd.DataFrame) -> np.ndarray:
    """Photo set and split of each photo in words, "" where the table has neither."""
    parts = pd.Series("", index=photos.index)
    for name in _PARTS:
        if name in photos:
            part = photos[name].fillna("").astype("str")
            parts = parts.where(parts == "", parts + ", ") + part
    return parts.to_numpy(object)
