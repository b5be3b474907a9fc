"""Model comparison: any two answers on the same photos, and every head's figures at a glance."""

import streamlit as st

from dashboard.common import View, fragment, page
from dashboard.comparison_photos import show_confidences, show_disagreements, show_moved
from dashboard.comparison_view import pair_of, pick_sides, show_sentence, show_table
from dashboard.experiments_view import show_experiments
from dashboard.figure_view import pick_format
from dashboard.heads_view import show_heads, show_thesis
from dashboard.measured import pick_photo_set
from geocore.evaluation.report import photo_sets


@fragment
def show_pair(view: View) -> None:
    """Two heads, baselines or bundles side by side."""
    sides = pick_sides(view)
    photo_set = pick_photo_set(photo_sets(view.bundle.report))
    first, second = sides
    if first == second:
        st.info("Both are the same. Choose another one as the second.")
        return
    pair = pair_of(first.bundle, first.name, second.bundle, second.name, photo_set)
    show_sentence(pair, sides, photo_set)
    if pair.first.empty:
        return
    show_table(pair, sides)
    left, right = st.columns(2, gap="medium")
    with left:
        show_confidences(pair)
    with right:
        show_moved(pair, sides)
    show_disagreements(pair, sides)


with page("Model comparison", ":material/compare_arrows:") as view:
    st.markdown(
        "Which of two models is right more often on photos that neither had seen, and by more than "
        "chance? A head is the last step of a model; baselines are simpler ways to answer."
    )
    if photo_sets(view.bundle.report):
        pick_format()
        show_pair(view)
        show_heads(view)
    else:
        st.info("This bundle holds no measured figures. Choose another bundle in the sidebar.")
    fragment(show_experiments)()
    show_thesis()
