"""Text from outside on a terminal."""

from geocore.analysis.terminal_text import printable


def test_a_terminal_gets_no_control_characters():
    assert printable("a\x1b[2Jb\n") == "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}"
