"""Background jobs with tiny commands: started, queued, cancelled, killed, resumed, deleted."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import psutil
import pytest

from geocore.errors import JobError
from geocore.jobs import (
    Job,
    Status,
    cancel_job,
    delete_job,
    jobs_folder,
    list_jobs,
    load_job,
    read_log,
    resume_job,
    start_job,
)
from geocore.jobs.processes import ProcessId
from geocore.jobs.record import RECORD, locked, read_job, write_job
from geocore.progress import read_progress

# Goes on where it was: counts the runs in a file, waits in the first one, ends in the second.
TWO_RUNS = """
import os, pathlib, sys, time
runs = pathlib.Path(sys.argv[1])
n = len(runs.read_text()) if runs.exists() else 0
runs.write_text("x" * (n + 1))
print("run", n + 1)
if n == 0:
    time.sleep(60)
pathlib.Path(sys.argv[2]).write_text("made")
"""
QUICK = "print('hello'); open({!r}, 'w').write('made')"
WAIT = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(60)"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty list of jobs; whatever still runs at the end is ended."""
    monkeypatch.setenv("GEOCORE_JOBS", str(tmp_path / "jobs"))
    yield tmp_path / "jobs"
    for job in list_jobs():
        if job.is_active:
            cancel_job(job.job_id, patience_s=5)


@pytest.fixture
def finished(folder):
    """A job that has ended, without ever having run."""

    def make(status=Status.DONE, **changes):
        own = folder / "20260101-120000-abcdef"
        own.mkdir(parents=True)
        known = {"title": "Quick", "command": ("true",), "directory": "/", "result": ""}
        times = {"created": 1.0, "queued": 1.0, "started": 2.0, "ended": 3.0}
        return write_job(Job(folder=own, about={}, status=status, **known | times | changes))

    return make


def python(code, *arguments):
    return [sys.executable, "-S", "-u", "-c", code, *map(str, arguments)]


def until(condition, what):
    """Wait for it; a test that waits for ever is told what did not happen."""
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.03)
    return found


def until_status(job, status):
    until(lambda: load_job(job.job_id).status == status, status)
    return load_job(job.job_id)


def until_said(job, words):
    until(lambda: words in read_log(job), words)


def until_running(job):
    """Wait until the command itself runs; returns its process."""
    return until(lambda: read_job(job.folder).processes[1:], "start")[0]


def test_a_job_runs_to_its_end_and_is_listed(folder, tmp_path):
    job = start_job("Quick", python(QUICK.format(str(tmp_path / "out"))), about={"photos": 3})
    done = until_status(job, Status.DONE)
    assert done.about == {"photos": 3} and done.message == "" and done.processes == ()
    assert done.created <= done.started <= done.ended
    assert "hello" in read_log(done)
    assert list_jobs() == [done]
    assert jobs_folder() == folder


def test_its_processes_form_a_group_of_their_own(folder):
    job = start_job("Long", python(WAIT))
    child = until_running(job)
    assert os.getpgid(child.pid) == read_job(job.folder).processes[0].pid != os.getpgrp()
    assert os.getsid(child.pid) != os.getsid(0)


def test_it_outlives_the_program_that_started_it(folder):
    """The starter is a process of its own that ends at once."""
    code = "import sys, geocore.jobs as j; j.start_job('Orphan', sys.argv[1:])"
    subprocess.run([sys.executable, "-c", code, *python(WAIT)], check=True)
    job = list_jobs()[0]
    until_running(job)
    assert load_job(job.job_id).status == Status.RUNNING


def test_one_runs_and_the_others_wait_in_order(folder, tmp_path):
    first = start_job("First", python(WAIT))
    others = [start_job(name, python("pass")) for name in ("Second", "Third")]
    assert [job.status for job in list_jobs()] == ["queued", "queued", "running"]
    assert [job.title for job in list_jobs()] == ["Third", "Second", "First"]
    cancel_job(first.job_id)
    second, third = (until_status(job, Status.DONE) for job in others)
    assert second.ended <= third.started


def test_a_queued_job_is_started_by_the_one_that_ends(folder, tmp_path):
    """Nobody looks at the list meanwhile: only the records are read."""
    go = tmp_path / "go"
    code = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)"
    start_job("First", python(code))
    second = start_job("Second", python("pass"))
    assert second.status == Status.QUEUED
    go.touch()
    until(lambda: read_job(second.folder).status == Status.DONE, "the second job's end")


def test_a_cancelled_job_leaves_no_process(folder):
    job = start_job("Long", python(WAIT))
    child = until_running(job)
    ended = cancel_job(job.job_id)
    assert ended.status == Status.CANCELLED and ended.message == ""
    assert not child.is_alive()
    assert until_status(job, Status.CANCELLED).status == Status.CANCELLED


def test_a_job_that_does_not_listen_is_killed(folder):
    job = start_job("Deaf", python(STUBBORN))
    child = until_running(job)
    until_said(job, "deaf")
    cancel_job(job.job_id, patience_s=0.2)
    assert not child.is_alive()
    assert load_job(job.job_id).status == Status.CANCELLED


