"""Tiny collections in the layouts of the real ones."""

import json
from pathlib import Path
from typing import Any

import msgpack
import pandas as pd

from geocore.data.importers.table_layouts import YFCC_COLUMNS, YFCC_COLUMNS_WITH_HASH
from tests.conftest import encode, made_photo

JPEG = encode(made_photo(40, 30))
# Places of photos between 90 degrees west and east, where a swap leaves all numbers in range.
EUROPE = [(52.5, 13.4), (48.86, 2.35), (41.9, 12.5), (40.4, -3.7), (51.5, -0.1), (59.3, 18.1)]


def write_images(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(JPEG)
    return folder


def yfcc_line(*, with_hash: bool = False, **values: str) -> str:
    """One line of the YFCC100M dump."""
    columns = YFCC_COLUMNS_WITH_HASH if with_hash else YFCC_COLUMNS
    row = {
        "line": "0",
        "photoid": "6985418911",
        "hash": "4e2f7a26",
        "uid": "39089491@N00",
        "unickname": "ann+b",
        "datetaken": "2012-02-16 09:56:37.0",
        "title": 'a "quoted" title',
        "usertags": "caf%C3%A9,old+town",
        "longitude": "-81.804885",
        "latitude": "24.550558",
        "accuracy": "12",
        "ext": "jpg",
        "marker": "0",
    } | values
    return "\t".join(row.get(name, "") for name in columns)


def write_shards(folder: Path, records: list[list[dict[str, Any]]], **options: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, shard in enumerate(records):
        content = b"".join(msgpack.packb(record, **options) for record in shard)
        (folder / f"shard_{number}.msg").write_bytes(content)
    return folder


def record(photo_id: str, lat: float = 1.0, lng: float = 2.0, **others: Any) -> dict[str, Any]:
    return {"id": photo_id, "image": JPEG, "latitude": lat, "longitude": lng} | others


def write_json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), "utf-8")
    return path


def europe(n_photos: int, *, swapped: bool = False) -> pd.DataFrame:
    places = [EUROPE[i % len(EUROPE)] for i in range(n_photos)]
    lat, lng = (list(x) for x in zip(*places, strict=True))
    table = {"IMG_ID": [f"{i}.jpg" for i in range(n_photos)], "LAT": lat, "LON": lng}
    if swapped:
        table["LAT"], table["LON"] = table["LON"], table["LAT"]
    return pd.DataFrame(table)
