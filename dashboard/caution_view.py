"""A photo that shows a face is not answered before its reader has said what for.

Stage: dashboard. It must not look at photos itself. What was said holds for this reader's session.
"""

from collections.abc import Sequence

import streamlit as st

from dashboard.case_choice import PURPOSES
from dashboard.common import keep
from dashboard.event_log import log_event
from dashboard.predict_view import NamedPhoto, samples
from geocore.data.faces import face_share
from geocore.errors import ImageError


def cautious(photos: Sequence[NamedPhoto]) -> list[NamedPhoto]:
    """The photos that may be answered: all, or those without a face until the reader has spoken."""
    known = set(samples()["content"])
    held = [photo for photo in photos if photo[1] not in known and _shows_face(photo[1])]
    if not held or _has_spoken(len(held)):
        return list(photos)
    return [photo for photo in photos if photo not in held]


def _has_spoken(n_photos: int) -> bool:
    if st.session_state.get("caution_purpose"):
        return True
    what = "This photo seems" if n_photos == 1 else f"{n_photos} of these photos seem"
    with st.form("caution"):
        st.warning(
            f"**{what} to show a person.** This tool must not be used to find out where a private "
            "person lives or is. It is not answered before you say what the answer is for.",
            icon=":material/front_hand:",
        )
        purpose = st.selectbox("What is it for?", PURPOSES, index=None, placeholder="Choose")
        is_meant = st.checkbox("I am not looking for where a private person lives or is.")
        if not st.form_submit_button("Answer", type="primary"):
            return False
    if not (purpose and is_meant):
        st.error("Choose what it is for and confirm the sentence.", icon=":material/error:")
        return False
    st.session_state["caution_purpose"] = purpose
    log_event("caution confirmed", n_photos=n_photos)
    st.rerun()


@keep("Looking for faces …", max_entries=4096, is_heavy=True)
def _shows_face(content: bytes) -> bool:
    try:
        return face_share(content) > 0
    except ImageError:
        return False  # whoever answers it says why it cannot be read
