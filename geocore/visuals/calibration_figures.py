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

Names = tuple[str, str]
NAMES = ("as answered", "before")


def plot_reliability(
    bins: pd.DataFrame,
    other: pd.DataFrame | None = None,
    *,
    names: Names = NAMES,
    dark: bool = False,
) -> go.Figure:
    """Reliability diagram: accuracy against confidence per bin, and how many photos each bin holds.

    Args:
        bins: from `reliability_bins`: low, high, n, confidence, accuracy, accuracy_low,
            accuracy_high (shares from 0 to 1, NaN where n is 0).
        other: the same at another temperature, drawn lighter and without intervals.
        names: what the two are called.
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
        name=f"{names[0]}, 95 % interval",
        customdata=filled[["n"]],
        hovertemplate="mean confidence %{x:.1f} %<br>right in %{y:.1f} % of %{customdata[0]} photos"
        "<extra></extra>",
        row=1,
        col=1,
    )
    if other is not None:
        plot.add_trace(_other_dots(other[other["n"] > 0], names[1], dark), row=1, col=1)
    plot.add_trace(_count_bars(bins, dark), row=2, col=1)
    plot.update_xaxes(range=[0, 100], dtick=20)
    plot.update_xaxes(title="Confidence of the answer, %", row=2, col=1)
    plot.update_yaxes(title="Answers that were right, %", range=[0, 103], row=1, col=1)
    plot.update_yaxes(title="Photos", row=2, col=1)
    return finish(plot, dark, height=480, legend_lines=3)


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
    return finish(plot, dark, height=480, legend_lines=3)


def _other_dots(filled: pd.DataFrame, name: str, dark: bool) -> go.Scatter:
    colour = series(1, dark)
    return go.Scatter(
        x=filled["confidence"] * 100, y=filled["accuracy"] * 100, mode="markers", name=name,
        marker={"symbol": "diamond-open", "size": 10, "color": colour, "line": {"width": 2}},
        customdata=filled[["n"]],
        hovertemplate="mean confidence %{x:.1f} %<br>right in %{y:.1f} % of %{customdata[0]} photos"
        "<extra></extra>",
    )  # fmt: skip


def plot_risk_coverage(curve: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Wrong answers among the surest ones, against how many are answered, with 95 % intervals.

    Args:
        curve: from `risk_coverage` (or `thinned`), photos in falling order of confidence.
        dark: colours for a dark page.
    """
    coverage, risk = curve["coverage"] * 100, curve["risk"] * 100
    plot = go.Figure()
    band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    plot.add_scatter(x=coverage, y=curve["risk_low"] * 100, showlegend=False, **band)
    plot.add_scatter(
        x=coverage, y=curve["risk_high"] * 100, fill="tonexty", name="95 % interval",
        fillcolor=_translucent(series(0, dark)), **band,
    )  # fmt: skip
    plot.add_scatter(
        x=coverage, y=risk, mode="lines", name="wrong among the answers given",
        line={"color": series(0, dark), "width": 2.5}, customdata=curve["threshold"] * 100,
        hovertemplate="answering the surest %{x:.0f} %<br>(confidence %{customdata:.0f} % or more)"
        "<br>%{y:.1f} % are wrong<extra></extra>",
    )  # fmt: skip
    if len(curve):
        plot.add_scatter(
            x=[0, 100], y=[risk.iloc[-1]] * 2, mode="lines", hoverinfo="skip",
            name="answers picked at random", line={"dash": "dash", "color": neutral(dark)},
        )  # fmt: skip
    plot.update_xaxes(title="Photos answered, the surest first, %", range=[0, 100], dtick=20)
    plot.update_yaxes(title="Wrong among them, %", range=[0, 103], dtick=20)
    return finish(plot, dark, height=420)


def describe_reliability(bins: pd.DataFrame) -> str:
    """The reliability diagram for those who cannot see it."""
    filled = bins[bins["n"] > 0]
    if filled.empty:
        return "Reliability diagram without a photo."
    points = "; ".join(
        f"{row.confidence * 100:.0f} % sure, {row.accuracy * 100:.0f} % right, {row.n:,} photos"
        for row in filled.itertuples()
    )
    return f"Reliability diagram, answers grouped by confidence: {points}."


def describe_confidence(bins: pd.DataFrame) -> str:
    """The histogram of confidences for those who cannot see it."""
    if not bins["n"].sum():
        return "Histogram of confidences without a photo."
    confidence, accuracy = overall(bins)
    peak = bins.loc[bins["n"].idxmax()]
    return (
        f"Histogram of confidences: most photos ({int(peak['n']):,} of {int(bins['n'].sum()):,}) "
        f"lie between {peak['low'] * 100:.0f} and {peak['high'] * 100:.0f} %. Lines: mean "
        f"confidence {confidence * 100:.1f} %, share of right answers {accuracy * 100:.1f} %."
    )


def describe_risk_coverage(curve: pd.DataFrame) -> str:
    """The risk-coverage curve for those who cannot see it."""
    if curve.empty:
        return "Risk-coverage curve without a photo."
    wanted = [
        curve.iloc[(curve["coverage"] - share).abs().argmin()] for share in (0.1, 0.25, 0.5, 1)
    ]
    points = "; ".join(
        f"{row['coverage'] * 100:.0f} % answered, {row['risk'] * 100:.0f} % wrong" for row in wanted
    )
    return f"Risk-coverage curve, the surest answers first: {points}."


def _translucent(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"


def _count_bars(bins: pd.DataFrame, dark: bool) -> go.Bar:
    width = (bins["high"] - bins["low"]) * 100
    return go.Bar(
        x=(bins["low"] + bins["high"]) * 50, y=bins["n"], width=width * 0.94,
        marker={"color": neutral(dark), "opacity": 0.55}, showlegend=False,
        customdata=bins[["low", "high"]] * 100,
        hovertemplate="confidence %{customdata[0]:.0f} to %{customdata[1]:.0f} %: %{y} photos"
        "<extra></extra>",
    )  # fmt: skip
