"""Figures of the experiments: curves as figures 6.2 to 6.7, and dots for backbones and heads.

Stage: visuals. Tables in, plotly figures out; it computes no figure of merit. The thesis is drawn
grey, hollow and dashed, a marked guest: other photos, other classes. Each figure has a `describe_`
function that says the same in words.

Source: thesis figures 6.2 to 6.7 (logarithmic axes).
"""

import math
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from geocore.evaluation.experiment_tables import X_NAMES, measure_of
from geocore.evaluation.measures import chance_level
from geocore.visuals.style import finish, marker, neutral, whiskers

OURS, THESIS, CHANCE = "here", "thesis (other photos)", "guessing here"
LOWEST = 0.2
"""A whisker on a logarithmic axis ends at this share of its value: nought lies infinitely far."""


def plot_curve(
    summary: pd.DataFrame, measure: str, *, thesis: pd.DataFrame, dark: bool = False
) -> go.Figure:
    """A measure against the number of training photos (B) or classes (C), logarithmic axes.

    An axis stays linear where a value is nought.

    Args:
        summary: from `summarise_repeats`, one experiment on one photo set.
        measure: one that the summary holds.
        thesis: from `thesis_results`; where it has no such measure, nothing of it is drawn.
        dark: colours for a dark page.
    """
    rows, printed = _curve_rows(summary, measure), _printed(summary, measure, thesis)
    about, scale = measure_of(measure), measure_of(measure).scale
    value = rows["value"] * scale
    is_log = bool((pd.concat([rows["value"], printed["value"]]) > 0).all())
    low = np.maximum(rows["low"], rows["value"] * LOWEST) if is_log else rows["low"]
    plot = go.Figure()
    plot.add_scatter(
        x=rows["x"], y=value, mode="lines+markers", name=_ours(rows), marker=marker(0, dark),
        error_y=whiskers(value, low * scale, rows["high"] * scale),
        customdata=rows[["setting", "low", "high"]].assign(
            low=rows["low"] * scale, high=rows["high"] * scale
        ),
        hovertemplate="<b>%{y:.4g}</b> at %{x:,.0f} (%{customdata[0]})"
        "<br>95 % interval %{customdata[1]:.4g} to %{customdata[2]:.4g}<extra></extra>",
    )  # fmt: skip
    if len(printed):
        plot.add_trace(_guest(printed["x"], printed["value"] * scale, dark, mode="lines+markers"))
    levels = [chance_level(measure, n_leaves) for n_leaves in rows["n_leaves"]]
    chance = [level for level in levels if level is not None]
    if chance:
        plot.add_scatter(
            x=rows["x"], y=np.array(chance) * scale, mode="lines", name=CHANCE, hoverinfo="skip",
            line={"dash": "dot", "color": neutral(dark), "width": 1.5},
        )  # fmt: skip
    plot.update_xaxes(
        title=X_NAMES[summary["experiment"].iloc[0]], **_log_axis(rows["x"], printed["x"])
    )
    drawn = (value, low * scale, rows["high"] * scale, printed["value"] * scale)
    plot.update_yaxes(title=about.axis, **_log_axis(*drawn) if is_log else {"rangemode": "tozero"})
    return finish(plot, dark, height=420)


def plot_settings(
    summary: pd.DataFrame, measure: str, *, thesis: pd.DataFrame, dark: bool = False
) -> go.Figure:
    """A measure per backbone (A) or head and settings (D), as dots with their intervals.

    Arguments as `plot_curve`.
    """
    rows, printed = _rows(summary, measure), _printed(summary, measure, thesis)
    about, scale = measure_of(measure), measure_of(measure).scale
    names = list(dict.fromkeys([*_names(rows), *_names(printed)]))[::-1]
    value, ends = rows["value"] * scale, (rows["low"] * scale, rows["high"] * scale)
    plot = go.Figure()
    plot.add_scatter(
        x=value, y=_names(rows), mode="markers", name=_ours(rows), marker=marker(0, dark),
        error_x=whiskers(value, *ends), customdata=np.column_stack(ends),
        hovertemplate="<b>%{y}</b>: %{x:.4g}"
        "<br>95 % interval %{customdata[0]:.4g} to %{customdata[1]:.4g}<extra></extra>",
    )  # fmt: skip
    if len(printed):
        plot.add_trace(_guest(printed["value"] * scale, _names(printed), dark, mode="markers"))
    is_wide = measure == "seconds_per_epoch"  # a desktop and months of a GPU on one axis
    axis = _log_axis(value, printed["value"] * scale) if is_wide else {}
    plot.update_xaxes(title=about.axis, **axis)
    plot.update_yaxes(categoryorder="array", categoryarray=names)
    return finish(plot, dark, height=140 + 30 * len(names))


