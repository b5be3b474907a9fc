"""Data stage: the result of cleaning as files, and back. It tests no photo.

The folder is a photo set of its own: a table, and `images` that leads to the originals.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from geocore.data.cleaning.clean import DROPPED_COLUMNS, LEAK_COLUMNS, CleaningReport
from geocore.data.cleaning.image_links import image_links, make_links
from geocore.data.cleaning.page import cleaning_page
from geocore.data.cleaning.settings import CleaningSettings
from geocore.data.photo_files import find_photo_files
from geocore.data.photo_parquet import read_photo_parquet, save_photo_table
from geocore.data.whole_files import flush_to_disk
from geocore.errors import PhotoTableError

FORMAT_VERSION = 1
SUMMARY = "cleaning.json"
PAGE = "cleaning.html"
STORE = "facts"
_TABLES = ("photos.csv", "photos.parquet", "dropped.csv", "leaks.csv", "shared.csv")
_REMEDY = "Run scripts/clean.py again."


def save_report(report: CleaningReport, folder: Path, *, thumbnails: bool = False) -> None:
    """Write the kept photos as a photo set, what was left out, and a page that shows both.

    photos.parquet and photos.csv (the same), images (links to the originals), dropped.csv,
    leaks.csv, shared.csv, cleaning.json and cleaning.html. Files of an earlier run are replaced
    only once all new ones are written.

    Args:
        report: what `clean_photos` returned.
        folder: made if it is missing; must be empty or hold an earlier report.
        thumbnails: whether the page holds small copies of its examples. It then must not be given
            to anybody whom the photos must not be given to.

    Raises:
        PhotoTableError: the folder holds something else, cannot be written (a full disk), or the
            photos cannot be linked.
    """
    refuse_foreign_folder(folder)
    links = image_links(report.photos) if len(report.photos) else {}
    scratch = folder / ".new"
    shutil.rmtree(scratch, ignore_errors=True)  # of a killed run
    try:
        scratch.mkdir(parents=True)
        _write_all(report, scratch, thumbnails)
        for name in (*_TABLES, PAGE, SUMMARY):
            flush_to_disk(scratch / name)
        make_links(folder, links)
        for name in (*_TABLES, PAGE, SUMMARY):
            (scratch / name).replace(folder / name)
    except OSError as error:
        raise PhotoTableError(
            f"{folder}: the result of cleaning must be written here, but that failed ({error}). "
            "Free space or choose another folder, then start again: photos that were read are "
            "remembered."
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def load_report(folder: str | Path) -> CleaningReport:
    """Read what `save_report` wrote.

    A photo that is no longer where it was has the path "".

    Raises:
        PhotoTableError: there is no report, or its files are damaged or not of one run.
    """
    folder = Path(folder)
    if not (folder / SUMMARY).is_file():
        raise PhotoTableError(
            f"{folder}: a cleaned photo set has a {SUMMARY}, but there is none here. Give the "
            "folder that scripts/clean.py wrote."
        )
    try:
        report = _read_all(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PhotoTableError(
            f"{folder}: the result of cleaning is damaged or of another version ({error}). "
            f"{_REMEDY}"
        ) from error
    if report.n_in != len(report.photos) + len(report.dropped):
        raise PhotoTableError(
            f"{folder}: {report.n_in:,} photos must be kept or left out, but photos.parquet has "
            f"{len(report.photos):,} and dropped.csv {len(report.dropped):,}: they are not of the "
            f"same run. {_REMEDY}"
        )
    return report


def refuse_foreign_folder(folder: Path) -> None:
    """Raise PhotoTableError where a report would be written among other things."""
    ours = {STORE, SUMMARY}
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not is_free and not any((folder / name).exists() for name in ours):
        raise PhotoTableError(
            f"{folder}: the result of cleaning is only written to a new or empty folder, or over "
            "an earlier result; this holds something else. Choose another folder."
        )


def _write_all(report: CleaningReport, folder: Path, thumbnails: bool) -> None:
    save_photo_table(report.photos, folder / "photos.csv")
    save_photo_table(report.photos, folder / "photos.parquet")
    report.dropped.to_csv(folder / "dropped.csv", index=False)
    report.leaks.to_csv(folder / "leaks.csv", index=False)
    report.shared.to_csv(folder / "shared.csv", index=False)
    (folder / PAGE).write_text(cleaning_page(report, thumbnails=thumbnails), encoding="utf-8")
    summary = json.dumps(_summary(report), indent=1, ensure_ascii=False)
    (folder / SUMMARY).write_text(summary + "\n", encoding="utf-8")


def _summary(report: CleaningReport) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "n_in": report.n_in,
        "n_kept": len(report.photos),
        "dropped": {reason: int(n) for reason, n in report.counts().items()},
        "n_leaks": len(report.leaks),
        "n_copies_elsewhere": report.n_conflicts(),
        "settings": asdict(report.settings),
    }


def _read_all(folder: Path) -> CleaningReport:
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    if summary["format_version"] != FORMAT_VERSION:
        raise ValueError(f"format {summary['format_version']}, expected {FORMAT_VERSION}")
    photos = read_photo_parquet(folder / "photos.parquet", needs_id=True)
    photos = photos.drop(columns=["row", "overlong"])
    paths = find_photo_files(folder, photos["photo_id"])[0] if len(photos) else ""
    photos.insert(1, "path", paths)
    dropped = _read_text(folder / "dropped.csv", DROPPED_COLUMNS)
    settings = summary["settings"] | {"filters": tuple(summary["settings"]["filters"])}
    return CleaningReport(
        photos=photos,
        dropped=dropped.assign(apart_km=pd.to_numeric(dropped["apart_km"])),
        leaks=_read_text(folder / "leaks.csv", LEAK_COLUMNS),
        n_in=int(summary["n_in"]),
        settings=CleaningSettings(**settings),
        shared=pd.read_csv(folder / "shared.csv"),
    )


def _read_text(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.read_csv(path, dtype="str", keep_default_na=False)[list(columns)]
