"""What is said about a training: how it stands, which step it is at, how long that still takes.

Stage: dashboard. Text only; it must not know how a page is laid out.
"""

import time

from geocore.jobs import Job, Status
from geocore.jobs.watch import Progress

ICONS = {
    Status.QUEUED: ":material/hourglass_empty:",
    Status.RUNNING: ":material/autorenew:",
    Status.DONE: ":material/check_circle:",
    Status.FAILED: ":material/error:",
    Status.CANCELLED: ":material/cancel:",
    Status.INTERRUPTED: ":material/power_off:",
}
_WORDS = {
    Status.RUNNING: "running",
    Status.DONE: "finished",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
    Status.INTERRUPTED: "interrupted",
}
_STEPS = {
    "features": "looking at the photos and varied copies of them",
    "backbone": "adapting the network to the photos",
    "baselines": "training what the heads are compared with",
    "report": "measuring on the photos kept for testing",
}


def head_line(job: Job, jobs: list[Job]) -> str:
    """How it stands; while it waits, its place in the queue."""
    if job.is_cancelling and job.status == Status.RUNNING:
        return "being cancelled …"
    if job.status != Status.QUEUED:
        return _WORDS[job.status]
    ahead = sum(x.status == Status.QUEUED and x.queued < job.queued for x in jobs)
    return "waiting, next in line" if ahead == 0 else f"waiting, {ahead} in line before it"


def times(job: Job) -> str:
    """What it is trained on, when it began, how long it took."""
    parts = []
    if "photos" in job.about:
        n_heads = len(job.about["heads"])
        parts.append(f"{job.about['n_photos']:,} photos of {job.about['photos']}")
        parts.append(f"{n_heads} head{'s' if n_heads > 1 else ''}")
    if job.started:
        parts.append(f"started {time.strftime('%d %b %Y, %H:%M', time.localtime(job.started))}")
    if job.status == Status.RUNNING:
        parts.append(f"running for {duration(time.time() - job.started)}")
    elif job.started and job.ended:
        parts.append(f"ran {duration(job.ended - job.started)}")
    return " · ".join(parts)


def outcome(job: Job, progress: Progress) -> str:
    """Why it ended, and where it was then."""
    if job.status not in (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED):
        return ""
    kept = "What had been computed is kept: resume goes on from there."
    cancelled = kept if job.started else "It had not begun yet."
    why = cancelled if job.status == Status.CANCELLED else job.message
    if not progress.step:
        return why
    where = f"It was at step {progress.number} of {progress.n_steps}, {step_name(progress.step)}."
    return f"{why} {where}"


def step_line(job: Job, progress: Progress) -> str:
    """Which step it is at, how far, and how long that step takes at most."""
    if not progress.step:
        return "Getting ready …"
    what = step_name(progress.step)
    parts = [f"Step {progress.number} of {progress.n_steps}: {what}"]
    if progress.kind == "epoch":
        epoch = progress.done + (progress.within > 0)
        within = f" ({progress.within:.0%} of it done)" if progress.within else ""
        parts.append(f"epoch {epoch:,} of at most {progress.of:,}{within}")
    elif progress.kind == "count":
        parts.append(f"{progress.done:,} of {progress.of:,}")
    if progress.left_s is not None and progress.done < progress.of:
        at_most = "at most " if progress.kind == "epoch" else ""
        parts.append(f"{at_most}about {duration(progress.left_s)} left for this step")
    return ", ".join(parts)


def step_name(step: str) -> str:
    """What happens in a step; steps without a name of their own are heads."""
    return _STEPS.get(step, f"training head {step}")


def duration(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    return f"{int(seconds // 3600)} h {round(seconds % 3600 / 60)} min"
