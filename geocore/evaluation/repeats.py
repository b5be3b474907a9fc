"""Repeated runs as one row: mean and interval over the repeats.

Stage: evaluation. It must not know files or models: the table of `store` in, a table out.

Two intervals stand side by side. That over the repeats (Student's t) says how far another seed
would have led: another split of the photos, other weights at the start. The bootstrap interval says
how far other held-out photos would have led the same models; here the mean of the runs' own.
"""

import numpy as np
import pandas as pd
from scipy.special import stdtrit

LEVEL = 0.95
OF_RUN = ("seconds_per_epoch", "n_epochs", "share_kept", "n_leaves", "n_train")
"""Columns of a run that are summarised like its figures."""
_GROUP = ["experiment", "photo_set", "photo_set_sha256", "setting", "head"]


def t_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean of repeats and its 95 % interval, with Student's t; the ends NaN for a single repeat.

    Args:
        values: float (n_repeats,), at least one.

    Raises:
        ValueError: no value.

    Source: Student 1908.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError(
            f"Repeats must be one row with at least one value, received {values.shape}."
        )
    mean, n = float(values.mean()), len(values)
    if n == 1:
        return mean, np.nan, np.nan
    half = stdtrit(n - 1, (1 + LEVEL) / 2) * values.std(ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


def summarise_repeats(results: pd.DataFrame) -> pd.DataFrame:
    """One row per setting, head and measure, in the order of `results`.

    Args:
        results: from `store.load_results`.

    Returns:
        Columns experiment, photo_set, photo_set_sha256, setting, head, x, measure, value (mean over
        the repeats), low, high (t interval), bootstrap_low, bootstrap_high (NaN for the measures of
        `OF_RUN`), n_repeats, n_photos, n_leaves, note. A setting that could not be run has one row
        with the reason as note: measure "", value NaN.
    """
    tidy = pd.concat([results, *(_of_run(results, name) for name in OF_RUN)], ignore_index=True)
    groups = tidy.groupby([*_GROUP, "measure"], sort=False)
    rows = [dict(zip([*_GROUP, "measure"], key, strict=True)) | _row(part) for key, part in groups]
    names = [*_GROUP, "x", "measure", "value", "low", "high", "bootstrap_low", "bootstrap_high"]
    return pd.DataFrame(rows, columns=[*names, "n_repeats", "n_photos", "n_leaves", "note"])


def _of_run(results: pd.DataFrame, name: str) -> pd.DataFrame:
    """A column of the runs as rows of a measure of that name."""
    runs = results[results["note"] == ""].drop_duplicates("run_id")
    return runs.assign(measure=name, value=runs[name].astype(float), low=np.nan, high=np.nan)


def _row(part: pd.DataFrame) -> dict[str, object]:
    value, low, high = t_interval(part["value"].to_numpy())
    return {
        "x": part["x"].mean(),
        "value": value,
        "low": float(np.maximum(0.0, low)),  # no measure is negative
        "high": high,
        "bootstrap_low": part["low"].mean(),
        "bootstrap_high": part["high"].mean(),
        "n_repeats": len(part),
        "n_photos": round(part["n_photos"].mean()),
        "n_leaves": round(part["n_leaves"].mean()),
        "note": part["note"].iloc[0],
    }
