"""A case, an event or the photos in the table as one file to hand on.

Stage: dashboard. It must not know file formats: analysis writes them.
"""

import io

import streamlit as st
from PIL import Image

from dashboard.case_choice import analyst
from dashboard.common import View, plain
from dashboard.desk_answer import is_own
from dashboard.predict_view import heat_map, shown_photo
from geocore.analysis.canonical import sha256_hex
from geocore.analysis.case_file import Case
from geocore.analysis.case_state import CaseState
from geocore.analysis.exporting.content import one_event, some_photos
from geocore.analysis.exporting.files import log_export
from geocore.analysis.exporting.formats import FORMATS, export_case
from geocore.casework.batch import Batch
from geocore.errors import ImageError
from geocore.inference.overlay import overlay_heat_map

SHOWN = "desk_shown"
_WHOLE, _TABLE = "whole", "table"
_FILE = "desk_file"


def show_export(view: View, case: Case, state: CaseState, batch: Batch) -> None:
    """What, as what, with or without photos; then the file."""
    if not state.photos:
        st.info("The case holds no photo yet.", icon=":material/add_photo_alternate:")
        return
    left, right = st.columns(2, gap="medium")
    parts = _parts(state)
    part = left.selectbox("What", list(parts), format_func=parts.get, key="desk_export_part")
    format = right.selectbox(
        "As", list(FORMATS), format_func=lambda key: FORMATS[key].label, key="desk_export_format"
    )
    with_photos = FORMATS[format].is_report and st.toggle(
        "Show the photos too, with what in them speaks for the answer",
        key="desk_export_photos",
        help="Only photos that the case keeps, or that were dropped here since the dashboard was "
        "started. Leave it off where photos must not be passed on.",
    )
    if st.button("Make the file", icon=":material/description:", type="primary"):
        with st.spinner("Writing …"):
            _make(view, case, _part(part, state), format, batch if with_photos else None)
    _show_file(case)


def _parts(state: CaseState) -> dict[str, str]:
    """What can be exported, in words."""
    parts = {
        _WHOLE: f"The whole case ({len(state.photos):,} photos)",
        _TABLE: f"The photos in the table ({len(_shown(state)):,})",
    }
    return parts | {key: f"Event: {event['name']}" for key, event in state.events.items()}


def _part(part: str, state: CaseState) -> CaseState:
    if part == _WHOLE:
        return state
    return some_photos(state, _shown(state)) if part == _TABLE else one_event(state, part)


def _shown(state: CaseState) -> list[str]:
    """The photos that the filters of the part Photos let through."""
    shown = st.session_state.get(SHOWN)
    return list(state.photos) if shown is None else [x for x in shown if x in state.photos]


def _make(view: View, case: Case, state: CaseState, format: str, batch: Batch | None) -> None:
    pictures = {}
    if batch is not None:
        pictures = {
            "photos": lambda sha256: _photo(case, batch, sha256),
            "heat_maps": lambda sha256: _evidence(view, case, state, batch, sha256),
        }
    content = export_case(state, format, bundle=view.bundle, **pictures)
    log_export(case, state, format, content, analyst=analyst())
    st.session_state[_FILE] = (case.name, format, content)


def _show_file(case: Case) -> None:
    name, format, content = st.session_state.get(_FILE, ("", "", b""))
    if name != case.name:
        return
    kind = FORMATS[format]
    stem = case.name.rpartition(".")[0]
    st.download_button(
        f"Download {kind.label} ({len(content) / 1e6:.1f} MB)",
        content, f"{stem}{kind.suffix}", kind.mime, icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    st.caption(
        f"SHA-256 `{sha256_hex(content)}`. It stands in the log of {plain(case.name)}, so that "
        "whoever receives the file can ask whether it is the one that was made here."
    )


def _photo(case: Case, batch: Batch, sha256: str) -> bytes | None:
    return case.photo(sha256) or batch.photo(sha256)


def _evidence(view: View, case: Case, state: CaseState, batch: Batch, sha256: str) -> bytes | None:
    """The photo with what in it speaks for its most probable cell."""
    content, answer = _photo(case, batch, sha256), state.photos[sha256].answer
    if content is None or answer is None or not is_own(view.bundle, answer):
        return None
    tokens = list(view.bundle.grid.leaves["token"])
    try:
        leaf = tokens.index(answer["top"][0]["token"])
        heat = heat_map(view.bundle, content, answer["head"], leaf)
        picture = overlay_heat_map(Image.fromarray(shown_photo(content, 640)), heat)
    except ImageError:
        return None
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
