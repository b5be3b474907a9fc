"""Importers: the form in which every source gives its rows.

A piece is a table with row (int, from 1 or from the first line after a header), photo_id, lat, lng
(text or numbers as received), overlong (bool), then further columns as text; where it has them,
also reason (str, why the row cannot be used, or "") and image (bytes of the encoded photo).
"""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

# Where to go on: the same source read from there gives the pieces that follow.
Position = list[int]
Pieces = Iterator[tuple[pd.DataFrame, Position]]
Reader = Callable[[Position], Pieces]

KNOWN = ("row", "photo_id", "lat", "lng", "overlong", "reason", "image")


def counted(pieces: Iterator[pd.DataFrame], start: Position) -> Pieces:
    """Pieces that can only be found again by reading from the beginning: position is a count."""
    n_done = start[0] if start else 0
    for number, piece in enumerate(pieces):
        if number >= n_done:
            yield piece, [number + 1]


def piece_of(
    records: list[dict[str, Any]], first_row: int, further: tuple[str, ...]
) -> pd.DataFrame:
    """A piece from records with photo_id, lat, lng as text; missing further ones are empty."""
    columns = ["photo_id", "lat", "lng", *further]
    table = pd.DataFrame(records, columns=columns).astype("str")
    table[["photo_id", "lat", "lng"]] = table[["photo_id", "lat", "lng"]].fillna("")
    table.insert(0, "row", range(first_row, first_row + len(records)))
    table["overlong"] = False
    return table
