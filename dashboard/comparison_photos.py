"""Two answers photo by photo: confidences, probability moved on the map, the worst disagreements.

Stage: dashboard. It must not compute: it filters and shows what `comparison_view.pair_of` found.
"""

import os
import re
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.cell_words import leaf_names
from dashboard.common import keep, plain
from dashboard.comparison_view import Pair, Side
from dashboard.confusion_photos import pictures
from dashboard.figure_view import download_table, show_figure
from dashboard.key_figures import percent
from dashboard.offline_map import is_dark, show_map
from geocore.cells.geodesy import distance_km
from geocore.cells.place_names import load_place_namer
from geocore.inference.bundle import Bundle
from geocore.inference.probs_per_cell import probs_per_cell
from geocore.visuals.colours import legend_html
from geocore.visuals.comparison_figures import (
    describe_moved,
    describe_pairs,
    moved_scale,
    plot_pairs,
)
from geocore.visuals.maps import MAX_CELLS, cell_map

MAX_PROBS = 30_000_000
"""Probs that are read without asking; more take more than two seconds."""
N_LISTED, N_PICTURES = 12, 6
APART_KM = 200.0
_DISTANCE = re.compile(r" \([\d.,]+ km\)$")
WHICH = {"surest": "Both sure", "first": "Only the first right", "second": "Only the second right"}


def show_confidences(pair: Pair) -> None:
    """Each photo's two confidences against each other."""
    st.subheader("How sure each is of every photo")
    if not pair.same_cells:
        st.info("Confidences in cells of different sizes cannot be set against each other.")
        return
    photos = _pairs(pair)
    figure = plot_pairs(photos, pair.names, dark=is_dark())
    show_figure(figure, key="confidences", alt=describe_pairs(photos, pair.names))


def _pairs(pair: Pair) -> pd.DataFrame:
    """Columns of `plot_pairs`."""
    right = pair.first["right"].to_numpy(bool), pair.second["right"].to_numpy(bool)
    kind = np.select(
        [right[0] & right[1], right[0], right[1]], ["both", "first", "second"], "neither"
    )
    return pd.DataFrame(
        {
            "photo_id": pair.first["photo_id"],
            "first": pair.first["confidence"],
            "second": pair.second["confidence"],
            "kind": kind,
        }
    )


def show_moved(pair: Pair, sides: tuple[Side, Side]) -> None:
    """Where the second expects more of the photos than the first, and where fewer."""
    st.subheader("Where they look for the photos")
    if not pair.same_cells:
        st.info("The two divide the world into different cells; a cell has no counterpart.")
        return
    cells = sides[0].bundle.grid.leaves
    if len(cells) * len(pair.first) > MAX_PROBS and not st.toggle(
        "Draw the map of many cells and photos (takes some seconds)", key="draw_moved"
    ):
        return
    moved = moved_between(
        *(x for side in sides for x in (side.bundle, side.name)),
        tuple(pair.first["photo_id"]),
        tuple(pair.second["photo_id"]),
    )
    st.markdown(plain(describe_moved(leaf_names(sides[0].bundle), moved, pair.names)))
    drawn = np.sort(np.argsort(-np.abs(moved), kind="stable")[:MAX_CELLS])
    scale = moved_scale(moved[drawn], pair.names)
    st.html(legend_html(scale.title, scale.entries))
    show_map(cell_map(cells.iloc[drawn], scale, centroids=False), key="moved", height=420)
    table = cells[["token", "place"]].assign(photos_moved=moved)
    download_table("Cells as CSV", table, "-".join((*pair.names, "moved")))


@keep("Adding up the probabilities of all photos …", max_entries=16)
def moved_between(
    first: Bundle, name: str, second: Bundle, other: str, ids: tuple[str, ...], own: tuple[str, ...]
) -> np.ndarray:
    """Photos expected in each cell by the second minus those by the first, (n_leaves,)."""
    return probs_per_cell(second, other, own) - probs_per_cell(first, name, ids)


