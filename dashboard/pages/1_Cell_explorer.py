"""Cell explorer: the cells of a bundle one by one, and what other settings would make of them."""

import streamlit as st

from dashboard import what_if
from dashboard.cell_panels import (
    COLOURINGS,
    cells_of,
    show_cell,
    show_cell_table,
    show_cells,
    show_summary,
)
from dashboard.common import View, fragment, page
from geocore.analysis.grid_summary import summarise_grid
from geocore.cells import generate_cells


def choose_cell(token: str | None) -> None:
    """Make one cell this reader's chosen one."""
    st.session_state["cell"] = token


@fragment
def show_explorer(view: View) -> None:
    """Map, details and table around one chosen cell."""
    cells = cells_of(view.bundle)
    token = st.session_state.get("cell")
    left, right = st.columns([5, 3], gap="medium")
    with left:
        kind = st.segmented_control(
            "Colour the cells by",
            list(COLOURINGS),
            format_func=COLOURINGS.get,
            default="photos",
            required=True,
            key="colour_by",
        )
        show_cells(
            cells,
            kind,
            key="cell_map",
            head=view.head,
            selected=[token],
            height=470,
            on_click=choose_cell,
        )
    with right:
        show_cell(cells, token, view.bundle.heads, choose_cell)
    show_cell_table(cells, view.bundle.name, token, choose_cell)


@fragment
def show_what_if(view: View) -> None:
    """Divide the world anew with other settings, and see what comes out."""
    st.subheader("What if the cells were made differently?")
    choice = what_if.choose(view.bundle)
    grid = generate_cells(choice.lat, choice.lng, **choice.settings)
    show_summary(summarise_grid(grid, len(choice.lat)))
    show_cells(grid.leaves, "photos", key="what_if_map")


with page("Cell explorer", ":material/grid_view:") as view:
    st.markdown(
        "The model answers with one of these cells. Where many photos are known, cells are small."
    )
    show_explorer(view)
    show_what_if(view)
