"""Figures of what evaluation measured of several heads and of what one photo was answered.

Stage: visuals. Tables and arrays in, plotly figures out; it computes no figure of merit and knows
neither bundles nor pages. Every axis says what its numbers are numbers of.

Source: own.
"""

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from geocore.evaluation.measures import Measure
from geocore.visuals.style import finish, marker, neutral, series, whiskers


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
            error_x=whiskers(value, rows["low"] * scale, rows["high"] * scale),
            mode="markers",
            marker=marker(number, dark),
            name=f"{escape(photo_set)} ({rows['n_photos'].max():,} photos)",
            customdata=np.column_stack([rows["head"], rows["low"] * scale, rows["high"] * scale]),
            hovertemplate="<b>%{customdata[0]}</b>: %{x:.4g}"
            "<br>95 % interval %{customdata[1]:.4g} to %{customdata[2]:.4g}",
        )
    if chance is not None:
        plot.add_vline(
            x=chance * scale, line={"dash": "dot", "color": neutral(dark)},
            annotation_text="guessing", annotation_position="top right",
        )  # fmt: skip
    plot.update_xaxes(title=axis)
    plot.update_yaxes(tickvals=list(range(len(heads))), ticktext=heads, zeroline=False)
    plot.update_yaxes(range=[len(heads) - 0.5, -0.5])
    return finish(plot, dark, height=130 + 30 * len(heads) * max(2, len(sets)) // 2)


def describe_heads(figures: pd.DataFrame, about: Measure) -> str:
    """`plot_heads` for those who cannot see it.

    Args:
        figures: as `plot_heads`.
        about: the measure that they are figures of.
    """
    parts = []
    for photo_set, rows in figures.groupby("photo_set", sort=False):
        values = (
            f"{row.head} {about.text({'value': row.value, 'ci95': [row.low, row.high]})}"
            for row in rows.itertuples(index=False)
        )
        parts.append(f"On {photo_set}: {', '.join(values)}.")
    return f"{about.name} of each head with its 95 % interval. {' '.join(parts)}"


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
            name=escape(head), marker={"color": series(number, dark)},
            hovertemplate="%{y}<br>%{x:.1f} %",
        )  # fmt: skip
    plot.update_xaxes(title="Confidence in the cell, %", rangemode="tozero")
    plot.update_yaxes(categoryorder="array", categoryarray=list(labels.values())[::-1])
    plot.update_layout(barmode="group", bargap=0.25)
    return finish(plot, dark, height=130 + 22 * len(labels) * max(1, len(top)))
