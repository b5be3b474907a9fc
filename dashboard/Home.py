"""Home: drop photos in, see how far to trust the answers, and the cells they are sorted into."""

import streamlit as st

from dashboard.cell_panels import cells_of, show_cells, show_settings
from dashboard.common import fragment, page
from dashboard.key_figures import show_class_figures, show_key_figures
from dashboard.public_demo import is_samples_only, show_samples_only
from geocore.data.images import ACCEPTED

ANSWER_PAGE = "pages/2_Predict_and_explain.py"


_TALL = """<style>.st-key-home_upload section {min-height: 8rem; align-items: center;
  border: 2px dashed #8889}</style>"""


def show_drop_zone() -> None:
    """Take photos and lead straight to their answers."""
    if is_samples_only():
        show_samples_only()
        st.page_link(ANSWER_PAGE, label="Try a sample photo", icon=":material/image_search:")
        return
    st.html(_TALL)
    uploads = st.file_uploader(
        f"Drop photos here ({ACCEPTED}). They stay on this computer.",
        accept_multiple_files=True,
        key="home_upload",
    )
    if uploads:
        st.session_state["photos"] = [(upload.name, upload.getvalue()) for upload in uploads]
        st.switch_page(ANSWER_PAGE, query_params={})  # None may not clear a bound parameter


with page("Where was this photo taken?", ":material/travel_explore:") as view:
    st.markdown(
        "Drop outdoor photos to see which parts of the world they may come from, how sure the "
        "model is, and what in the photo made it think so."
    )
    show_drop_zone()
    st.subheader("How often it is right")
    show_key_figures(view.bundle, view.head)
    st.subheader("The cells it chooses from")
    show_settings(view.bundle)
    show_class_figures(view.bundle, view.head)
    fragment(show_cells)(cells_of(view.bundle), "photos", key="home_map", height=440)
    st.page_link("pages/1_Cell_explorer.py", label="Explore the cells", icon=":material/grid_view:")
