"""Importers: from a source to a photo set, piece by piece.

The photo set is a folder with `photos.parquet` (or `photos.csv`), the report of the import, what
was left out, and `images`: a link to the folder of the images, or the images themselves where they
were inside the source. It is complete when `.import` is gone; before, the same call goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geocore.data.csv_chunks import CHUNK_BYTES
from geocore.data.importers.detection import Source, open_source
from geocore.data.importers.image_files import ImageFiles, ImageFolder, ImageWriter, NoImages
from geocore.data.importers.import_report import REPORT, ImportReport, load_report
from geocore.data.importers.import_state import ImportState, note_of
from geocore.data.importers.photo_set import N_LISTED, write_photo_set
from geocore.data.photo_checks import dropped_rows, numbers, position_reasons
from geocore.data.photos import TABLE_NAMES, UNFINISHED
from geocore.data.swapped import IsPlausible, beyond_range, implausible_places
from geocore.errors import PhotoTableError

IMAGES = "images"
_FEWEST_TO_JUDGE = 20


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How a source is imported.

    Attributes:
        table: Name of the table to write, `photos.parquet` or `photos.csv`.
        places: Table with IMG_ID, LAT, LON for msgpack shards that hold no positions.
        swap: Exchange latitude and longitude (True), take them as they are (False), or refuse them
            if they look swapped (None).
        is_plausible: See `geocore.data.swapped`; without it only impossible latitudes are evidence.
        progress: Called with the number of rows just read.
        chunk_bytes: About how much text of a CSV is held in memory at once.
    """

    table: str = "photos.parquet"
    places: Path | None = None
    swap: bool | None = None
    is_plausible: IsPlausible | None = None
    progress: Callable[[int], object] | None = None
    chunk_bytes: int = CHUNK_BYTES

    def __post_init__(self) -> None:
        if self.table not in ("photos.parquet", "photos.csv"):
            raise ValueError(
                f"The table must be photos.parquet or photos.csv, received {self.table}."
            )


def import_photos(
    source: str | Path,
    out: str | Path,
    *,
    format: str | None = None,
    images: str | Path | None = None,
    options: ImportOptions | None = None,
) -> ImportReport:
    """Make a photo set of any collection; whatever ended an earlier call, this one goes on.

    Args:
        source: A table, JSON file, msgpack shard, or a folder of these or of photos.
        out: Folder of the photo set: new, empty, or that of this import begun earlier.
        format: Key of `geocore.data.importers.detection.FORMATS`; found out by default.
        images: Folder of the images; by default `images` beside the table, where there is one. It
            is linked to, not copied.
        options: See `ImportOptions`.

    Returns:
        Rows in, rows out and the reasons.

    Raises:
        PhotoTableError: The source cannot be read or understood, latitude and longitude look
            swapped, no photo can be used, or the import stopped (full disk, vanished folder); what
            was done is kept and the message says how to go on.
        ValueError: An unknown format, or a folder that holds something else.
    """
    options, out = options or ImportOptions(), Path(out)
    opened = open_source(
        Path(source), format, places=options.places, chunk_bytes=options.chunk_bytes
    )
    folder = _image_folder(opened, images)
    asked = _asked(opened, folder, options)
    if (done := _already_imported(out, asked)) is not None:
        return done
    try:
        state = ImportState(out, asked)
        with state.removed_if_nothing_was_done():
            _read_all(opened, state, _image_files(opened, out, folder), options)
        report = write_photo_set(out, state, images=_where(opened, folder))
    except OSError as error:
        raise PhotoTableError(
            f"{out}: the import stopped ({error.strerror or error}: {error.filename or out}). What "
            "was done is kept. Make room, or connect the drive that is gone, and run the same "
            "command again: it goes on from there."
        ) from error
    state.remove()
    return report


