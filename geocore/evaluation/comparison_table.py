"""Two ways of answering side by side: one row per measure, the thesis's numbers apart.

Stage: evaluation. It must not know how a figure was computed, nor bundles or pages.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geocore.evaluation.bootstrap import figure, mean_figures, resampled_medians, resamples
from geocore.evaluation.measures import MEASURES, figure_of
from geocore.evaluation.metrics import geoscores
from geocore.evaluation.paired import (
    MAX_DRAWS,
    MIN_RESAMPLES,
    WITHIN_KM,
    McNemar,
    difference_text,
    is_certain,
)
from geocore.evaluation.report import DOWN, UP, two_lines
from geocore.evaluation.thesis import THESIS_TABLE_6_8

MISSING = "–"


def comparison_table(
    names: tuple[str, str],
    entries: tuple[Mapping[str, Any], Mapping[str, Any]],
    differences: Mapping[str, Mapping],
    test: McNemar | None,
    heads: tuple[str, str],
    seconds: tuple[float | None, float | None] = (None, None),
) -> pd.DataFrame:
    """All measures of two answers as text, with the paired difference and whether it is chance.

    Args:
        names: headings of the two columns, not the same.
        entries: per side what `evaluate_probs` or `shared_entry` returned.
        differences: from `compare`, first minus second.
        test: McNemar's, or None where the cells differ.
        heads: names that the thesis may have used for the two.
        seconds: training time per epoch of each.

    Returns:
        Columns Measure, one per side, Difference, More than chance?, and one per head that the
        thesis has; a measure that neither side has is left out.
    """
    rows = []
    for key, measure in MEASURES.items():
        figures = [figure_of(entry, key) for entry in entries]
        if all(found["value"] is None for found in figures):
            continue
        row = {"Measure": f"{measure.name}{UP if measure.is_better_high else DOWN}"}
        row |= {
            name: two_lines(measure.text(found)) for name, found in zip(names, figures, strict=True)
        }
        row |= _difference_columns(key, differences, test)
        rows.append(row | _thesis_columns(key, heads))
    if any(value is not None for value in seconds):
        row = {"Measure": f"Training time per epoch{DOWN}"}
        row |= {name: _seconds(value) for name, value in zip(names, seconds, strict=True)}
        row |= {"Difference": MISSING, "More than chance?": MISSING}
        rows.append(row | _thesis_columns("seconds_per_epoch", heads))
    return pd.DataFrame(rows)


def shared_entry(photos: pd.DataFrame) -> dict[str, Any]:
    """The figures that can be had of some photos without their probs, as `evaluate_probs` names.

    Args:
        photos: columns error_km and, where the cells are comparable, right and loss.
    """
    n_bootstrap = int(np.clip(MAX_DRAWS // max(1, len(photos)), MIN_RESAMPLES, 1000))
    km = photos["error_km"].to_numpy(float)
    values = {"geoscore": geoscores(km)}
    if {"right", "loss"} <= set(photos.columns):
        values |= {"top_1": photos["right"].to_numpy(float), "loss": photos["loss"].to_numpy(float)}
    limits = {str(limit): (km <= limit).astype(float) for limit in WITHIN_KM}
    means = mean_figures(values | limits, n_bootstrap=n_bootstrap)
    medians = [resampled_medians(km, draws) for draws in resamples(len(km), n_bootstrap)]
    found: dict[str, Any] = {name: means[name] for name in values}
    found["median_km"] = figure(float(np.median(km)), np.concatenate(medians))
    found["within_km"] = {limit: means[limit] for limit in limits}
    return found | {"n_photos": len(photos)}


def _difference_columns(
    key: str, differences: Mapping[str, Mapping], test: McNemar | None
) -> dict[str, str]:
    difference = differences.get(key)
    if difference is None or difference["value"] is None:
        return {"Difference": MISSING, "More than chance?": MISSING}
    answer = "yes" if is_certain(key, difference, test) else "may be chance"
    if key == "top_1" and test is not None:
        answer += f" (p {_p_text(test.p_mid)})"
    return {
        "Difference": two_lines(difference_text(key, difference)),
        "More than chance?": two_lines(answer),
    }


def _p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.1 else f"= {p:.2f}"


def _thesis_columns(key: str, heads: tuple[str, str]) -> dict[str, str]:
    printed = THESIS_TABLE_6_8.set_index("head")
    columns = {}
    for head in dict.fromkeys(head for head in heads if head in printed.index):
        value = printed.loc[head].get(key)
        if key == "seconds_per_epoch":
            text = _seconds(value)
        else:
            text = MISSING if value is None else MEASURES[key].value_text({"value": value})
        columns[f"Thesis: {head}, other photos"] = text
    return columns


def _seconds(value: float | None) -> str:
    return MISSING if value is None else f"{value:,.0f} s" if value >= 100 else f"{value:.2f} s"
