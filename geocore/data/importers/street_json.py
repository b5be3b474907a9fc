"""Importers: what Mapillary and KartaView say of their photos, as JSON.

Read are: one answer of their servers, a GeoJSON, a list, one photo's entry, or one of these per
line; or a folder of such files. A file is never held in memory as a whole.

Source: Mapillary API v4 (`computed_geometry`, `geometry`) and v3 (GeoJSON); KartaView API 1.0
(`currentPageItems`) and 2.0 (`result.data`).
"""

import gzip
import lzma
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import ijson
import pandas as pd

from geocore.data.csv_chunks import open_binary
from geocore.data.importers.measured_json import MeasuredJson
from geocore.data.importers.pieces import Pieces, Position, counted, piece_of
from geocore.errors import PhotoTableError

JSON_SUFFIXES = (".json", ".geojson", ".jsonl", ".ndjson")
ENTRIES_AT_ONCE = 20_000
_DAMAGE = (
    *(ijson.JSONError, UnicodeError, EOFError),
    *(gzip.BadGzipFile, zlib.error, lzma.LZMAError),
)
# Under which names the lists of photos stand, and each photo's properties.
_LISTS = ("", "data", "features", "currentPageItems", "result.data")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "photo_id": ("id", "key"),
    "AUTHOR": ("creator.id", "creator_id", "user_key", "user.id", "username", "creator.username"),
    "AUTHOR_NAME": ("creator.username", "username", "user.username"),
    "SEQUENCE": ("sequence.id", "sequence", "sequence_id", "sequenceId", "sequence_key"),
    "DATE_TAKEN": ("captured_at", "shotDate", "shot_date", "dateAdded"),
    "HEADING": ("computed_compass_angle", "compass_angle", "ca", "heading"),
    "IS_PANORAMA": ("is_pano", "pano"),
}
_FURTHER = tuple(name for name in _NAMES if name != "photo_id")
_LAT, _LNG = ("lat", "latitude"), ("lng", "lon", "longitude")


def list_json_files(source: Path) -> list[Path]:
    """The JSON files of a folder by name, or the one file itself."""
    if source.is_file():
        return [source]
    return sorted(file for file in source.iterdir() if file.suffix.lower() in JSON_SUFFIXES)


def json_format(path: Path) -> str:
    """Whose it is: "mapillary", "kartaview", or "" where the first entry has no position.

    Raises:
        PhotoTableError: The file is no JSON.
    """
    fields = _fields(next(_entries(path), None))
    if fields.get("computed_geometry") or fields.get("geometry"):
        return "mapillary"
    return "kartaview" if _first(fields, _LAT) and _first(fields, _LNG) else ""


def read_street_json(source: Path, start: Position) -> Pieces:
    """The photos of one or more JSON files piece by piece.

    Raises:
        PhotoTableError: A file is no JSON.
    """
    yield from counted(_pieces(source), start)


def _pieces(source: Path) -> Iterator[pd.DataFrame]:
    entries = (entry for file in list_json_files(source) for entry in _entries(file))
    row = 1
    while records := [_record(entry) for entry in islice(entries, ENTRIES_AT_ONCE)]:
        yield piece_of(records, row, _FURTHER)
        row += len(records)


def _entries(path: Path) -> Iterator[Any]:
    try:
        with open_binary(path) as file:
            prefix = _list_prefix(MeasuredJson(file))
        with open_binary(path) as file:
            measured = MeasuredJson(file)
            for entry in ijson.items(measured, prefix, use_float=True, multiple_values=True):
                measured.start_anew()
                yield entry
    except _DAMAGE as error:
        words = " ".join(str(error).split("\n")[0].split())[:200]
        raise PhotoTableError(
            f"{path.name}: the file must be JSON as Mapillary or KartaView give it, but reading it "
            f"failed ({words}). Download it again."
        ) from error


def _list_prefix(file: MeasuredJson) -> str:
    """Where the photos stand in a file: the first list with a known name, or the whole."""
    for prefix, event, _ in ijson.parse(file, multiple_values=True):
        if event == "start_array" and prefix in _LISTS:
            return f"{prefix}.item".lstrip(".")
        if event == "end_map" and not prefix:
            break
    return ""


def _record(entry: Any) -> dict[str, Any]:
    fields = _fields(entry)
    lat, lng = _position(fields)
    record = {name: _first(fields, names) for name, names in _NAMES.items()}
    record["DATE_TAKEN"] = _date(record["DATE_TAKEN"])
    return {**record, "photo_id": record["photo_id"] or "", "lat": lat, "lng": lng}


def _fields(entry: Any) -> dict[str, Any]:
    """What an entry says, a GeoJSON's properties and its own fields in one."""
    if not isinstance(entry, dict):
        return {}
    properties = entry.get("properties")
    return {**entry, **properties} if isinstance(properties, dict) else entry


def _position(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Latitude and longitude as text; Mapillary's reckoned place before the camera's own."""
    for name in ("computed_geometry", "geometry"):
        geometry = fields.get(name)
        place = geometry.get("coordinates") if isinstance(geometry, dict) else None
        if isinstance(place, list) and len(place) >= 2 and not isinstance(place[0], list):
            return str(place[1]), str(place[0])
    return _first(fields, _LAT) or "", _first(fields, _LNG) or ""


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of the names that has a plain value, as text; "a.b" is b within a."""
    for name in names:
        value: Any = fields
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, dict | list) and value != "":
            return str(value)
    return None


def _date(text: str | None) -> str | None:
    """Milliseconds since 1970 as a date; a date stays as it is."""
    if text is None or not text.isdecimal() or not 11 <= len(text) <= 14:
        return text
    return datetime.fromtimestamp(int(text) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
