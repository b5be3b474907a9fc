"""Importers: which collections come as a table, what their columns are called and mean.

It reads no row. A layout says which columns are id, latitude and longitude, and which further ones
get the name they have in every photo set (AUTHOR for the photographer, TAGS, DATE_TAKEN, ...).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

YFCC_COLUMNS = (
    *("photoid", "uid", "unickname", "datetaken", "dateuploaded", "capturedevice", "title"),
    *("description", "usertags", "machinetags", "longitude", "latitude", "accuracy", "pageurl"),
    *("downloadurl", "licensename", "licenseurl", "serverid", "farmid", "secret"),
    *("secretoriginal", "ext", "marker"),
)
YFCC_COLUMNS_WITH_HASH = ("line", "photoid", "hash", *YFCC_COLUMNS[1:])


@dataclass(frozen=True, kw_only=True)
class TableLayout:
    """A collection that comes as a table.

    Attributes:
        label: What people call it.
        needs: Columns (lower case) by which it is recognised.
        spellings: What its columns for photo_id, lat and lng are called (lower case).
        names: Further columns (lower case) and the name they get.
        has_url_text: Whether its texts are encoded as in a web address (`a+b%2C`).
        marker: Column that is 0 for photos and something else for videos, or "".
        id_name: What the id is called where photos are named after their files, or "".
    """

    label: str
    needs: tuple[str, ...]
    spellings: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str] = field(default_factory=dict)
    has_url_text: bool = False
    marker: str = ""
    id_name: str = ""


_YFCC = TableLayout(
    label="YFCC100M",
    needs=("photoid", "latitude", "longitude"),
    spellings={"photo_id": ("photoid",), "lat": ("latitude",), "lng": ("longitude",)},
    names={
        "hash": "HASH",
        "uid": "AUTHOR",
        "unickname": "AUTHOR_NAME",
        "datetaken": "DATE_TAKEN",
        "dateuploaded": "DATE_POSTED",
        "usertags": "TAGS",
        "title": "TITLE",
        "description": "DESCRIPTION",
        "accuracy": "ACCURACY",
        "pageurl": "PAGE",
        "licensename": "LICENSE",
        "licenseurl": "LICENSE_URL",
    },
    has_url_text=True,
    marker="marker",
    id_name="FLICKR_ID",
)

# The first whose columns are all there counts.
TABLE_LAYOUTS: Mapping[str, TableLayout] = {
    "yfcc100m": _YFCC,
    "osv5m": TableLayout(
        label="OpenStreetView-5M",
        needs=("id", "latitude", "longitude"),
        spellings={"photo_id": ("id",), "lat": ("latitude",), "lng": ("longitude",)},
        names={
            "creator_id": "AUTHOR",
            "creator_username": "AUTHOR_NAME",
            "captured_at": "DATE_TAKEN",
            "sequence": "SEQUENCE",
            "country": "COUNTRY",
            "city": "CITY",
        },
    ),
    "mapillary": TableLayout(
        label="Mapillary Street-level Sequences",
        needs=("key", "lon", "lat"),
        spellings={"photo_id": ("key",), "lat": ("lat",), "lng": ("lon",)},
        names={"captured_at": "DATE_TAKEN", "ca": "HEADING", "sequence_key": "SEQUENCE"},
    ),
    "mp16": TableLayout(
        label="MP-16 (also Im2GPS3k and YFCC25k)",
        needs=("img_id", "author", "lat", "lon"),
        spellings={"photo_id": ("img_id",), "lat": ("lat",), "lng": ("lon",)},
    ),
}
