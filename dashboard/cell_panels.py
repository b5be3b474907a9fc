"""Cells on a page: the coloured map, one cell's details, a grid's settings and key figures.

Stage: dashboard. It must not compute: colours come from visuals, tables from analysis.
"""

from collections.abc import Callable, Collection
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.common import keep, plain
from dashboard.key_figures import facts_html, million_km2, small_percent
from dashboard.offline_map import is_dark, show_map
from dashboard.table_view import show_table_of
from geocore.analysis.cell_details import cell_table, neighbouring_leaves
from geocore.analysis.export import disarmed
from geocore.analysis.grid_summary import GridSummary
from geocore.inference.bundle import Bundle
from geocore.visuals.colours import colour_scale, legend_html
from geocore.visuals.maps import MAX_CELLS, cell_map

COLOURINGS = {"photos": "Photos", "level": "Level", "recall": "Recognised"}
MAX_CENTROIDS = 500


@keep("Measuring the cells …", max_entries=8)
def cells_of(bundle: Bundle) -> pd.DataFrame:
    """`cell_table` of a bundle, with the recall of each of its heads."""
    heads = {
        head: (bundle.predictions(head)["class_index"].to_numpy(), bundle.probs(head))
        for head in bundle.heads
    }
    return cell_table(bundle.grid.leaves, heads)


def show_cells(
    cells: pd.DataFrame,
    kind: str,
    *,
    key: str,
    head: str = "",
    selected: Collection[str] = (),
    height: int = 480,
    on_click: Callable[[str], None] | None = None,
) -> None:
    """Legend and map of cells coloured by photos, level, or the recall of a head."""
    if len(cells) > MAX_CELLS:
        st.caption(f"Of {len(cells):,} cells, the {MAX_CELLS:,} largest are drawn.")
        cells = cells.nsmallest(MAX_CELLS, "level")
    column = {"photos": "n_photos", "level": "level", "recall": f"recall {head}"}[kind]
    scale = colour_scale(cells[column], kind, dark=is_dark())
    st.html(legend_html(scale.title, scale.entries))
    show_map(cell_map(cells, scale, selected=selected), key=key, height=height, on_click=on_click)


def show_cell(
    cells: pd.DataFrame,
    token: str | None,
    heads: Collection[str],
    choose: Callable[[str | None], None],
) -> None:
    """Details of the chosen cell, and its neighbours to go on to.

    Args:
        cells: from `cells_of`.
        token: the chosen cell; any other text shows how to choose one.
        heads: the bundle's.
        choose: called with the token of a neighbour that was clicked.
    """
    chosen = cells[cells["token"] == token]
    if chosen.empty:
        st.info("Click a cell on the map, or tick a row of the table, to see its details.")
        return
    cell = chosen.iloc[0]
    st.subheader(cell_name(cell))
    st.html(facts_html(_facts(cell, heads)))
    st.caption(
        "Recognised: of the photos from here that the model had never seen, those it put here."
        if cell["n_held_out"]
        else "None of the photos kept for testing lies here, so nothing is known about recognition."
    )
    near = cells.iloc[neighbouring_leaves(cells, int(cell["class_index"]))]
    names = {row["token"]: cell_name(row).split(",")[0] for _, row in near.iterrows()}
    key = f"neighbours_{token}"
    st.pills(
        "Neighbours" if names else "This cell has no neighbour among the cells.",
        list(names),
        format_func=names.get,
        key=key,
        on_change=lambda: choose(st.session_state[key]),
        wrap=True,
    )


def cell_name(cell: pd.Series) -> str:
    """A cell's place as Markdown, its token where it has none."""
    return plain(cell["place"] or f"Cell {cell['token']}")


def _facts(cell: pd.Series, heads: Collection[str]) -> dict[str, str]:
    n_held_out = cell["n_held_out"]
    recalls = {
        f"Recognised by {head}": f"{round(cell[f'recall {head}'] * n_held_out)} of {n_held_out}"
        for head in heads
        if n_held_out
    }
    return {
        "Photos (share)": f"{cell['n_photos']:,} ({small_percent(cell['share'])})",
        "Area": million_km2(cell["area_km2"]),
        "Level": str(cell["level"]),
        "Class": str(cell["class_index"]),
        **(recalls or {"Recognised": "not known"}),
    }


def show_cell_table(
    cells: pd.DataFrame, name: str, token: str | None, choose: Callable[[str | None], None]
) -> None:
    """All cells, sortable, as a CSV to take along; a ticked row is the chosen cell.

    Args:
        cells: from `cells_of`.
        name: of the bundle, for the file's name.
        token: the chosen cell.
        choose: called with the token of the row that was ticked, None when unticked.
    """
    chosen = [int(row) for row in (cells["token"] == token).to_numpy().nonzero()[0]]
    key = f"cell_table_{token}"

    def tell() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        choose(cells["token"].iloc[rows[0]] if rows else None)

    table = cells.drop(columns="cell_id")
    show_table_of(
        table.assign(area_km2=table["area_km2"].round()),
        hide_index=True,
        height=320,
        key=key,
        on_select=tell,
        selection_mode="single-row",
        selection_default={"selection": {"rows": chosen}},
        column_config=_table_columns(cells),
    )
    st.download_button(
        "Download the table",
        table.map(disarmed).to_csv(index=False),
        f"{name}-cells.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def show_settings(bundle: Bundle) -> None:
    """The problem the bundle solves: how many classes, made from what, with which settings."""
    settings = bundle.config.get("grid") or bundle.config.get("cells") or {}
    leaves = bundle.grid.leaves
    facts = {
        "Classes": f"{len(leaves):,}",
        "Photos in them": f"{leaves['n_photos'].sum():,}",
        "Levels": f"{leaves['level'].min()}–{leaves['level'].max()}",
        "Photos per cell": f"{settings.get('t_min', '–')} to {settings.get('t_max', '–')}",
    }
    helps = {
        "Photos per cell": "t_min to t_max: a cell with more photos is divided, one with fewer is "
        "dropped. Held-out photos are not counted."
    }
    for column, (label, value) in zip(st.columns(len(facts)), facts.items(), strict=True):
        column.metric(label, value, help=helps.get(label))


def show_summary(summary: GridSummary) -> None:
    """Key figures of a what-if grid."""
    facts = {
        "Classes": f"{summary.n_leaves:,}",
        "Photos kept": small_percent(summary.share_kept),
        "Sphere covered": small_percent(summary.share_of_sphere),
        "Balance": f"{summary.balance:.2f}",
        "Median cell area": million_km2(summary.median_area_km2),
    }
    for column, (label, value) in zip(st.columns([2, 2, 2, 2, 3]), facts.items(), strict=True):
        column.metric(label, value, border=True)


def _table_columns(cells: pd.DataFrame) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    columns = {
        "class_index": number("Class", width="small"),
        "place": st.column_config.TextColumn("Place", width=260),
        "n_photos": number("Photos", format="localized"),
        "share": number("Share", format="percent"),
        "level": number("Level"),
        "area_km2": number("Area, km²", format="localized"),
        "n_held_out": number("Unseen"),
        "lat": number("Centroid latitude", format="%.3f"),
        "lng": number("Centroid longitude", format="%.3f"),
        "token": "Cell",
    }
    recalls = [name for name in cells if name.startswith("recall ")]
    return columns | {
        name: number(f"Recognised by {name.removeprefix('recall ')}", format="percent")
        for name in recalls
    }
