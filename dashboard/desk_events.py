"""Events of a case: photos said to show one place, joined into one answer, and shown again.

Stage: dashboard. It must not compute: casework joins, the log keeps.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pandas as pd
import streamlit as st

from dashboard.case_choice import analyst
from dashboard.common import View, plain
from dashboard.desk_answer import (
    offer_recorded_name,
    show_record,
    show_record_map,
    show_source,
)
from dashboard.desk_region import region_of
from dashboard.key_figures import percent
from dashboard.table_view import show_table_of
from geocore.analysis.case_file import Case
from geocore.analysis.case_state import CaseState
from geocore.analysis.event_text import CLAIM
from geocore.casework.joining import event_of_answers
from geocore.errors import GeocoreError
from geocore.visuals.maps import MapPoint

CHOSEN = "desk_chosen"
_PICKED, _NAME, _SHOWN = "desk_event_photos", "desk_event_name", "desk_event"


def chosen_photos() -> list[str]:
    """SHA-256 of the photos that this reader marked for an event."""
    return st.session_state.setdefault(CHOSEN, [])


def toggle_chosen(sha256: str) -> None:
    """Mark a photo for an event, or take the mark away."""
    chosen = chosen_photos()
    (chosen.remove if sha256 in chosen else chosen.append)(sha256)


def show_events(view: View, case: Case, state: CaseState) -> None:
    """The form that joins photos, and the events so far."""
    _show_form(view, case, state)
    if not state.events:
        st.caption("No event yet.")
        return
    ids = list(state.events)[::-1]
    if st.session_state.get(_SHOWN) not in ids:
        st.session_state[_SHOWN] = ids[0]
    shown = st.selectbox(
        f"Events of this case ({len(ids)})", ids, key=_SHOWN,
        format_func=lambda event_id: state.events[event_id]["name"],
    )  # fmt: skip
    _show_event(view, case, state.events[shown], state)


def _show_form(view: View, case: Case, state: CaseState) -> None:
    st.markdown(f"Two or more photos of one event give one answer together. {CLAIM}")
    answered = [photo for photo in state.photos.values() if photo.from_photo is not None]
    names = {photo.sha256: photo.name for photo in answered}
    picked = [sha256 for sha256 in chosen_photos() if sha256 in names]
    st.session_state[_PICKED] = picked

    def pick() -> None:
        st.session_state[CHOSEN] = list(st.session_state[_PICKED])

    st.multiselect(
        "Photos of the event", list(names), key=_PICKED, on_change=pick,
        format_func=lambda sha256: f"{names[sha256]} ({sha256[:6]})",
        placeholder="Choose them here, or with the key E in the part Photos",
    )  # fmt: skip
    st.text_input("What the event is called", key=_NAME, placeholder="Flooded market")
    st.button(
        "Join the photos", icon=":material/join:", type="primary",
        on_click=_join, args=(view, case, state),
    )  # fmt: skip
    if problem := st.session_state.pop("desk_event_problem", None):
        st.warning(plain(problem), icon=":material/error:")


def _join(view: View, case: Case, state: CaseState) -> None:
    chosen = [sha256 for sha256 in chosen_photos() if sha256 in state.photos]
    name = st.session_state.get(_NAME, "").strip() or f"Event {len(state.events) + 1}"
    try:
        record = event_of_answers(
            [state.photos[sha256].from_photo for sha256 in chosen],
            view.bundle,
            event_id=uuid4().hex[:12],
            name=name,
            prior=region_of(state),
        )
        case.append("event", record, analyst=analyst())
    except (ValueError, GeocoreError) as error:
        st.session_state["desk_event_problem"] = str(error)
        return
    st.session_state[CHOSEN], st.session_state[_NAME] = [], ""
    st.session_state[_SHOWN] = record["event_id"]


def _show_event(view: View, case: Case, event: Mapping[str, Any], state: CaseState) -> None:
    names = {sha256: photo.name for sha256, photo in state.photos.items()}
    st.markdown(
        f"**{plain(event['name'])}:** {len(event['photo_sha256s'])} photos that count as "
        f"{event['n_effective']:.1f} different ones."
    )
    for sha256 in event["outliers"]:
        st.warning(
            f"**{plain(names.get(sha256, sha256))}** does not fit the others: it fits worse than "
            "98 of 100 photos that do belong to their event.",
            icon=":material/person_off:",
        )
    if event.get("prior") is not None:
        st.caption(f"Joined within {plain(event['prior']['label'])}.")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        show_record(view, event)
        if not event["is_fitted"]:
            st.caption(
                "How photos are joined was not measured for this model: no search area is "
                "promised, and photos that do not fit are not named."
            )
        show_source(event)
        offer_recorded_name(case, event, event["event_id"])
    with right:
        members = [state.photos[x] for x in event["photo_sha256s"] if x in state.photos]
        show_record_map(view, event, key="desk_event_map", points=_points(members))
    _show_influence(event, names)


def _points(members: list) -> list[MapPoint]:
    return [
        MapPoint(lat=photo.answer["lat"], lng=photo.answer["lng"], label="", kind="other")
        for photo in members
        if photo.answer is not None
    ]


def _show_influence(event: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Leave-one-out: what would be without each photo."""
    rows = event["influence"]
    words = "no" if event["is_fitted"] else "not known"
    show_table_of(
        pd.DataFrame(
            {
                "Photo": [names.get(row["photo_sha256"], row["photo_sha256"]) for row in rows],
                "Counts as": [row["weight"] for row in rows],
                "Without it, moves": [percent(row["moved_share"]) for row in rows],
                "Best point moves, km": [row["moved_km"] for row in rows],
                "Stands out": [
                    "yes" if row["photo_sha256"] in event["outliers"] else words for row in rows
                ],
            }
        ),
        hide_index=True,
    )
    st.caption(
        "Counts as: copies and near copies share the weight of one photo. Moves: how much of the "
        "probability would lie elsewhere without this photo."
    )
