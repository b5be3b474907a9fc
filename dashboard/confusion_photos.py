"""The photos behind one entry of the confusion matrix, and its two cells on the map.

Stage: dashboard. It must not compute: photos come from the bundle, pictures from the folder that
GEOCORE_PHOTOS names and only where their SHA-256 is that of the bundle.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.common import View, keep, plain
from dashboard.confusion_view import OTHERS, Pairs, matrix_at, pairs_at, pick_entry
from dashboard.figure_view import download_table
from dashboard.offline_map import is_dark, show_map
from dashboard.table_view import show_table_of
from geocore.cells.place_names import load_place_namer
from geocore.data.images import thumbnail
from geocore.data.verified_files import verified_photo_files
from geocore.errors import ImageError
from geocore.inference.bundle import Bundle
from geocore.visuals.colours import ColourScale, legend_html
from geocore.visuals.maps import cell_map, map_bounds
from geocore.visuals.style import SERIES_DARK, SERIES_LIGHT

MAX_LISTED = 200
N_PICTURES, N_COLUMNS, SIDE_PX = 12, 6, 240
TABLE = {
    "photo_id": "Photo",
    "place": "Taken",
    "answer": "Answered",
    "error_km": st.column_config.NumberColumn("Error, km", format="localized"),
    "confidence": st.column_config.NumberColumn("Confidence", format="percent"),
}


def show_entry(view: View, photo_set: str, depth: int) -> None:
    """Photos and cells of the chosen entry, or how to choose one."""
    st.subheader("The photos behind an entry")
    order = st.session_state.get("order", "neighbours")
    names = matrix_at(view.bundle, view.head, photo_set, depth, order).names
    entry = pick_entry(names)
    if entry is None:
        st.info("Click an entry of the matrix, or choose two cells, to see its photos.")
        return
    pairs = pairs_at(view.bundle, view.head, photo_set, depth)
    taken, answered = (_positions(name, names, pairs) for name in entry)
    photos = pairs.photos[np.isin(pairs.truth, taken) & np.isin(pairs.answer, answered)]
    st.markdown(plain(_sentence(photos, *entry)))
    _show_cells(pairs.cells, taken, answered)
    if len(photos):
        _show_photos(view.bundle, photos, f"{view.bundle.name}-{view.head}-entry")


def _sentence(photos: pd.DataFrame, taken: str, answered: str) -> str:
    if photos.empty:
        return f"No photo taken in {taken} was answered with {answered}."
    kind = "photo" if len(photos) == 1 else "photos"
    return (
        f"{len(photos):,} {kind} taken in {taken}, answered with {answered}: mean error "
        f"{photos['error_km'].mean():,.0f} km, mean confidence "
        f"{photos['confidence'].mean() * 100:.0f} %."
    )


def _positions(name: str, names: Sequence[str], pairs: Pairs) -> np.ndarray:
    """Positions of the cells that a row of the matrix stands for."""
    is_named = pairs.cells["name"].isin(names).to_numpy()
    own = (pairs.cells["name"] == name).to_numpy()
    return np.flatnonzero(~is_named if name == OTHERS else own)


def _show_cells(cells: pd.DataFrame, taken: np.ndarray, answered: np.ndarray) -> None:
    """Both cells on the map; a whole rest of cells is not drawn."""
    single = [positions[0] for positions in (taken, answered) if len(positions) == 1]
    if not single:
        return
    colours = (SERIES_DARK if is_dark() else SERIES_LIGHT)[:2]
    roles = ["where they were taken", "what they were answered with"]
    if single == [single[0]] * 2:
        single, roles = single[:1], ["where they were taken and what they were answered with"]
    elif len(single) == 1:
        roles = roles[:1] if len(taken) == 1 else roles[1:]
    colours = colours[: len(single)]
    drawn = cells.iloc[single]
    scale = ColourScale("Cells", tuple(colours), tuple(zip(colours, roles, strict=True)))
    st.html(legend_html(scale.title, scale.entries))
    layer = cell_map(drawn, scale, centroids=False)
    show_map(layer, key="entry_map", bounds=map_bounds(drawn, margin_deg=12.0), height=340)


def _show_photos(bundle: Bundle, photos: pd.DataFrame, name: str) -> None:
    photos = photos.sort_values("error_km", ascending=False)
    folder = os.environ.get("GEOCORE_PHOTOS", "")
    if folder:
        _show_pictures(bundle, photos["photo_id"].head(N_PICTURES).tolist(), folder)
    else:
        st.caption(
            "To see the photos themselves, start the dashboard with GEOCORE_PHOTOS set to the "
            "folder they lie in."
        )
    listed = photos.head(MAX_LISTED)
    namer = load_place_namer()
    table = listed.assign(
        place=namer.names(listed["lat"], listed["lng"]),
        answer=namer.names(listed["point_lat"], listed["point_lng"]),
    )[[*TABLE, "lat", "lng", "point_lat", "point_lng"]]
    show_table_of(table[list(TABLE)], hide_index=True, column_config=TABLE)
    if len(photos) > MAX_LISTED:
        st.caption(f"The {MAX_LISTED} of {len(photos):,} photos with the largest error.")
    download_table("Photos as CSV", table, name)


def _show_pictures(bundle: Bundle, photo_ids: list[str], folder: str) -> None:
    found = pictures(bundle, tuple(photo_ids), folder)
    columns = st.columns(N_COLUMNS)
    for number, (photo_id, pixels) in enumerate(found.items()):
        with columns[number % N_COLUMNS]:
            st.image(pixels, alt=f"Photo {photo_id}")
            st.caption(plain(photo_id.rpartition("/")[2]))
    if missing := len(photo_ids) - len(found):
        st.caption(
            f"{missing} of {len(photo_ids)} pictures are not shown: their files are not in the "
            "folder that GEOCORE_PHOTOS names, or are not the photos that were measured."
        )


@keep("Looking for the photos …")
def pictures(bundle: Bundle, photo_ids: tuple[str, ...], folder: str) -> dict[str, np.ndarray]:
    """Small pictures of those photos whose file is known and unaltered, by photo id."""
    known = bundle.photos.drop_duplicates("photo_id").set_index("photo_id")
    photos = known.reindex(list(photo_ids))[["sha256"]].fillna("").reset_index()
    found = {}
    for photo_id, path in zip(photo_ids, verified_photo_files(Path(folder), photos), strict=True):
        if path is not None:
            try:
                found[photo_id] = np.asarray(thumbnail(path, SIDE_PX))
            except ImageError:
                continue
    return found
