"""Trainings on a page: start one, watch it, cancel, resume, and look at what came out.

Stage: dashboard. It must not train: everything runs in processes that outlive this page and this
server; the page only reads what they say (`geocore.jobs`).
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard.common import error_box, fragment, plain
from dashboard.figure_view import show_figure
from dashboard.offline_map import is_dark
from dashboard.photo_set_choice import PhotoSource
from dashboard.training_form import show_form
from dashboard.training_words import ICONS, head_line, outcome, step_line, times
from geocore.jobs import (
    Job,
    Status,
    bundles_folder,
    cancel_job,
    delete_job,
    list_jobs,
    read_log,
    resume_job,
)
from geocore.jobs.record import LOG
from geocore.jobs.watch import Progress, how_far
from geocore.visuals.training_figures import describe_epochs, plot_epochs

EVERY_S = 2.0
_HOME, _LOG_LINES = "Home.py", 12
_LOOK, _TRAIN = "Look at the photos", "Train a model on them"


def is_chosen() -> bool:
    """Whether the reader wants to train rather than to look at the photo set."""
    chosen = st.segmented_control(
        "What to do with the photo set",
        [_LOOK, _TRAIN],
        default=_LOOK,
        required=True,
        key="photo_set_use",
        persist_state="session",
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen == _TRAIN


def show(source: PhotoSource | None) -> None:
    """What runs and waits, the form for a new training on these photos, and what is over."""
    with error_box():
        is_active = any(job.is_active for job in list_jobs())
        st.fragment(_show_active, run_every=EVERY_S if is_active else None)()
    if source is not None:
        show_form(source)
    fragment(_show_over)()


def _show_active() -> None:
    """Trainings that run or wait; while there are some, this part looks again every moment."""
    with error_box():
        jobs = [job for job in list_jobs() if job.is_active]
        _refresh_page_when_ended(jobs)
        _show_jobs("Trainings that run or wait" if len(jobs) > 1 else "Training", jobs)


def _show_over() -> None:
    _show_jobs("Earlier trainings", [job for job in list_jobs() if not job.is_active])


def _show_jobs(title: str, jobs: list[Job]) -> None:
    if jobs:
        st.subheader(title)
    for job in sorted(jobs, key=_rank):
        with st.container(border=True, key=f"training_{job.job_id}"):
            _show_job(job, jobs)


def _rank(job: Job) -> tuple[int, float]:
    """What runs first, then the queue in its order, then what is over, the latest first."""
    order = {Status.RUNNING: (0, 0.0), Status.QUEUED: (1, job.queued)}
    return order.get(job.status, (2, -job.ended))


def _refresh_page_when_ended(jobs: list[Job]) -> None:
    """A training that ended changes the sidebar's list of bundles and needs no more looks."""
    active = {job.job_id for job in jobs}
    before = st.session_state.get("trainings_active", active)
    st.session_state["trainings_active"] = active
    if before - active:
        st.rerun(scope="app")


def _show_job(job: Job, jobs: list[Job]) -> None:
    left, right = st.columns([3, 2], vertical_alignment="center")
    left.markdown(f"{ICONS[job.status]} **{plain(job.title)}** · {plain(head_line(job, jobs))}")
    with right, st.container(horizontal=True, horizontal_alignment="right"):
        _show_buttons(job)
    st.caption(plain(times(job)))
    progress = how_far(job)
    if sentence := outcome(job, progress):
        show = st.error if job.status == Status.FAILED else st.markdown
        show(plain(sentence))
    if job.status == Status.RUNNING:
        st.progress(progress.share, text=plain(step_line(job, progress)))
    _show_epochs(job, progress)
    _show_log(job)


def _show_epochs(job: Job, progress: Progress) -> None:
    heads = [*job.about.get("heads", []), "backbone"]
    epochs = progress.epochs[progress.epochs["step"].isin(heads)]
    if epochs.empty:
        return
    with st.expander("Epoch by epoch", expanded=job.is_active, icon=":material/show_chart:"):
        figure, words = plot_epochs(epochs, dark=is_dark()), describe_epochs(epochs)
        show_figure(figure, key=f"epochs_{job.job_id}", alt=words)


def _show_log(job: Job) -> None:
    with st.expander("Log, for whoever looks after this computer", icon=":material/terminal:"):
        log = read_log(job, _LOG_LINES)
        st.code(log or "Nothing was written yet.", language=None, wrap_lines=True)
        st.caption(f"The last lines; all of them: {plain(str(job.folder / LOG))}")


def _show_buttons(job: Job) -> None:
    if job.is_active:
        _confirm(
            "Cancel", ":material/stop_circle:", job,
            "What has been computed is kept, so that it can be resumed.", "Cancel this training",
            lambda: cancel_job(job.job_id),
        )  # fmt: skip
        return
    if job.status == Status.DONE:
        _show_link(job)
    elif job.command and st.button(
        "Resume", icon=":material/play_arrow:", key=f"resume_{job.job_id}"
    ):
        resume_job(job.job_id)
        st.rerun(scope="app")
    _confirm(
        "Delete", ":material/delete:", job,
        "Takes the training off this list, its log with it. A bundle that it made stays in the "
        f"folder {plain(str(bundles_folder()))}.",
        "Delete it from the list", lambda: delete_job(job.job_id),
    )  # fmt: skip


def _show_link(job: Job) -> None:
    """One click chooses the new bundle in the sidebar and shows what it is worth."""
    folder = Path(job.result)
    if not folder.is_dir():
        return

    def choose() -> None:
        st.session_state["bundle"] = str(folder.resolve())

    if st.button(
        "Look at it", icon=":material/visibility:", key=f"look_{job.job_id}", type="primary",
        on_click=choose,
    ):  # fmt: skip
        st.switch_page(_HOME, query_params={})  # None refuses to clear what widgets are bound to


def _confirm(
    label: str, icon: str, job: Job, explanation: str, button: str, act: Callable[[], object]
) -> None:
    """A button that asks once more before it acts."""
    with st.popover(label, icon=icon, key=f"{label}_{job.job_id}"):
        st.markdown(explanation)
        if st.button(button, type="primary", key=f"{label}_yes_{job.job_id}"):
            act()
            st.rerun(scope="app")
