"""Case desk: many photos at once, decided on one by one, in a log that can be checked."""

import streamlit as st

from dashboard.case_choice import adopt_new_case, cases_folder, choose_case
from dashboard.caution_view import show_held
from dashboard.common import page, plain, shared_batch
from dashboard.desk_events import show_events
from dashboard.desk_export import show_export
from dashboard.desk_log import show_log
from dashboard.desk_queue import show_progress, take_photos
from dashboard.desk_region import offer_case_region, show_case_region
from dashboard.desk_review import show_review
from geocore.analysis.case_state import case_state

_PARTS = ("Photos", "Events", "Export", "Log")

with page("Case desk", ":material/cases:") as view:
    adopt_new_case()
    case = choose_case()
    if case is not None:
        state = case_state(case.entries())
        photos = "1 photo" if len(state.photos) == 1 else f"{len(state.photos):,} photos"
        st.caption(f"Purpose: {plain(state.purpose)} · {photos}")
        show_case_region(case, state)
        part = st.segmented_control(
            "Part of the case",
            _PARTS,
            default=_PARTS[0],
            required=True,
            key="desk_part",
            bind="query-params",
            label_visibility="collapsed",
        )
        batch = shared_batch(view.bundle, view.head, cases_folder() / case.name)
        if part == "Log":
            show_log(case)
        elif part == "Events":
            show_events(view, case, state)
        elif part == "Export":
            show_export(view, case, state, batch)
        else:
            take_photos(batch)
            show_progress(batch)
            show_held(case, state.purpose, batch)
            if state.photos:
                offer_case_region(view, case, state)
                show_review(view, case, state, batch)
