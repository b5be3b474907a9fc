"""One job as a folder on disk: `job.json` with what was asked and how it stands, log, progress.

Belongs to the background jobs. It must not know how a job is started or ended.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from geocore.data.whole_files import whole_file
from geocore.errors import JobError
from geocore.jobs.processes import ProcessId

VARIABLE = "GEOCORE_JOBS"
RECORD, LOG, PROGRESS = "job.json", "log.txt", "progress.jsonl"
_LOCK, _LOCK_S = ".lock", 30


class Status(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # gone without an end of its own: killed, or the machine restarted


@dataclass(frozen=True, kw_only=True)
class Job:
    """A command that runs, ran or waits.

    Attributes:
        folder: of the job; its name is the job's id.
        title: what people call it.
        command: program and arguments.
        directory: where the command runs.
        result: file or folder that exists when the command has succeeded, or "".
        about: what else the starter wants to remember.
        status: how it stands.
        created: when it was first asked for; times are in seconds since 1970.
        queued: when it was asked for or resumed last; the queue is ordered by it.
        started: when it ran last, 0 where it never did.
        ended: when that ended, 0 where it has not.
        processes: those of the last run.
        is_cancelling: somebody asked for its end.
        message: one sentence on why it ended, or "".
    """

    folder: Path
    title: str
    command: tuple[str, ...]
    directory: str
    result: str
    about: dict[str, Any]
    status: Status
    created: float
    queued: float
    started: float = 0.0
    ended: float = 0.0
    processes: tuple[ProcessId, ...] = ()
    is_cancelling: bool = False
    message: str = ""

    @property
    def job_id(self) -> str:
        """Unique; begins with the time at which the job was asked for."""
        return self.folder.name

    @property
    def is_active(self) -> bool:
        """Whether it runs or waits for its turn."""
        return self.status in (Status.QUEUED, Status.RUNNING)

    def is_alive(self) -> bool:
        """Whether a process of its last run still runs."""
        return any(process.is_alive() for process in self.processes)


def jobs_folder() -> Path:
    """Where jobs are kept: what GEOCORE_JOBS names, else `.geocore/jobs`."""
    return Path(os.environ.get(VARIABLE) or Path(".geocore") / "jobs").absolute()


def bundles_folder() -> Path:
    """Where trained bundles go: the folder `bundles` beside that of the jobs."""
    return jobs_folder().with_name("bundles")


def read_jobs(folder: Path) -> list[Job]:
    """Every job in the folder, oldest first; one whose record is damaged counts as failed."""
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if not path.name.startswith("."))
    jobs = [_read_or_failed(path) for path in found if (path / RECORD).exists()]
    return sorted(jobs, key=lambda job: (job.created, job.job_id))


def read_job(folder: Path) -> Job:
    """One job.

    Raises:
        JobError: there is none, or its record cannot be read.
    """
    try:
        values = json.loads((folder / RECORD).read_text("utf-8"))
        values["status"] = Status(values["status"])
        values["command"] = tuple(map(str, values["command"]))
        values["processes"] = tuple(ProcessId(**entry) for entry in values["processes"])
        return Job(folder=folder, **values)
    except FileNotFoundError as error:
        raise JobError(f"There is no job {folder.name!r} any more. Reload the list.") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise JobError(
            f"{folder / RECORD}: the job's record cannot be read ({error}). Delete the job and "
            "start it again; what it has computed is kept elsewhere."
        ) from error


def write_job(job: Job, **changes: Any) -> Job:
    """Put a job's record on disk in one step, some values replaced; returns the changed job."""
    job = replace(job, **changes)
    values = asdict(job)
    del values["folder"]
    with whole_file(job.folder / RECORD) as scratch:
        scratch.write_text(json.dumps(values, indent=1), "utf-8")
    return job


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the one right to change jobs, over all processes of this machine.

    Raises:
        JobError: another process does not give it back, or what is done meanwhile fails because
            nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK, timeout=_LOCK_S):
            yield
    except Timeout as error:
        raise JobError(
            f"{folder}: another window or program has been changing the list of jobs for "
            f"{_LOCK_S} seconds. Try again; if that does not help, restart the dashboard."
        ) from error
    except OSError as error:
        raise JobError(
            f"{folder}: the list of jobs cannot be changed ({error}). Free some space there, or "
            "let GEOCORE_JOBS name a folder that can be written."
        ) from error


def _read_or_failed(folder: Path) -> Job:
    try:
        return read_job(folder)
    except JobError as error:
        return Job(
            folder=folder, title=folder.name, command=(), directory="", result="", about={},
            status=Status.FAILED, created=0.0, queued=0.0, message=str(error),
        )  # fmt: skip
