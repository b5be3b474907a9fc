"""A table's own menu saves it as a CSV: what it is given holds no formula and no turned writing."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from dashboard.table_view import show_table_of

    show_table_of(st.session_state["given"], hide_index=True)


@pytest.fixture
def shown():
    app = AppTest.from_function(page)
    app.session_state["given"] = pd.DataFrame(
        {
            "Photo": ["=cmd|'/c calc'!A1", "a\u202egpj.exe", None],
            "Kept": [True, False, True],
            "km": [-1.5, 2.0, float("nan")],
            "": [("=1",), ("x",), ()],
        }
    )
    return app.run().dataframe[0].value


def test_texts_are_disarmed_and_figures_stay(shown):
    assert shown["Photo"].iloc[0] == "'=cmd|'/c calc'!A1"
    assert "\u202e" not in shown["Photo"].iloc[1]
    assert shown["km"].iloc[0] == -1.5
    assert list(shown["Kept"]) == [True, False, True]


def test_what_was_given_is_not_changed():
    from dashboard import table_view

    table = pd.DataFrame({"Photo": ["=1"]})
    table_view.show_table_of(table)
    assert table["Photo"].iloc[0] == "=1"
