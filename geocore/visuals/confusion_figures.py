"""The confusion matrix as a figure whose entries can be clicked.

Stage: visuals. Arrays in, a plotly figure out; it must not know bundles, hierarchies or pages.

Source: thesis figure 6.10; own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from geocore.visuals.style import RAMP_DARK, RAMP_LIGHT, finish, neutral, series

MAX_TICKS = 60
"""More cells than this carry no name on the axis, only under the pointer."""
MAX_TICK_LETTERS = 30
MAX_CLICKS = 6000
"""Entries that can be clicked, those with most photos: more would make the browser slow."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the numbers of a matrix are numbers of.

    Attributes:
        title: of the colour bar.
        number: plotly's format of one value in the pointer's label.
        ticks: plotly's format of the colour bar.
    """

    title: str
    number: str
    ticks: str = ""


READINGS = {
    "photos": Reading(title="Photos", number="%{text} photos"),
    "shares": Reading(
        title="Share of row", number="%{text} of the photos taken there", ticks=".0%"
    ),
    "km": Reading(title="Mean error, km", number="mean error %{text} km", ticks=",.0f"),
}


def plot_confusion(
    matrix: np.ndarray,
    cells: Sequence[str],
    *,
    counts: np.ndarray | None = None,
    reading: str = "photos",
    blocks: Sequence[int] = (),
    chosen: tuple[int, int] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Confusion matrix as a heat map, cells in the order given (Hilbert: neighbours side by side).

    Each entry with photos carries its row and column as `customdata`, for a click. Numbers of
    photos are coloured by their square root, so that the rare mistakes are seen beside the many.

    Args:
        matrix: (n_cells, n_cells), rows the truth, columns the prediction; NaN stays empty.
        cells: a name per cell, no two alike.
        counts: int (n_cells, n_cells), photos of each entry; the matrix itself where left out.
        reading: one of `READINGS`.
        blocks: positions before which a new branch of the hierarchy begins.
        chosen: row and column of an entry to outline.
        dark: colours for a dark page.
    """
    names, about = [escape(cell) for cell in cells], READINGS[reading]
    gap = 1 if len(names) <= MAX_TICKS else 0
    counts = np.nan_to_num(matrix) if counts is None else counts
    plot = go.Figure(
        go.Heatmap(
            z=np.sqrt(matrix) if reading == "photos" else matrix,
            x=names, y=names, zmin=0, xgap=gap, ygap=gap, hoverinfo="skip",
            colorscale=list(RAMP_DARK if dark else RAMP_LIGHT),
            colorbar=_colour_bar(matrix, about),
        )
    )  # fmt: skip
    plot.add_trace(_clicks(matrix, counts, names, reading))
    _add_lines(plot, len(names), blocks, chosen, dark)
    ticks = names if len(names) <= MAX_TICKS else []
    axis = {"tickvals": ticks, "ticktext": [_short(name) for name in ticks]}
    for update in (plot.update_xaxes, plot.update_yaxes):
        update(showgrid=False, zeroline=False, type="category", tickfont={"size": 10}, **axis)
    plot.update_xaxes(title="Cell predicted", tickangle=90)
    plot.update_yaxes(title="Cell where the photo was taken", autorange="reversed")
    plot.update_layout(showlegend=False, dragmode="pan", hoverdistance=12)
    return finish(plot, dark, height=max(420, 260 + 15 * len(ticks)) if ticks else 720)


