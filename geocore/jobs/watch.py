"""How far a job is: its progress file as one state to show, and its epochs as a table.

Belongs to the background jobs. It must not know what the steps mean.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from geocore.jobs.record import PROGRESS, Job
from geocore.progress import read_progress

EPOCH_COLUMNS = ["step", "epoch", "of", "loss", "validation_loss", "seconds"]
_LEAST_S = 3.0  # a rate measured over less says nothing


@dataclass(frozen=True, kw_only=True, eq=False)
class Progress:
    """How far a job is.

    Attributes:
        step: name of the step it is at, "" before the first.
        number: of that step, from 1.
        n_steps: how many there are, 0 before the first.
        kind: what the step has counted so far: "count" (items), "epoch", or "" for nothing yet.
        done: items or whole epochs done.
        within: share of the epoch that is going on, 0 where that is not known.
        of: items, or epochs at most; 0 where nothing was counted.
        left_s: seconds until this step ends at the pace so far, None where that is not known.
        epochs: `EPOCH_COLUMNS`, one row per step and epoch, the latest run's where repeated.
    """

    step: str
    number: int
    n_steps: int
    kind: str
    done: int
    within: float
    of: int
    left_s: float | None
    epochs: pd.DataFrame

    @property
    def share(self) -> float:
        """Share of the steps that is done, 0 to 1; steps count alike, whatever they take."""
        inner = (self.done + self.within) / self.of if self.of else 0.0
        return min(1.0, max(0, self.number - 1 + inner) / self.n_steps) if self.n_steps else 0.0


def how_far(job: Job) -> Progress:
    """How far the job's last run is, and the epochs of all its runs."""
    lines = read_progress(job.folder / PROGRESS)
    own = [line for line in lines if line["time"] >= job.started]
    begins = [i for i, line in enumerate(own) if line["kind"] == "step"]
    step = own[begins[-1]] if begins else {}
    said = [line for line in own[begins[-1] + 1 :] if "of" in line] if begins else []
    kind, done, within, of = _counted(said[-1]) if said else ("", 0, 0.0, 0)
    return Progress(
        step=str(step.get("name", "")),
        number=int(step.get("number", 0)),
        n_steps=int(step.get("of", 0)),
        kind=kind,
        done=done,
        within=within,
        of=of,
        left_s=_count_left_s(said) if kind == "count" else _epochs_left_s(said, of - done - within),
        epochs=_epochs(lines),
    )


def _counted(line: dict[str, Any]) -> tuple[str, int, float, int]:
    """Kind, whole items or epochs done, share of the one that is going on, how many there are."""
    if line["kind"] == "batch":
        return "epoch", int(line["epoch"]) - 1, line["done"] / line["of"], int(line["epochs"])
    is_epoch = line["kind"] == "epoch"
    return line["kind"], int(line["epoch" if is_epoch else "done"]), 0.0, int(line["of"])


def _count_left_s(said: list[dict[str, Any]]) -> float | None:
    """At the pace so far; the first line tells where the run began, not how fast it was."""
    counts = [line for line in said if line["kind"] == "count"]
    n_done, seconds = (counts[-1][key] - counts[0][key] for key in ("done", "time"))
    if n_done <= 0 or seconds < _LEAST_S:
        return None
    return float((counts[-1]["of"] - counts[-1]["done"]) * seconds / n_done)


def _epochs_left_s(said: list[dict[str, Any]], n_left: float) -> float | None:
    """As the epochs took so far; before the first has ended, as its batches did."""
    seconds = [line["seconds"] for line in said if line["kind"] == "epoch"]
    batches = [line for line in said if line["kind"] == "batch"]
    if not seconds and len(batches) > 1:
        first, last = batches[0], batches[-1]
        seconds = [(last["time"] - first["time"]) / (last["done"] - first["done"]) * last["of"]]
    return float(pd.Series(seconds).median() * n_left) if seconds else None


def _epochs(lines: list[dict[str, Any]]) -> pd.DataFrame:
    rows: dict[tuple[str, int], list[Any]] = {}
    step = ""
    for line in lines:
        if line["kind"] == "step":
            step = str(line["name"])
        elif line["kind"] == "epoch":
            loss = line.get("val_cross_entropy")
            row = [step, line["epoch"], line["of"], line.get("loss"), loss, line.get("seconds")]
            rows[step, line["epoch"]] = row
    return pd.DataFrame(rows.values(), columns=EPOCH_COLUMNS)
