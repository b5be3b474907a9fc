"""All heads and baselines of a bundle at a glance, and the thesis's own comparison.

Stage: dashboard. It must not compute: figures come from the bundle's report.
"""

import pandas as pd
import streamlit as st

from dashboard.common import View, fragment, plain
from dashboard.comparison_view import pair_of
from dashboard.figure_view import download_table, show_figure
from dashboard.measured import set_name
from dashboard.offline_map import is_dark
from dashboard.table_view import show_table_of
from geocore.evaluation.baselines import BASELINES
from geocore.evaluation.measures import MEASURES, chance_level, is_paired
from geocore.evaluation.report import (
    ALL_PHOTOS,
    head_table,
    photo_sets,
    ranked,
    rivals,
    tidy_figures,
    verdict,
)
from geocore.evaluation.thesis import THESIS_TABLE_6_8
from geocore.inference.bundle import Bundle
from geocore.visuals.figures import describe_heads, plot_heads

THESIS_COLUMNS = {
    "head": "Head",
    "loss": "Loss",
    "top_1": st.column_config.NumberColumn(MEASURES["top_1"].name, format="percent"),
    "ior": MEASURES["ior"].name,
    "seconds_per_epoch": st.column_config.NumberColumn("Seconds per epoch", format="localized"),
}


@fragment
def show_heads(view: View) -> None:
    """One measure: who is ahead, and all heads and baselines with their intervals."""
    st.subheader("All heads and baselines")
    report = view.bundle.report
    photo_set = st.session_state.get("photo_set")
    photo_set = photo_set if photo_set in photo_sets(report) else ALL_PHOTOS
    measure = st.selectbox(
        "Measure",
        list(MEASURES),
        format_func=lambda name: MEASURES[name].name,
        key="measure",
        bind="query-params",
    )
    figures = tidy_figures(report)
    st.markdown(plain(_verdict(view.bundle, figures, measure, photo_set)))
    shown = figures[figures["measure"] == measure].dropna(subset="value")
    if not shown.empty:
        shown = shown.assign(photo_set=shown["photo_set"].map(set_name))
        about = MEASURES[measure]
        chance = chance_level(measure, view.bundle.grid.n_leaves)
        show_figure(
            plot_heads(shown, axis=about.axis, scale=about.scale, chance=chance, dark=is_dark()),
            key="heads",
            alt=describe_heads(shown, about),
        )
    st.markdown(f"**All figures on {set_name(photo_set)}**")
    st.caption(
        "In brackets: 95 % interval; heads whose intervals overlap may be equally good. "
        "↑ more is better, ↓ less is better; bold: the best value."
    )
    table = head_table(report, photo_set)
    baselines = [name for name in table if name in BASELINES]
    st.table(table.drop(columns=baselines))
    if baselines:
        st.caption("Baselines: simpler ways to answer, on the same features and the same photos.")
        st.table(table[baselines])
    download_table("Download all figures", figures, f"{view.bundle.name}-heads")


def _verdict(bundle: Bundle, figures: pd.DataFrame, measure: str, photo_set: str) -> str:
    """Which is ahead in words, and whether that may be chance."""
    rows = ranked(figures, measure, photo_set)
    two = rivals(rows) if is_paired(measure) else None
    if two is None:
        return verdict(rows, None)
    first, second = two if tuple(two) != _chosen()[::-1] else _chosen()
    difference = pair_of(bundle, first, bundle, second, photo_set).differences.get(measure)
    if difference is not None and difference["value"] is not None and first != two[0]:
        low, high = difference["ci95"]
        difference = {"value": -difference["value"], "ci95": [-high, -low]}
    return verdict(rows, difference)


def _chosen() -> tuple[str | None, str | None]:
    """The two that are compared above: their comparison, either way round, is there already."""
    return st.session_state.get("first"), st.session_state.get("second")


def show_thesis() -> None:
    """The thesis's own comparison, marked as what it is."""
    st.subheader("The same heads in the thesis, on another data set")
    st.caption(
        "Table 6.8 of the thesis: about 970,000 Flickr photos, 72 cells, no intervals given. Other "
        "photos and other cells: these numbers cannot be compared with those above."
    )
    show_table_of(THESIS_TABLE_6_8, hide_index=True, column_config=THESIS_COLUMNS)
