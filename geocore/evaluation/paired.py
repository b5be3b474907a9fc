"""Two ways of answering the very same photos: is one better by more than chance explains?

Stage: evaluation. What each photo contributes goes in, differences with intervals and p-values come
out. It must not know heads, bundles or pages.

Accuracy is tested by the photos that only one of the two has right (McNemar); everything else by
drawing the shared photos again and again (paired bootstrap).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geocore.evaluation.bootstrap import (
    N_BOOTSTRAP,
    SEED,
    figure,
    resampled_medians,
    resampled_sums,
    resamples,
)
from geocore.evaluation.measures import MEASURES, Measure, number_text
from geocore.evaluation.metrics import geoscores

MAX_DRAWS = 10_000_000
"""Photos drawn in all; with very many photos fewer resamples give as steady an interval."""
MIN_RESAMPLES = 100
WITHIN_KM = (25, 200, 750, 2500)
CLASS_MEASURES = ("top_1", "loss")
"""Measures that only compare where both answer over the same cells."""


@dataclass(frozen=True, kw_only=True)
class McNemar:
    """Photos that only one of two answers right, and how likely so uneven a split is by chance.

    Attributes:
        n_first: photos that only the first has right.
        n_second: photos that only the second has right.
        p_exact: two-sided exact p-value.
        p_mid: two-sided mid-p-value, less conservative; what is shown.
    """

    n_first: int
    n_second: int
    p_exact: float
    p_mid: float


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> McNemar:
    """McNemar's test on paired hits, bool (n_photos,) each.

    If both are right equally often, each photo that only one has right is a toss of a fair coin.

    Raises:
        ValueError: arrays of different lengths.

    Source: McNemar 1947; mid-p: Fagerland, Lydersen, Laake 2013.
    """
    first_right, second_right = np.asarray(first_right, bool), np.asarray(second_right, bool)
    if first_right.shape != second_right.shape or first_right.ndim != 1:
        raise ValueError(
            "Both must be (n_photos,) of the same photos, received "
            f"{first_right.shape} and {second_right.shape}."
        )
    n_first = int((first_right & ~second_right).sum())
    n_second = int((second_right & ~first_right).sum())
    probs = _coin_tosses(n_first + n_second)
    fewer = min(n_first, n_second)
    tail, at = float(probs[: fewer + 1].sum()), float(probs[fewer])
    return McNemar(
        n_first=n_first,
        n_second=n_second,
        p_exact=min(1.0, 2 * tail),
        p_mid=min(1.0, 2 * tail - at),
    )


def compare(first: pd.DataFrame, second: pd.DataFrame, *, seed: int = SEED) -> dict[str, dict]:
    """Mean (and median) difference, first minus second, on the same photos in the same order.

    Args:
        first: columns right (bool), loss (nats, NaN where UNASSIGNED), error_km; one row per photo.
        second: the same photos; where cells differ, without right and loss.
        seed: of the resamples.

    Returns:
        A figure `{"value": .., "ci95": [low, high]}` for each of top_1, loss (where both have
        them), geoscore, within_25 to within_2500 and median_km, in a report's units.

    Raises:
        ValueError: another number of photos, or none.
    """
    if len(first) != len(second) or len(first) == 0:
        raise ValueError(
            "Both must hold the same photos, at least one, "
            f"received {len(first)} and {len(second)}."
        )
    columns = _differences(first, second)
    table = np.column_stack([*(np.nan_to_num(x) for x in columns.values())])
    counted = np.column_stack([~np.isnan(x) for x in columns.values()]).astype(float)
    km = first["error_km"].to_numpy(float), second["error_km"].to_numpy(float)
    n_bootstrap = int(np.clip(MAX_DRAWS // len(first), MIN_RESAMPLES, N_BOOTSTRAP))
    means, medians = [], []
    for draws in resamples(len(first), n_bootstrap, seed):
        sums = resampled_sums(np.hstack([table, counted]), draws)
        with np.errstate(invalid="ignore"):
            means.append(np.divide(*np.hsplit(sums, 2)))
        medians.append(resampled_medians(km[0], draws) - resampled_medians(km[1], draws))
    with np.errstate(invalid="ignore"):
        values = np.divide(table.sum(axis=0), counted.sum(axis=0))
    resampled = np.concatenate(means)
    found = {name: figure(float(values[i]), resampled[:, i]) for i, name in enumerate(columns)}
    difference = float(np.median(km[0]) - np.median(km[1]))
    return found | {"median_km": figure(difference, np.concatenate(medians))}


def align(
    first: pd.DataFrame, second: pd.DataFrame, by: str = "photo_id"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of both whose photo both have, in one order.

    Args:
        first: one row per photo.
        second: likewise.
        by: the column that tells photos apart.
    """
    if first[by].is_unique and first[by].array.equals(second[by].array):
        return first.reset_index(drop=True), second.reset_index(drop=True)
    shared = first[by][first[by].isin(second[by])].drop_duplicates()
    parts = (table.drop_duplicates(by).set_index(by) for table in (first, second))
    left, right = (part.loc[shared].reset_index() for part in parts)
    return left, right


