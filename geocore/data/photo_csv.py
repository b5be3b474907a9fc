"""Data stage: a CSV of photos as raw text columns. It judges no value and looks up no file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from geocore.data.csv_chunks import CHUNK_BYTES, CsvLayout, csv_chunks
from geocore.data.photo_checks import shown
from geocore.errors import PhotoTableError

# What a column may be called, in any letter case; the first spelling is the one of MP-16.
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "photo_id": ("img_id", "photo_id", "image_id", "filename", "file", "image", "id"),
    "lat": ("lat", "latitude"),
    "lng": ("lon", "lng", "long", "longitude"),
}
_RESERVED = {"row", "photo_id", "path", "lat", "lng", "overlong"}


def photo_csv_chunks(
    path: Path,
    layout: CsvLayout,
    position: Mapping[str, int],
    *,
    further: bool = True,
    chunk_bytes: int = CHUNK_BYTES,
) -> Iterator[pd.DataFrame]:
    """Read a CSV of photos piece by piece, all of it still text.

    With semicolon or tab between the fields a decimal comma is understood. Blank lines are left
    out, columns without a name too. There is at least one piece, which may have no row.

    Args:
        path: The file.
        layout: How it divides into fields.
        position: Where photo_id, lat and lng stand among them, see `known_columns`. Without
            photo_id, photos are called `row 2`, `row 3` and so on.
        further: Whether further columns are read; if not, blank lines count as rows.
        chunk_bytes: As in `csv_chunks`.

    Yields:
        One row per line: row (int, 1 is the first line), photo_id, lat, lng (text, "" where empty),
        overlong (bool, more fields than the header), then further columns (text, missing where
        empty), with the suffix `_csv` where the name of one is one of ours.

    Raises:
        PhotoTableError: The file cannot be read.
    """
    only = None if further else position.values()
    names = further_names(layout.columns, position, "_csv") if further else {}
    n_pieces = 0
    for raw in csv_chunks(path, layout, only=only, chunk_bytes=chunk_bytes):
        yield _photo_columns(raw, layout, position, names)
        n_pieces += 1
    if not n_pieces:
        empty = pd.DataFrame(columns=range(len(layout.columns)), dtype="str")
        empty = empty.assign(row=pd.Series(dtype=int), overlong=pd.Series(dtype=bool))
        yield _photo_columns(empty, layout, position, names)


def known_columns(
    columns: tuple[str, ...],
    name: str,
    *,
    needs_id: bool,
    spellings: Mapping[str, tuple[str, ...]] = SPELLINGS,
) -> dict[str, int]:
    """At which position of the file each of our columns stands.

    Raises:
        PhotoTableError: A needed column is missing, or a name is there twice.
    """
    lowered = [column.lower() for column in columns]
    twice = sorted(name for name, n in Counter(lowered).items() if name and n > 1)
    if twice:
        raise PhotoTableError(
            f"{name}: every column must have a name of its own, but {in_short(twice).upper()} is "
            "there more than once. Rename or remove one."
        )
    found = {
        ours: next(lowered.index(spelling) for spelling in theirs if spelling in lowered)
        for ours, theirs in spellings.items()
        if not set(theirs).isdisjoint(lowered)
    }
    needed = spellings if needs_id else ("lat", "lng")
    missing = [spellings[ours][0].upper() for ours in needed if ours not in found]
    if missing:
        raise PhotoTableError(
            f"{name}: there is no column {' and no column '.join(missing)}. The first line must "
            f"name the columns IMG_ID,LAT,LON; found: {in_short(columns)}. Rename or add it."
        )
    return found


def in_short(names: Sequence[str]) -> str:
    """Names for a message: the first ones, and of a long one its beginning."""
    first = [shown(name if len(name) <= 40 else f"{name[:40]}…") for name in names[:20]]
    return ", ".join(first) + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")


def further_names(
    columns: tuple[str, ...], position: Mapping[str, int], suffix: str
) -> dict[int, str]:
    """Under which name each further column is kept; those without a name are not.

    A column that has the name of one of ours gets the suffix, so often that no two are called the
    same in any letter case.
    """
    further = {i: x for i, x in enumerate(columns) if x and i not in position.values()}
    taken = {name.lower() for name in further.values()}
    for i, name in further.items():
        if name in _RESERVED:
            while name.lower() in taken:
                name += suffix
            taken.add(name.lower())
            further[i] = name
    return further


def _photo_columns(
    raw: pd.DataFrame, layout: CsvLayout, position: Mapping[str, int], names: Mapping[int, str]
) -> pd.DataFrame:
    """Our columns under their names, theirs under theirs; blank lines left out."""
    fields = list(range(len(layout.columns)))
    if raw.columns.isin(fields).sum() == len(fields):
        raw = raw[~raw[fields].isna().all(axis=1)]
    known = raw[list(position.values())].fillna("").apply(lambda text: text.str.strip())
    known.columns = list(position)
    if layout.separator != ",":
        for column in ("lat", "lng"):
            known[column] = known[column].str.replace(",", ".", regex=False)
    known.insert(0, "row", raw["row"])
    if "photo_id" not in known:
        known.insert(1, "photo_id", "row " + known["row"].astype("str"))
    known["overlong"] = raw["overlong"]
    return pd.concat([known, raw[list(names)].rename(columns=names)], axis=1)
