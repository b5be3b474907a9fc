"""Figures of what confidences are worth.

Stage: visuals. Tables in, plotly figures out; it computes no figure of merit and knows neither
bundles nor pages.

Source: thesis figures 6.8 and 6.9; own.
"""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from geocore.evaluation.calibration import overall
from geocore.visuals.style import finish, marker, neutral, series, whiskers


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
        line={"dash": "dash", "color": neutral(dark)}, hoverinfo="skip", row=1, col=1,
    )  # fmt: skip
    plot.add_scatter(
        x=filled["confidence"] * 100,
        y=accuracy,
        error_y=whiskers(accuracy, filled["accuracy_low"] * 100, filled["accuracy_high"] * 100),
        mode="markers",
        marker=marker(0, dark),
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
    return finish(plot, dark, height=480)


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
            line={"color": series(number, dark), "dash": ("dash", "solid")[number], "width": 2.5},
            hoverinfo="name",
        )  # fmt: skip
    plot.update_xaxes(title="Confidence of the answer, %", range=[0, 100], dtick=20)
    plot.update_yaxes(title="Photos", range=[0, top])
    return finish(plot, dark, height=480)


def _count_bars(bins: pd.DataFrame, dark: bool) -> go.Bar:
    width = (bins["high"] - bins["low"]) * 100
    return go.Bar(
        x=(bins["low"] + bins["high"]) * 50, y=bins["n"], width=width * 0.94,
        marker={"color": neutral(dark), "opacity": 0.55}, showlegend=False,
        customdata=bins[["low", "high"]] * 100,
        hovertemplate="confidence %{customdata[0]:.0f} to %{customdata[1]:.0f} %: %{y} photos"
        "<extra></extra>",
    )  # fmt: skip
