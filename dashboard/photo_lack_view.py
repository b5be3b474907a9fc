"""What a photo set lacks, on a page: map, ranking of places, cells too few photos fall in.

Stage: dashboard. It must not compute: figures come from geocore.analysis.
"""

import pandas as pd
import streamlit as st

from dashboard.common import keep, plain
from dashboard.figure_view import download_table
from dashboard.offline_map import is_dark, show_map
from dashboard.table_view import show_table_of
from geocore.analysis.collecting import places_to_collect, rule_in_words
from geocore.analysis.description_tables import Cells, cells_of_set
from geocore.analysis.photo_description import PhotoDescription
from geocore.analysis.sparse_cells import sparse_cells
from geocore.analysis.yardstick import load_yardstick
from geocore.inference.bundle import Bundle
from geocore.visuals.colours import legend_html
from geocore.visuals.density_maps import due_scale, value_map

UNITS = {
    "country": "Countries",
    "region": "Regions",
    "3": "Squares of 1,150 km",
    "4": "Squares of 580 km",
}
YARDSTICKS = {"both": "Land and people", "land": "Land", "people": "People"}
OWN_CELLS, BUNDLE_CELLS = "this set's own", "the bundle's"
_number = st.column_config.NumberColumn


def show_lack(photos: PhotoDescription, bundle: Bundle) -> None:
    """Where to collect next, and which cells hold too few photos."""
    unit = st.segmented_control(
        "Rank", list(UNITS), format_func=UNITS.get, default="country", required=True, key="unit",
        bind="query-params",
    )  # fmt: skip
    by = st.segmented_control(
        "What a place is due by", list(YARDSTICKS), format_func=YARDSTICKS.get, default="both",
        required=True, key="due_by", bind="query-params",
        help="Land: where photos could be taken. People: where photos that must be placed come "
        "from.",
    )  # fmt: skip
    _show_map(photos, unit, by)
    st.subheader("Where to collect next")
    _show_ranking(photos, unit, by)
    st.subheader("Cells too few photos fall in")
    _show_sparse(photos, bundle)


def _show_map(photos: PhotoDescription, unit: str, by: str) -> None:
    unit = unit if unit.isdigit() else "4"
    squares = _places(photos, unit, by)
    squares = squares[squares["expected"] >= 1]
    scale = due_scale(squares["n_photos"] / squares["expected"], dark=is_dark())
    st.html(legend_html(scale.title, scale.entries))
    fields = {"name": "Place", "n_photos": "Photos", "expected": "Due", "lack": "Lacking"}
    shown = squares.assign(
        n_photos=squares["n_photos"].map("{:,}".format),
        expected=squares["expected"].map("{:,.1f}".format),
        lack=squares["lack"].clip(lower=0).map("{:,.1f}".format),
    )
    show_map(value_map(shown, scale, fields), key="lack_map", height=470)
    st.caption(
        f"The map shows {UNITS[unit].lower()}; those due less than one photo are not coloured."
    )


def _show_ranking(photos: PhotoDescription, unit: str, by: str) -> None:
    st.caption(plain(rule_in_words(len(photos), by)))
    table = _places(photos, unit, by)
    wanted = ["name", "n_photos", "expected", "lack", "land_km2", "inhabitants"]
    show_table_of(
        table[wanted].round({"expected": 1, "lack": 1, "land_km2": 0}),
        hide_index=True,
        height=390,
        column_config={
            "name": st.column_config.TextColumn("Place", width=270),
            "n_photos": _number("Photos", format="localized"),
            "expected": _number("Due", format="localized"),
            "lack": _number("Lacking", format="localized", help="Below 0: more than its due."),
            "land_km2": _number("Populated km²", format="localized"),
            "inhabitants": _number("People in towns", format="localized"),
        },
    )
    st.caption(
        "The file also holds the limits of each place in degrees, to search for photos there."
    )
    download_table("Download this ranking", table, f"{photos.name}-collect-{unit}-{by}")


def _show_sparse(photos: PhotoDescription, bundle: Bundle) -> None:
    kind = st.segmented_control(
        "Cells", [OWN_CELLS, BUNDLE_CELLS], default=OWN_CELLS, required=True, key="sparse_cells",
        bind="query-params",
        help="The set's own cells: made from it as in the thesis, in proportion to its size. The "
        "bundle's: the cells that the chosen model answers with.",
    )  # fmt: skip
    cells = _cells(photos, bundle, kind == BUNDLE_CELLS)
    table = _sparse(photos, bundle, kind == BUNDLE_CELLS)
    n_photos = int(table["n_photos"].sum())
    st.markdown(
        f"**{len(table):,} cells** where people live or photos exist hold fewer than "
        f"{cells.t_min:,} photos, together {n_photos:,}. "
        + ("" if cells.t_max is None else "A model trained on this set would not know them.")
    )
    show_table_of(
        table.drop(columns=["level"]).assign(land_km2=table["land_km2"].round()),
        hide_index=True,
        height=320,
        column_order=["town", "country", "n_photos", "lack", "inhabitants", "land_km2", "token"],
        column_config={
            "town": "Largest town",
            "country": st.column_config.TextColumn("Country", width="medium"),
            "n_photos": _number("Photos", format="localized"),
            "lack": _number(f"Lacking to {cells.t_min:,}", format="localized"),
            "inhabitants": _number("People in towns", format="localized"),
            "land_km2": _number("Populated km²", format="localized"),
            "token": "Cell",
        },
    )
    download_table("Download these cells", table, f"{photos.name}-sparse-cells")


@keep("Ranking places …", max_entries=32)
def _places(photos: PhotoDescription, unit: str, by: str) -> pd.DataFrame:
    return places_to_collect(photos.located, load_yardstick(), unit, by)


@keep("Dividing the world …", max_entries=8)
def _cells(photos: PhotoDescription, bundle: Bundle, of_bundle: bool) -> Cells:
    if not of_bundle:
        return cells_of_set(photos)
    t_min = bundle.config.get("grid", {}).get("t_min")
    return cells_of_set(photos, bundle.grid.leaves, t_min=t_min)


@keep("Looking for cells with few photos …", max_entries=8)
def _sparse(photos: PhotoDescription, bundle: Bundle, of_bundle: bool) -> pd.DataFrame:
    cells = _cells(photos, bundle, of_bundle)
    return sparse_cells(cells.cells, cells.t_min, load_yardstick())
