"""What is in a photo set, on a page: key figures, then one of four parts, then everything as files.

Stage: dashboard. It must not compute: figures come from geocore.analysis.
"""

import io
import zipfile

import streamlit as st

from dashboard.common import View, fragment, open_photo_set, plain
from dashboard.photo_facts_view import show_facts
from dashboard.photo_lack_view import show_lack
from dashboard.photo_places_view import country_counts, show_places
from dashboard.photo_set_choice import PhotoSource
from dashboard.photo_split_view import show_split
from geocore.analysis import description_tables as report
from geocore.analysis.photo_description import PhotoDescription
from geocore.visuals.density_maps import world_pictures

PARTS = {
    "places": "Where they are",
    "lack": "What is missing",
    "facts": "What is known of them",
    "split": "Split and cleaning",
}
_OWN_PHOTOS = (
    "The photos that the bundle {name} was made with: to train it, to stop its training, and to "
    "test it. Only their places are shipped, no images."
)


@fragment
def show(view: View, source: PhotoSource) -> None:
    """Everything about one photo set; moving a control reruns only this part."""
    photos = open_photo_set(source.path, view.bundle)
    if source.path is None:
        st.caption(_OWN_PHOTOS.format(name=plain(view.bundle.name)))
    _key_figures(photos)
    part = st.segmented_control(
        "About the photos",
        list(PARTS),
        format_func=PARTS.get,
        default="places",
        required=True,
        key="about",
        bind="query-params",
        label_visibility="collapsed",
    )
    if part == "places":
        show_places(photos)
    elif part == "lack":
        show_lack(photos, view.bundle)
    elif part == "facts":
        show_facts(photos)
    else:
        show_split(photos, source.path)
    st.download_button(
        "Download all tables and maps",
        lambda: _archive(photos),
        f"{photos.name}-description.zip",
        "application/zip",
        icon=":material/download:",
        on_click="ignore",
        help="Every table of this page as CSV, the figures as JSON, two world maps as SVG.",
    )


def _key_figures(photos: PhotoDescription) -> None:
    countries = country_counts(photos)
    countries = countries[countries["code"] != ""]
    shares = countries["share"].cumsum()
    n_known = int((countries["n_photos"] > 0).sum())
    n_half = int((shares < 0.5).sum()) + 1
    figures = {
        "Photos with a place": f"{len(photos):,}",
        "Countries": f"{n_known:,} of {len(countries):,}",
        "Half of them from": f"{n_half:,} countries" if n_half > 1 else "1 country",
        "Rows not usable": f"{int(photos.dropped['n_photos'].sum()):,}",
    }
    for column, (label, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(label, value, border=True)


def _archive(photos: PhotoDescription) -> bytes:
    """Everything that `scripts/describe.py --out` writes, in one file."""
    cells = report.cells_of_set(photos)
    tables = report.all_tables(photos, cells)
    maps = world_pictures(photos.name, tables["density"], tables["collect_small_cells"])
    files = report.description_files(report.key_figures(photos, cells), tables, maps)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()
