"""The queue of background jobs: one runs, the others wait; what the pages call.

Belongs to the background jobs. It must not know what a job computes. Every change happens under one
file lock, so that two browsers, two dashboards and the job itself never change the list at once.
Whoever looks at the list, and every job that ends, lets the next one begin.
"""

import re
import shutil
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from geocore.errors import JobError
from geocore.jobs.log import INTERRUPTED, failure_sentence
from geocore.jobs.processes import end_group, start_detached
from geocore.jobs.record import (
    LOG,
    Job,
    Status,
    jobs_folder,
    locked,
    read_job,
    read_jobs,
    write_job,
)

PATIENCE_S = 10.0
_JOB_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")


def start_job(
    title: str,
    command: Sequence[str],
    *,
    result: str = "",
    about: dict[str, Any] | None = None,
    files: dict[str, str] | None = None,
    folder: Path | None = None,
) -> Job:
    """Put a command into the queue; it runs at once where nothing else does.

    Args:
        title: what people call it.
        command: program and arguments; "{folder}" in an argument stands for the job's folder.
        result: file or folder that the command makes; no two jobs may make the same.
        about: what else to remember, as JSON.
        files: texts to write into the job's folder, by file name.
        folder: of all jobs, see `jobs_folder`.

    Raises:
        ValueError: no title or no command.
        JobError: the result is there already, or another job makes it.
    """
    if not title.strip() or not command:
        raise ValueError(f"A job needs a title and a command, received {title!r}, {command!r}.")
    folder = folder or jobs_folder()
    with locked(folder):
        _refuse_known_result(result, folder)
        own = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"
        job = Job(
            folder=own.with_name(f".{own.name}"),  # on the list only when it is complete
            title=title.strip(),
            command=tuple(part.replace("{folder}", str(own)) for part in command),
            directory=str(Path.cwd()),
            result=result,
            about=about or {},
            status=Status.QUEUED,
            created=time.time(),
            queued=time.time(),
        )
        job.folder.mkdir()
        for name, text in (files or {}).items():
            (job.folder / name).write_text(text, "utf-8")
        write_job(job)
        job.folder.rename(own)
    start_next(folder)
    return read_job(own)


def list_jobs(folder: Path | None = None) -> list[Job]:
    """Every job as it stands now, the newest first."""
    folder = folder or jobs_folder()
    jobs = read_jobs(folder)
    if any(_has_vanished(job) for job in jobs) or _next(jobs):
        start_next(folder)
        jobs = read_jobs(folder)
    return jobs[::-1]


def load_job(job_id: str, folder: Path | None = None) -> Job:
    """One job as it stands now.

    Raises:
        JobError: there is no such job.
    """
    found = [job for job in list_jobs(folder) if job.job_id == job_id]
    if not found:
        raise JobError(f"There is no job {job_id!r} any more. Reload the list.")
    return found[0]


def cancel_job(job_id: str, folder: Path | None = None, patience_s: float = PATIENCE_S) -> Job:
    """End a job: asked first, killed where it has not ended after `patience_s`.

    A job that has ended meanwhile stays as it is. What it has computed is kept.

    Raises:
        JobError: there is no such job.
    """
    own = _job_folder(job_id, folder)
    with locked(own.parent):
        job = read_job(own)
        if job.status == Status.QUEUED:
            return _ended(job, Status.CANCELLED, "")
        if job.status == Status.RUNNING:
            job = write_job(job, is_cancelling=True)
    end_group(job.processes, patience_s)
    with locked(own.parent):
        job = read_job(own)
        if job.status == Status.RUNNING:
            job = _ended(job, Status.CANCELLED, "")
    start_next(own.parent)
    return job


def resume_job(job_id: str, folder: Path | None = None) -> Job:
    """Put a job that did not succeed at the end of the queue again, its command unchanged.

    Raises:
        JobError: there is no such job, it has succeeded, or it runs or waits already.
    """
    own = _job_folder(job_id, folder)
    with locked(own.parent):
        job = read_job(own)
        if job.is_active or job.status == Status.DONE or not job.command:
            raise JobError(f"'{job.title}' is {job.status}: only a job that stopped is resumed.")
        write_job(job, status=Status.QUEUED, queued=time.time(), message="", is_cancelling=False)
    start_next(own.parent)
    return read_job(own)


def delete_job(job_id: str, folder: Path | None = None) -> None:
    """Take a job off the list, its log with it; its result stays.

    Raises:
        JobError: there is no such job, or it runs or waits.
    """
    own = _job_folder(job_id, folder)
    with locked(own.parent):
        job = next((job for job in read_jobs(own.parent) if job.folder == own), None)
        if job and job.is_active:
            raise JobError(f"'{job.title}' is {job.status}. Cancel it before deleting it.")
        shutil.rmtree(own.rename(own.with_name(f".deleted-{own.name}")))


def start_next(folder: Path) -> None:
    """Note which jobs have vanished, and start the one that has waited longest if none runs."""
    with locked(folder):
        for job in filter(_has_vanished, read_jobs(folder)):
            if job.is_cancelling:
                _ended(job, Status.CANCELLED, "")
            else:
                _ended(job, Status.INTERRUPTED, failure_sentence(job, INTERRUPTED))
        next_one = _next(read_jobs(folder))
        if next_one:
            _start(next_one)


def _has_vanished(job: Job) -> bool:
    return job.status == Status.RUNNING and not job.is_alive()


def _next(jobs: Sequence[Job]) -> Job | None:
    """The job that has waited longest, where no job has a running process."""
    waiting = [job for job in jobs if job.status == Status.QUEUED]
    if not waiting or any(job.is_alive() for job in jobs):
        return None
    return min(waiting, key=lambda job: (job.queued, job.job_id))


def _start(job: Job) -> None:
    job = write_job(job, status=Status.RUNNING, started=time.time(), ended=0.0, processes=())
    command = [sys.executable, "-m", "geocore.jobs.runner", str(job.folder)]
    runner = start_detached(command, job.folder / LOG, {})
    write_job(job, processes=(runner,))


def _ended(job: Job, status: Status, message: str) -> Job:
    return write_job(job, status=status, message=message, ended=time.time())


def _job_folder(job_id: str, folder: Path | None) -> Path:
    own = (folder or jobs_folder()) / job_id
    if not _JOB_ID.fullmatch(job_id) or not own.is_dir():
        raise JobError(f"There is no job {job_id!r} any more. Reload the list.")
    return own


def _refuse_known_result(result: str, folder: Path) -> None:
    if not result:
        return
    if Path(result).exists():
        raise JobError(f"{result} is there already. Choose another name.")
    makers = (job for job in read_jobs(folder) if job.result == result)
    rival = next((job for job in makers if job.status != Status.DONE), None)
    if rival is not None:
        remedy = "" if rival.is_active else ", or resume or delete that one"
        raise JobError(
            f"'{rival.title}' is {rival.status} and makes {Path(result).name} as well. Choose "
            f"another name{remedy}."
        )
