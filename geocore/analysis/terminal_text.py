"""Text from outside, fit for a terminal (stage: analysis).

Source: own.
"""


def printable(text: object) -> str:
    """Text without anything that could move a terminal's cursor."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))
