"""Data stage: whether a column of text is meant as numbers. It knows no photo and no file.

A number that stands for a name stays text: with leading zeros (postal codes), or so long that a
floating-point number would change its last digits (ids).
"""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# From the most special kind to the most general; a column made of pieces has its pieces' last.
KINDS = ("empty", "int", "float", "text")
_A_NAME = r"^\s*[+-]?(0\d|\d{16,}\s*$)"
_N_LOOKED_AT_FIRST = 100


def column_kind(text: pd.Series) -> str:
    """What all values of a text column can be read as: a key of KINDS; missing ones fit any."""
    values = pa.chunked_array(text).drop_null()
    if not len(values):
        return "empty"
    return _kind(values) if _kind(values[:_N_LOOKED_AT_FIRST]) != "text" else "text"


def common_kind(kinds: list[str]) -> str:
    """The kind of a column whose pieces have these kinds."""
    return max(kinds, key=KINDS.index, default="empty")


def as_kind(text: pd.Series, kind: str) -> pd.Series:
    """A text column as that kind: int where none is missing, float64, or as it is."""
    if kind not in ("int", "float"):
        return text
    numbers = pd.to_numeric(text.str.strip())
    return numbers if kind == "float" or not text.isna().any() else numbers.astype(float)


def as_written(text: pd.Series) -> pd.Series:
    """A text column as numbers where all of it is numbers, and as text otherwise."""
    return as_kind(text, column_kind(text))


def _kind(values: pa.ChunkedArray) -> str:
    if pc.any(pc.match_substring_regex(values, _A_NAME)).as_py():
        return "text"
    values = pc.utf8_trim_whitespace(values)
    for kind, arrow_type in (("int", pa.int64()), ("float", pa.float64())):
        try:
            pc.cast(values, arrow_type)
            return kind
        except pa.ArrowInvalid:
            continue
    return "text"
