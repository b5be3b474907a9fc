"""Figures on a page: with words for those who cannot see them, and to save as PNG or SVG.

Stage: dashboard. It must not know what a figure shows.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from geocore.analysis.export import disarmed

FORMATS = ("PNG", "SVG")


def pick_format() -> None:
    """What the camera above each figure saves; nothing is sent anywhere."""
    st.sidebar.segmented_control(
        "Save figures as",
        FORMATS,
        default=FORMATS[0],
        required=True,
        key="figure_format",
        bind="query-params",
        help="The camera above a figure saves it in this format.",
    )


def show_figure(
    figure: Any, *, key: str, alt: str, on_click: Callable[[Any], None] | None = None
) -> None:
    """A plotly figure over the width of its column, its description read out by screen readers.

    Args:
        figure: from geocore.visuals.
        key: unique on the page; the saved file's name.
        alt: what the figure shows, in words.
        on_click: called with the `customdata` of the mark that was clicked, before the rerun.
    """

    def tell() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and on_click:
            on_click(points[0]["customdata"])

    file_format = st.session_state.get("figure_format", FORMATS[0]).lower()
    save = {"format": file_format, "filename": key, "scale": 2}
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        config={"displaylogo": False, "displayModeBar": True, "toImageButtonOptions": save},
        on_select=tell if on_click else "ignore",
        selection_mode="points",
    )
    with st.expander("This figure in words"):
        st.markdown(alt.replace("$", "\\$"))


def download_table(label: str, table: pd.DataFrame | Callable[[], pd.DataFrame], name: str) -> None:
    """A table as a CSV to take along, written when it is asked for, no text in it a formula.

    Args:
        label: of the button.
        table: the table, or what makes it where that takes long.
        name: of the file, without its ending.
    """
    st.download_button(
        label,
        lambda: (table() if callable(table) else table).map(disarmed).to_csv(index=False),
        f"{name}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"csv_{name}",
    )
