"""Tables on a page. Each can be saved as a CSV from the page: no text in it is a formula.

Stage: dashboard. The only place with `st.dataframe`, whose own menu saves what it was given.
"""

from typing import Any

import pandas as pd
import streamlit as st

from geocore.analysis.export import disarmed


def show_table_of(table: pd.DataFrame, **options: Any) -> Any:
    """A table with Streamlit's menu, selection and columns (`st.dataframe`), its texts disarmed."""
    safe = table.copy()
    for name in safe:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(disarmed)
    return st.dataframe(safe, **options)
