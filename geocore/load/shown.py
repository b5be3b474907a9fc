"""What a visitor's page shows: widgets and texts, as Streamlit's messages describe them.

Stage: load. It must not know the dashboard's pages.

Source: own; Streamlit's protocol buffers.
"""

import re
from dataclasses import dataclass
from typing import Any

TEXTS = {
    "alert": "body", "code": "code_text", "heading": "body", "html": "body", "markdown": "body",
    "metric": "body", "progress": "text", "text": "body", "exception": "message",
}  # fmt: skip
WIDGETS = (
    "button", "button_group", "checkbox", "download_button", "file_uploader", "selectbox",
    "text_input",
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """An element on the page and the part of the page that is run again when it changes."""

    kind: str
    element: Any
    fragment: str


def texts_of(shown: Shown) -> list[str]:
    """The text of an element without Markdown's backslashes; empty where it is a widget."""
    text = getattr(shown.element, TEXTS[shown.kind], "") if shown.kind in TEXTS else ""
    return [re.sub(r"\\(.)", r"\1", text)] if text else []
