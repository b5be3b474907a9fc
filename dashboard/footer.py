"""What stands at the foot of every page: the caution, and which program and model were seen.

Stage: dashboard. It must not know what a page shows.
"""

import streamlit as st

import geocore
from geocore.inference.bundle import Bundle
from geocore.inference.bundle_files import MANIFEST, file_sha256

CAUTION = (
    "A model's suggestion, often wrong: confirm it with other evidence before anyone acts on it. "
    "Never use it to find out where a private person lives or is."
)


def show_footer(bundle: Bundle | None, name: str) -> None:
    """Caution and versions.

    Args:
        bundle: the opened one, None where none could be opened.
        name: of the bundle, as Markdown.
    """
    st.divider()
    st.caption(CAUTION)
    st.caption(f"geocore {geocore.__version__} · {_bundle_words(bundle, name)}")


def _bundle_words(bundle: Bundle | None, name: str) -> str:
    if bundle is None:
        return "no bundle opened"
    return f"bundle {name} `{file_sha256(bundle.folder / MANIFEST)[:12]}`"