def test_a_queued_job_is_cancelled_without_having_run(folder):
    start_job("Long", python(WAIT))
    waiting = start_job("Waiting", python("pass"))
    assert cancel_job(waiting.job_id).status == Status.CANCELLED
    assert read_log(waiting) == ""


def test_a_job_that_ended_stays_as_it_is_when_cancelled(folder, finished):
    job = finished()
    assert cancel_job(job.job_id) == job


@pytest.mark.parametrize("victims", ["command", "both", "runner first"])
def test_killed_is_interrupted_and_resume_goes_on(folder, tmp_path, victims):
    runs, out = tmp_path / "runs", tmp_path / "out"
    job = start_job("Two runs", python(TWO_RUNS, runs, out), result=str(out))
    child = until_running(job)
    until_said(job, "run 1")
    runner = read_job(job.folder).processes[0]
    if victims != "command":
        os.kill(runner.pid, signal.SIGKILL)
        until(lambda: not runner.is_alive(), "the runner's end")
    if victims == "runner first":
        assert load_job(job.job_id).status == Status.RUNNING  # the command itself still runs
    os.kill(child.pid, signal.SIGKILL)
    killed = until_status(job, Status.INTERRUPTED)
    assert "Resume goes on where it was" in killed.message
    resume_job(job.job_id)
    done = until_status(job, Status.DONE)
    assert done.message == "" and runs.read_text() == "xx"
    assert "run 1" in read_log(done) and "run 2" in read_log(done)


def test_an_orphaned_command_can_be_cancelled(folder):
    job = start_job("Long", python(WAIT))
    child = until_running(job)
    runner = read_job(job.folder).processes[0]
    os.kill(runner.pid, signal.SIGKILL)
    until(lambda: not runner.is_alive(), "the runner's end")
    assert cancel_job(job.job_id).status == Status.CANCELLED
    assert not child.is_alive()


def test_a_number_that_another_process_has_got_is_not_ours(folder, finished):
    """After a restart of the machine the job's number may belong to anybody, here to this test."""
    job = finished()
    stranger = replace(ProcessId.of(os.getpid()), started_s=1e9)
    write_job(job, status=Status.RUNNING, processes=(stranger,))
    assert load_job(job.job_id).status == Status.INTERRUPTED
    write_job(job, status=Status.RUNNING, processes=(stranger,))
    assert cancel_job(job.job_id).status == Status.CANCELLED  # and this test still runs


def test_a_process_is_known_by_number_and_start():
    ours = ProcessId.of(os.getpid())
    assert ours.is_alive()
    assert not replace(ours, started_s=ours.started_s + 10).is_alive()


def test_a_process_that_is_only_waited_for_is_dead():
    ended = subprocess.Popen(python("pass"))
    known = ProcessId.of(ended.pid)
    until(lambda: psutil.Process(ended.pid).status() == psutil.STATUS_ZOMBIE, "its end")
    assert not known.is_alive()
    ended.wait()
    assert not known.is_alive()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys; sys.exit('Error: photos.csv: no column LAT.')", "photos.csv: no column LAT."),
        ("raise OSError(28, 'No space left on device')", "The disk is full"),
        ("raise MemoryError", "The memory ran out"),
        ("raise KeyError(3)", "It failed unexpectedly"),
        ("import os; os.abort()", "It failed unexpectedly"),
    ],
)
def test_a_failed_job_says_why(folder, code, sentence):
    job = until_status(start_job("Bad", python(code)), Status.FAILED)
    assert job.message.startswith(sentence)
    assert "Traceback" not in job.message


def test_only_the_last_run_says_why(folder, tmp_path):
    seen = tmp_path / "seen"
    code = f"""
import pathlib, sys
seen = pathlib.Path({str(seen)!r})
if seen.exists(): raise KeyError(1)
seen.touch(); sys.exit("Error: the first time.")"""
    job = until_status(start_job("Bad", python(code)), Status.FAILED)
    assert job.message == "the first time."
    resume_job(job.job_id)
    until(lambda: load_job(job.job_id).message.startswith("It failed unexp"), "second failure")


def test_a_command_that_does_not_exist_is_a_failure(folder):
    job = until_status(start_job("Absent", ["/no/such/program"]), Status.FAILED)
    assert job.message.startswith("/no/such/program cannot be started in ")


def test_a_command_that_makes_nothing_has_failed(folder, tmp_path):
    job = start_job("Empty", python("pass"), result=str(tmp_path / "bundle"))
    assert until_status(job, Status.FAILED).message == "It ended without having made bundle."


def test_the_command_knows_its_folder_and_its_progress_file(folder):
    code = "import os, sys; print(open(sys.argv[1]).read()); print(os.environ['GEOCORE_PROGRESS'])"
    command = python(code, "{folder}/config.toml")
    job = start_job("Told", command, files={"config.toml": "epochs = 3"})
    log = read_log(until_status(job, Status.DONE))
    assert "epochs = 3" in log and str(job.folder / "progress.jsonl") in log
    assert read_progress(job.folder / "progress.jsonl") == []


