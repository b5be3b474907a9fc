"""Reading a report: tables of heads with intervals, and what they say in one sentence.

Stage: evaluation. It must not know how a figure was computed, nor how it is drawn.

A report is the dict of report.json: `report["heads"][head][photo_set]` holds what `evaluate_probs`
returns; the photo set "all" is the whole.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geocore.evaluation import metrics
from geocore.evaluation.bootstrap import mean_figure
from geocore.evaluation.evaluator import answer_error_km
from geocore.evaluation.measures import MEASURES, Measure, figure_of, number_text

ALL_PHOTOS = "all"
NO_BREAK, WORD_JOINER = "\N{NO-BREAK SPACE}", "\N{WORD JOINER}"
UP, DOWN = f"{NO_BREAK}↑", f"{NO_BREAK}↓"


def photo_sets(report: Mapping[str, Any]) -> list[str]:
    """Names of the photo sets that every head was measured on, the whole first."""
    entries = list(report["heads"].values())
    shared = (
        [name for name in entries[0] if all(name in entry for entry in entries)] if entries else []
    )
    return sorted(shared, key=lambda name: (name != ALL_PHOTOS, name))


def tidy_figures(report: Mapping[str, Any]) -> pd.DataFrame:
    """Every figure of a report as one row, for drawing and for download.

    Returns:
        Columns head, photo_set, measure, value, low, high (in the report's own units, shares from
        0 to 1; NaN where not known), n_photos, n_unassigned.
    """
    rows = []
    for head, entries in report["heads"].items():
        for photo_set in photo_sets(report):
            entry = entries[photo_set]
            for measure in MEASURES:
                figure = figure_of(entry, measure)
                rows.append(
                    (head, photo_set, measure, figure["value"], *figure["ci95"],
                     entry["n_photos"], entry.get("n_unassigned"))
                )  # fmt: skip
    names = ["head", "photo_set", "measure", "value", "low", "high", "n_photos", "n_unassigned"]
    numbers = {name: float for name in ("value", "low", "high")}
    return pd.DataFrame(rows, columns=names).astype(numbers)


def head_table(report: Mapping[str, Any], photo_set: str = ALL_PHOTOS) -> pd.DataFrame:
    """All heads side by side as text: one row per measure (and training time), one column per head.

    The best value of a row stands between `**`, which Markdown shows in bold.

    Raises:
        ValueError: a photo set that is not in the report.
    """
    if photo_set not in photo_sets(report):
        known = ", ".join(photo_sets(report)) or "none"
        raise ValueError(f"Unknown photo set {photo_set!r}. Photo sets of this report: {known}.")
    rows = {
        f"{measure.name}{UP if measure.is_better_high else DOWN}": _row(report, key, photo_set)
        for key, measure in MEASURES.items()
    }
    rows[f"Training time per epoch{DOWN}"] = {
        head: _seconds(report, head) for head in report["heads"]
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("Measure")


def _row(report: Mapping[str, Any], key: str, photo_set: str) -> dict[str, str]:
    figures = {head: figure_of(sets[photo_set], key) for head, sets in report["heads"].items()}
    values = [figure["value"] for figure in figures.values() if figure["value"] is not None]
    best = (max if MEASURES[key].is_better_high else min)(values, default=None)
    texts = {head: two_lines(MEASURES[key].text(figure)) for head, figure in figures.items()}
    return {
        head: f"**{text}**" if values and figures[head]["value"] == best else text
        for head, text in texts.items()
    }


def two_lines(text: str) -> str:
    """A figure's text that can break only between its value and its interval."""
    glued = text.replace(" ", NO_BREAK).replace("–", f"{WORD_JOINER}–{WORD_JOINER}")
    return glued.replace(f"{NO_BREAK}(", " (")


def ranked(figures: pd.DataFrame, measure: str, photo_set: str = ALL_PHOTOS) -> pd.DataFrame:
    """Rows of `tidy_figures` for one measure and photo set, best head first."""
    rows = figures[(figures["measure"] == measure) & (figures["photo_set"] == photo_set)]
    ascending = not MEASURES[measure].is_better_high
    return rows.sort_values("value", ascending=ascending, kind="stable", ignore_index=True)


