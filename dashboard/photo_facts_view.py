"""What the table of a photo set says beside places, on a page: tags, photographers, years, sizes.

Stage: dashboard. It must not compute: figures come from geocore.data.statistics.
"""

import streamlit as st

from dashboard.figure_view import download_table, show_figure
from dashboard.key_figures import facts_html, small_percent
from dashboard.offline_map import is_dark
from dashboard.table_view import show_table_of
from geocore.analysis.photo_description import PhotoDescription
from geocore.visuals.photo_set_figures import describe_years, plot_years

_GROUPS = {
    "natural": "Natural",
    "urban": "Urban",
    "neither": "Other tags",
    "no tags": "No tags",
}
_number = st.column_config.NumberColumn


def show_facts(photos: PhotoDescription) -> None:
    """Tags beside table 5.1, photographers, years, sizes; a sentence for what is not known."""
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _show_tags(photos)
        _show_sizes(photos)
    with right:
        _show_photographers(photos)
        _show_years(photos)


def _show_tags(photos: PhotoDescription) -> None:
    st.subheader("Urban and natural, by tags")
    if photos.tags is None:
        st.info("This set has no tags.")
        return
    show_table_of(
        photos.tags.assign(group=photos.tags["group"].map(_GROUPS)),
        hide_index=True,
        height="content",
        placeholder="–",
        column_config={
            "group": "Tags",
            "n_photos": _number("Photos", format="localized"),
            "share": _number("Share", format="percent"),
            "thesis": _number("Thesis", format="localized"),
            "thesis_share": _number("Its share", format="percent"),
        },
    )
    st.caption(
        "A tag counts when it is one of the words that photos are searched by, in eight languages; "
        "the group with more tags wins, of two equal ones the one tagged first. Thesis: table 5.1, "
        "970,565 photos."
    )
    download_table("Download this table", photos.tags, f"{photos.name}-tags")


def _show_photographers(photos: PhotoDescription) -> None:
    st.subheader("Photographers")
    who = photos.photographers
    if who is None:
        st.info("This set does not say who took the photos.")
        return
    st.html(
        facts_html(
            {
                "Photographers": f"{who['n_photographers']:,}",
                "Photos with a known one": f"{who['n_known']:,} of {len(photos):,}",
                "The most active took": small_percent(who["top_1"]),
                "The ten most active took": small_percent(who["top_10"]),
                "Half of the photos are by": f"{who['n_for_half']:,}",
                "As varied as equal shares of": f"{who['n_effective']:,.0f}",
            }
        )
    )
    st.caption(
        "Where few people took most photos, a model may learn their cameras and habits. Split such "
        "a set by photographer before measuring a model on it."
    )


def _show_years(photos: PhotoDescription) -> None:
    st.subheader("When they were taken")
    if photos.years is None or photos.years.empty:
        st.info("This set does not say when the photos were taken.")
        return
    n_dated = int(photos.years["n_photos"].sum())
    st.caption(f"{n_dated:,} of {len(photos):,} photos have a date that can be read.")
    show_figure(
        plot_years(photos.years, dark=is_dark()), key="years", alt=describe_years(photos.years)
    )
    download_table("Download the years", photos.years, f"{photos.name}-years")


def _show_sizes(photos: PhotoDescription) -> None:
    st.subheader("Sizes")
    sizes = photos.sizes
    if sizes is None:
        st.info("No image was found, so sizes are not known.")
        return
    n_measured = sizes["n_photos"] - sizes["n_unknown"]
    st.html(
        facts_html(
            {
                "Photos measured": f"{n_measured:,} of {len(photos):,}",
                "Median width × height": f"{sizes['median_width']:,.0f} × "
                f"{sizes['median_height']:,.0f} pixels",
                "Higher than wide": small_percent(sizes["share_portrait"]),
                "Under 224 pixels a side": small_percent(sizes["share_small"]),
            }
        )
    )
    if photos.n_drawn:
        st.caption(
            f"{photos.n_found:,} of {photos.n_drawn:,} photos drawn at random have an image file."
        )
