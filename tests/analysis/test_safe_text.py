"""Texts of strangers, wherever they go, lose what deceives the eye and nothing else."""

import pytest

from dashboard.plain_text import plain
from geocore.analysis.export import disarmed
from geocore.analysis.safe_text import clean

TURNED = "photo\u202egpj.exe"


@pytest.mark.parametrize(
    "mark", list("\u061c\u200e\u200f\u202a\u202e\u2066\u2069\x00\x1b\x7f\ud800")
)
def test_a_mark_that_deceives_is_shown_as_one_that_was_there(mark):
    assert clean(f"a{mark}b") == "a\N{REPLACEMENT CHARACTER}b"


ARABIC = "\u0645\u062f\u064a\u0646\u0629"
PERSIAN = "\u0646\u06cc\u200c\u0634"  # joined by a character without width


@pytest.mark.parametrize("text", ["Hội An", ARABIC, PERSIAN, "1\u00a0000 km²", "a\nb\tc", "北京"])
def test_writing_of_the_world_stays_as_it_is(text):
    assert clean(text) == text
    assert disarmed(text) == text


def test_lists_and_tables_are_cleaned_all_through():
    assert clean({"a": [TURNED, 1, None]}) == {
        "a": ["photo\N{REPLACEMENT CHARACTER}gpj.exe", 1, None]
    }


def test_pages_and_tables_show_no_turned_writing():
    assert "\u202e" not in plain(TURNED)
    assert "\u202e" not in disarmed(TURNED)


BEGINNINGS = ("=", " =", "\u00a0+", "\u200b-", "\ufeff@", "\uff1d", "\uff20", "\n=")


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_however_a_formula_begins_it_is_text(begin):
    assert disarmed(begin + "cmd|'/c calc'!A1").startswith("'")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("www.evil.example.jpg", "www\u2060\\.evil\\.example\\.jpg"),
        ("(HTTPS://evil.example)", "\\(HTTPS\\://\u2060evil\\.example\\)"),
        ("ada@relief.example", "ada@\u2060relief\\.example"),
        ("sunset @ home, wwwave", "sunset @ home, wwwave"),
    ],
)
def test_an_address_is_text_and_no_link(address, shown):
    assert plain(address) == shown