def describe_confusion(counts: np.ndarray, cells: Sequence[str]) -> str:
    """The confusion matrix for those who cannot see it: its size and its largest mistakes."""
    total = int(counts.sum())
    if total == 0:
        return "Confusion matrix without a photo."
    right = np.trace(counts) / total
    wrong = counts - np.diag(np.diagonal(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:3]
    pairs = [np.unravel_index(i, wrong.shape) for i in order if wrong.flat[i] > 0]
    mistakes = "; ".join(
        f"{cells[int(row)]} answered as {cells[int(column)]}, {wrong[row, column]:,} photos"
        for row, column in pairs
    )
    return (
        f"Confusion matrix of {len(cells)} cells and {total:,} photos, {right * 100:.0f} % on the "
        f"diagonal. Most frequent mistakes: {mistakes or 'none'}."
    )


def _clicks(
    matrix: np.ndarray, counts: np.ndarray, names: Sequence[str], reading: str
) -> go.Scatter:
    """Invisible marks over the entries: plotly tells of clicks on marks, not on heat maps."""
    rows, columns = np.nonzero(counts)
    most = np.argsort(-counts[rows, columns], kind="stable")[:MAX_CLICKS]
    rows, columns = rows[most], columns[most]
    texts = [_text(matrix[r, c], reading) for r, c in zip(rows, columns, strict=True)]
    hidden = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=[names[int(c)] for c in columns], y=[names[int(r)] for r in rows], mode="markers",
        marker={"symbol": "square", "size": 12, "opacity": 0}, selected=hidden, unselected=hidden,
        text=texts, customdata=np.column_stack([rows, columns, counts[rows, columns]]).tolist(),
        hovertemplate="taken in <b>%{y}</b><br>predicted <b>%{x}</b><br>"
        + READINGS[reading].number
        + ("" if reading == "photos" else "<br>%{customdata[2]} photos")
        + "<extra></extra>",
    )  # fmt: skip


def _text(value: float, reading: str) -> str:
    return f"{value * 100:.1f} %" if reading == "shares" else f"{value:,.0f}"


def _add_lines(
    plot: go.Figure,
    n_cells: int,
    blocks: Sequence[int],
    chosen: tuple[int, int] | None,
    dark: bool,
) -> None:
    """The diagonal, the borders of branches, and the chosen entry."""
    end, line = n_cells - 0.5, {"dash": "dot", "width": 1, "color": neutral(dark)}
    plot.add_shape(type="line", x0=-0.5, y0=-0.5, x1=end, y1=end, line=line)
    for block in blocks:
        solid = {"width": 1, "color": neutral(dark)}
        plot.add_shape(type="line", x0=block - 0.5, x1=block - 0.5, y0=-0.5, y1=end, line=solid)
        plot.add_shape(type="line", y0=block - 0.5, y1=block - 0.5, x0=-0.5, x1=end, line=solid)
    if chosen:
        row, column = chosen
        plot.add_shape(
            type="rect", x0=column - 0.5, x1=column + 0.5, y0=row - 0.5, y1=row + 0.5,
            line={"width": 3, "color": series(1, dark)},
        )  # fmt: skip


def _colour_bar(matrix: np.ndarray, about: Reading) -> dict:
    bar = {"title": about.title, "thickness": 14}
    if about.ticks:
        return {**bar, "tickformat": about.ticks}
    most = max(1, int(np.nanmax(matrix, initial=0)))
    steps = sorted({0, 1, *(round(most * share) for share in (0.05, 0.2, 0.5, 1))})
    return {**bar, "tickvals": np.sqrt(steps).tolist(), "ticktext": [f"{n:,}" for n in steps]}


def _short(name: str) -> str:
    """`12 · near Ubud, Bali, Indonesia (3.4 km)` as `Ubud, Indonesia · 12`.

    Of `3 · Italy, Spain, Tunisia or elsewhere` the first stays: `Italy … · 3`.
    """
    number, _, place = name.partition(" · ") if " · " in name else ("", "", name)
    parts = re.sub(r" \([^()]*km\)$", "", place.removeprefix("near ")).split(", ")
    if not place.startswith("near "):
        first, *others = re.split(", | or ", place)
        parts = [f"{first} …" if others else first]
    ends = list(dict.fromkeys((parts[0], parts[-1])))
    n_letters = MAX_TICK_LETTERS // len(ends)
    cut = (end if len(end) <= n_letters else f"{end[: n_letters - 1].rstrip()}…" for end in ends)
    return " · ".join(filter(None, [", ".join(cut), number]))
