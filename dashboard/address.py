"""What the address said when a reader arrived, kept when they go on to another page.

Stage: dashboard. Streamlit binds controls to the address (`bind="query-params"`) and keeps what is
chosen by hand from page to page; what a control took over from the address alone it forgets there
(seen with Streamlit 1.67 in a browser; AppTest does not show it).
"""

from collections.abc import Callable
from typing import Any

import streamlit as st


def keep_from_address(key: str, text_of: Callable[[Any], str] = str) -> None:
    """Hand a control's value on to the next page. Call it before the control on every page.

    Args:
        key: of a control of several pages, bound to the address and kept for the session.
        text_of: how a value stands in the address.
    """
    arrived = st.session_state.setdefault(
        "arrived", {"at": st.context.url, "with": st.query_params.to_dict()}
    )
    if st.context.url == arrived["at"] or key not in arrived["with"]:
        return
    text = arrived["with"].pop(key)  # from the second page on Streamlit keeps it
    value = st.session_state.get(key)
    if key not in st.query_params and value is not None and text_of(value) == text:
        st.session_state[key] = value
        st.query_params[key] = text
