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
        done: items or epochs done.
        of: items, or epochs at most; 0 where nothing was counted.
        left_s: seconds until this step ends at the pace so far, None where that is not known.
        epochs: `EPOCH_COLUMNS`, one row per step and epoch, the latest run's where repeated.
    """

    step: str
    number: int
    n_steps: int
    kind: str
    done: int
    of: int
    left_s: float | None
    epochs: pd.DataFrame

    @property
    def share(self) -> float:
        """Share of the steps that is done, 0 to 1; steps count alike, whatever they take."""
        inner = self.done / self.of if self.of else 0.0
        return min(1.0, max(0, self.number - 1 + inner) / self.n_steps) if self.n_steps else 0.0


def how_far(job: Job) -> Progress:
    """How far the job's last run is, and the epochs of all its runs."""
    lines = read_progress(job.folder / PROGRESS)
    own = [line for line in lines if line["time"] >= job.started]
    begins = [i for i, line in enumerate(own) if line["kind"] == "step"]
    step = own[begins[-1]] if begins else {}
    counted = [line for line in own[begins[-1] + 1 :] if "of" in line] if begins else []
    last = counted[-1] if counted else {}
    kind = str(last.get("kind", ""))
    return Progress(
        step=str(step.get("name", "")),
        number=int(step.get("number", 0)),
        n_steps=int(step.get("of", 0)),
        kind=kind,
        done=int(last.get("epoch" if kind == "epoch" else "done", 0)),
        of=int(last.get("of", 0)),
        left_s=_left_s([line for line in counted if line["kind"] == kind]),
        epochs=_epochs(lines),
    )


def _left_s(counted: list[dict[str, Any]]) -> float | None:
    """At the pace of these lines; the first one tells where the run began, not how fast it was."""
    if not counted:
        return None
    first, last = counted[0], counted[-1]
    if last["kind"] == "epoch":
        seconds = pd.Series([line["seconds"] for line in counted]).median()
        return float(seconds * (last["of"] - last["epoch"]))
    n_done, seconds = last["done"] - first["done"], last["time"] - first["time"]
    if n_done <= 0 or seconds < _LEAST_S:
        return None
    return float((last["of"] - last["done"]) * seconds / n_done)


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
