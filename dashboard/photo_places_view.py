"""Where the photos of a set are, on a page: density map, continents, countries.

Stage: dashboard. It must not compute: figures come from geocore.analysis.
"""

import pandas as pd
import streamlit as st

from dashboard.common import keep
from dashboard.figure_view import download_table
from dashboard.offline_map import is_dark, show_map
from dashboard.table_view import show_table_of
from geocore.analysis.density import DEFAULT_LEVEL, density_cells, density_levels
from geocore.analysis.description_tables import cells_of_set
from geocore.analysis.photo_description import PhotoDescription
from geocore.analysis.photo_places import (
    THESIS_CELLS,
    THESIS_NOTE_5_2,
    THESIS_TOTAL_5_2,
    continent_table,
    country_table,
)
from geocore.analysis.yardstick import load_yardstick
from geocore.cells.place_names import load_place_namer
from geocore.evaluation.thesis import scaled_thresholds
from geocore.visuals.colours import legend_html
from geocore.visuals.density_maps import density_scale, value_map

WIDTHS_KM = {3: "1,150", 4: "580", 5: "290", 6: "145", 7: "72", 8: "36"}
"""How wide a cell of each level is, roughly."""
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_COUNTRY_COLUMNS = (
    *("country", "continent", "n_photos", "share", "per_million", "per_100000_km2", "inhabitants"),
)
_number = st.column_config.NumberColumn


def show_places(photos: PhotoDescription) -> None:
    """Density map, photos per continent, photos per country."""
    _show_density(photos)
    st.subheader("Photos per continent")
    _show_continents(photos)
    st.subheader("Photos per country")
    _show_countries(photos)


def country_counts(photos: PhotoDescription) -> pd.DataFrame:
    """See `geocore.analysis.photo_places.country_table`."""
    return _country_counts(photos)


def _show_density(photos: PhotoDescription) -> None:
    levels = list(_levels(photos))
    level = st.segmented_control(
        "Squares about",
        levels,
        format_func=lambda level: f"{WIDTHS_KM[level]} km",
        default=min(DEFAULT_LEVEL, max(levels)),
        required=True,
        key=f"density_level_{max(levels)}",
        help="How wide a square of the map is. Smaller ones are left out where too many of them "
        "would hold photos to be drawn.",
    )
    cells = _density(photos, level)
    scale = density_scale(cells["per_100000_km2"], dark=is_dark())
    st.html(legend_html(scale.title, scale.entries))
    fields = {"n_photos": "Photos", "per_100000_km2": "Per 100,000 km²", "place": "Middle"}
    shown = cells.assign(
        n_photos=cells["n_photos"].map("{:,}".format),
        per_100000_km2=cells["per_100000_km2"].map("{:,.3g}".format),
    )
    show_map(value_map(shown, scale, fields), key="density_map", height=470)
    st.caption(
        f"{len(cells):,} squares hold photos; the others are not coloured. 100,000 km² is "
        "somewhat more than Portugal."
    )


def _show_continents(photos: PhotoDescription) -> None:
    t_min, t_max = _pick_thresholds(photos)
    table = _continents(photos, t_min, t_max)
    counts = ["n_photos", "n_cells", "n_in_cells", "thesis_cells", "thesis_photos"]
    total = {"continent": "Total", "share": 1.0} | table[counts].sum().to_dict() | THESIS_TOTAL_5_2
    show_table_of(
        pd.concat([table, pd.DataFrame([total])], ignore_index=True),
        hide_index=True,
        height="content",
        placeholder="–",
        column_config={
            "continent": "Continent",
            "n_photos": _number("Photos", format="localized"),
            "share": _number("Share", format="percent"),
            "n_cells": _number("Cells", format="localized"),
            "n_in_cells": _number("Photos in cells", format="localized"),
            "thesis_cells": _number("Thesis: cells", format="localized"),
            "thesis_photos": _number("Thesis: photos in cells", format="localized"),
        },
    )
    st.caption(
        "A photo counts for the continent of its country, Russia's for Asia east of 60° E. "
        f"{THESIS_NOTE_5_2} (Table 5.2.)"
    )
    download_table("Download this table", table, f"{photos.name}-continents")


def _pick_thresholds(photos: PhotoDescription) -> tuple[int, int]:
    own = scaled_thresholds(*THESIS_CELLS, len(photos))
    return st.select_slider(
        "Fewest and most photos per cell",
        sorted({*_STEPS, *own}),
        value=own,
        key=f"set_thresholds_{photos.name}",
        help="A cell with more photos is divided, one with fewer is dropped. At first as in the "
        "thesis, in proportion to the size of the set.",
    )


def _show_countries(photos: PhotoDescription) -> None:
    table = country_counts(photos)
    show_table_of(
        table.round({"per_million": 2, "per_100000_km2": 1}),
        hide_index=True,
        height=320,
        placeholder="–",
        column_order=_COUNTRY_COLUMNS,
        column_config={
            "country": st.column_config.TextColumn("Country", width=170),
            "continent": "Continent",
            "n_photos": _number("Photos", format="localized"),
            "share": _number("Share", format="percent"),
            "per_million": _number("Per million people", format="localized"),
            "per_100000_km2": _number("Per 100,000 km²", format="localized"),
            "inhabitants": _number("People in towns", format="localized"),
        },
    )
    st.caption(
        "Towns: places with 5,000 or more inhabitants. Populated: land within 50 km of one. Both "
        "are rough; photos per million people in towns and per 100,000 populated km² compare "
        "countries. Countries with towns and no photo are listed too."
    )
    download_table("Download this table", table, f"{photos.name}-countries")


@keep("Counting the photos of each square …", max_entries=16)
def _density(photos: PhotoDescription, level: int) -> pd.DataFrame:
    return density_cells(photos.located, load_place_namer(), level)


@keep("Counting squares …", max_entries=16)
def _levels(photos: PhotoDescription) -> dict[int, int]:
    return density_levels(photos.located)


@keep("Dividing the world …", max_entries=16)
def _continents(photos: PhotoDescription, t_min: int, t_max: int) -> pd.DataFrame:
    cells = cells_of_set(photos, t_min=t_min, t_max=t_max)
    return continent_table(photos.located, cells.kept)


@keep("Counting the photos of each country …", max_entries=16)
def _country_counts(photos: PhotoDescription) -> pd.DataFrame:
    table = country_table(photos.located, load_yardstick())
    return table.assign(land_km2=table["land_km2"].round())