def _read_all(
    source: Source, state: ImportState, files: ImageFiles, options: ImportOptions
) -> None:
    """Check every piece that is not done yet and store it."""
    is_judged = bool(state.notes) or options.swap is not None
    for raw, position in source.read(state.position):
        piece = raw.reset_index(drop=True)
        if options.swap:
            piece = piece.rename(columns={"lat": "lng", "lng": "lat"})
        lat, lng = numbers(piece["lat"]), numbers(piece["lng"])
        is_judged = is_judged or _is_judged(lat, lng, source, options)
        reasons = position_reasons(piece, lat, lng)
        if "reason" in piece:
            reasons = np.where(piece["reason"] != "", piece["reason"], reasons)
        names, reasons = files.files(piece, reasons)
        kept = piece.assign(photo_id=names, lat=lat, lng=lng)[reasons == ""]
        dropped = dropped_rows(piece, reasons).groupby("reason").head(N_LISTED)
        state.add(kept, dropped, note_of(kept, reasons, position))
        if options.progress:
            options.progress(len(piece))


def _is_judged(
    lat: NDArray[np.float64], lng: NDArray[np.float64], source: Source, options: ImportOptions
) -> bool:
    """Whether there were positions enough to see that the columns are not swapped."""
    reason = beyond_range(lat, lng)
    if not reason and options.is_plausible:
        reason = implausible_places(lat, lng, options.is_plausible)
    if reason:
        raise PhotoTableError(
            f"{source.path.name}: {reason} Nothing was imported. Import with --swap to exchange "
            "them, or with --not-swapped if they are right."
        )
    return int((np.isfinite(lat) & np.isfinite(lng)).sum()) >= _FEWEST_TO_JUDGE


def _image_folder(source: Source, images: str | Path | None) -> Path | None:
    """Where the images lie: as given, the source itself, or beside the table."""
    if source.format == "msgpack":
        if images is not None:
            raise ValueError("Shards hold their images; leave out the folder of images.")
        return None
    if images is not None or source.format == "exif":
        return Path(images if images is not None else source.path)
    beside = (source.path if source.path.is_dir() else source.path.parent) / IMAGES
    return beside if beside.is_dir() else None


def _image_files(source: Source, out: Path, folder: Path | None) -> ImageFiles:
    if source.format == "msgpack":
        return ImageWriter(out / IMAGES)
    if folder is None:
        return NoImages()
    files = ImageFolder(folder)
    link = out / IMAGES
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(files.folder, target_is_directory=True)
    if link.resolve() != files.folder:
        raise ValueError(f"{link} must lead to {files.folder}, but leads to {link.resolve()}.")
    return files


def _where(source: Source, folder: Path | None) -> str:
    if source.format == "msgpack":
        return "in the photo set"
    return f"in the folder {folder.resolve()}" if folder else ""


def _asked(source: Source, folder: Path | None, options: ImportOptions) -> dict[str, Any]:
    """What must be the same for an import to go on."""
    stat = source.path.stat()
    is_file = source.path.is_file()
    return {
        "source": str(source.path.resolve()),
        "format": source.format,
        "bytes": stat.st_size if is_file else None,
        "changed": stat.st_mtime_ns if is_file else None,
        "images": str(folder.resolve()) if folder else None,
        "places": str(options.places.resolve()) if options.places else None,
        "swap": bool(options.swap),
        "table": options.table,
        "chunk_bytes": options.chunk_bytes,
    }


def _already_imported(out: Path, asked: dict[str, Any]) -> ImportReport | None:
    """The report, if this very import is complete; a folder that holds another set is refused."""
    if asked["format"] == "exif" and out.resolve().is_relative_to(asked["source"]):
        raise ValueError(f"{out} must not lie inside the folder that is imported. Choose another.")
    if (out / UNFINISHED).exists():
        return None
    if (out / REPORT).exists() and (report := load_report(out)).asked == asked:
        return report
    held = [name for name in (*TABLE_NAMES, REPORT) if (out / name).exists()]
    if held:
        raise ValueError(
            f"{out} must be a new folder, but it holds {held[0]} already. Choose another folder."
        )
    return None
