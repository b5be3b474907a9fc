"""Data stage: why a row of a photo table cannot be used. It reads no file.

A raw table has the columns row, photo_id, lat, lng (text), overlong and any further ones.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geocore.data.text_hashes import text_hashes

OVERLONG = "more fields than the header names (a field with a comma needs quotes)"
NO_ID = "IMG_ID empty"
NO_POSITION = "LAT or LON empty"
NOT_A_NUMBER = "LAT or LON not a number"
LAT_RANGE = "LAT outside [-90, 90]"
LNG_RANGE = "LON outside [-180, 180]"
DUPLICATE = "duplicate IMG_ID (the first one counts)"
_EMPTY = pa.array(["", "nan", "null", "none", "na", "n/a"])

Texts = NDArray[np.object_]


def numbers(text: pd.Series) -> NDArray[np.float64]:
    """Numbers of a column, of text or of numbers; NaN where there is none."""
    if pd.api.types.is_numeric_dtype(text):
        return text.to_numpy(np.float64, na_value=np.nan)
    try:
        return pc.cast(pa.chunked_array(text), pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return pd.to_numeric(text, errors="coerce").to_numpy(np.float64)


def position_reasons(
    raw: pd.DataFrame, lat: NDArray[np.float64], lng: NDArray[np.float64]
) -> Texts:
    """Why each row has no usable position, "" where it has one.

    Args:
        raw: Table as read.
        lat: Its latitudes as numbers, (n_rows,), NaN where there is none.
        lng: Its longitudes.

    Returns:
        str (n_rows,), one of the reasons above or "".
    """
    is_missing = np.isnan(lat) | np.isnan(lng)
    conditions = {
        LNG_RANGE: np.abs(lng) > 180,
        LAT_RANGE: np.abs(lat) > 90,
        NOT_A_NUMBER: is_missing,
        NO_POSITION: is_missing & (_is_empty(raw["lat"]) | _is_empty(raw["lng"])),
        NO_ID: (raw["photo_id"] == "").to_numpy(bool),
        OVERLONG: raw["overlong"].to_numpy(bool),
    }
    reasons = np.full(len(raw), "", dtype=object)
    for reason, holds in conditions.items():
        reasons[holds] = reason
    return reasons


def shown(text: str) -> str:
    """The beginning of a received text for a message: nothing in it controls a terminal."""
    return "".join(x if x.isprintable() else "\N{REPLACEMENT CHARACTER}" for x in text[:80])


def repeated(keys: pd.Series) -> NDArray[np.bool_]:
    """Whether each key stands further up already; bool (n_rows,)."""
    # Hashes of a million texts are compared in a fifth of the time; equal ones are looked at.
    hashes = pd.Series(text_hashes(keys))
    result = hashes.duplicated(keep=False).to_numpy(copy=True)
    result[result] = keys[result].duplicated().to_numpy(bool)
    return result


def repeated_rows(photos: pd.DataFrame) -> pd.DataFrame:
    """Repeated photos as rows of what was left out; see `dropped_rows`."""
    return photos[["row", "photo_id"]].assign(reason=DUPLICATE, received=photos["photo_id"])


def dropped_rows(raw: pd.DataFrame, reasons: Texts) -> pd.DataFrame:
    """The unusable rows: row, photo_id, reason, received (the coordinate, or the photo's id)."""
    is_dropped = reasons != ""
    rows = raw.loc[is_dropped, ["row", "photo_id", "lat", "lng"]].reset_index(drop=True)
    rows = rows.astype({"lat": "str", "lng": "str"})
    reason = pd.Series(reasons[is_dropped], dtype="str")
    received = rows["photo_id"].mask(reason == LAT_RANGE, rows["lat"])
    received = received.mask(reason == LNG_RANGE, rows["lng"])
    received = received.mask(reason == NOT_A_NUMBER, rows["lat"] + ", " + rows["lng"])
    return rows[["row", "photo_id"]].assign(reason=reason, received=received)


def _is_empty(column: pd.Series) -> NDArray[np.bool_]:
    if pd.api.types.is_numeric_dtype(column):
        return column.isna().to_numpy()
    words = pc.is_in(pc.utf8_lower(pa.chunked_array(column)), _EMPTY)
    return pc.fill_null(words, True).to_numpy()
