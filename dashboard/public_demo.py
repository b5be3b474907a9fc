"""A public demo takes no photos from visitors: only the samples are answered.

Stage: dashboard. Whoever runs it sets GEOCORE_SAMPLES_ONLY=1; a visitor cannot change that.
"""

import os

import streamlit as st

_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def is_samples_only() -> bool:
    """Whether photos of visitors are refused (see `is_yes`)."""
    return is_yes("GEOCORE_SAMPLES_ONLY")


def is_yes(variable: str) -> bool:
    """What an environment variable says; without it no.

    Raises:
        ValueError: it is neither yes nor no; a typing error must not open what should be closed.
    """
    value = os.environ.get(variable, "").strip().lower()
    if value not in (*_YES, *_NO):
        raise ValueError(f"{variable} must be 1 or 0, received {value!r}.")
    return value in _YES


def show_samples_only() -> None:
    """In place of a drop zone."""
    st.info(
        "This is a public demonstration: it answers the sample photos and takes no others.",
        icon=":material/lock:",
    )
