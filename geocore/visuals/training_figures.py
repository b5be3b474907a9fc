"""How a training goes: the loss on held-out photos after every epoch, a line per head.

Stage: visuals. Tables in, plotly figures and words out; it knows neither jobs nor pages.

Source: own.
"""

from html import escape

import pandas as pd
import plotly.graph_objects as go

from geocore.visuals.style import SYMBOLS, finish, series

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def plot_epochs(epochs: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Loss on the validation photos against the epoch, a line per head.

    Args:
        epochs: columns step (the head), epoch (from 1), validation_loss.
        dark: colours for a dark page.
    """
    plot = go.Figure()
    for number, (head, rows) in enumerate(epochs.groupby("step", sort=False)):
        look = {"color": series(number, dark), "dash": _DASHES[number % len(_DASHES)], "width": 2}
        plot.add_scatter(
            x=rows["epoch"], y=rows["validation_loss"], name=escape(str(head)), line=look,
            mode="lines" if len(rows) > 1 else "markers",
            marker={"color": series(number, dark), "symbol": SYMBOLS[number % len(SYMBOLS)]},
            hovertemplate="epoch %{x}: loss %{y:.3f}<extra>" + escape(str(head)) + "</extra>",
        )  # fmt: skip
    plot.update_xaxes(title="Epoch: passes over the training photos", rangemode="tozero")
    plot.update_yaxes(title="Loss on validation photos, lower is better")
    plot.update_layout(showlegend=True)
    return finish(plot, dark, height=320)


def describe_epochs(epochs: pd.DataFrame) -> str:
    """`plot_epochs` for those who cannot see it."""
    parts = []
    for head, rows in epochs.groupby("step", sort=False):
        losses = rows.set_index("epoch")["validation_loss"].astype(float)
        if losses.isna().all():
            parts.append(f"{head}: no number yet, {len(losses)} epochs")
            continue
        parts.append(
            f"{head}: from {losses.iloc[0]:.3f} after epoch {losses.index[0]} to "
            f"{losses.iloc[-1]:.3f} after epoch {losses.index[-1]}, lowest {losses.min():.3f} "
            f"after epoch {losses.idxmin()}"
        )
    return f"Loss on the validation photos. {'; '.join(parts)}."
