"""Cells on a page: the coloured map, one cell's details, a grid's settings and key figures.

Stage: dashboard. It must not compute: colours come from visuals, tables from analysis.
"""

from collections.abc import Callable, Collection
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.common import keep, plain
from dashboard.key_figures import percent
from dashboard.offline_map import is_dark, show_map
from geocore.analysis.cell_details import cell_table, neighbouring_leaves
from geocore.analysis.grid_summary import GridSummary
from geocore.inference.bundle import Bundle
from geocore.visuals.colours import colour_scale, legend_html
from geocore.visuals.maps import MAX_CELLS, cell_map

COLOURINGS = {"photos": "Photos", "level": "Level", "recall": "Recognised"}


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
        st.caption(f"Of {len(cells):,} cells, the {MAX_CELLS:,} with most photos are drawn.")
        cells = cells.nlargest(MAX_CELLS, "n_photos")
    column = {"photos": "n_photos", "level": "level", "recall": f"recall {head}"}[kind]
    scale = colour_scale(cells[column], kind, dark=is_dark())
    st.html(legend_html(scale.title, scale.entries))
    show_map(cell_map(cells, scale, selected=selected), key=key, height=height, on_click=on_click)


def show_cell(cells: pd.DataFrame, token: str | None, heads: Collection[str]) -> None:
    """Details of one cell; what to do where none is chosen."""
    chosen = cells[cells["token"] == token]
    if chosen.empty:
        st.info("Click a cell on the map, or tick a row of the table, to see its details.")
        return
    cell = chosen.iloc[0]
    st.subheader(plain(cell["place"] or f"Cell {cell['token']}"))
    facts = st.columns(2)
    facts[0].metric("Photos", f"{cell['n_photos']:,}", border=True)
    facts[1].metric("Share of all photos in cells", _share(cell["share"]), border=True)
    facts[0].metric("Area", area(cell["area_km2"]), border=True)
    facts[1].metric("Class · level", f"{cell['class_index']} · {cell['level']}", border=True)
    _show_recall(cell, heads)
    _show_neighbours(cells, int(cell["class_index"]))


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

    st.dataframe(
        cells.drop(columns="cell_id"),
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
        cells.drop(columns="cell_id").to_csv(index=False),
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
    for column, (label, value) in zip(st.columns(len(facts)), facts.items(), strict=True):
        column.metric(label, value)


def show_summary(summary: GridSummary) -> None:
    """Key figures of a what-if grid."""
    facts = {
        "Classes": f"{summary.n_leaves:,}",
        "Photos kept": _share(summary.share_kept),
        "Sphere covered": _share(summary.share_of_sphere),
        "Balance (1 = even)": f"{summary.balance:.2f}",
        "Median cell area": area(summary.median_area_km2),
    }
    for column, (label, value) in zip(st.columns([2, 2, 2, 2, 3]), facts.items(), strict=True):
        column.metric(label, value, border=True)


def area(km2: float) -> str:
    """An area as "4,920 km²" or "21.3 million km²"."""
    return f"{km2:,.0f} km²" if km2 < 1e6 else f"{km2 / 1e6:.1f} million km²"


def _show_recall(cell: pd.Series, heads: Collection[str]) -> None:
    if not cell["n_held_out"]:
        st.caption("None of the held-out photos lies in this cell, so its recognition is unknown.")
        return
    st.markdown(f"**Recognised, of {cell['n_held_out']} held-out photos from this cell**")
    recall = pd.DataFrame({"Head": list(heads), "Recognised": [cell[f"recall {h}"] for h in heads]})
    bar = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    st.dataframe(recall, hide_index=True, column_config={"Recognised": bar})


def _show_neighbours(cells: pd.DataFrame, class_index: int) -> None:
    near = cells.iloc[neighbouring_leaves(cells, class_index)]
    names = [
        f"{plain(place or token)}"
        for place, token in zip(near["place"], near["token"], strict=True)
    ]
    st.markdown("**Neighbours** " + (" · ".join(names) or "none"))


def _share(value: Any) -> str:
    return percent(value) if value >= 0.1 or value == 0 else f"{100 * value:.1f} %"


def _table_columns(cells: pd.DataFrame) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    columns = {
        "class_index": number("Class", width="small"),
        "place": st.column_config.TextColumn("Place", width="medium"),
        "n_photos": number("Photos", format="localized"),
        "share": number("Share of photos", format="percent"),
        "level": number("Level"),
        "area_km2": number("Area in km²", format="%.0f"),
        "n_held_out": number("Held-out photos"),
        "lat": number("Centroid latitude", format="%.3f"),
        "lng": number("Centroid longitude", format="%.3f"),
        "token": "Cell",
    }
    recalls = [name for name in cells if name.startswith("recall ")]
    return columns | {
        name: number(f"Recognised by {name.removeprefix('recall ')}", format="percent")
        for name in recalls
    }
