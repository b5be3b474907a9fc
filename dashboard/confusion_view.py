"""Which cells are taken for which, on a page: the matrix, the chosen entry, cells named too often.

Stage: dashboard. It must not compute: counts come from evaluation.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.calibration_view import answers_of
from dashboard.cell_words import countries_at
from dashboard.common import View, keep, plain
from dashboard.figure_view import download_table, show_figure
from dashboard.measured import level_counts
from dashboard.offline_map import is_dark
from dashboard.table_view import show_table_of
from geocore.analysis.cell_countries import countries_in_words
from geocore.evaluation.confusion import (
    balance_sentence,
    clustered_order,
    groups_at_level,
    largest_cells,
    pair_balance,
    pair_counts,
    pair_means,
    row_shares,
)
from geocore.inference.bundle import Bundle
from geocore.visuals.confusion_figures import describe_confusion, plot_confusion

MAX_CELLS = 100
"""A larger matrix can neither be read nor drawn in time: the smaller cells become one row."""
MAX_BLOCKS = 12
OTHERS = "all other cells"
N_NAMED = 4
_DISTANCE = r" \([^()]*km\)$"
ORDERS = {"neighbours": "Neighbours side by side", "branches": "By branch, largest first"}
VALUES = {"photos": "Photos", "shares": "Shares of each row", "km": "Mean error in km"}
COLUMNS = {
    "cell": st.column_config.TextColumn("Cell", width="large"),
    "predicted": st.column_config.NumberColumn("Answered with it", width="small"),
    "taken_there": st.column_config.NumberColumn("Taken there", width="small"),
    "excess": st.column_config.NumberColumn("Too many", width="small"),
    "right": st.column_config.NumberColumn("Rightly", width="small"),
}


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Truth and answer of each photo inside a cell, at one level.

    Attributes:
        photos: rows of `held_out_answers`, those inside a cell.
        truth: int (n_photos,), position of the true cell.
        answer: int (n_photos,), position of the predicted cell.
        cells: one row per cell of the level in Hilbert order: cell_id, token, place, name, ...
    """

    photos: pd.DataFrame
    truth: np.ndarray
    answer: np.ndarray
    cells: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The matrix as drawn.

    Attributes:
        names: of its rows, the last one `OTHERS` where cells were left out.
        counts: int (n, n), photos.
        error_km: float (n, n), mean error; NaN without photos.
        blocks: positions before which another branch begins.
        n_left_out: cells that are part of `OTHERS`.
        balance: all cells, the most over-predicted first.
    """

    names: list[str]
    counts: np.ndarray
    error_km: np.ndarray
    blocks: list[int]
    n_left_out: int
    balance: pd.DataFrame


def pairs_at(bundle: Bundle, head: str, photo_set: str, depth: int) -> Pairs:
    """Truth and answer of the photos of a set at one level of the hierarchy."""
    groups = groups_at_level(bundle.hierarchy.ancestors, bundle.hierarchy.cell_ids, depth)
    answers = answers_of(bundle, head, photo_set)
    photos = answers[answers["class_index"] >= 0].reset_index(drop=True)
    cells = bundle.grid.cells.set_index("cell_id").loc[groups.cell_ids].reset_index()
    return Pairs(
        photos=photos,
        truth=groups.group[photos["class_index"].to_numpy()],
        answer=photos[f"cell_{depth}"].to_numpy(np.int64),
        cells=cells.assign(name=_names(bundle, cells, bundle.hierarchy.levels[depth])),
    )


def _names(bundle: Bundle, cells: pd.DataFrame, level: int) -> list[str]:
    """A number and a place per cell, after its photos where its middle lies somewhere else."""
    names = []
    for number, (cell, countries) in enumerate(
        zip(cells.itertuples(), countries_at(bundle, level), strict=True)
    ):
        place = re.sub(_DISTANCE, "", cell.place)
        if countries and not place.endswith(countries[0][0]):
            place = countries_in_words(countries)
        names.append(f"{number} · {place or f'cell {cell.token}'}")
    return names


@keep("Counting which cells are mixed up …")
def matrix_at(bundle: Bundle, head: str, photo_set: str, depth: int, order: str) -> Matrix:
    """The confusion matrix at one level, at most `MAX_CELLS` cells of it for themselves."""
    pairs = pairs_at(bundle, head, photo_set, depth)
    truth, answer, n_cells = pairs.truth, pairs.answer, len(pairs.cells)
    kept = largest_cells(truth, answer, n_cells, MAX_CELLS)
    blocks: list[int] = []
    if order == "branches":
        kept, blocks = _by_branch(bundle, depth, kept, np.bincount(truth, minlength=n_cells))
    slot = np.full(n_cells, len(kept))
    slot[kept] = np.arange(len(kept))
    names = [pairs.cells["name"].iloc[i] for i in kept] + [OTHERS] * (len(kept) < n_cells)
    truth, answer = slot[truth], slot[answer]
    return Matrix(
        names=names,
        counts=pair_counts(truth, answer, len(names)),
        error_km=pair_means(truth, answer, pairs.photos["error_km"].to_numpy(), len(names)),
        blocks=blocks,
        n_left_out=n_cells - len(kept),
        balance=pair_balance(pairs.truth, pairs.answer, pairs.cells["name"].tolist()),
    )


def _by_branch(
    bundle: Bundle, depth: int, kept: np.ndarray, n_photos: np.ndarray
) -> tuple[np.ndarray, list[int]]:
    """Cells ordered by branch, and where a new branch of the finest level with few ones begins."""
    tree = bundle.hierarchy
    by_depth = [groups_at_level(tree.ancestors, tree.cell_ids, d).group for d in range(depth + 1)]
    a_leaf = np.unique(by_depth[depth], return_index=True)[1][kept]
    branches = np.stack([group[a_leaf] for group in by_depth], axis=1)
    order = clustered_order(branches, n_photos[kept])
    few = [d for d in range(depth) if len(np.unique(branches[:, d])) <= MAX_BLOCKS]
    if not few:
        return kept[order], []
    return kept[order], (np.flatnonzero(np.diff(branches[order, few[-1]])) + 1).tolist()


def pick_level(bundle: Bundle) -> int:
    """The level at which to look at the cells, the finest that can be drawn whole first."""
    counts, levels = level_counts(bundle), bundle.hierarchy.levels
    if len(levels) == 1:
        return 0
    whole = [depth for depth, n_cells in enumerate(counts) if n_cells <= MAX_CELLS] or [0]
    return st.select_slider(
        "Level, from large to small cells",
        list(range(len(levels))),
        value=whole[-1],
        key="depth",
        format_func=lambda depth: f"level {levels[depth]}: {counts[depth]:,} cells",
        bind="query-params",
    )


def show_matrix(view: View, photo_set: str) -> int:
    """The matrix with its settings; a click chooses an entry.

    Returns:
        The level it is shown at, as an index.
    """
    left, middle, right = st.columns(3, gap="large")
    with left:
        depth = pick_level(view.bundle)
    values = _pick(middle, "What an entry shows", VALUES, "values")
    order = _pick(right, "Order of the cells", ORDERS, "order")
    matrix = matrix_at(view.bundle, view.head, photo_set, depth, order)
    st.markdown(plain(balance_sentence(matrix.balance, N_NAMED)))
    shown = {"photos": matrix.counts, "shares": row_shares(matrix.counts), "km": matrix.error_km}
    figure = plot_confusion(
        shown[values],
        matrix.names,
        counts=matrix.counts,
        reading=values,
        blocks=matrix.blocks,
        chosen=_chosen(matrix.names),
        dark=is_dark(),
    )

    def choose(entry: list[int]) -> None:
        st.session_state["taken"] = matrix.names[int(entry[0])]
        st.session_state["answered"] = matrix.names[int(entry[1])]

    alt = describe_confusion(matrix.counts, matrix.names)
    show_figure(figure, key="confusion", alt=alt, on_click=choose)
    st.caption(_legend(matrix, order))
    name = f"{view.bundle.name}-{view.head}-{photo_set}-level-{view.bundle.hierarchy.levels[depth]}"
    download_table("Matrix as CSV", _long_table(matrix), f"{name}-confusion")
    return depth


def show_balance(view: View, photo_set: str, depth: int) -> None:
    """The cells by how much too often they are the answer."""
    st.subheader("Cells given as the answer too often, or too rarely")
    order = st.session_state.get("order", "neighbours")
    balance = matrix_at(view.bundle, view.head, photo_set, depth, order).balance
    show_table_of(balance, hide_index=True, column_config=COLUMNS, height=320)
    download_table("Cells as CSV", balance, f"{view.bundle.name}-{view.head}-{photo_set}-cells")


def pick_entry(names: list[str]) -> tuple[str, str] | None:
    """The chosen entry of the matrix, by its names; None until both are chosen."""
    picked = []
    for column, key, label in zip(
        st.columns(2, gap="large"),
        ("taken", "answered"),
        ("Cell where the photos were taken", "Cell they were answered with"),
        strict=True,
    ):
        if key in st.session_state and st.session_state[key] not in names:
            st.session_state[key] = None
        picked.append(
            column.selectbox(
                label, names, index=None, placeholder="Any entry of the matrix", key=key,
                bind="query-params",
            )
        )  # fmt: skip
    return (picked[0], picked[1]) if all(picked) else None


def _pick(column: "st.delta_generator.DeltaGenerator", label: str, kinds: dict, key: str) -> str:
    return column.selectbox(label, list(kinds), format_func=kinds.get, key=key, bind="query-params")


def _chosen(names: list[str]) -> tuple[int, int] | None:
    entry = [st.session_state.get(key) for key in ("taken", "answered")]
    return tuple(map(names.index, entry)) if all(name in names for name in entry) else None


def _legend(matrix: Matrix, order: str) -> str:
    words = "A row is where photos were taken, a column what they were answered with. "
    if order == "neighbours":
        words += "Neighbouring cells stand side by side: marks near the diagonal are mistakes "
        words += "between neighbours."
    else:
        words += "Cells of one branch of the hierarchy stand together, lines part the branches."
    if matrix.n_left_out:
        words += f" {matrix.n_left_out:,} cells with few photos are summed up as “{OTHERS}”."
    return f"{words} Click an entry to see its photos."


def _long_table(matrix: Matrix) -> pd.DataFrame:
    rows, columns = np.nonzero(matrix.counts)
    return pd.DataFrame(
        {
            "taken_in": [matrix.names[row] for row in rows],
            "answered_with": [matrix.names[column] for column in columns],
            "photos": matrix.counts[rows, columns],
            "share_of_row": row_shares(matrix.counts)[rows, columns],
            "mean_error_km": matrix.error_km[rows, columns],
        }
    )
