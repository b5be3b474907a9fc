"""About this model: what it may be used for, where it is blind, and exactly which one it is."""

import streamlit as st

from dashboard import about_view
from dashboard.common import fragment, page

with page("About this model", ":material/info:") as view:
    about_view.show_purpose(view.bundle, view.head)
    st.subheader("Where it is blind")
    fragment(about_view.show_blindness)(view.bundle, view.head)
    st.subheader("Which kinds of photos it knows better")
    about_view.show_kinds(view.bundle, view.head)
    st.subheader("What it learned from")
    about_view.show_photos(view.bundle)
    st.subheader("Why others withdrew such tools")
    about_view.show_others()
    st.subheader("Exactly which model this is")
    about_view.show_versions(view.bundle)
