"""Importers: which rows of a table in parts repeat an earlier id, in memory of fixed size.

Beside each part lie its ids as hashes of 64 bits, sorted; one narrow band of hashes after the other
is looked at in all parts together. Two different ids have the same hash once in 10^19 pairs: among
100 million rows one is wrongly called a repetition with a chance of 1 in 4,000.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.data.text_hashes import text_hashes

IDS_AT_ONCE = 2_000_000
_ENTRY = np.dtype([("key", "<u8"), ("row", "<u4")])


def save_keys(ids: pd.Series, path: Path) -> None:
    """Write the hashes of a part's ids with their rows, sorted."""
    keys = text_hashes(ids)
    order = np.argsort(keys, kind="stable")
    entries = np.empty(len(keys), _ENTRY)
    entries["key"], entries["row"] = keys[order], order
    with path.open("wb") as file:
        np.save(file, entries)


def repeated_rows(paths: Sequence[Path]) -> list[NDArray[np.int64]]:
    """Rows of each part whose id stands in an earlier row of it or in an earlier part.

    Args:
        paths: What `save_keys` wrote, in the order of the parts.

    Returns:
        Per part, int (n_repeated,), ascending.
    """
    parts = [np.load(path, mmap_mode="r") for path in paths]
    n_bands = 1 + sum(len(part) for part in parts) // IDS_AT_ONCE
    edges = np.linspace(0, 2.0**64, n_bands + 1)[1:-1].astype(np.uint64)
    cuts = [np.r_[0, np.searchsorted(part["key"], edges), len(part)] for part in parts]
    found: list[list[NDArray[np.int64]]] = [[] for _ in parts]
    for band in range(n_bands):
        bands = [
            np.asarray(part[cut[band] : cut[band + 1]])
            for part, cut in zip(parts, cuts, strict=True)
        ]
        for number, rows in _repeated(bands):
            found[number].append(rows)
    return [np.sort(np.concatenate([*rows, np.zeros(0, np.int64)])) for rows in found]


def _repeated(bands: list[NDArray[np.void]]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Of one band, the repeating rows of each part that has such."""
    sizes = [len(band) for band in bands]
    entries = np.concatenate([*bands, np.empty(0, _ENTRY)])
    part = np.repeat(np.arange(len(bands)), sizes)
    order = np.argsort(entries["key"], kind="stable")
    keys = entries["key"][order]
    again = order[1:][keys[1:] == keys[:-1]]
    for number in np.unique(part[again]):
        yield int(number), entries["row"][again[part[again] == number]].astype(np.int64)
