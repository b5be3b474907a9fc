"""One photo of a case after the other: seen, decided on, noted, its claims checked.

Stage: dashboard. It must not compute: the answers come from the log.
"""

import streamlit as st

from dashboard.case_choice import analyst
from dashboard.claim_view import claim_points, click_claim
from dashboard.common import View, plain
from dashboard.desk_answer import (
    offer_recorded_name,
    show_record,
    show_record_map,
    show_source,
)
from dashboard.desk_claims import claim_key, offer_exif_checks, take_photo_claim
from dashboard.desk_events import chosen_photos, toggle_chosen
from dashboard.desk_export import SHOWN
from dashboard.desk_table import MARKS, show_all_on_map, show_table, shown_table
from dashboard.predict_view import shown_photo
from geocore.analysis.case_file import Case
from geocore.analysis.case_state import CasePhoto, CaseState, undo_of
from geocore.analysis.records import decision_record, note_record
from geocore.casework.batch import Batch
from geocore.visuals.maps import MapPoint

_PHOTO, _FOCUS = "desk_photo", "desk_focus"
_SCRIPTS = {
    "note": "document.querySelector('.st-key-desk_note_box input')?.focus()",
    "keys": "document.activeElement?.blur()",
}


def show_review(view: View, case: Case, state: CaseState, batch: Batch) -> None:
    """The table, and the photo that is being decided on."""
    table = shown_table(state, view.bundle)
    hashes = st.session_state[SHOWN] = list(table["sha256"])
    offer_exif_checks(view, case, state)
    if not hashes:
        st.info("No photo fits these filters.", icon=":material/filter_alt_off:")
    if st.session_state.get(_PHOTO) not in hashes:
        st.session_state[_PHOTO] = next(iter(hashes), None)
    current = st.session_state[_PHOTO]
    if hashes:
        show_table(table, state, current)
    show_all_on_map(table, state, current)
    if hashes:
        _show_keys(case, state, state.photos[current], hashes)
        _show_photo(view, case, state.photos[current], batch)
    _move_focus()


def _show_photo(view: View, case: Case, photo: CasePhoto, batch: Batch) -> None:
    left, right = st.columns([2, 3], gap="medium")
    below = st.container()
    with below:
        claim = take_photo_claim(view, case, photo)
    with left:
        content = case.photo(photo.sha256) or batch.photo(photo.sha256)
        if content is None:
            st.info(
                "The photo itself is not kept in this case. Drop it above again to see it.",
                icon=":material/hide_image:",
            )
        elif photo.answer is not None:
            st.image(shown_photo(content, 640), width="stretch")
        st.caption(f"{plain(photo.name)} · SHA-256 `{photo.sha256[:12]}`")
        _show_notes(case, photo)
    with right:
        typed, clicked = claim_points(claim)
        _show_answer(view, case, photo, [*typed, *clicked])


def _show_keys(case: Case, state: CaseState, photo: CasePhoto, hashes: list[str]) -> None:
    """Decide and go on, by button or by key."""
    at = hashes.index(photo.sha256)

    def go(step: int) -> None:
        st.session_state[_PHOTO] = hashes[(at + step) % len(hashes)]

    def decide(decision: str) -> None:
        case.append("decision", decision_record(photo.sha256, decision), analyst=analyst())
        go(1)

    def undo(record: dict | None) -> None:
        if record is not None:
            case.append("decision", record, analyst=analyst())
            st.session_state[_PHOTO] = record["photo_sha256"]

    back = undo_of(state, analyst())
    mark = "Not for the event" if photo.sha256 in chosen_photos() else "Mark for an event"
    st.markdown(f"**Photo {at + 1} of {len(hashes)}** · {MARKS[photo.decision]}")
    with st.container(horizontal=True):
        for label, icon, key, act, value in (
            ("Previous", ":material/arrow_back:", "Left", go, -1),
            ("Next", ":material/arrow_forward:", "Right", go, 1),
            ("Accept", ":material/check:", "A", decide, "accepted"),
            ("Reject", ":material/close:", "X", decide, "rejected"),
            ("Leave open", ":material/radio_button_unchecked:", "O", decide, "open"),
            ("Undo", ":material/undo:", "U", undo, back),
            ("Note", ":material/edit_note:", "N", _focus_on, "note"),
            (mark, ":material/join:", "E", toggle_chosen, photo.sha256),
        ):
            st.button(
                label, icon=icon, shortcut=key, on_click=act, args=(value,),
                disabled=act is undo and back is None,
            )  # fmt: skip


def _show_notes(case: Case, photo: CasePhoto) -> None:
    for name, text in photo.notes:
        st.markdown(f"{plain(text)}  \n:gray[{plain(name)}]")
    key = f"desk_note_{photo.sha256}"

    def write() -> None:
        if text := st.session_state[key].strip():
            case.append("note", note_record(text, photo.sha256), analyst=analyst())
            st.session_state[key] = ""
        _focus_on("keys")

    with st.container(key="desk_note_box"):
        st.text_input("Note", key=key, on_change=write, placeholder="Press Enter to keep it")


def _focus_on(what: str) -> None:
    number, _ = st.session_state.get(_FOCUS, (0, None))
    st.session_state[_FOCUS] = (number + 1, what)


def _move_focus() -> None:
    """The key N goes to the note, Enter back to the other keys.

    The script stays on the page, so that a run which the next one cuts short loses nothing; the
    browser heeds each number once.
    """
    if _FOCUS in st.session_state:
        number, what = st.session_state[_FOCUS]
        once = f"if (window.deskFocus !== {number}) {{ window.deskFocus = {number};"
        script = f"<script>{once} setTimeout(() => {_SCRIPTS[what]}, 50) }}</script>"
        st.html(script, unsafe_allow_javascript=True)


def _show_answer(view: View, case: Case, photo: CasePhoto, points: list[MapPoint]) -> None:
    answer = photo.answer
    if answer is None:
        st.warning(plain(photo.failure or "This photo was not asked about yet."))
        return
    if answer["abstention"] is not None:
        st.warning(plain(answer["abstention"]["sentence"]), icon=":material/block:")
    show_record(view, answer)
    if answer.get("prior") is not None:
        st.caption(f"Within {plain(answer['prior']['label'])}.")
    key = claim_key(photo)
    show_record_map(
        view, answer, key="desk_map", points=points,
        on_point=lambda lat, lng: click_claim(key, lat, lng),
    )  # fmt: skip
    show_source(answer)
    offer_recorded_name(case, answer, photo.sha256[:16])