def show_disagreements(pair: Pair, sides: tuple[Side, Side]) -> None:
    """The photos on which the two are furthest apart."""
    st.subheader("Where they disagree most")
    kinds = list(WHICH) if pair.same_cells else ["surest"]
    which = st.segmented_control(
        "Photos",
        kinds,
        format_func=WHICH.get,
        default="surest",
        required=True,
        key="disagreement",
        bind="query-params",
        label_visibility="collapsed",
    )
    photos = disagreements(pair, which)
    if photos.empty:
        st.info("There is no such photo: whichever of the two is asked, the answer is alike.")
        return
    _show_pictures(sides[0].bundle, photos["photo_id"].head(N_PICTURES).tolist())
    listed = photos.head(N_LISTED)
    st.table(_as_text(_named(listed, pair.names)).set_index("Photo"))
    words = f"{len(listed)} of {len(photos):,} photos, those of which both are surest."
    if which == "surest":
        words += (
            f" Their answers are different cells, with points at least {APART_KM:.0f} km apart."
        )
    st.caption(words)
    whole = partial(_named, photos, pair.names)
    download_table("Disagreements as CSV", whole, "-".join(pair.names) + "-p")


def disagreements(pair: Pair, which: str) -> pd.DataFrame:
    """Photos that the two answer differently, those first of which both are surest.

    Args:
        pair: the two.
        which: key of `WHICH`.

    Returns:
        Columns photo_id, lat, lng, and of both sides, `_2` for the second, point_lat, point_lng,
        error_km and confidence; apart_km, the distance between the two points.
    """
    columns = ["photo_id", "lat", "lng", "point_lat", "point_lng", "error_km", "confidence"]
    photos = pair.first[columns].join(pair.second[columns[3:]].add_suffix("_2"))
    points = ("point_lat", "point_lng", "point_lat_2", "point_lng_2")
    photos["apart_km"] = distance_km(*(photos[name].to_numpy() for name in points))
    keep_these = photos["apart_km"] >= APART_KM
    if pair.same_cells:
        keep_these &= pair.first["cell"] != pair.second["cell"]
    if which != "surest":
        keep_these = pd.Series(_pairs(pair)["kind"] == which)
    sure = photos["confidence"] * photos["confidence_2"]
    order = sure[keep_these.to_numpy()].sort_values(ascending=False, kind="stable").index
    return photos.loc[order].reset_index(drop=True)


def _named(photos: pd.DataFrame, names: tuple[str, str]) -> pd.DataFrame:
    """The table as it is read: places instead of positions."""
    namer = load_place_namer()
    table = {"Photo": photos["photo_id"], "Taken": namer.names(photos["lat"], photos["lng"])}
    for name, end in zip(names, ("", "_2"), strict=True):
        points = photos[f"point_lat{end}"], photos[f"point_lng{end}"]
        table[f"{name}: answer"] = namer.names(*points)
        table[f"{name}: confidence"] = photos[f"confidence{end}"]
        table[f"{name}: error, km"] = photos[f"error_km{end}"]
    return pd.DataFrame(table | {"Apart, km": photos["apart_km"]})


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are read, names as plain text that may break between lines."""
    shown = table.assign(Photo=table["Photo"].str.rpartition("/")[2])
    for column in table.columns:
        if column.endswith("confidence"):
            shown[column] = [percent(value) for value in table[column]]
        elif column.endswith("km"):
            shown[column] = [f"{value:,.0f}" for value in table[column]]
        else:
            shown[column] = [plain(_DISTANCE.sub("", value)) for value in shown[column]]
    return shown


def _show_pictures(bundle: Bundle, photo_ids: list[str]) -> None:
    folder = os.environ.get("GEOCORE_PHOTOS", "")
    if not folder:
        return
    found = pictures(bundle, tuple(photo_ids), folder)
    for column, (photo_id, pixels) in zip(st.columns(N_PICTURES), found.items(), strict=False):
        column.image(pixels, alt=f"Photo {photo_id}")
        column.caption(plain(photo_id.rpartition("/")[2]))
