"""Colours of values on a map, and their legend.

Stage: visuals. It turns one number per cell into one colour per cell. It must not know folium, nor
where the numbers come from. The ramp runs from light to dark along viridis, so that it reads the
same with any colour vision and in grey; it keeps clear of white and black.

Source: own; viridis by S. van der Walt and N. Smith (CC0).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np

KINDS = ("photos", "level", "recall")
NO_VALUE = "#9aa0a6"
_N_STEPS = 5
_RAMP = np.array(
    [[240, 215, 48], [122, 209, 81], [34, 168, 132], [42, 120, 142], [65, 68, 135], [84, 30, 110]]
)
_DARK_RAMP = np.array(
    [[112, 64, 150], [86, 100, 176], [52, 150, 170], [60, 190, 138], [140, 214, 90], [250, 232, 80]]
)


@dataclass(frozen=True)
class ColourScale:
    """One colour per cell and the legend that explains them.

    Attributes:
        title: what the colours show, in an analyst's words.
        colours: hex colour per cell, in the order of the values given.
        entries: (colour, label) pairs of the legend, lowest value first.
    """

    title: str
    colours: tuple[str, ...]
    entries: tuple[tuple[str, str], ...]


def ramp(n: int, dark: bool = False) -> list[str]:
    """`n` hex colours, evenly spaced, from light (low values) to dark (high values).

    On a dark page the other way round, so that high values stand out there too.
    """
    stops = _DARK_RAMP if dark else _RAMP
    at = np.linspace(0, len(stops) - 1, n) if n > 1 else np.array([2.0])
    channels = [np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(3)]
    return ["#{:02x}{:02x}{:02x}".format(*rgb) for rgb in np.rint(channels).astype(int).T]


def colour_scale(
    values: Sequence[float] | np.ndarray, kind: str, *, dark: bool = False
) -> ColourScale:
    """Colour cells by number of photos, level or recall.

    Args:
        values: (n_cells,) photos (>= 0), levels (0-30) or recalls (0-1); NaN = unknown, drawn grey.
        kind: "photos" (steps at quantiles), "level" (one colour per level) or "recall" (fifths).
        dark: whether the page is dark.

    Raises:
        ValueError: unknown kind.

    Source: own.
    """
    values = np.asarray(values, float)
    known = values[np.isfinite(values)]
    if kind == "photos":
        edges = _quantile_edges(known)
        return _stepped("Photos per cell", values, edges, _count_labels(known, edges), dark)
    if kind == "level":
        levels = np.unique(known)
        names = [f"level {level:.0f}" for level in levels]
        return _stepped("Level (higher = smaller cells)", values, levels[1:], names, dark)
    if kind == "recall":
        edges = np.linspace(0, 1, _N_STEPS + 1)
        names = [f"{low:.0%} to {high:.0%}" for low, high in pairwise(edges)]
        return _stepped("Unseen photos put into the right cell", values, edges[1:-1], names, dark)
    raise ValueError(f"Unknown colouring {kind!r}. Known colourings: {', '.join(KINDS)}.")


def legend_html(title: str, entries: Sequence[tuple[str, str]]) -> str:
    """A legend as one wrapping line of HTML that takes its text colour from the page around it.

    Args:
        title: what the colours show.
        entries: (colour, label) pairs.
    """
    swatch = "display:inline-block;width:.9em;height:.9em;border-radius:2px;margin-right:.4em"
    items = "".join(
        f'<span style="white-space:nowrap"><span style="{swatch};background:{escape(colour)}">'
        f"</span>{escape(label)}</span>"
        for colour, label in entries
    )
    layout = "display:flex;flex-wrap:wrap;align-items:baseline;gap:.2em 1.2em;font-size:.875rem"
    return f'<div role="note" style="{layout}"><b>{escape(title)}</b>{items}</div>'


def _quantile_edges(known: np.ndarray) -> np.ndarray:
    if known.size == 0:
        return known
    edges = np.unique(np.quantile(known, np.arange(1, _N_STEPS) / _N_STEPS, method="higher"))
    return edges[edges > known.min()]


def _count_labels(known: np.ndarray, edges: np.ndarray) -> list[str]:
    bins = np.digitize(known, edges)
    parts = [known[bins == step] for step in range(len(edges) + 1)]
    ranges = [(part.min(), part.max()) for part in parts if part.size]
    return [f"{a:,.0f}" if a == b else f"{a:,.0f} to {b:,.0f}" for a, b in ranges]


def _stepped(
    title: str, values: np.ndarray, edges: np.ndarray, labels: Sequence[str], dark: bool
) -> ColourScale:
    steps = ramp(len(edges) + 1, dark)
    known = np.isfinite(values)
    colours = np.where(known, np.take(steps, np.digitize(values, edges)), NO_VALUE)
    entries = list(zip(steps, labels, strict=False))
    if not known.all():
        entries.append((NO_VALUE, "not known"))
    return ColourScale(title, tuple(colours.tolist()), tuple(entries))