def describe_curve(summary: pd.DataFrame, measure: str, *, thesis: pd.DataFrame) -> str:
    """The curve for those who cannot see it. Arguments as `plot_curve`."""
    rows, printed = _curve_rows(summary, measure), _printed(summary, measure, thesis)
    x_name = X_NAMES[summary["experiment"].iloc[0]].lower()
    words = f"{measure_of(measure).name} against {x_name}, logarithmic axes. "
    words += f"{_ours(rows).capitalize()}: {_points(rows, rows['x'].map('{:,.0f}'.format))}."
    if printed.empty:
        return words
    return f"{words} Thesis, other photos: {_points(printed, printed['x'].map('{:,.0f}'.format))}."


def describe_settings(summary: pd.DataFrame, measure: str, *, thesis: pd.DataFrame) -> str:
    """The dots for those who cannot see them. Arguments as `plot_curve`."""
    rows, printed = _rows(summary, measure), _printed(summary, measure, thesis)
    words = f"{measure_of(measure).name}. "
    words += f"{_ours(rows).capitalize()}: {_points(rows, _names(rows))}."
    if printed.empty:
        return words
    return f"{words} Thesis, other photos: {_points(printed, _names(printed))}."


def _points(rows: pd.DataFrame, names: list[str] | pd.Series) -> str:
    """Each value with its interval, such as `210: 2.60 (1.88–3.32)`."""
    texts = []
    for name, row in zip(names, rows.to_dict("records"), strict=True):
        about, low = measure_of(row["measure"]), row.get("low", np.nan)
        figure = {"value": row["value"], "ci95": [low, row.get("high")]}
        text = about.value_text(figure) if pd.isna(low) else about.text(figure)
        texts.append(f"{name}: {text}")
    return "; ".join(texts) or "nothing measured"


def _log_axis(*values: pd.Series) -> dict:
    """A logarithmic axis over the values, its ticks 1, 2, 5, 10, … written out."""
    known = pd.concat(values).dropna()
    low, high = (float(known.min()), float(known.max())) if len(known) else (1.0, 10.0)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    ticks = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    ticks = [tick for tick in ticks if low / 2 <= tick <= high * 2]
    return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:,.10g}" for tick in ticks]}


def _rows(summary: pd.DataFrame, measure: str) -> pd.DataFrame:
    return summary[summary["measure"] == measure].dropna(subset="value")


def _curve_rows(summary: pd.DataFrame, measure: str) -> pd.DataFrame:
    return _rows(summary, measure).sort_values("x")


def _printed(summary: pd.DataFrame, measure: str, thesis: pd.DataFrame) -> pd.DataFrame:
    """The thesis's rows of the summary's experiment and that measure."""
    is_same = thesis["experiment"].isin(summary["experiment"].unique())
    return thesis[is_same & (thesis["measure"] == measure)]


def _names(rows: pd.DataFrame) -> list[str]:
    """What a dot stands for: the backbone, or head and settings."""
    if len(rows) and rows["experiment"].iloc[0] == "D":
        return [f"{escape(x.head)}, {escape(x.setting)}" for x in rows.itertuples()]
    return [escape(setting) for setting in rows["setting"]]


def _ours(rows: pd.DataFrame) -> str:
    n_repeats = int(rows["n_repeats"].max()) if len(rows) else 0
    return f"{OURS}, mean of {n_repeats} repeats with 95 % interval" if n_repeats > 1 else OURS


def _guest(x: pd.Series, y: pd.Series | list[str], dark: bool, mode: str) -> go.Scatter:
    """The thesis's values: hollow and dashed."""
    return go.Scatter(
        x=x, y=y, mode=mode, name=THESIS, line={"dash": "dash", "color": neutral(dark)},
        marker={"symbol": "diamond-open", "size": 9, "color": neutral(dark), "line": {"width": 2}},
        hovertemplate="thesis, other photos: %{x:,.4g}, %{y}<extra></extra>",
    )  # fmt: skip