def is_certain(measure: str, difference: Mapping, test: McNemar | None) -> bool:
    """Whether a difference is more than chance explains, at 5 %.

    For accuracy by McNemar's mid-p, for everything else by an interval that leaves out 0.
    """
    if measure == "top_1" and test is not None:
        return test.p_mid < 0.05
    low, high = difference["ci95"]
    return low is not None and (low > 0 or high < 0)


def difference_text(measure: str, difference: Mapping) -> str:
    """A difference with its interval, such as `+3.1 points (0.4 to 5.9)`; a dash if not known."""
    about = MEASURES[measure]
    if difference["value"] is None:
        return "–"
    low, high = (_signed(about, end) for end in difference["ci95"])
    unit = " points" if about.unit == " %" else about.unit
    return f"{_signed(about, difference['value'])}{unit} ({low} to {high})"


def comparison_sentence(
    names: tuple[str, str],
    differences: Mapping[str, Mapping],
    test: McNemar | None,
    n_photos: int,
    measures: Sequence[str] = ("top_1", "loss", "median_km"),
) -> str:
    """What a comparison shows in plain words: which is better in what, and what may be chance.

    Args:
        names: of the first and the second.
        differences: from `compare`, first minus second.
        test: of their hits; None where they answer over different cells.
        n_photos: number of shared photos.
        measures: those that are spoken of.
    """
    shown = [name for name in measures if differences.get(name, {}).get("value") is not None]
    sure = [name for name in shown if is_certain(name, differences[name], test)]
    unsure = [name for name in shown if name not in sure]
    words = [f"Both answered the same {n_photos:,} photos, which neither had seen before."]
    words += [_sure_words(names, name, differences[name]) for name in sure]
    if unsure:
        subjects = [_subject(name) for name in unsure]
        listed = " and ".join(filter(None, [", ".join(subjects[:-1]), subjects[-1]]))
        words.append(f"In {listed} they differ by no more than chance explains.")
    return " ".join(words)


def _sure_words(names: tuple[str, str], measure: str, difference: Mapping) -> str:
    about = MEASURES[measure]
    first_wins = (difference["value"] > 0) == about.is_better_high
    better, worse = names if first_wins else names[::-1]
    value = number_text(abs(difference["value"]) * about.scale, about.digits)
    unit = " points" if about.unit == " %" else about.unit
    return (
        f"In {_subject(measure)}, {better} is better than {worse} by {value}{unit}: more than "
        "chance explains."
    )


def _subject(measure: str) -> str:
    return {"top_1": "the share of right cells", "loss": "loss", "median_km": "median error"}.get(
        measure, MEASURES[measure].name
    )


def _signed(about: Measure, number: float) -> str:
    text = number_text(number * about.scale, about.digits)
    return f"+{text}" if number > 0 and text.strip("0.,") else text


def _differences(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, np.ndarray]:
    """First minus second per photo, float (n_photos,), for every measure that is a mean."""
    both = (first, second)
    values: dict[str, list[np.ndarray]] = {}
    if all({"right", "loss"} <= set(part.columns) for part in both):
        values["top_1"] = [part["right"].to_numpy(float) for part in both]
        values["loss"] = [part["loss"].to_numpy(float) for part in both]
    km = [part["error_km"].to_numpy(float) for part in both]
    values["geoscore"] = [geoscores(x) for x in km]
    values |= {f"within_{d}": [(x <= d).astype(float) for x in km] for d in WITHIN_KM}
    return {name: x - y for name, (x, y) in values.items()}


def _coin_tosses(n: int) -> np.ndarray:
    """Probability of 0 to n heads in n tosses of a fair coin, float (n + 1,)."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    return np.exp(logs[n] - logs - logs[::-1] - n * np.log(2))
