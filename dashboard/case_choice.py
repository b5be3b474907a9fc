"""Which case the reader works on: one of the folder's, or a new one.

Stage: dashboard. It must not know what a case says. Cases lie in the folder that GEOCORE_CASES
names, `.geocore/cases` without it; the chosen one stands in the address, so that a reload or a
second browser opens the same.
"""

import os
import re
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import geocore
from dashboard.common import plain, shared_case
from dashboard.login import login_name
from geocore.analysis.case_file import Case, open_case
from geocore.analysis.records import opened_record

SUFFIX = ".case"
PURPOSES = (
    "Emergency response",
    "Verification by a journalist or analyst",
    "Humanitarian or disaster research",
    "Training and exercise",
)
_NEW = ""
_UNSAFE = re.compile(r"[^\w-]+")


def cases_folder() -> Path:
    """Where cases are kept."""
    return Path(os.environ.get("GEOCORE_CASES") or Path(".geocore") / "cases")


def choose_case() -> Case | None:
    """The chosen case, opened; None, with the form for a new one shown, where none is chosen."""
    files = {path.stem: path for path in sorted(cases_folder().glob(f"*{SUFFIX}"))}
    if st.session_state.get("case", _NEW) not in files:
        st.session_state["case"] = _NEW
    left, right = st.columns([3, 2], gap="medium")
    name = left.selectbox(
        "Case",
        [_NEW, *files],
        format_func=lambda name: name or "Begin a new case",
        key="case",
        persist_state="session",
        bind="query-params",
        help=f"Cases are kept in {plain(str(cases_folder()))}, one file each.",
    )
    _show_name(right)
    if name == _NEW:
        _show_form()
        return None
    return shared_case(files[name])


def _show_name(place: DeltaGenerator) -> None:
    """Ask for the reader's name, or show that of their login."""
    name = login_name()
    place.text_input(
        "Your name, for the log",
        value=name or "",
        key="analyst" if name is None else "analyst_login",
        persist_state="session",
        disabled=name is not None,
        placeholder="unnamed analyst",
        help="Stands beside everything you decide or note in the case.",
    )


def analyst() -> str:
    """What the login calls the reader; without one, what they call themselves."""
    if (name := login_name()) is not None:
        return name
    return st.session_state.get("analyst", "").strip() or "unnamed analyst"


def _show_form() -> None:
    with st.form("new_case"):
        title = st.text_input("Title", placeholder="Flood at the river, photos from social media")
        purpose = st.selectbox(
            "What are the answers for?",
            PURPOSES,
            index=None,
            placeholder="Choose",
            help="Recorded in the case. Finding private persons is not among them.",
        )
        if st.form_submit_button("Begin the case", type="primary"):
            _begin(title.strip(), purpose)
    st.caption(
        "A case keeps what was asked, answered and decided, with the photos' fingerprints; the "
        "photos themselves only if you ask for it. Entries are added, never changed."
    )


def _begin(title: str, purpose: str | None) -> None:
    if not title or purpose is None:
        st.error("A case needs a title and a purpose.", icon=":material/error:")
        return
    folder = cases_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = _free_path(folder, title)
    with open_case(path, create=True) as case:
        case.append("opened", opened_record(title, purpose, geocore.__version__), analyst=analyst())
    st.session_state["case_begun"] = path.stem
    st.rerun()


def adopt_new_case() -> None:
    """Choose the case that was just begun; to be called before the choice is drawn."""
    if begun := st.session_state.pop("case_begun", None):
        st.session_state["case"] = begun


def _free_path(folder: Path, title: str) -> Path:
    stem = _UNSAFE.sub("-", title).strip("-")[:60] or "case"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(path for name in names if not (path := folder / f"{name}{SUFFIX}").exists())
