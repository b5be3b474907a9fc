"""Photo set: where the photos come from, what is missing, and a model trained on them."""

import streamlit as st

from dashboard import photo_set_view, training_view
from dashboard.common import page
from dashboard.photo_set_choice import choose_source

with page("Photo set", ":material/photo_library:") as view:
    st.markdown(
        "Where do the photos of a set come from, which parts of the world are missing, and which "
        "should be collected next? A model knows only places it has seen photos of."
    )
    source = choose_source(view)
    if training_view.is_chosen():
        training_view.show(source)
    elif source is not None:
        photo_set_view.show(view, source)
