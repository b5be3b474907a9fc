"""The log of a case: what was written by whom, and whether it is as it was written.

Stage: dashboard. It must not know databases.
"""

import json

import pandas as pd
import streamlit as st

from dashboard.common import plain
from dashboard.figure_view import download_table
from dashboard.table_view import show_table_of
from geocore.analysis.case_file import Case, Entry

_WORDS = {
    "opened": "case begun", "photo": "photo read", "answer": "answer", "failure": "unreadable",
    "claim": "claim checked", "decision": "decision", "note": "note", "event": "event",
    "prior": "region", "export": "export", "online": "asked online",
    "caution": "purpose confirmed",
}  # fmt: skip
_SAYS = (
    "title", "text", "decision", "verdict", "name", "photo", "label", "format", "service",
    "sentence",
)  # fmt: skip


def show_log(case: Case) -> None:
    """Verify at a click, then all entries, the last one first."""
    st.markdown(
        "Every entry is sealed with a hash over itself and the entry before it: what is changed "
        "or taken out later shows. Write the last hash down elsewhere to notice a shortened log."
    )
    if st.button("Verify the case", icon=":material/verified:", type="primary"):
        checked = case.verify()
        show = st.success if checked.ok else st.error
        show(plain(checked.sentence))
    entries = case.entries()
    table = _table(entries)
    show_table_of(
        table.iloc[::-1],
        hide_index=True,
        column_config={"Says": st.column_config.TextColumn(width=330)},
    )
    download_table("Download the log", lambda: _whole(entries), f"{case.name}-log")


def _table(entries: list[Entry]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "No.": [entry.seq for entry in entries],
            "Time (UTC)": [entry.time_utc[:19].replace("T", " ") for entry in entries],
            "Analyst": [entry.analyst for entry in entries],
            "What": [_WORDS.get(entry.kind, entry.kind) for entry in entries],
            "Says": [_says(entry) for entry in entries],
            "Hash": [entry.hash[:12] for entry in entries],
        }
    )


def _says(entry: Entry) -> str:
    found = [str(entry.body[key]) for key in _SAYS if entry.body.get(key)]
    return " · ".join(found)


def _whole(entries: list[Entry]) -> pd.DataFrame:
    rows = [
        {**vars(entry), "body": json.dumps(entry.body, ensure_ascii=False)} for entry in entries
    ]
    return pd.DataFrame(rows)
