"""Two ways of answering the same photos: confidences against each other, probability moved.

Stage: visuals. Tables and arrays in, figures, colours and words out; it computes no figure of merit
and knows neither bundles nor pages.

Source: own; diverging colours after Okabe and Ito 2008.
"""

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from geocore.evaluation.measures import MINUS
from geocore.visuals.colours import ColourScale
from geocore.visuals.style import finish, marker, neutral

Names = tuple[str, str]
KINDS = ("both", "first", "second", "neither")
MAX_DOTS = 3000
_LESS, _SAME, _MORE = ("#b35806", "#f1a340"), "#bdbdbd", ("#67a9cf", "#1f6fae")
_STEPS = (0.15, 0.5)
"""Shares of the largest change at which the colour changes."""


def plot_pairs(photos: pd.DataFrame, names: Names, *, dark: bool = False) -> go.Figure:
    """Confidence of the second against that of the first, a dot per photo by who is right.

    Args:
        photos: columns photo_id, first and second (confidences, 0 to 1), kind (of `KINDS`); with
            more than `MAX_DOTS` rows a random draw is shown.
        names: of the two.
        dark: colours for a dark page.
    """
    shown = photos.sample(MAX_DOTS, random_state=42) if len(photos) > MAX_DOTS else photos
    plot = go.Figure()
    plot.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", hoverinfo="skip", showlegend=False,
        line={"dash": "dash", "color": neutral(dark), "width": 1},
    )  # fmt: skip
    for number, kind in enumerate(KINDS):
        rows = shown[shown["kind"] == kind]
        if rows.empty:
            continue
        look = marker(number, dark) | {"size": 7, "opacity": 0.8}
        if kind == "neither":
            look |= {"color": neutral(dark), "symbol": "x-thin-open", "opacity": 0.6}
        plot.add_scatter(
            x=rows["first"] * 100, y=rows["second"] * 100, mode="markers", marker=look,
            name=f"{kind_name(kind, names)} ({(photos['kind'] == kind).sum():,})",
            customdata=[escape(x) for x in rows["photo_id"]],
            hovertemplate="%{customdata}<br>%{x:.0f} % and %{y:.0f} %<extra></extra>",
        )  # fmt: skip
    surest = photos[["first", "second"]].to_numpy(float).max(initial=0.1) * 100
    ends = [0, min(102, surest * 1.08)]
    plot.update_xaxes(title=f"Confidence of {escape(names[0])}, %", range=ends)
    plot.update_yaxes(title=f"Confidence of {escape(names[1])}, %", range=ends)
    return finish(plot, dark, height=460)


def kind_name(kind: str, names: Names) -> str:
    """Who is right about a photo, in words."""
    words = {"both": "both right", "neither": "neither right"}
    return words.get(kind) or f"only {escape(names[KINDS.index(kind) - 1])} right"


def describe_pairs(photos: pd.DataFrame, names: Names) -> str:
    """`plot_pairs` for those who cannot see it."""
    counts = photos["kind"].value_counts()
    parts = ", ".join(f"{kind_name(kind, names)} {counts.get(kind, 0):,}" for kind in KINDS)
    higher = (photos["first"] > photos["second"]).mean() if len(photos) else 0.0
    return (
        f"Confidence of {names[1]} against that of {names[0]} for {len(photos):,} photos: {parts}. "
        f"{names[0]} is the surer one for {higher:.0%} of them."
    )


def moved_scale(moved: np.ndarray, names: Names) -> ColourScale:
    """Colours of cells by how much more the second expects there than the first.

    Args:
        moved: (n_cells,) photos expected by the second minus those expected by the first.
        names: of the two.
    """
    largest = float(np.abs(moved).max(initial=0.0))
    near, far = (share * largest for share in _STEPS)
    edges = np.array([-far, -near, near, far])
    colours = (*_LESS, _SAME, *_MORE)
    low, high = _number(near), _number(far)
    labels = (
        f"at least {high} photos less", f"{low} to {high} less", f"less than {low} either way",
        f"{low} to {high} more", f"at least {high} more",
    )  # fmt: skip
    chosen = np.full(len(moved), 2) if largest == 0 else np.digitize(moved, edges)
    title = f"Photos that {names[1]} expects here, compared with {names[0]}"
    entries = zip(colours, labels, strict=True) if largest else [(_SAME, "no difference")]
    return ColourScale(title, tuple(np.take(colours, chosen).tolist()), tuple(entries))


def describe_moved(places: Sequence[str], moved: np.ndarray, names: Names, n: int = 3) -> str:
    """Where most probability went, in words."""
    order = np.argsort(moved)
    more = [f"{places[i]} (+{_number(moved[i])})" for i in order[::-1][:n] if moved[i] > 0]
    less = [f"{places[i]} ({MINUS}{_number(-moved[i])})" for i in order[:n] if moved[i] < 0]
    if not more or not less:
        return f"{names[0]} and {names[1]} expect the same number of photos in every cell."
    return (
        f"{_number(np.abs(moved).sum() / 2)} photos' worth of probability lies elsewhere with "
        f"{names[1]} than with {names[0]}. Most gained: {'; '.join(more)}. "
        f"Most lost: {'; '.join(less)}."
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else f"{value:.2g}"
