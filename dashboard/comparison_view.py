"""Two answers side by side: which two, what the comparison shows, and all measures in one table.

Stage: dashboard. It must not compute: differences and tests come from geocore.evaluation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.common import View, bundle_folders, keep, open_bundle, plain
from dashboard.figure_view import download_table
from dashboard.measured import set_name
from geocore.evaluation.answers import hits
from geocore.evaluation.baselines import BASELINES
from geocore.evaluation.comparison_table import comparison_table, shared_entry
from geocore.evaluation.paired import McNemar, align, compare, comparison_sentence, mcnemar
from geocore.evaluation.report import ALL_PHOTOS
from geocore.inference.bundle import Bundle
from geocore.inference.held_out import held_out_answers

_EPS = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Side:
    """One of the two: a bundle and the name of one of its heads or baselines."""

    bundle: Bundle
    name: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """All that is known of two sides on the photos they share.

    Attributes:
        names: of the two, told apart by their bundle where need be.
        first: one row per shared photo: photo_id, lat, lng, point_lat, point_lng, error_km,
            confidence, cell, and right and loss where the cells are the same.
        second: the same photos in the same order.
        same_cells: whether both answer over the same cells.
        differences: first minus second, see `compare`; empty where no photo is shared.
        test: McNemar's, None where the cells differ.
        entries: figures of each side, see `comparison_table`.
    """

    names: tuple[str, str]
    first: pd.DataFrame
    second: pd.DataFrame
    same_cells: bool
    differences: Mapping[str, Any] = field(default_factory=dict)
    test: McNemar | None = None
    entries: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {})


def pick_sides(view: View) -> tuple[Side, Side]:
    """The two to compare; the second may come from another bundle."""
    folders = bundle_folders()
    columns = st.columns([2, 2, 2] if len(folders) > 1 else [2, 2], gap="medium")
    first = _pick_answer(columns[0], "First", view.bundle, view.head, "first")
    bundle = view.bundle
    if len(folders) > 1:
        chosen = columns[2].selectbox(
            "Bundle of the second",
            list(folders),
            index=list(folders).index(str(view.bundle.folder.resolve())),
            format_func=lambda folder: folders[folder].name,
            key="second_bundle",
            bind="query-params",
        )
        bundle = open_bundle(folders[chosen])
    others = [name for name in bundle.answers if bundle is not view.bundle or name != first]
    usual = next((name for name in ("MC", *others) if name in others), first)
    return Side(view.bundle, first), Side(
        bundle, _pick_answer(columns[1], "Second", bundle, usual, "second")
    )


def _pick_answer(
    column: "st.delta_generator.DeltaGenerator", label: str, bundle: Bundle, usual: str, key: str
) -> str:
    if st.session_state.get(key, usual) not in bundle.answers:
        st.session_state[key] = usual
    return column.selectbox(
        label,
        bundle.answers,
        index=bundle.answers.index(usual),
        key=key,
        bind="query-params",
        help="Heads are trained over the bundle's cells. Baselines are the simpler ways that they "
        "should be better than, on the same features.",
    )


@keep("Comparing them photo by photo …", max_entries=8)
def pair_of(
    first_bundle: Bundle, first: str, second_bundle: Bundle, second: str, photo_set: str
) -> Pair:
    """Both sides on the photos that both have answered and neither has seen.

    Raises:
        BundleError: the predictions of one cannot be used.
    """
    sides = Side(first_bundle, first), Side(second_bundle, second)
    same_bundle = first_bundle.folder == second_bundle.folder
    tokens = [side.bundle.grid.leaves["token"].to_numpy() for side in sides]
    same_cells = np.array_equal(*tokens)
    left, right = align(*(_rows(side, photo_set, same_cells) for side in sides), by="key")
    names = (first, second)
    if not same_bundle:
        names = tuple(f"{side.name} of {side.bundle.name}" for side in sides)
    if left.empty:
        return Pair(names=names, first=left, second=right, same_cells=same_cells)
    return Pair(
        names=names,
        first=left,
        second=right,
        same_cells=same_cells,
        differences=compare(left, right),
        test=mcnemar(left["right"], right["right"]) if same_cells else None,
        entries=tuple(
            _entry(side, photo_set, rows, same_bundle)
            for side, rows in zip(sides, (left, right), strict=True)
        ),
    )


def _entry(side: Side, photo_set: str, rows: pd.DataFrame, same_bundle: bool) -> Mapping[str, Any]:
    """The report's figures where they are of just these photos, else those of the shared ones."""
    reported = side.bundle.report["heads"].get(side.name, {}).get(photo_set)
    return reported if same_bundle and reported else shared_entry(rows)


