"""Data stage: whether a column of text is meant as numbers. It knows no photo and no file.

A number that stands for a name stays text: with leading zeros (postal codes), or so long that a
floating-point number would change its last digits (ids).
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# From the most special kind to the most general. A column made of pieces has the most general of
# theirs; but where some of its values are missing, whole numbers become floating-point ones.
KINDS = ("empty", "int", "float", "text")
_A_NAME = r"^\s*[+-]?(0\d|\d{16,}\s*$)"
_N_LOOKED_AT_FIRST = 100


def column_kind(text: pd.Series) -> str:
    """What all values of a text column can be read as, one of KINDS; "int" if none is missing."""
    values = pa.chunked_array(text).drop_null()
    if not len(values):
        return "empty"
    if _kind(values[:_N_LOOKED_AT_FIRST]) == "text" or (kind := _kind(values)) == "text":
        return "text"
    return kind if len(values) == len(text) else "float"


def common_kind(kinds: list[str]) -> str:
    """The kind of a column whose pieces have these kinds."""
    kind = max(kinds, key=KINDS.index, default="empty")
    return "float" if kind == "int" and "empty" in kinds else kind


def as_kind(text: pd.Series, kind: str) -> pd.Series:
    """A text column as that kind: int64, float64, or as it is."""
    if kind not in ("int", "float"):
        return text
    numbers = pd.to_numeric(text.str.strip())
    return numbers.astype(np.float64 if kind == "float" else np.int64)


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
