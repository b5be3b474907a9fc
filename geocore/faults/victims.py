"""Faults: work to be killed in the middle, each kind a process of its own.

    python -m geocore.faults.victims case|batch|train FOLDER

Started again in the same folder, it goes on. What it has confirmed stands in `FOLDER/confirmed`,
one number a line, written after the work it stands for.

Source: own.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from geocore.analysis.case_file import open_case
from geocore.analysis.records import note_record
from geocore.errors import GeocoreError

CASE, CONFIRMED, PHOTOS, BUNDLE, CACHE = "chaos.case", "confirmed", "photos", "bundle", "cache"
N_ENTRIES = 60
EXPERIMENT = {
    "grid": {"t_min": 2, "t_max": 12},
    "backbone": {"name": "EfficientNet-Lite0", "size_px": 64},
    "classifier": {"hidden_units": 32},
    "heads": {"names": ["MC", "HMC-tree"]},
    "training": {"learning_rate": 0.003, "epochs": 20, "stop_patience": 20},
}


def write_case(folder: Path) -> None:
    """Entries of a case, until there are `N_ENTRIES`."""
    with open_case(folder / CASE, create=True) as case:
        for number in range(len(case.entries()), N_ENTRIES):
            entry = case.append("note", note_record(f"note {number}"), analyst="Ada")
            _confirm(folder, entry.seq)


def answer_photos(folder: Path) -> None:
    """The batch of the case desk, with the shipped bundle."""
    from geocore.casework.batch import Batch
    from geocore.casework.batch_items import ANSWERED
    from geocore.inference.predictor import Predictor

    batch = Batch(Predictor.load, partial(open_case, folder / CASE, create=True))
    photos = sorted((folder / PHOTOS).iterdir())
    batch.add([(path.name, path) for path in photos], analyst="Ada")
    while not batch.wait(0.01):
        _confirm(folder, batch.progress.counts[ANSWERED])
    if batch.progress.counts[ANSWERED] != len(photos):
        sys.exit(f"Not every photo was answered: {batch.progress}")


def train(folder: Path) -> None:
    """A small experiment from photos to a bundle."""
    from geocore.config import config_from_dict
    from geocore.pipeline import run_experiment

    run_experiment(config_from_dict(EXPERIMENT), folder / PHOTOS, folder / BUNDLE, folder / CACHE)


def confirmed(folder: Path) -> int:
    """The last number that was written whole; 0 where there is none."""
    path = folder / CONFIRMED
    lines = path.read_text("ascii").split("\n")[:-1] if path.exists() else []
    return int(lines[-1]) if lines else 0


def _confirm(folder: Path, number: int) -> None:
    try:
        with (folder / CONFIRMED).open("a", encoding="ascii") as file:
            file.write(f"{number}\n")
    except OSError as error:
        sys.exit(f"Nothing can be confirmed: {error.strerror}.")


VICTIMS: dict[str, Callable[[Path], None]] = {
    "case": write_case,
    "batch": answer_photos,
    "train": train,
}

if __name__ == "__main__":
    try:
        VICTIMS[sys.argv[1]](Path(sys.argv[2]))
    except GeocoreError as error:
        sys.exit(str(error))
