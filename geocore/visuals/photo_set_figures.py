"""Figures of what a photo set holds beside positions.

Stage: visuals. Tables in, plotly figures out; it counts nothing and knows no page.

Source: own.
"""

import pandas as pd
import plotly.graph_objects as go

from geocore.visuals.style import finish, series


def plot_years(years: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Photos per year as bars; years without a photo stay empty.

    Args:
        years: year, n_photos, share (of the photos with a date).
        dark: colours for a dark page.
    """
    plot = go.Figure(
        go.Bar(
            x=years["year"],
            y=years["n_photos"],
            marker={"color": series(0, dark)},
            customdata=years["share"] * 100,
            hovertemplate="%{x}: %{y:,} photos, %{customdata:.1f} %<extra></extra>",
        )
    )
    plot.update_xaxes(title="Year taken", tickformat="d")
    plot.update_yaxes(title="Photos", tickformat=",d")
    return finish(plot, dark, height=300, legend_lines=0)


def describe_years(years: pd.DataFrame) -> str:
    """The bars for those who cannot see them."""
    if years.empty:
        return "Photos per year: none has a date."
    listed = "; ".join(f"{row.year:.0f}: {row.n_photos:,}" for row in years.itertuples())
    return f"Photos per year: {listed}."
