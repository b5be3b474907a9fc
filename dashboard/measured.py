"""What the pages on measured figures share: photo sets in words, and results kept in memory.

Stage: dashboard. It must not compute: figures come from the report and from evaluation.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.common import keep, plain
from dashboard.key_figures import kind_name
from geocore.evaluation.confusion import confusion_matrix, groups_at_level
from geocore.evaluation.measures import MEASURES, figure_of, is_paired
from geocore.evaluation.report import (
    ALL_PHOTOS,
    paired_difference,
    photo_figures,
    ranked,
    rivals,
    verdict,
)
from geocore.inference.bundle import Bundle

CALIBRATION = ("ece", "brier", "loss")
MAX_CELLS = 300
"""More cells than this make a confusion matrix that nobody can read and a slow page."""


def set_name(photo_set: str) -> str:
    """A photo set in words."""
    return "all held-out photos" if photo_set == ALL_PHOTOS else kind_name(photo_set)


def pick_photo_set(photo_sets: Sequence[str]) -> str:
    """The photo set the reader wants, the whole until they choose; remembered between pages."""
    if st.session_state.get("photo_set", photo_sets[0]) not in photo_sets:
        st.session_state["photo_set"] = photo_sets[0]
    return st.segmented_control(
        "Photos",
        photo_sets,
        default=photo_sets[0],
        format_func=set_name,
        key="photo_set",
        persist_state="session",
        required=True,
        bind="query-params",
    )


def held_out(bundle: Bundle, head: str, photo_set: str) -> tuple[np.ndarray, np.ndarray]:
    """Class indices (n_photos,) and probs (n_photos, n_leaves) of the photos of a set."""
    rows = bundle.predictions(head)
    chosen = np.full(len(rows), True) if photo_set == ALL_PHOTOS else rows["photo_set"] == photo_set
    return rows["class_index"].to_numpy()[chosen], bundle.probs(head)[chosen]


def photo_sets_of(bundle: Bundle, head: str) -> list[str]:
    """The photo sets that a head has predictions for, the whole first; none where it has none."""
    found = sorted(bundle.predictions(head)["photo_set"].unique())
    return [ALL_PHOTOS, *found] if found else []


def show_metrics(report: dict[str, Any], head: str, photo_set: str) -> None:
    """The figures on confidence, each with its interval and the photos it was measured on."""
    entry = report["heads"].get(head, {}).get(photo_set, {})
    n_assigned = entry.get("n_photos", 0) - entry.get("n_unassigned", 0)
    uniform = entry.get("uniform_loss", {}).get("value")
    for column, name in zip(st.columns(len(CALIBRATION)), CALIBRATION, strict=True):
        measure, figure = MEASURES[name], figure_of(entry, name)
        column.metric(measure.name, measure.value_text(figure))
        column.caption(f"95 % interval {measure.interval_text(figure)}, {n_assigned:,} photos")
    if uniform is not None:
        st.caption(
            f"Loss is {uniform:.3f} for a head that finds every cell equally likely; below is "
            "better. Photos outside all cells count in none of these figures."
        )


def pick_level(bundle: Bundle) -> int:
    """The level at which to look at the cells, as an index; the finest that can be drawn first."""
    counts = level_counts(bundle)
    depths = [depth for depth, n_cells in enumerate(counts) if n_cells <= MAX_CELLS] or [0]
    if len(depths) == 1:
        return depths[0]
    return st.select_slider(
        "Level of the cells, from large to small",
        depths,
        value=depths[-1],
        key="depth",
        format_func=lambda depth: f"level {bundle.hierarchy.levels[depth]}: {counts[depth]} cells",
    )


@keep("Counting the cells of each level …")
def level_counts(bundle: Bundle) -> list[int]:
    """How many cells there are at each level, leaves that end above it included."""
    tree = bundle.hierarchy
    depths = range(tree.depth)
    return [len(groups_at_level(tree.ancestors, tree.cell_ids, d).cell_ids) for d in depths]


@keep("Counting which cells are mixed up …")
def confusion_at(
    bundle: Bundle, head: str, photo_set: str, depth: int
) -> tuple[np.ndarray, list[str]]:
    """Confusion counts at one level of the hierarchy, and the cells' names."""
    groups = groups_at_level(bundle.hierarchy.ancestors, bundle.hierarchy.cell_ids, depth)
    counts = confusion_matrix(*groups.roll_up(*held_out(bundle, head, photo_set)))
    cells = bundle.grid.cells.set_index("cell_id").loc[groups.cell_ids]
    return counts, [place or f"Cell {token}" for place, token in cells[["place", "token"]].values]


def show_figure(figure: Any, key: str) -> None:
    """A plotly figure over the width of its column."""
    st.plotly_chart(figure, key=key, config={"displaylogo": False})


def show_verdict(bundle: Bundle, figures: pd.DataFrame, measure: str, photo_set: str) -> None:
    """Which head is ahead, in words.

    Args:
        bundle: that the heads belong to.
        figures: from `tidy_figures`.
        measure: one of `MEASURES`.
        photo_set: one of the report's.
    """
    rows = ranked(figures, measure, photo_set)
    pair = rivals(rows) if is_paired(measure) else None
    difference = head_difference(bundle, *pair, measure, photo_set) if pair else None
    st.markdown(plain(verdict(rows, difference)))


@keep("Comparing two heads photo by photo …")
def head_difference(
    bundle: Bundle, first: str, second: str, measure: str, photo_set: str
) -> dict[str, Any] | None:
    """`paired_difference` of two heads; None where the bundle holds no predictions of them."""
    rows = [bundle.predictions(head) for head in (first, second)]
    if any(part.empty for part in rows):
        return None
    return paired_difference(*(photo_figures(part) for part in rows), measure, photo_set)
