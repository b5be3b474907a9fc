"""Importers: what a source is, by what stands in it and not by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from geocore.data.csv_chunks import CHUNK_BYTES
from geocore.data.importers.exif_folder import read_exif_folder
from geocore.data.importers.pieces import Pieces, Position
from geocore.data.importers.shards import SHARD_SUFFIXES, list_shards, read_shards
from geocore.data.importers.street_json import (
    JSON_SUFFIXES,
    json_format,
    list_json_files,
    read_street_json,
)
from geocore.data.importers.tables import read_table, table_format, unknown_columns
from geocore.data.photos import TABLE_NAMES, list_photo_files
from geocore.errors import PhotoTableError

FORMATS: Mapping[str, str] = {
    "mp16": "MP-16, Im2GPS3k or YFCC25k table (IMG_ID, AUTHOR, LAT, LON)",
    "yfcc100m": "YFCC100M metadata (23 or 25 tab-separated columns)",
    "geoestimation": "table with IMG_ID, LAT, LON",
    "msgpack": "msgpack shards of images",
    "osv5m": "OpenStreetView-5M table (id, latitude, longitude)",
    "mapillary": "Mapillary metadata (JSON, GeoJSON, or raw.csv)",
    "kartaview": "KartaView metadata (JSON)",
    "exif": "folder of photos with GPS in their EXIF",
}
_TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")


@dataclass(frozen=True)
class Source:
    """What is imported.

    Attributes:
        format: Key of FORMATS.
        path: The file or folder that is read.
        read: Gives its pieces, from a position on.
    """

    format: str
    path: Path
    read: Callable[[Position], Pieces]


def open_source(
    path: Path,
    format: str | None = None,
    *,
    places: Path | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> Source:
    """Find out what a source is and how it is read.

    Args:
        path: A file, or a folder that holds it.
        format: Key of FORMATS where it is known; found out otherwise.
        places: Table of positions for shards that have none.
        chunk_bytes: About how much text of a CSV a piece is made of.

    Raises:
        PhotoTableError: Nothing is there, or nothing that any importer understands.
        ValueError: The format is unknown, or places are given for something else than shards.
    """
    if format is not None and format not in FORMATS:
        raise ValueError(f"Unknown format {format!r}. Known formats: {', '.join(FORMATS)}.")
    if not path.exists():
        raise PhotoTableError(f"{path}: there is no such file or folder. Check the name.")
    found = _found_in(path) if path.is_dir() and format != "exif" else path
    format = format or detect_format(found)
    if places is not None and format != "msgpack":
        raise ValueError(
            f"A table of places is for msgpack shards; {path.name} is a "
            f"{FORMATS[format]}. Leave it out."
        )
    readers: Mapping[str, Callable[[Position], Pieces]] = {
        "msgpack": partial(read_shards, found, places=places),
        "exif": partial(read_exif_folder, found),
    }
    is_json = format in ("mapillary", "kartaview") and _is_json(found)
    table = partial(read_table, found, format, chunk_bytes=chunk_bytes)
    return Source(
        format, found, partial(read_street_json, found) if is_json else readers.get(format, table)
    )


def detect_format(path: Path) -> str:
    """Key of FORMATS for a file, or for a folder of shards, JSON files or photos.

    Raises:
        PhotoTableError: No importer understands it.
    """
    if path.is_dir():
        return "msgpack" if _list_shards(path) else _json_format(path) or "exif"
    if path.suffix.lower() in SHARD_SUFFIXES:
        return "msgpack"
    if _is_json(path):
        return _json_format(path)
    if name := table_format(path):
        return name
    raise unknown_columns(path)


def _found_in(folder: Path) -> Path:
    """What a folder holds that can be imported: its one table, or the folder for all else."""
    for name in TABLE_NAMES:
        if (folder / name).is_file():
            return folder / name
    if _list_shards(folder) or list_json_files(folder):
        return folder
    tables = [file for file in sorted(folder.iterdir()) if _is_table(file)]
    if len(tables) == 1:
        return tables[0]
    if not tables and any(True for _ in list_photo_files(folder)):
        return folder
    names = ", ".join(file.name for file in tables[:5])
    raise PhotoTableError(
        f"{folder}: the folder must hold one table, msgpack shards, JSON files or photos, but "
        f"{f'it holds {len(tables)} tables ({names})' if tables else 'none is there'}. "
        "Name the file itself."
    )


def _list_shards(folder: Path) -> list[Path]:
    return [file for file in list_shards(folder) if file.suffix.lower() in SHARD_SUFFIXES]


def _json_format(path: Path) -> str:
    files = list_json_files(path)
    if not files:
        return ""
    if name := json_format(files[0]):
        return name
    raise PhotoTableError(
        f"{files[0].name}: the first entry must have a position (computed_geometry, geometry, or "
        "lat and lng), but it has none. Ask the server for these fields."
    )


def _is_json(path: Path) -> bool:
    if path.is_dir():
        return bool(list_json_files(path))
    return any(suffix.lower() in JSON_SUFFIXES for suffix in path.suffixes[-2:])


def _is_table(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    return path.is_file() and any(suffix in _TABLE_SUFFIXES for suffix in suffixes)
