"""Importers: msgpack shards, files of maps that hold an encoded photo with its id and position.

So are the photos of MP-16 passed on: `shard_0.msg`, `shard_1.msg`, ..., each some thousand maps
with `id`, `image`, `latitude` and `longitude`; GeoEstimation's have no position, which is looked up
by id in its table of places. Nothing in a shard is trusted: sizes are limited, unknown keys passed
over, and the rest of a damaged shard is one row with its reason.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgpack
import pandas as pd

from geocore.data.images import MAX_BYTES
from geocore.data.importers.pieces import Pieces, Position, piece_of
from geocore.data.photos import load_coordinates

SHARD_SUFFIXES = (".msg", ".msgpack", ".mp")
DAMAGED = "the shard is damaged; it cannot be read from here on"
NO_RECORD = "an entry of the shard that holds no id or no image"
RECORDS_AT_ONCE = 500
BYTES_AT_ONCE = 256 << 20
"""Of images; pieces end earlier where these are large."""
_MAX_FIELDS, _MAX_ID_BYTES = 1_000, 4_096
_KEYS = {
    "photo_id": ("id", "img_id", "image_id"),
    "image": ("image", "img", "jpeg"),
    "lat": ("latitude", "lat"),
    "lng": ("longitude", "lon", "lng"),
}
_DAMAGE = (ValueError, msgpack.exceptions.UnpackException, msgpack.exceptions.BufferFull)


def list_shards(source: Path) -> list[Path]:
    """The shards of a folder in the order of their numbers, or the one file itself."""
    if source.is_file():
        return [source]
    files = (file for file in source.iterdir() if file.suffix.lower() in SHARD_SUFFIXES)
    return sorted(files, key=lambda file: [int(x) for x in re.findall(r"\d+", file.stem)])


def read_shards(source: Path, start: Position, places: Path | None = None) -> Pieces:
    """The records of all shards piece by piece, with the bytes of their images.

    Args:
        source: Folder of shards, or one.
        start: Where to go on: number of the shard, of the byte and of the record; [] to begin.
        places: Table with IMG_ID, LAT, LON of photos whose records have no position.

    Raises:
        PhotoTableError: The table of places cannot be read.
        OSError: A shard cannot be read.
    """
    known = _positions(places) if places else None
    first_shard, first_byte, row = start or [0, 0, 1]
    for number, shard in enumerate(list_shards(source)[first_shard:], first_shard):
        begin = first_byte if number == first_shard else 0
        for records, end in _records(shard, begin):
            yield _piece(records, row, known), [number, end, row + len(records)]
            row += len(records)


def _records(shard: Path, begin: int) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Records of one shard in lists, each with the byte at which the next one begins."""
    with shard.open("rb") as file:
        file.seek(begin)
        unpacker = msgpack.Unpacker(
            file,
            raw=True,
            strict_map_key=False,
            max_buffer_size=4 * MAX_BYTES,
            max_bin_len=MAX_BYTES,
            max_str_len=MAX_BYTES,  # old shards know no other bytes
            max_array_len=_MAX_FIELDS,
            max_map_len=_MAX_FIELDS,
        )
        records: list[dict[str, Any]] = []
        end, n_bytes, n_held = begin, shard.stat().st_size, 0
        with suppress(*_DAMAGE):
            for record in unpacker:
                end = begin + unpacker.tell()
                records.append(_known_fields(record, shard.name))
                n_held += len(records[-1].get("image", b""))
                if len(records) == RECORDS_AT_ONCE or n_held > BYTES_AT_ONCE:
                    yield records, end
                    records, n_held = [], 0
        if end < n_bytes:
            records.append({"photo_id": shard.name, "reason": DAMAGED})
        if records:
            yield records, n_bytes


def _known_fields(record: Any, shard_name: str) -> dict[str, Any]:
    """photo_id, image, lat and lng of a record, as far as it has them."""
    fields = record if isinstance(record, dict) else {}
    found: dict[str, Any] = {
        ours: fields[key]
        for ours, keys in _KEYS.items()
        for key in (_first_key(fields, keys),)
        if key is not None
    }
    image = found.pop("image", None)
    texts = {name: _text(value) for name, value in found.items()}
    if len(texts.get("photo_id", "")) > _MAX_ID_BYTES:
        return {"photo_id": f"{texts['photo_id'][:80]}…", "reason": NO_RECORD}
    if not texts.get("photo_id") or not isinstance(image, bytes):
        return {"photo_id": texts.get("photo_id") or shard_name, "reason": NO_RECORD}
    return {**texts, "image": image, "reason": ""}


def _first_key(fields: Mapping[Any, Any], keys: tuple[str, ...]) -> Any:
    """The key under which a record has a value; keys are bytes, for old shards know no text."""
    return next((key for name in keys for key in (name.encode(), name) if key in fields), None)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value) if isinstance(value, str | int | float) else ""


def _piece(records: list[dict[str, Any]], row: int, places: pd.DataFrame | None) -> pd.DataFrame:
    piece = piece_of(records, row, ())
    piece["reason"] = pd.Series([record["reason"] for record in records], dtype="str")
    piece["image"] = pd.Series([record.get("image") for record in records], dtype=object)
    if places is not None:
        lacks = (piece["lat"] == "") | (piece["lng"] == "")
        found = places.reindex(piece.loc[lacks, "photo_id"])
        for name in ("lat", "lng"):
            piece.loc[lacks, name] = found[name].astype("str").fillna("").to_numpy()
    return piece


def _positions(table: Path) -> pd.DataFrame:
    return load_coordinates(table).photos.set_index("photo_id")[["lat", "lng"]]
