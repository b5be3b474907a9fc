"""What all figures share: colours, symbols, error bars, margins.

Stage: visuals. It must not know what a figure shows. Colours tell apart with any colour vision and
have enough contrast on a light and on a dark page; series differ in their symbol or dash as well.

Source: own; colours by Okabe and Ito 2008, "Color universal design".
"""

import pandas as pd
import plotly.graph_objects as go

SERIES_LIGHT = ("#0072b2", "#d55e00", "#007a5a", "#a8508a", "#7a6400")
SERIES_DARK = ("#56b4e9", "#e69f00", "#2fc79a", "#e08fc0", "#f0e442")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")
RAMP_LIGHT = ("#eef2f5", "#9bbbd8", "#3f83b8", "#0b4f8a", "#06294d")
RAMP_DARK = ("#1d2731", "#24506e", "#2f86a6", "#7fc4b8", "#f4f0a8")
NEUTRAL_LIGHT, NEUTRAL_DARK = "#5b6875", "#a3afbb"


MAX_LEGEND_LINES = 4


def finish(plot: go.Figure, dark: bool, height: int, legend_lines: int | None = None) -> go.Figure:
    """The figure without a ground of its own, its legend above and the buttons above that.

    Args:
        plot: with all its traces.
        dark: colours for a dark page.
        height: in pixels, with a legend of one line.
        legend_lines: room for the legend, within the height; where left out the figure grows by a
            line for every further entry, since in a narrow column each has a line of its own.
    """
    if legend_lines is None:
        names = {trace.name for trace in plot.data if trace.name and trace.showlegend is not False}
        legend_lines = min(max(1, len(names)), MAX_LEGEND_LINES)
        height += 20 * (legend_lines - 1)
    plot.update_layout(
        template="plotly_dark" if dark else "plotly_white",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        height=height,
        margin={"l": 10, "r": 10, "t": 40 + 20 * legend_lines, "b": 10},
        modebar={
            "bgcolor": "rgba(0,0,0,0)",
            "color": neutral(dark),
            "activecolor": series(0, dark),
        },
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
    )
    plot.update_xaxes(automargin=True)
    plot.update_yaxes(automargin=True)
    return plot


def marker(number: int, dark: bool) -> dict:
    """Marker of the series of that number: its colour and its symbol."""
    return {
        "color": series(number, dark), "symbol": SYMBOLS[number % len(SYMBOLS)], "size": 9,
    }  # fmt: skip


def series(number: int, dark: bool) -> str:
    """Colour of the series of that number."""
    colours = SERIES_DARK if dark else SERIES_LIGHT
    return colours[number % len(colours)]


def neutral(dark: bool) -> str:
    """Colour of what is no series: guides, counts."""
    return NEUTRAL_DARK if dark else NEUTRAL_LIGHT


def whiskers(value: pd.Series, low: pd.Series, high: pd.Series) -> dict:
    """Error bars of plotly from intervals around values."""
    return {
        "type": "data",
        "symmetric": False,
        "array": (high - value).clip(lower=0),
        "arrayminus": (value - low).clip(lower=0),
        "thickness": 1.8,
        "width": 4,
    }
