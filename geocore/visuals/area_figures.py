"""Figure of how often search areas hold the true place, against how large they are.

Stage: visuals. A table in, a plotly figure out; it must not know bundles or pages.

Source: own.
"""

import pandas as pd
import plotly.graph_objects as go

from geocore.visuals.style import finish, marker, series


def plot_area_curve(curve: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Recall against area: each point one promised level.

    Args:
        curve: rising: level, coverage, coverage_lowest, coverage_highest (shares, over random
            halves), area_km2 and land_km2 (means over photos).
        dark: colours for a dark page.
    """
    seen = curve["coverage"] * 100
    spread = {
        "type": "data",
        "symmetric": False,
        "array": (curve["coverage_highest"] * 100 - seen).clip(lower=0),
        "arrayminus": (seen - curve["coverage_lowest"] * 100).clip(lower=0),
        "thickness": 1.5,
        "width": 4,
    }
    plot = go.Figure()
    for number, (column, name) in enumerate([("land_km2", "land"), ("area_km2", "with sea")]):
        plot.add_scatter(
            x=curve[column] / 1e6, y=seen, mode="lines+markers", name=name,
            marker=marker(number, dark), line={"color": series(number, dark), "width": 2},
            error_y=spread if number == 0 else None, customdata=curve["level"] * 100,
            hovertemplate="promised %{customdata:g} %<br>seen %{y:.1f} %<br>%{x:.1f} million km²"
            "<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    plot.update_xaxes(title="Mean area to search, million km²", rangemode="tozero")
    plot.update_yaxes(title="True places inside, %", range=[0, 103], dtick=20)
    return finish(plot, dark, height=420)


def describe_area_curve(curve: pd.DataFrame) -> str:
    """The same for those who cannot see it."""
    if curve.empty:
        return "Curve of recall against area without a point."
    points = "; ".join(
        f"promised {100 * row.level:g} %, seen {100 * row.coverage:.1f} %, "
        f"{row.area_km2 / 1e6:.1f} million km², {row.land_km2 / 1e6:.1f} of it land"
        for row in curve.itertuples()
    )
    return f"Recall against area to search: {points}."
