"""Text from outside without what deceives the eye or breaks a file (stage: analysis).

Control characters, halves of characters, and marks that turn the direction of writing: with one of
them "photo⟨mark⟩gpj.exe" reads "photoexe.jpg".

Source: own; Unicode Technical Report 36.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

_TURNS_WRITING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_HARMLESS = frozenset("\n\t")


def clean(value: Any) -> Any:
    """A plain value whose texts hold no control character, no lone surrogate, no turned writing."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(map(_clean_character, value))
    if isinstance(value, Mapping):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(clean(item) for item in value)
    return value


def _clean_character(character: str) -> str:
    is_bad = unicodedata.category(character) in ("Cc", "Cs") or character in _TURNS_WRITING
    is_bad |= character in "\ufffe\uffff"  # XML knows no such characters
    return "\N{REPLACEMENT CHARACTER}" if is_bad and character not in _HARMLESS else character
