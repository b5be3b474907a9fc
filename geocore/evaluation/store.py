"""The results store: one Parquet file per experiment, one row per run and figure.

Stage: evaluation. It must not know how a run is made. Parquet because pandas and pyarrow, which the
bundle needs anyway, read it with its types, and a file of that size is replaced in one step.

A run is one training: one setting and head, one repeat. Its rows are appended together or not at
all, so an experiment that was killed goes on with the first run that is missing.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from geocore.errors import ResultsError

EXPERIMENTS = ("A", "B", "C", "D")
RESULTS = Path(__file__).parents[1] / "assets" / "results"
"""The results that geocore ships with and the dashboard shows."""

FOLDS = "street_folds.json"
"""Beside the tables: the report of experiment STREET, all heads cross-validated."""
STREET = "street"
FOLDS_PARTS = ("paired", "fitted", "search_areas", "default_head", "protocol")

COLUMNS = {
    "experiment": "str",  # A, B, C or D
    "row": "int64",  # place of the setting in the experiment's table, from 0
    "setting": "str",  # what the row of the thesis's table is called
    "x": "float64",  # training photos in B, classes in C, else NaN
    "head": "str",
    "repeat": "int64",  # from 0
    "seed": "int64",  # of split, draw and training
    "measure": "str",  # key of MEASURES
    "value": "float64",  # in the report's own units, shares from 0 to 1
    "low": "float64",  # 95 % bootstrap interval over the held-out photos
    "high": "float64",
    "n_photos": "int64",  # held-out photos it was measured on
    "n_train": "int64",
    "n_leaves": "int64",
    "share_kept": "float64",  # share of all photos that lie in a leaf
    "n_epochs": "int64",
    "seconds_per_epoch": "float64",  # wall time, median over the epochs
    "photo_set": "str",
    "photo_set_sha256": "str",
    "run_id": "str",  # hash of settings, seeds and photos
    "note": "str",  # why there is no value, else ""
}
_RUN = ["photo_set_sha256", "setting", "head", "repeat"]
_REMEDY = "Delete the file and run scripts/run_experiment.py again."


def load_results(experiment: str | None = None, folder: Path = RESULTS) -> pd.DataFrame:
    """Stored rows of one experiment, or of all of them.

    Args:
        experiment: A, B, C or D; None for all.
        folder: of the store; it may be missing.

    Returns:
        Table with the columns of `COLUMNS` in the order of the experiment's table, empty where
        nothing was run yet. A setting that could not be run has one row: measure "", value NaN.

    Raises:
        ValueError: unknown experiment.
        ResultsError: a file that is no results table.
    """
    if experiment is not None and experiment not in EXPERIMENTS:
        raise ValueError(
            f"Unknown experiment {experiment!r}. Known experiments: {', '.join(EXPERIMENTS)}."
        )
    names = EXPERIMENTS if experiment is None else (experiment,)
    paths = [path for path in (_path(folder, name) for name in names) if path.is_file()]
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    tables = [_read(path) for path in paths]
    return _in_order(pd.concat(tables)) if tables else empty


def load_folds(folder: Path = RESULTS) -> dict[str, Any] | None:
    """The stored report of a cross-validation; None where there is none.

    Raises:
        ResultsError: the file is no report.
    """
    path = folder / FOLDS
    if not path.is_file():
        return None
    try:
        report = json.loads(path.read_text("utf-8"))
        if not all(entries["all"] for entries in report["heads"].values()):
            raise ValueError("a head without figures")
        if missing := [name for name in FOLDS_PARTS if name not in report]:
            raise ValueError(f"no {missing[0]}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(
            f"{path}: not a report of experiment {STREET} ({error!r}). Delete it and run "
            f"scripts/run_experiment.py {STREET} again."
        ) from error
    return report


def save_folds(report: Mapping[str, Any], folder: Path = RESULTS) -> Path:
    """Store the report of a cross-validation in one step; an earlier one is replaced.

    Args:
        report: from `geocore.evaluation.folded.folds_report`, plain numbers.
        folder: of the store; made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FOLDS
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", "utf-8")
    scratch.replace(path)
    return path


def is_finished(results: pd.DataFrame, run_id: str) -> bool:
    """Whether the store holds the figures of that run; a run that only left a note does not."""
    return bool(((results["run_id"] == run_id) & (results["note"] == "")).any())


def append_run(rows: pd.DataFrame, folder: Path = RESULTS) -> None:
    """Add one run in one step; an earlier run of the same setting, head and repeat is replaced.

    Args:
        rows: all rows of one run, with the columns of `COLUMNS`.
        folder: of the store; made where it is missing.

    Raises:
        ValueError: no rows, other columns, or rows of several runs.
        ResultsError: the file that is there is no results table.
    """
    if list(rows) != list(COLUMNS) or len(rows[["experiment", *_RUN]].drop_duplicates()) != 1:
        raise ValueError(
            f"A run is one or more rows of one setting, head and repeat with the columns "
            f"{', '.join(COLUMNS)}; received {len(rows)} rows with {', '.join(map(str, rows))}."
        )
    rows = rows.astype(COLUMNS)
    experiment = rows["experiment"].iloc[0]
    path = _path(folder, experiment)
    folder.mkdir(parents=True, exist_ok=True)
    kept = load_results(experiment, folder)
    is_same = (kept[_RUN] == rows[_RUN].iloc[0]).all(axis=1)
    scratch = path.with_suffix(".new")
    parts = [part for part in (kept[~is_same], rows) if len(part)]
    pd.concat(parts, ignore_index=True).to_parquet(scratch, index=False)
    scratch.replace(path)


def _in_order(results: pd.DataFrame) -> pd.DataFrame:
    order = ["experiment", "photo_set_sha256", "row", "repeat"]
    return results.sort_values(order, kind="stable", ignore_index=True)


def _path(folder: Path, experiment: str) -> Path:
    return folder / f"experiment_{experiment.lower()}.parquet"


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: not a readable Parquet file ({error}). {_REMEDY}") from error
    if missing := [name for name in COLUMNS if name not in table]:
        raise ResultsError(f"{path}: column {missing[0]!r} is missing. {_REMEDY}")
    return table[list(COLUMNS)].astype(COLUMNS)
