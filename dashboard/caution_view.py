"""A photo of a face or of a home is not answered before its reader has said what for.

Stage: dashboard. It must not look at photos itself. On the page Predict and explain, what was said
holds for this reader's session; on the case desk it stands in the case.
"""

from collections.abc import Sequence
from typing import TypeGuard

import streamlit as st

from dashboard.case_choice import PURPOSES, analyst
from dashboard.common import keep
from dashboard.event_log import log_event
from dashboard.predict_view import Answer, NamedPhoto, samples
from geocore.analysis.case_file import Case
from geocore.casework.batch import Batch
from geocore.casework.batch_items import HELD
from geocore.casework.caution import SENTENCE, confirm, shows_person, shows_room
from geocore.inference.prediction import PhotoFailure

PERSON, INSIDE = "a person", "the inside of a room"


def cautious(photos: Sequence[NamedPhoto]) -> list[NamedPhoto]:
    """The photos that may be answered: all, or those without a face until the reader has spoken."""
    known = set(samples()["content"])
    held = [photo for photo in photos if photo[1] not in known and _shows_face(photo[1])]
    if not held or _has_spoken(len(held), PERSON):
        return list(photos)
    return [photo for photo in photos if photo not in held]


def without_rooms(
    answers: Sequence[Answer | PhotoFailure], *, is_asking: bool
) -> list[Answer | PhotoFailure]:
    """The answers that may be shown: without photos from inside a room until the reader has spoken.

    Args:
        answers: nothing of them was shown yet.
        is_asking: whether `cautious` is asking this reader already; one reply is enough.
    """
    known = set(samples()["content"])
    held = [x for x in answers if _is_room(x) and x.content not in known]
    if not held or _has_spoken(len(held), INSIDE, is_asking):
        return list(answers)
    return [answer for answer in answers if answer not in held]


def _is_room(answer: Answer | PhotoFailure) -> TypeGuard[Answer]:
    return isinstance(answer, Answer) and shows_room(answer.look)


def show_held(case: Case, purpose: str, batch: Batch) -> None:
    """On the case desk: ask what the photos are for that are held back, and let them go on."""
    held = [str(item.sha256) for item in batch.items if item.status == HELD]
    if held and (said := ask_purpose(len(held), f"{PERSON} or {INSIDE}", purpose)):
        confirm(case, held, said, analyst=analyst())
        batch.release()
        log_event("caution confirmed", n_photos=len(held))
        st.rerun()


def ask_purpose(n_photos: int, what: str, purpose: str | None = None) -> str | None:
    """What the answers about such photos are for; None until the reader has said it.

    Args:
        n_photos: how many wait.
        what: they seem to show.
        purpose: that was given before, to be confirmed.
    """
    who = "This photo seems" if n_photos == 1 else f"{n_photos:,} of these photos seem"
    waits = "It is" if n_photos == 1 else "They are"
    known = [*PURPOSES, *([purpose] if purpose and purpose not in PURPOSES else [])]
    with st.form("caution"):
        st.warning(
            f"**{who} to show {what}.** This tool must not be used to find out where a private "
            f"person lives or is. {waits} not answered before you say what the answer is for.",
            icon=":material/front_hand:",
        )
        index = known.index(purpose) if purpose else None
        said = st.selectbox("What is it for?", known, index=index, placeholder="Choose")
        is_meant = st.checkbox(SENTENCE)
        if not st.form_submit_button("Answer", type="primary"):
            return None
    if not (said and is_meant):
        st.error("Choose what it is for and confirm the sentence.", icon=":material/error:")
        return None
    return said


def _has_spoken(n_photos: int, what: str, is_asking: bool = False) -> bool:
    if st.session_state.get("caution_purpose"):
        return True
    if is_asking or (said := ask_purpose(n_photos, what)) is None:
        return False
    st.session_state["caution_purpose"] = said
    log_event("caution confirmed", n_photos=n_photos)
    st.rerun()


@keep("Looking for faces …", max_entries=4096)
def _shows_face(content: bytes) -> bool:
    return shows_person(content)
