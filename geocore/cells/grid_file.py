"""cells.csv -> grid, every column checked (stage: cells). Knows nothing of how it came to be.

Columns: token, level, parent (empty for roots), class_index (empty for inner cells), n_photos, lat,
lng, place.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from geocore.cells import s2
from geocore.cells.grid import CSV_COLUMNS, UNASSIGNED, CellGrid, parent_tokens
from geocore.errors import GridError

_ADVICE = "Correct the file, or write it anew with scripts/build_grid.py."


def load_grid(path: str | Path) -> CellGrid:
    """Read and check a grid written by `CellGrid.save_csv`.

    Further columns are ignored; rows may come in any order. Row numbers in messages count the
    header as row 1.

    Raises:
        GridError: If the file is missing or is no such table, with the column and the row at fault.
    """
    path = Path(path)
    table = _read(path)
    cells = pd.DataFrame({"cell_id": _cell_ids(path, table["token"]), "token": table["token"]})
    cells["level"] = _numbers(path, table, "level", whole=True)
    _refuse(
        path,
        table["level"],
        cells["level"] != s2.level_of(cells["cell_id"]),
        "the level of its token",
    )
    cells["parent"] = table["parent"]
    _check_parents(path, cells)
    is_inner = cells["token"].isin(set(cells["parent"]))
    cells["class_index"] = _class_index(path, table, cells["cell_id"], is_inner)
    cells["n_photos"] = _numbers(path, table, "n_photos", whole=True)
    _refuse(path, table["n_photos"], cells["n_photos"] < 0, "0 or more")
    for column, limit in (("lat", 90), ("lng", 180)):
        cells[column] = _numbers(path, table, column)
        _refuse(path, table[column], cells[column].abs() > limit, f"in [-{limit}, {limit}] degrees")
    cells["place"] = table["place"]
    return CellGrid(cells.sort_values(["level", "cell_id"], ignore_index=True))


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise GridError(
            f"{path}: there is no such file; a grid of cells is expected here."
        ) from error
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise GridError(f"{path}: not a readable CSV table ({error}). {_ADVICE}") from error
    missing = [column for column in CSV_COLUMNS if column not in table]
    if missing:
        raise GridError(
            f"{path.name}: column {missing[0]!r} is missing; a grid has the columns "
            f"{', '.join(CSV_COLUMNS)}, received {', '.join(table.columns)}. {_ADVICE}"
        )
    if table.empty:
        raise GridError(f"{path.name}: a grid needs at least one cell, received none. {_ADVICE}")
    return table


def _cell_ids(path: Path, tokens: pd.Series) -> s2.IdArray:
    ids = s2.parse_tokens(tokens)
    _refuse(path, tokens, ~s2.is_valid(ids), "the token of an S2 cell, such as '47c1'")
    _refuse(path, tokens, tokens.duplicated(), "in the table once only")
    return ids


def _check_parents(path: Path, cells: pd.DataFrame) -> None:
    ids = cells["cell_id"].to_numpy()
    expected = pd.Series(parent_tokens(ids, int(cells["level"].min())))
    wrong = cells["parent"] != expected
    _refuse(
        path, cells["parent"], wrong, "the token of the cell one level above, empty for roots only"
    )
    is_orphan = ~cells["parent"].isin({"", *cells["token"]})
    _refuse(path, cells["parent"], is_orphan, "a cell of this table")


def _class_index(path: Path, table: pd.DataFrame, ids: pd.Series, is_inner: pd.Series) -> pd.Series:
    """Class indices: 0, 1, 2, ... along the Hilbert curve on the leaves, empty elsewhere."""
    received = table["class_index"]
    _refuse(path, received, is_inner & (received != ""), "empty for a cell that has children")
    _refuse(path, received, ~is_inner & (received == ""), "given for a cell without children")
    class_index = pd.Series(UNASSIGNED, index=table.index, dtype=np.int64)
    class_index[~is_inner] = _numbers(path, table[~is_inner], "class_index", whole=True)
    in_order = ids[~is_inner].rank().astype(np.int64) - 1
    wrong = (class_index != in_order.reindex(table.index, fill_value=UNASSIGNED)).to_numpy()
    _refuse(path, received, wrong, "0, 1, 2, ... in the order of the cells' ids")
    return class_index


def _numbers(path: Path, table: pd.DataFrame, column: str, *, whole: bool = False) -> pd.Series:
    values = pd.to_numeric(table[column], errors="coerce").astype(np.float64)
    is_bad = ~np.isfinite(values) | (whole & (values % 1 != 0))
    _refuse(path, table[column], is_bad, "a whole number" if whole else "a number")
    return values.astype(np.int64) if whole else values


def _refuse(path: Path, received: pd.Series, is_bad: ArrayLike, must: str) -> None:
    bad = received[np.asarray(is_bad)]
    if len(bad):
        raise GridError(
            f"{path.name}: column {received.name!r} must be {must}; {len(bad)} of {len(received)} "
            f"rows are not, first row {bad.index[0] + 2} ({bad.iloc[0]!r}). {_ADVICE}"
        )
