"""One way to write a record as bytes, so that equal records have equal hashes on every machine.

Stage: analysis. It must not know what the records say.
"""

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """A plain value as UTF-8 JSON: keys sorted, no spaces, no NaN.

    Args:
        value: dicts with text keys, lists, text, numbers, booleans, None.

    Raises:
        TypeError: something that JSON has no word for, NumPy numbers included.
        ValueError: a number that is not finite.

    Source: own; in the spirit of RFC 8785.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8", "backslashreplace")


def sha256_hex(content: bytes) -> str:
    """SHA-256 of bytes, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
