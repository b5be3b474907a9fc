"""How a photo set is split, and what cleaning left out, on a page.

Stage: dashboard. It must not compute: figures come from geocore.data and geocore.analysis.
"""

from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.cleaning_view import show_cleaning
from dashboard.figure_view import download_table
from dashboard.key_figures import small_percent
from dashboard.table_view import show_table_of
from geocore.analysis.photo_description import PhotoDescription

_PARTS = {
    "train": "Training",
    "validation": "Validation",
    "test": "Test",
    "unused": "Not used",
    "none": "None",
}
_number = st.column_config.NumberColumn


def show_split(photos: PhotoDescription, source: Path | None) -> None:
    """Parts, leaks between them, rows that were left out, and the report of a cleaning."""
    st.subheader("Split")
    _show_parts(photos)
    st.subheader("Rows that cannot be used")
    _show_dropped(photos)
    show_cleaning(source)


def _show_parts(photos: PhotoDescription) -> None:
    if photos.parts is None:
        st.info(
            "This set is not split yet: its table has no column “split”. Training splits it by "
            "itself."
        )
        return
    parts = photos.parts.assign(part=photos.parts["part"].map(lambda part: _PARTS.get(part, part)))
    parts = parts.dropna(axis="columns", how="all")
    show_table_of(
        parts,
        hide_index=True,
        height="content",
        column_config={
            "part": "Part",
            "n_photos": _number("Photos", format="localized"),
            "share": _number("Share", format="percent"),
            "n_photographers": _number("Photographers", format="localized"),
            "n_shared": _number("Of them also in another part", format="localized"),
        },
    )
    if photos.share_near_training is not None:
        st.markdown(
            f"**{small_percent(photos.share_near_training)}** of the test photos lie in the same "
            "square kilometre as a training photo. The more do, the "
            "more a model is praised for places it has seen. Splitting by place avoids it."
        )
    download_table("Download this table", photos.parts, f"{photos.name}-split")
    if photos.sets is not None:
        _show_sets(photos.sets)


def _show_sets(sets: pd.DataFrame) -> None:
    show_table_of(
        sets,
        hide_index=True,
        height="content",
        column_config={
            "photo_set": "Joined from",
            **{
                column: _number(_PARTS.get(column, column), format="localized")
                for column in sets.columns[2:]
            },
            "n_photos": _number("Photos", format="localized"),
        },
    )


def _show_dropped(photos: PhotoDescription) -> None:
    if photos.dropped.empty:
        st.markdown("Every row of the table can be used.")
        return
    show_table_of(
        photos.dropped,
        hide_index=True,
        height="content",
        column_config={"reason": "Reason", "n_photos": _number("Rows", format="localized")},
    )
