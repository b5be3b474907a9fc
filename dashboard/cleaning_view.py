"""What cleaning left out of a photo set, on a page: reasons, leaks, examples.

Stage: dashboard. It must not clean: it reads the report that cleaning wrote.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.common import keep, plain
from dashboard.figure_view import download_table
from dashboard.table_view import show_table_of
from geocore.data.cleaning.report import PAGE, SUMMARY, load_report
from geocore.data.images import thumbnail
from geocore.errors import ImageError

_ALL = "every reason"
_MOST_PICTURES = 4
_number = st.column_config.NumberColumn


@dataclass(frozen=True)
class Cleaned:
    """What a page shows of a `CleaningReport`."""

    n_in: int
    counts: pd.Series
    dropped: pd.DataFrame
    leaks: pd.DataFrame
    n_shared: int


def show_cleaning(source: Path | None) -> None:
    """The report of a cleaned set, or a sentence where the set was not cleaned."""
    st.subheader("Cleaning")
    folder = source if source is None or source.is_dir() else source.parent
    if folder is None or not (folder / SUMMARY).is_file():
        st.info("This set has no cleaning report: it was not cleaned, or the report was left out.")
        return
    cleaned = _load(str(folder), (folder / SUMMARY).stat().st_mtime_ns)
    n_out = len(cleaned.dropped)
    st.markdown(
        f"Of **{cleaned.n_in:,} photos** {cleaned.n_in - n_out:,} were kept and **{n_out:,} left "
        "out**, each for the first reason that applied."
    )
    _show_reasons(cleaned)
    _show_leaks(cleaned)
    _show_dropped(cleaned, folder.name)
    page = folder / PAGE
    if page.is_file():
        st.download_button(
            "Download the report as a page", page.read_bytes, f"{folder.name}-cleaning.html",
            "text/html", icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def _show_reasons(cleaned: Cleaned) -> None:
    counts = cleaned.counts.rename_axis("reason").reset_index(name="n_photos")
    show_table_of(
        counts.assign(share=counts["n_photos"] / max(cleaned.n_in, 1)),
        hide_index=True,
        height="content",
        column_config={
            "reason": "Left out because",
            "n_photos": _number("Photos", format="localized"),
            "share": _number("Share", format="percent"),
        },
    )


def _show_leaks(cleaned: Cleaned) -> None:
    if len(cleaned.leaks):
        st.warning(
            f"{len(cleaned.leaks):,} of the photos left out were copies of photos in another part "
            "or set. Kept, they would have let a model be tested on what it had been shown.",
            icon=":material/content_copy:",
        )
    if cleaned.n_shared:
        st.caption(
            f"{cleaned.n_shared:,} positions are shared, to the last digit, by many of the photos "
            "kept: they may stand for a town or a country rather than for where photos were taken."
        )


def _show_dropped(cleaned: Cleaned, name: str) -> None:
    if cleaned.dropped.empty:
        return
    reason = st.selectbox("Photos left out for", [_ALL, *cleaned.counts.index], key="left_out_for")
    rows = cleaned.dropped
    rows = rows if reason == _ALL else rows[rows["reason"] == reason]
    _show_pictures(rows)
    show_table_of(
        rows.drop(columns="path"),
        hide_index=True,
        height=min(320, 40 + 36 * len(rows)),
        column_config={
            "photo_id": "Photo",
            "reason": "Left out because",
            "detail": "More exactly",
            "kept_photo_id": "Kept instead",
            "apart_km": _number("Kilometres apart", format="%.1f"),
        },
    )
    download_table("Download the photos left out", cleaned.dropped, f"{name}-left-out")


def _show_pictures(rows: pd.DataFrame) -> None:
    """The first of them that can still be opened."""
    pictures = []
    for row in rows.head(3 * _MOST_PICTURES).itertuples():
        try:
            pictures.append((thumbnail(row.path, 240), row))
        except ImageError:
            continue  # that it cannot be read is why it was left out
        if len(pictures) == _MOST_PICTURES:
            break
    for column, (picture, row) in zip(st.columns(_MOST_PICTURES), pictures, strict=False):
        column.image(picture, width=160)
        column.caption(f"{plain(Path(row.photo_id).name)}: {plain(row.reason)}")


@keep("Reading the cleaning report …", max_entries=4)
def _load(folder: str, stamp: int) -> Cleaned:
    report = load_report(folder)
    return Cleaned(report.n_in, report.counts(), report.dropped, report.leaks, len(report.shared))
