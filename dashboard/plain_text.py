"""Text from outside, shown as text.

Stage: dashboard. It must not know pages.
"""

import re

from geocore.analysis.safe_text import clean

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:])")
_LINK = re.compile(r"(https?://|www(?=\.)|@)(?=[-.\w])", re.IGNORECASE)
_JOINER = "\N{WORD JOINER}"  # takes no room; addresses become links whether escaped or not


def plain(text: str) -> str:
    """Text from outside (file names, places) as Markdown that shows exactly this text.

    Unescaped, a file's name could draw a picture from another server or be a link to it; with marks
    that turn the direction of writing, it could read like another.
    """
    return _MARKDOWN.sub(r"\\\1", _LINK.sub(rf"\1{_JOINER}", clean(text)))
