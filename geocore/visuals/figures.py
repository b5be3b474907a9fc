"""Figures of what evaluation measured and of what one photo was answered.

Stage: visuals. Tables and arrays in, plotly figures out; it computes no figure of merit and knows
neither bundles nor pages. Colours tell apart with any colour vision and have enough contrast on a
light and on a dark page; series differ in their symbol or dash as well. Every axis says what its
numbers are numbers of.

Source: own; colours by Okabe and Ito 2008, "Color universal design".
"""

import math
import re
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from geocore.evaluation.calibration import overall

SERIES_LIGHT = ("#0072b2", "#d55e00", "#007a5a", "#a8508a", "#7a6400")
SERIES_DARK = ("#56b4e9", "#e69f00", "#2fc79a", "#e08fc0", "#f0e442")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")
RAMP_LIGHT = ("#eef2f5", "#9bbbd8", "#3f83b8", "#0b4f8a", "#06294d")
RAMP_DARK = ("#1d2731", "#24506e", "#2f86a6", "#7fc4b8", "#f4f0a8")
NEUTRAL_LIGHT, NEUTRAL_DARK = "#5b6875", "#a3afbb"
MAX_TICKS = 60
"""More cells than this carry no name on the axis, only under the pointer."""
MAX_TICK_LETTERS = 30


