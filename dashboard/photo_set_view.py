"""What is in a photo set, on a page: where its photos are, what they show, what is missing.

Stage: dashboard. It must not compute: figures come from geocore.analysis.
"""

import streamlit as st

from dashboard.common import View, fragment
from dashboard.photo_set_choice import PhotoSource


@fragment
def show(view: View, source: PhotoSource) -> None:
    """The statistics of one photo set."""
    n_photos = len(view.bundle.photos) if source.path is None else 0
    st.metric("Photos", f"{n_photos:,}")
