"""Model comparison: all heads on the same held-out photos, every figure with its uncertainty."""

import streamlit as st

from dashboard.common import View, fragment, page
from dashboard.measured import pick_photo_set, set_name, show_figure, show_verdict
from dashboard.offline_map import is_dark
from geocore.evaluation.measures import MEASURES, chance_level
from geocore.evaluation.report import (
    THESIS_TABLE_6_8,
    head_table,
    photo_sets,
    tidy_figures,
)
from geocore.visuals.figures import plot_heads

THESIS_COLUMNS = {
    "head": "Head",
    "loss": "Loss",
    "top_1": st.column_config.NumberColumn(MEASURES["top_1"].name, format="percent"),
    "ior": MEASURES["ior"].name,
    "seconds_per_epoch": st.column_config.NumberColumn("Seconds per epoch", format="localized"),
}


@fragment
def show_comparison(view: View) -> None:
    """One measure: who is ahead, and all heads with their intervals on every photo set."""
    sets = photo_sets(view.bundle.report)
    left, right = st.columns([2, 3], gap="medium")
    with right:
        photo_set = pick_photo_set(sets)
    with left:
        measure = st.selectbox(
            "Measure", list(MEASURES), format_func=lambda m: MEASURES[m].name, key="measure"
        )
    figures = tidy_figures(view.bundle.report)
    show_verdict(view.bundle, figures, measure, photo_set)
    shown = figures[figures["measure"] == measure].dropna(subset="value")
    if not shown.empty:
        shown = shown.assign(photo_set=shown["photo_set"].map(set_name))
        about = MEASURES[measure]
        chance = chance_level(measure, view.bundle.grid.n_leaves)
        show_figure(
            plot_heads(shown, axis=about.axis, scale=about.scale, chance=chance, dark=is_dark()),
            key="heads",
        )
    st.subheader(f"All figures on {set_name(photo_set)}")
    st.caption(
        "In brackets: 95 % interval; heads whose intervals overlap may be equally good. "
        "↑ more is better, ↓ less is better; bold: the best value."
    )
    st.table(head_table(view.bundle.report, photo_set))
    st.download_button(
        "Download all figures", figures.to_csv(index=False), f"{view.bundle.name}-heads.csv",
        "text/csv", icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def show_thesis() -> None:
    """The thesis's own comparison, marked as what it is."""
    st.subheader("The same heads in the thesis, on another data set")
    st.caption(
        "Table 6.8 of the thesis: about 970,000 Flickr photos, 72 cells, no intervals given. Other "
        "photos and other cells: these numbers cannot be compared with those above."
    )
    st.dataframe(THESIS_TABLE_6_8, hide_index=True, column_config=THESIS_COLUMNS)


with page("Model comparison", ":material/compare_arrows:") as view:
    st.markdown(
        "A head is the last step of the model. All heads answered the same photos, none of which "
        "they had seen before: which one is right more often, and by more than chance?"
    )
    if photo_sets(view.bundle.report):
        show_comparison(view)
    else:
        st.info("This bundle holds no measured figures. Choose another bundle in the sidebar.")
    show_thesis()