def plot_heads(
    figures: pd.DataFrame,
    *,
    axis: str,
    scale: float = 1.0,
    chance: float | None = None,
    dark: bool = False,
) -> go.Figure:
    """One measure of all heads as dots with their 95 % intervals, one colour per photo set.

    Args:
        figures: columns head, photo_set (as it shall be read), value, low, high, n_photos.
        axis: what the numbers are numbers of.
        scale: factor from the table's numbers to the axis.
        chance: value of guessing, in the table's numbers, drawn as a dotted line.
        dark: colours for a dark page.
    """
    heads = list(dict.fromkeys(figures["head"]))
    sets = list(dict.fromkeys(figures["photo_set"]))
    plot = go.Figure()
    for number, photo_set in enumerate(sets):
        rows = figures[figures["photo_set"] == photo_set]
        value = rows["value"] * scale
        offset = (number - (len(sets) - 1) / 2) * 0.6 / len(sets)
        plot.add_scatter(
            x=value,
            y=[heads.index(head) + offset for head in rows["head"]],
            error_x=_whiskers(value, rows["low"] * scale, rows["high"] * scale),
            mode="markers",
            marker=_marker(number, dark),
            name=f"{escape(photo_set)} ({rows['n_photos'].max():,} photos)",
            customdata=np.column_stack([rows["head"], rows["low"] * scale, rows["high"] * scale]),
            hovertemplate="<b>%{customdata[0]}</b>: %{x:.4g}"
            "<br>95 % interval %{customdata[1]:.4g} to %{customdata[2]:.4g}",
        )
    if chance is not None:
        plot.add_vline(
            x=chance * scale, line={"dash": "dot", "color": _neutral(dark)},
            annotation_text="guessing", annotation_position="bottom right",
        )  # fmt: skip
    plot.update_xaxes(title=axis)
    plot.update_yaxes(tickvals=list(range(len(heads))), ticktext=heads, zeroline=False)
    plot.update_yaxes(range=[len(heads) - 0.5, -0.5])
    return _finish(plot, dark, height=130 + 30 * len(heads) * max(2, len(sets)) // 2)


def plot_reliability(bins: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Reliability diagram: accuracy against confidence per bin, and how many photos each bin holds.

    Args:
        bins: from `reliability_bins`: low, high, n, confidence, accuracy, accuracy_low,
            accuracy_high (shares from 0 to 1, NaN where n is 0).
        dark: colours for a dark page.
    """
    filled = bins[bins["n"] > 0]
    accuracy = filled["accuracy"] * 100
    plot = make_subplots(rows=2, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.04)
    plot.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name="confidence = accuracy",
        line={"dash": "dash", "color": _neutral(dark)}, hoverinfo="skip", row=1, col=1,
    )  # fmt: skip
    plot.add_scatter(
        x=filled["confidence"] * 100,
        y=accuracy,
        error_y=_whiskers(accuracy, filled["accuracy_low"] * 100, filled["accuracy_high"] * 100),
        mode="markers",
        marker=_marker(0, dark),
        name="held-out photos, 95 % interval",
        customdata=filled[["n"]],
        hovertemplate="mean confidence %{x:.1f} %<br>right in %{y:.1f} % of %{customdata[0]} photos"
        "<extra></extra>",
        row=1,
        col=1,
    )
    plot.add_trace(_count_bars(bins, dark), row=2, col=1)
    plot.update_xaxes(range=[0, 100], dtick=20)
    plot.update_xaxes(title="Confidence of the answer, %", row=2, col=1)
    plot.update_yaxes(title="Answers that were right, %", range=[0, 103], row=1, col=1)
    plot.update_yaxes(title="Photos", row=2, col=1)
    return _finish(plot, dark, height=480)


def plot_confidence(bins: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """How confident the answers are: photos per confidence, mean confidence and accuracy as lines.

    The nearer the two lines, the better calibrated (thesis figure 6.9). Arguments as
    `plot_reliability`.
    """
    names = ("mean confidence", "share of right answers")
    means = dict(zip(names, (100 * mean for mean in overall(bins)), strict=True))
    plot = go.Figure(_count_bars(bins, dark))
    top = float(bins["n"].max()) * 1.05 or 1.0
    for number, (name, mean) in enumerate(means.items()):
        plot.add_scatter(
            x=[mean, mean], y=[0, top], mode="lines", name=f"{name} {mean:.1f} %",
            line={"color": _series(number, dark), "dash": ("dash", "solid")[number], "width": 2.5},
            hoverinfo="name",
        )  # fmt: skip
    plot.update_xaxes(title="Confidence of the answer, %", range=[0, 100], dtick=20)
    plot.update_yaxes(title="Photos", range=[0, top])
    return _finish(plot, dark, height=480)


def plot_confusion(
    matrix: np.ndarray, cells: Sequence[str], *, is_share: bool = False, dark: bool = False
) -> go.Figure:
    """Confusion matrix as a heat map, cells in the order given (Hilbert: neighbours side by side).

    Args:
        matrix: (n_cells, n_cells), rows the truth, columns the prediction; NaN stays empty.
        cells: a name per cell.
        is_share: whether the values are shares of a row (0 to 1) instead of photos.
        dark: colours for a dark page.
    """
    names = [f"{escape(cell)} (no. {position})" for position, cell in enumerate(cells)]
    number, unit = ("%{z:.1%}", "of these photos") if is_share else ("%{z}", "photos")
    gap = 1 if len(names) <= MAX_TICKS else 0
    plot = go.Figure(
        go.Heatmap(
            z=matrix, x=names, y=names, zmin=0, xgap=gap, ygap=gap,
            colorscale=list(RAMP_DARK if dark else RAMP_LIGHT),
            colorbar=_colour_bar(matrix, is_share),
            hovertemplate="taken in <b>%{y}</b><br>predicted <b>%{x}</b>"
            f"<br>{number} {unit}<extra></extra>",
        )
    )  # fmt: skip
    ends = {"x0": -0.5, "y0": -0.5, "x1": len(names) - 0.5, "y1": len(names) - 0.5}
    plot.add_shape(type="line", line={"dash": "dot", "width": 1, "color": _neutral(dark)}, **ends)
    shown = names if len(names) <= MAX_TICKS else []
    ticks = {"tickvals": shown, "ticktext": [_short(name) for name in shown]}
    for update in (plot.update_xaxes, plot.update_yaxes):
        update(showgrid=False, zeroline=False, type="category", tickfont={"size": 10}, **ticks)
    plot.update_xaxes(title="Cell predicted", tickangle=90)
    plot.update_yaxes(title="Cell where the photo was taken", autorange="reversed")
    return _finish(plot, dark, height=max(420, 220 + 12 * min(len(names), MAX_TICKS)))


def plot_top_cells(top: Mapping[str, pd.DataFrame], *, dark: bool = False) -> go.Figure:
    """The most probable cells of one photo, heads side by side.

    A head has no bar at a cell that is not among its own.

    Args:
        top: per head its most probable cells: columns token, place, prob (0 to 1).
        dark: colours for a dark page.
    """
    cells = pd.concat([rows[["token", "place", "prob"]] for rows in top.values()])
    best = cells.sort_values("prob", ascending=False).drop_duplicates("token")
    labels = {
        row.token: escape(f"{row.place or 'unnamed'} · {row.token}")
        for row in best.itertuples(index=False)
    }
    plot = go.Figure()
    for number, (head, rows) in enumerate(top.items()):
        plot.add_bar(
            x=rows["prob"] * 100, y=[labels[token] for token in rows["token"]], orientation="h",
            name=escape(head), marker={"color": _series(number, dark)},
            hovertemplate="%{y}<br>%{x:.1f} %",
        )  # fmt: skip
    plot.update_xaxes(title="Confidence in the cell, %", rangemode="tozero")
    plot.update_yaxes(categoryorder="array", categoryarray=list(labels.values())[::-1])
    plot.update_layout(barmode="group", bargap=0.25)
    return _finish(plot, dark, height=130 + 22 * len(labels) * max(1, len(top)))


def _colour_bar(matrix: np.ndarray, is_share: bool) -> dict:
    if is_share:
        return {"title": "Share of row", "thickness": 14, "tickformat": ".0%"}
    return {"title": "Photos", "thickness": 14, "dtick": max(1, math.ceil(matrix.max() / 8))}


def _short(name: str) -> str:
    """`near Ubud, Bali, Indonesia (3.4 km) (no. 7)` as `Ubud, Indonesia · 7`."""
    place, _, number = name.removesuffix(")").rpartition(" (no. ")
    parts = re.sub(r" \([^()]*km\)$", "", place.removeprefix("near ")).split(", ")
    ends = list(dict.fromkeys((parts[0], parts[-1])))
    n_letters = MAX_TICK_LETTERS // len(ends)
    cut = (end if len(end) <= n_letters else f"{end[: n_letters - 1].rstrip()}…" for end in ends)
    return f"{', '.join(cut)} · {number}"


def _count_bars(bins: pd.DataFrame, dark: bool) -> go.Bar:
    width = (bins["high"] - bins["low"]) * 100
    return go.Bar(
        x=(bins["low"] + bins["high"]) * 50, y=bins["n"], width=width * 0.94,
        marker={"color": _neutral(dark), "opacity": 0.55}, showlegend=False,
        customdata=bins[["low", "high"]] * 100,
        hovertemplate="confidence %{customdata[0]:.0f} to %{customdata[1]:.0f} %: %{y} photos"
        "<extra></extra>",
    )  # fmt: skip


def _whiskers(value: pd.Series, low: pd.Series, high: pd.Series) -> dict:
    return {
        "type": "data",
        "symmetric": False,
        "array": (high - value).clip(lower=0),
        "arrayminus": (value - low).clip(lower=0),
        "thickness": 1.8,
        "width": 4,
    }


def _marker(number: int, dark: bool) -> dict:
    return {
        "color": _series(number, dark), "symbol": SYMBOLS[number % len(SYMBOLS)], "size": 9,
    }  # fmt: skip


def _series(number: int, dark: bool) -> str:
    colours = SERIES_DARK if dark else SERIES_LIGHT
    return colours[number % len(colours)]


def _neutral(dark: bool) -> str:
    return NEUTRAL_DARK if dark else NEUTRAL_LIGHT


def _finish(plot: go.Figure, dark: bool, height: int) -> go.Figure:
    plot.update_layout(
        template="plotly_dark" if dark else "plotly_white",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        height=height,
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
    )
    plot.update_xaxes(automargin=True)
    plot.update_yaxes(automargin=True)
    return plot