def _rows(side: Side, photo_set: str, same_cells: bool) -> pd.DataFrame:
    """One row per held-out photo, its SHA-256 as `key`: ids may be alike in different bundles."""
    answers = held_out_answers(side.bundle, side.name)
    if photo_set != ALL_PHOTOS:
        answers = answers[answers["photo_set"] == photo_set]
    depth = side.bundle.hierarchy.depth - 1
    known = side.bundle.photos.drop_duplicates("photo_id").set_index("photo_id")["sha256"]
    rows = answers[["photo_id", "lat", "lng", "point_lat", "point_lng", "error_km", "confidence"]]
    rows = rows.assign(
        key=answers["photo_id"].map(known).fillna(answers["photo_id"]),
        cell=answers[f"cell_{depth}"],
    )
    if same_cells:
        true_prob = answers["true_prob"].to_numpy(float)
        rows = rows.assign(
            right=hits(answers, depth), loss=-np.log(np.clip(true_prob, _EPS, 1 - _EPS))
        )
    return rows


def show_sentence(pair: Pair, sides: tuple[Side, Side], photo_set: str) -> None:
    """What the comparison shows, and what it does not."""
    if pair.first.empty:
        st.info(
            f"{plain(pair.names[0])} and {plain(pair.names[1])} have no held-out photo in common, "
            "so nothing can be said about which is better. Compare bundles that were tested on the "
            "same photos."
        )
        return
    n_photos = len(pair.first)
    words = comparison_sentence(pair.names, pair.differences, pair.test, n_photos)
    if not pair.same_cells:
        words += (
            " The two bundles divide the world into different cells, so right cells and loss "
            "cannot be compared: only distances can."
        )
    st.markdown(f"**{plain(words)}**")
    st.caption(plain(_limits(sides, photo_set)))


def _limits(sides: tuple[Side, Side], photo_set: str) -> str:
    words = (
        f"Measured on {set_name(photo_set)}. It does not show which is better on other kinds of "
        "photos or in one particular region, nor whether either is good enough for your purpose."
    )
    names = dict.fromkeys(side.name for side in sides if side.name in BASELINES)
    described = [f" {name}: {BASELINES[name]}." for name in names]
    return words + "".join(described)


def show_table(pair: Pair, sides: tuple[Side, Side]) -> None:
    """Every measure of both, their paired difference, the thesis's numbers apart."""
    training = [side.bundle.report.get("training", {}).get(side.name, {}) for side in sides]
    table = comparison_table(
        pair.names,
        pair.entries,
        pair.differences,
        pair.test,
        (sides[0].name, sides[1].name),
        tuple(entry.get("seconds_per_epoch") for entry in training),
    )
    st.table(table.set_index("Measure"))
    st.caption(
        "In brackets: 95 % interval. Difference: first minus second, photo by photo; accuracy by "
        "McNemar's test (mid-p), the rest by drawing the photos again and again. ↑ more is "
        "better, ↓ less is better."
    )
    if any(column.startswith("Thesis") for column in table):
        st.caption(
            "Thesis: table 6.8, about 970,000 Flickr photos and 72 cells, no intervals. Other "
            "photos and other cells: these numbers cannot be compared with the others."
        )
    download_table("Comparison as CSV", table, f"{pair.names[0]}-{pair.names[1]}")
