"""Photos into a case: the drop zone, how far the queue is, and what could not be read.

Stage: dashboard. It must not answer: `geocore.casework.batch` does, in a thread of its own that all
readers of the case share.
"""

from collections.abc import Iterable

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard.case_choice import analyst
from dashboard.common import error_box, plain
from dashboard.public_demo import is_samples_only, show_samples_only
from geocore.casework.batch import Batch
from geocore.casework.batch_items import CANCELLED, FAILED, HELD
from geocore.data.images import ACCEPTED

EVERY_S = 1.0
_N_ERRORS = 20


def take_photos(batch: Batch) -> None:
    """The drop zone; what is dropped is queued at once."""
    key = f"desk_upload_{st.session_state.setdefault('desk_round', 0)}"

    def queue() -> None:
        """Hand on what was not handed on before, and empty the drop zone."""
        new = not_taken(st.session_state[key], st.session_state.setdefault("desk_taken", set()))
        photos = [(upload.name, upload.getvalue()) for upload in new]
        keeps = bool(st.session_state.get("desk_keep"))
        batch.add(photos, analyst=analyst(), keeps_photos=keeps)
        st.session_state["desk_round"] += 1  # another key empties the drop zone

    if is_samples_only():
        show_samples_only()
        return
    st.file_uploader(
        f"Drop photos here, as many as you like ({ACCEPTED}). They stay on this computer.",
        accept_multiple_files=True,
        key=key,
        on_change=queue,
    )
    st.checkbox(
        "Keep the photos themselves in the case",
        key="desk_keep",
        persist_state="session",
        help="For photos dropped from now on. The case file then holds copies: whoever gets it "
        "gets the photos. Without it only their fingerprints are kept.",
    )


def not_taken(uploads: Iterable[UploadedFile], taken: set[str]) -> list[UploadedFile]:
    """The uploads that were not taken before, which are taken now: a browser may tell twice."""
    new = [upload for upload in uploads if upload.file_id not in taken]
    taken.update(upload.file_id for upload in new)
    return new


def show_progress(batch: Batch) -> None:
    """How far the queue is; while it works, this part looks again every second."""
    is_running = batch.progress.is_running
    st.fragment(_show_progress, run_every=EVERY_S if is_running else None)(batch, is_running)


def _show_progress(batch: Batch, was_running: bool) -> None:
    with error_box():
        progress = batch.progress
        if was_running and not progress.is_running:
            st.rerun(scope="app")  # the table below has new rows
        if progress.n_photos == 0:
            return
        counts = progress.counts
        n_again = counts[FAILED] + counts[CANCELLED]
        words = [f"{progress.n_done:,} of {progress.n_photos:,} photos looked at"]
        words += [
            f"{counts[status]:,} {status}" for status in (HELD, FAILED, CANCELLED) if counts[status]
        ]
        if progress.is_running and (place := batch.place_in_line):
            words.append(f"the next one is number {place:,} in line")
        st.progress(progress.n_done / progress.n_photos, text=" · ".join(words))
        if progress.stopped_by:
            st.error(plain(progress.stopped_by), icon=":material/error:")
        with st.container(horizontal=True):
            if progress.is_running:
                st.button("Cancel what waits", icon=":material/stop_circle:", on_click=batch.cancel)
            elif n_again or progress.stopped_by:
                st.button("Try again", icon=":material/refresh:", on_click=batch.retry)
        _show_failures(batch)


def _show_failures(batch: Batch) -> None:
    failed = [item for item in batch.items if item.status == FAILED]
    if not failed:
        return
    with st.expander(f"{len(failed):,} could not be read", icon=":material/broken_image:"):
        for item in failed[:_N_ERRORS]:
            st.markdown(plain(item.error or item.name))
        if len(failed) > _N_ERRORS:
            st.caption(f"And {len(failed) - _N_ERRORS:,} more; all stand in the log.")
