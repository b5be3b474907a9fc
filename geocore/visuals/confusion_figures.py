"""The confusion matrix as a figure.

Stage: visuals. Arrays in, a plotly figure out; it must not know bundles, hierarchies or pages.

Source: thesis figure 6.10; own.
"""

import math
import re
from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from geocore.visuals.style import RAMP_DARK, RAMP_LIGHT, finish, neutral

MAX_TICKS = 60
"""More cells than this carry no name on the axis, only under the pointer."""
MAX_TICK_LETTERS = 30


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
    plot.add_shape(type="line", line={"dash": "dot", "width": 1, "color": neutral(dark)}, **ends)
    shown = names if len(names) <= MAX_TICKS else []
    ticks = {"tickvals": shown, "ticktext": [_short(name) for name in shown]}
    for update in (plot.update_xaxes, plot.update_yaxes):
        update(showgrid=False, zeroline=False, type="category", tickfont={"size": 10}, **ticks)
    plot.update_xaxes(title="Cell predicted", tickangle=90)
    plot.update_yaxes(title="Cell where the photo was taken", autorange="reversed")
    return finish(plot, dark, height=max(420, 220 + 12 * min(len(names), MAX_TICKS)))


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
