"""Calibration and confusion: can a confidence be believed, and which cells are mixed up?"""

import streamlit as st

from dashboard.common import View, fragment, page, plain
from dashboard.measured import (
    confusion_at,
    held_out,
    photo_sets_of,
    pick_level,
    pick_photo_set,
    show_figure,
    show_metrics,
)
from dashboard.offline_map import is_dark
from geocore.evaluation.calibration import calibration_sentence, reliability_bins
from geocore.evaluation.confusion import balance_sentence, prediction_balance, row_shares
from geocore.visuals.calibration_figures import plot_confidence, plot_reliability
from geocore.visuals.confusion_figures import plot_confusion

COLUMNS = {
    "cell": "Cell",
    "predicted": "Answered with it",
    "taken_there": "Taken there",
    "excess": "Too many",
    "right": "Rightly",
}


def show_calibration(view: View, photo_set: str) -> None:
    """Key figures, the reliability diagram and the histogram of confidences."""
    bins = reliability_bins(*held_out(view.bundle, view.head, photo_set))
    st.markdown(plain(calibration_sentence(bins)))
    show_metrics(view.bundle.report, view.head, photo_set)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Does a confidence come true?** On the dashed line it does.")
        show_figure(plot_reliability(bins, dark=is_dark()), key="reliability")
    with right:
        st.markdown("**How sure is it?** The nearer the two lines, the better.")
        show_figure(plot_confidence(bins, dark=is_dark()), key="confidence")


@fragment
def show_confusion(view: View, photo_set: str) -> None:
    """The confusion matrix at a level of the hierarchy, and the cells named too often."""
    st.subheader("Which cells are taken for which")
    left, right = st.columns([3, 2], gap="large")
    with left:
        depth = pick_level(view.bundle)
    is_share = right.toggle("As shares of each row", key="is_share")
    counts, names = confusion_at(view.bundle, view.head, photo_set, depth)
    balance = prediction_balance(counts, names)
    st.markdown(plain(balance_sentence(balance)))
    matrix = row_shares(counts) if is_share else counts
    show_figure(plot_confusion(matrix, names, is_share=is_share, dark=is_dark()), key="confusion")
    st.caption(
        "Neighbouring cells stand side by side: marks near the diagonal are mistakes between "
        "neighbours. A row is where photos were taken, a column what they were answered with."
    )
    st.dataframe(balance, hide_index=True, column_config=COLUMNS)


with page("Calibration and confusion", ":material/balance:") as view:
    photo_sets = photo_sets_of(view.bundle, view.head)
    if not photo_sets:
        st.info(
            f"This bundle holds no predictions of {plain(view.head)} on held-out photos, so there "
            "is nothing to judge its confidence by. Choose another head or bundle in the sidebar."
        )
    elif view.bundle.grid.n_leaves < 2:
        st.info(
            "This bundle has a single cell and thus a single answer: there is no confidence to "
            "judge. Choose another bundle in the sidebar."
        )
    else:
        chosen = pick_photo_set(photo_sets)
        show_calibration(view, chosen)
        show_confusion(view, chosen)