def test_the_log_shows_what_a_terminal_would(folder):
    text = r"10 %|#   |\r20 %|##  |\r\nred: \x1b[31mhot\x1b[0m\n\n\xffend"
    job = start_job("Noisy", python(f"import sys; sys.stdout.buffer.write(b'{text}')"))
    lines = read_log(until_status(job, Status.DONE)).splitlines()
    assert lines[1:] == ["20 %|##  |", "red: hot", "�end"]
    assert read_log(job, n_lines=1) == "�end"


def test_two_jobs_never_make_the_same(folder, tmp_path):
    out = str(tmp_path / "bundle")
    first = start_job("First", python(WAIT), result=out)
    with pytest.raises(JobError, match=r"'First' is running and makes bundle as well\."):
        start_job("Second", python(WAIT), result=out)
    cancel_job(first.job_id)
    with pytest.raises(JobError, match=r"'First' is cancelled .* name, or resume or delete that"):
        start_job("Second", python(WAIT), result=out)
    delete_job(first.job_id)
    (tmp_path / "bundle").mkdir()
    with pytest.raises(JobError, match=r"bundle is there already. Choose another name."):
        start_job("Second", python(WAIT), result=out)


def test_two_browsers_at_once_start_one_job_each_and_one_runs(folder, tmp_path):
    """Eight threads press start, half of them for the same result."""
    outcomes = []

    def press(number):
        try:
            name = str(tmp_path / f"bundle-{number % 4}")
            outcomes.append(start_job(f"Job {number}", python(WAIT), result=name))
        except JobError:
            outcomes.append(None)

    threads = [threading.Thread(target=press, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8 and outcomes.count(None) == 4
    statuses = [job.status for job in list_jobs()]
    assert sorted(statuses) == ["queued"] * 3 + ["running"]
    for job in list_jobs():
        if job.status == Status.QUEUED:
            cancel_job(job.job_id)


def test_a_job_that_runs_is_neither_resumed_nor_deleted(folder):
    job = start_job("Long", python(WAIT))
    with pytest.raises(JobError, match=r"'Long' is running: only a job that stopped is resumed."):
        resume_job(job.job_id)
    with pytest.raises(JobError, match=r"'Long' is running. Cancel it before deleting it."):
        delete_job(job.job_id)


def test_a_job_that_succeeded_is_not_run_again(folder, finished):
    job = finished()
    with pytest.raises(JobError, match=r"'Quick' is done"):
        resume_job(job.job_id)


def test_a_deleted_job_is_gone_with_its_folder(folder, finished):
    job = finished()
    delete_job(job.job_id)
    assert list_jobs() == [] and [p for p in folder.iterdir() if p.is_dir()] == []
    for action in (load_job, cancel_job, resume_job, delete_job):
        with pytest.raises(JobError, match=r"There is no job .* any more"):
            action(job.job_id)


@pytest.mark.parametrize("name", ["../jobs", "..", ".", "", "/etc", "a/b"])
def test_a_name_that_leads_out_of_the_folder_is_no_job(folder, name):
    folder.mkdir()
    with pytest.raises(JobError, match="There is no job"):
        delete_job(name)
    assert folder.is_dir()


@pytest.mark.parametrize("record", ["", "{}", "[]", '{"status": "odd"}', "\x00"])
def test_a_damaged_record_is_shown_and_can_be_deleted(finished, record):
    job = finished()
    (job.folder / RECORD).write_text(record)
    damaged = list_jobs()[0]
    assert damaged.status == Status.FAILED
    assert "the job's record cannot be read" in damaged.message
    with pytest.raises(JobError, match="cannot be read"):
        resume_job(job.job_id)
    delete_job(job.job_id)
    assert list_jobs() == []


def test_a_half_made_or_half_deleted_folder_is_no_job(folder):
    (folder / ".20260101-half").mkdir(parents=True)
    (folder / "20260101-empty").mkdir()
    assert list_jobs() == []


def test_a_list_that_somebody_else_holds_is_a_sentence(folder, monkeypatch):
    monkeypatch.setattr("geocore.jobs.record._LOCK_S", 0.05)
    with locked(folder), pytest.raises(JobError, match="another window or program"):
        start_job("Quick", python("pass"))


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match=r"cannot be changed .*GEOCORE_JOBS"):
        start_job("Quick", python("pass"), folder=tmp_path / "file" / "jobs")


@pytest.mark.parametrize(("title", "command"), [(" ", ["x"]), ("x", [])])
def test_a_job_needs_a_title_and_a_command(folder, title, command):
    with pytest.raises(ValueError, match="needs a title and a command"):
        start_job(title, command)


def test_no_jobs_yet(tmp_path):
    assert list_jobs(tmp_path / "absent") == []
    assert not (tmp_path / "absent").exists()