def photo_figures(predictions: pd.DataFrame) -> pd.DataFrame:
    """What each held-out photo contributes to the measures that are means over photos.

    Args:
        predictions: one head's rows of predictions.parquet.

    Returns:
        Columns photo_id, photo_set and those of `metrics.photo_values`.
    """
    y_true, y_prob = predictions["class_index"].to_numpy(), np.stack(list(predictions["probs"]))
    places = [predictions[name].to_numpy() for name in ("lat", "lng", "point_lat", "point_lng")]
    error_km = answer_error_km(*places, n_photos=len(y_true))
    photos = predictions[["photo_id", "photo_set"]].reset_index(drop=True)
    return photos.assign(**metrics.photo_values(y_true, y_prob, error_km))


def paired_difference(
    first: pd.DataFrame, second: pd.DataFrame, measure: str, photo_set: str = ALL_PHOTOS
) -> dict:
    """By how much one head is ahead of another on the very same photos, with its interval.

    Args:
        first: from `photo_figures`.
        second: likewise, of the same photos.
        measure: one of its columns.
        photo_set: which photos; "all" for every one.

    Returns:
        A figure `{"value": .., "ci95": [low, high]}`: mean over photos of first minus second.

    Raises:
        ValueError: the two do not hold the same photos.
    """
    both = first.merge(second, on=["photo_id", "photo_set"], suffixes=("", "_second"))
    if not len(both) == len(first) == len(second):
        raise ValueError(
            f"Both heads must be measured on the same photos, received {len(first)} and "
            f"{len(second)} photos of which {len(both)} are shared."
        )
    both = both if photo_set == ALL_PHOTOS else both[both["photo_set"] == photo_set]
    return mean_figure((both[measure] - both[f"{measure}_second"]).to_numpy())


def rivals(rows: pd.DataFrame) -> tuple[str, str] | None:
    """The best head and the first that is worse; None where no head is worse than another.

    Args:
        rows: from `ranked`, one measure and photo set.
    """
    rows = rows.dropna(subset="value")
    worse = rows[rows["value"] != rows["value"].iloc[0]] if len(rows) else rows
    return None if worse.empty else (rows["head"].iloc[0], worse["head"].iloc[0])


def verdict(rows: pd.DataFrame, difference: Mapping[str, Any] | None) -> str:
    """Which head is ahead in plain words, and whether that may be chance.

    Args:
        rows: from `ranked`, one measure and photo set.
        difference: first minus second of the `rivals`, from `paired_difference`; None where the
            measure is no mean over photos.
    """
    rows = rows.dropna(subset="value")
    if rows.empty:
        return "This figure was not measured for any head."
    best = rows.iloc[0]
    measure = MEASURES[best["measure"]]
    level = rows[rows["value"] == best["value"]]["head"].tolist()
    figure = f"{_row_text(best)}, measured on {best['n_photos']:,} photos."
    if len(level) == len(rows):
        return f"{measure.name}: {_listed(level)} at {figure}"
    second = rows.iloc[len(level)]
    apart = best["low"] > second["high"] or best["high"] < second["low"]
    words = (
        f"{measure.name}: {_listed(level)} ahead with {figure} Next is {second['head']} with "
        f"{_row_text(second)}. The 95 % intervals {'do not overlap' if apart else 'overlap'}."
    )
    if difference is None or difference["value"] is None:
        return words
    return f"{words} {_difference_words(measure, difference)}"


def _listed(heads: list[str]) -> str:
    """`HMC is`, or `HMC and MC are both`, or `HMC, HMC-sol and MC are all`."""
    if len(heads) == 1:
        return f"{heads[0]} is"
    both = "both" if len(heads) == 2 else "all"
    return f"{', '.join(heads[:-1])} and {heads[-1]} are {both}"


def _difference_words(measure: Measure, difference: Mapping[str, Any]) -> str:
    """By how much two heads differ photo by photo, smaller end of the interval first."""
    sign = 1 if measure.is_better_high else -1
    low, high = sorted(sign * end * measure.scale for end in difference["ci95"])
    value = sign * difference["value"] * measure.scale
    by, low_text, high_text = (number_text(end, measure.digits) for end in (value, low, high))
    unit = " points" if measure.unit == " %" else measure.unit
    ending = "more than chance explains" if low > 0 else "which may be chance with so few photos"
    return (
        f"On the very same photos the first is better by {by}{unit} "
        f"(95 % interval {low_text} to {high_text}), {ending}."
    )


def _row_text(row: pd.Series) -> str:
    return MEASURES[row["measure"]].text({"value": row["value"], "ci95": [row["low"], row["high"]]})


def _seconds(report: Mapping[str, Any], head: str) -> str:
    seconds = report.get("training", {}).get(head, {}).get("seconds_per_epoch")
    return "not known" if seconds is None else f"{seconds:,.1f} s"
