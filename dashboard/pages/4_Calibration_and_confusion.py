"""Calibration and confusion: can a confidence be believed, and which cells are mixed up?"""

import streamlit as st

from dashboard.area_curve_view import show_area_curve
from dashboard.calibration_view import answers_of, show_calibration, show_risk_coverage
from dashboard.common import View, fragment, page, plain
from dashboard.confusion_photos import show_entry
from dashboard.confusion_view import show_balance, show_matrix
from dashboard.figure_view import pick_format
from dashboard.measured import pick_photo_set
from geocore.evaluation.report import ALL_PHOTOS


@fragment
def show_confidences(view: View, photo_set: str) -> None:
    """What confidences are worth, what leaving out unsure answers brings, what areas cost."""
    show_calibration(view, photo_set)
    show_risk_coverage(view, photo_set)
    show_area_curve(view)


@fragment
def show_confusions(view: View, photo_set: str) -> None:
    """The confusion matrix, the photos behind a clicked entry, the cells named too often."""
    st.subheader("Which cells are taken for which")
    depth = show_matrix(view, photo_set)
    show_entry(view, photo_set, depth)
    show_balance(view, photo_set, depth)


with page("Calibration and confusion", ":material/balance:") as view:
    answers = answers_of(view.bundle, view.head, ALL_PHOTOS)
    if answers.empty:
        st.info(
            f"This bundle holds no predictions of {plain(view.head)} on held-out photos, so there "
            "is nothing to judge its confidence by. Choose another head or bundle in the sidebar."
        )
    elif view.bundle.grid.n_leaves < 2:
        st.info(
            "This bundle has a single cell and thus a single answer: there is no confidence to "
            "judge. Choose another bundle in the sidebar."
        )
    elif (answers["class_index"] < 0).all():
        st.info(
            "None of the photos that were kept for testing lies in a cell of this bundle, so there "
            "is nothing to compare its answers with. Choose another bundle in the sidebar."
        )
    else:
        pick_format()
        chosen = pick_photo_set([ALL_PHOTOS, *sorted(answers["photo_set"].unique())])
        show_confidences(view, chosen)
        show_confusions(view, chosen)
