"""Importers: the last step, from finished pieces to the table, the rows left out, the report."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.data.column_types import as_kind, common_kind
from geocore.data.importers.import_report import ImportReport, save_report
from geocore.data.importers.import_state import ImportState
from geocore.data.importers.repeated_ids import repeated_rows
from geocore.data.photo_checks import DUPLICATE, shown
from geocore.data.photo_parquet import photo_table_writer
from geocore.data.whole_files import whole_file
from geocore.errors import PhotoTableError

N_LISTED = 1_000
DROPPED = "dropped.csv"


def write_photo_set(out: Path, state: ImportState, *, images: str) -> ImportReport:
    """Write the table, `dropped.csv` and `import.json`, each whole or not at all.

    Args:
        out: Folder of the photo set.
        state: With all pieces done.
        images: Where the images are, in words.

    Returns:
        The report.

    Raises:
        PhotoTableError: Not a single photo can be used.
        OSError: The disk is full, or gone.
    """
    repeated = repeated_rows(state.key_files())
    report = _report(state, sum(len(rows) for rows in repeated), images)
    dropped = _first_rows(state.dropped())
    if report.n_out:
        with photo_table_writer(out / report.table) as write:
            for kept, rows in zip(state.kept(), repeated, strict=True):
                dropped = _first_rows([dropped, _as_dropped(kept.iloc[rows[:N_LISTED]])])
                write(_typed(_without(kept, rows), state))
    report = _with_examples(report, dropped)
    if not report.n_out:
        state.remove()
        raise PhotoTableError(
            f"No usable photo is left. {report.summary()} Correct the source, or give another one."
        )
    with whole_file(out / DROPPED) as scratch:
        dropped.to_csv(scratch, index=False)
    save_report(report, out)
    return report


def _report(state: ImportState, n_repeated: int, images: str) -> ImportReport:
    reasons: Counter[str] = Counter()
    for note in state.notes:
        reasons.update(note.reasons)
    reasons.update({DUPLICATE: n_repeated} if n_repeated else {})
    return ImportReport(
        source=Path(state.asked["source"]).name,
        format=state.asked["format"],
        table=state.asked["table"],
        n_in=sum(note.n_in for note in state.notes),
        n_out=sum(note.n_kept for note in state.notes) - n_repeated,
        reasons=dict(reasons),
        examples={},
        n_listed=0,
        images=images,
        is_swapped=state.asked["swap"],
        asked=dict(state.asked),
    )


def _with_examples(report: ImportReport, dropped: pd.DataFrame) -> ImportReport:
    first = dropped.drop_duplicates("reason")
    texts = "row " + first["row"].astype(str) + ", " + first["received"].fillna("").map(shown)
    examples = dict(zip(first["reason"], texts, strict=True))
    return ImportReport(**{**vars(report), "examples": examples, "n_listed": len(dropped)})


def _first_rows(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The first `N_LISTED` rows of each reason."""
    rows = pd.DataFrame(columns=["row", "photo_id", "reason", "received"])
    for table in (table for table in tables if len(table)):
        rows = pd.concat([rows, table], ignore_index=True) if len(rows) else table
        rows = rows.sort_values("row", kind="stable").groupby("reason").head(N_LISTED)
    return rows


def _as_dropped(kept: pd.DataFrame) -> pd.DataFrame:
    rows = kept[["row", "photo_id"]]
    return rows.assign(reason=DUPLICATE, received=kept["photo_id"])


def _without(kept: pd.DataFrame, rows: NDArray[np.int64]) -> pd.DataFrame:
    is_kept = np.ones(len(kept), bool)
    is_kept[rows] = False
    return kept[is_kept].drop(columns="row")


def _typed(kept: pd.DataFrame, state: ImportState) -> pd.DataFrame:
    """Further columns as numbers where all pieces have numbers only."""
    filled = [note.kinds for note in state.notes if note.n_kept]
    kinds = {name: common_kind([kinds[name] for kinds in filled]) for name in filled[0]}
    return kept.assign(**{name: as_kind(kept[name], kind) for name, kind in kinds.items()})
