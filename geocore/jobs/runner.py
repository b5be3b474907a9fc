"""The process that stands by one job: starts its command, waits, notes how it ended.

    python -m geocore.jobs.runner FOLDER_OF_THE_JOB

Belongs to the background jobs. It must not know what the command computes. It leads the job's
process group; asked to end, it waits for the command, which was asked too, and notes its end.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from geocore.jobs.log import BEGIN, INTERRUPTED, failure_sentence, is_from_outside
from geocore.jobs.processes import ProcessId
from geocore.jobs.queue import start_next
from geocore.jobs.record import PROGRESS, Job, Status, locked, read_job, write_job
from geocore.progress import VARIABLE

NICENESS = 5  # the dashboard stays quick while a job uses every core


def run(folder: Path) -> None:
    """Run the job to its end, then let the next one begin."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # a handler, unlike SIG_IGN, is not inherited
    os.nice(max(0, NICENESS - os.nice(0)))
    with locked(folder.parent):
        job = read_job(folder)
        process = None if job.is_cancelling else _begin(job)
    exit_code = process.wait() if process else None
    with locked(folder.parent):
        job = read_job(folder)
        status, message = _end(job, exit_code)
        write_job(job, status=status, message=message, ended=time.time(), processes=())
    start_next(folder.parent)


def _begin(job: Job) -> subprocess.Popen | None:
    """The command's process; None where it cannot be started."""
    _say(f"{BEGIN}{time.strftime('%Y-%m-%d %H:%M:%S')}")
    settings = {VARIABLE: str(job.folder / PROGRESS), "PYTHONUNBUFFERED": "1"}
    settings["TQDM_MININTERVAL"] = "5"  # a bar that redraws itself ten times a second fills the log
    try:
        process = subprocess.Popen(job.command, cwd=job.directory, env={**os.environ, **settings})
    except OSError as error:
        _say(f"Error: {job.command[0]} cannot be started in {job.directory} ({error}).")
        return None
    write_job(job, processes=(*job.processes, ProcessId.of(process.pid)))
    return process


def _end(job: Job, exit_code: int | None) -> tuple[Status, str]:
    has_result = not job.result or Path(job.result).exists()
    if exit_code == 0 and has_result:
        return Status.DONE, ""
    if job.is_cancelling:
        return Status.CANCELLED, ""
    if exit_code == 0:
        return Status.FAILED, f"It ended without having made {Path(job.result).name}."
    if exit_code is not None and is_from_outside(exit_code):
        return Status.INTERRUPTED, failure_sentence(job, INTERRUPTED)
    return Status.FAILED, failure_sentence(job)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run(Path(sys.argv[1]))
