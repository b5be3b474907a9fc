"""What a model is, may be used for, and where it is blind: the parts of page 7.

Stage: dashboard. It must not compute: figures come from the bundle and from analysis.
"""

import platform
from html import escape

import pandas as pd
import streamlit as st

import geocore
from dashboard.cell_panels import cells_of
from dashboard.common import keep, plain
from dashboard.key_figures import facts_html, million_km2, percent
from dashboard.offline_map import show_map
from dashboard.table_view import show_table_of
from geocore.analysis.blindness import KINDS, blind_squares, kind_shares
from geocore.analysis.search_area_words import kind_name
from geocore.analysis.yardstick import load_yardstick
from geocore.inference.bundle import Bundle
from geocore.inference.bundle_files import MANIFEST, file_sha256
from geocore.inference.photo_kinds import DEFINITIONS, kind_table
from geocore.visuals.colours import legend_html
from geocore.visuals.density_maps import named_scale, value_map

_SPLITS = {
    "train": "Learned from",
    "validation": "When to stop",
    "test": "Tested on",
    "unused": "Unused",
}
_USES = """
**It may be used**

- for a first idea of where an outdoor photo comes from, to be confirmed by something else;
- to narrow a search to some countries or regions after a disaster;
- to find photos whose claimed place deserves a second look.

**It must not be used**

- to find out where a private person lives or is, nor for photos of people or of homes;
- as evidence in itself, or as the only ground for any decision;
- to send help anywhere without something else that says the same;
- for indoor photos, drawings, screenshots or generated pictures: the answer means nothing.
"""
_WITHDRAWN = """
- **GeoSpy** (Graylark Technologies) could be used by anyone for months. In January 2025 reporters
  of 404 Media found people asking for help in using it to follow particular women, and asked the
  company; it closed public access and kept the tool for law enforcement and other approved users.
  Source: [404 Media's report as retold by TechNadu](<https://technadu.com/ai-powered-tool-geospy-sparks-privacy-concerns-after-public-misuse/570730>)
  and [Gadget Review](<https://gadgetreview.com/ai-tool-can-pinpoint-photo-locations-in-seconds>).
- **PIGEON** (three students at Stanford, 2023) put most of an interviewer's own holiday photos
  near the right place. A policy analyst of the American Civil Liberties Union warned of
  surveillance and stalking. Source:
  [NPR, 19 December 2023](<https://www.kqed.org/news/11970442/stanford-students-develop-ai-that-can-pinpoint-your-photo-locations>).

What follows for this tool: it answers in large cells and no finer, every case keeps what its
answers are for, and a dropped photo that seems to show a face or the inside of a room is not
answered before its reader has said what for. It sees most large faces and most rooms (of photos
that it was not fitted on, 36 of 38 of homes and 63 of 76 of other rooms), and holds up about 4 of
1,000 photos from outdoors in vain.
"""


def show_purpose(bundle: Bundle, head: str) -> None:
    """How often it is wrong, what it is for and what it must not be used for."""
    figures = bundle.report["heads"][head].get("all", {})
    top_1 = figures.get("top_1", {}).get("value")
    cells = cells_of(bundle)
    smallest, largest = cells["area_km2"].min(), cells["area_km2"].max()
    wrong = "" if top_1 is None else (
        f"Its first choice is wrong for **{percent(1 - top_1)}** of "
        f"{figures['n_photos']:,} photos that it had not seen. "
    )  # fmt: skip
    st.markdown(
        f"{wrong}It chooses among {bundle.grid.n_leaves:,} cells of {million_km2(smallest)} to "
        f"{million_km2(largest)} and knows nothing finer: a single point that it names stands for "
        "a whole cell."
    )
    st.markdown(_USES)


def show_blindness(bundle: Bundle, head: str) -> None:
    """The map of where the model has seen nothing or recognises nothing."""
    squares = _squares(bundle, head)
    scale = named_scale("What is known here", squares["kind"], KINDS)
    st.html(legend_html(scale.title, scale.entries))
    shown = squares.assign(
        kind=squares["kind"].map(KINDS),
        nearest_km=squares["nearest_km"].map("{:,.0f} km".format),
        n_right=[f"{r.n_right} of {r.n_held_out}" for r in squares.itertuples()],
    )
    fields = {
        "place": "Square",
        "kind": "What is known",
        "nearest_km": "Nearest training photo",
        "n_right": "Unseen photos recognised",
    }
    show_map(value_map(shown, scale, fields), key="blind_map", height=440)
    shares = kind_shares(squares)
    blind = shares[["outside", "far", "never"]]
    st.markdown(
        f"**{percent(float(blind.sum()))} of the people who live in towns** live where this model "
        f"is blind: {percent(blind['outside'])} outside all cells, {percent(blind['far'])} far "
        f"from every photo it learned from, {percent(blind['never'])} in cells of which it "
        "recognised no unseen photo."
    )
    st.caption(
        "Squares about 600 km wide with towns of 5,000 or more inhabitants, judged by their "
        f"middle; head {plain(head)}. Few photos were kept for testing, so a cell of which none "
        "was recognised may be recognised now and then."
    )


def show_kinds(bundle: Bundle, head: str) -> None:
    """How well unseen photos of one kind are answered, where that was measured."""
    kinds = bundle.report.get("kinds", {}).get(head)
    if not kinds:
        st.markdown(
            "Not measured for this model. The command `scripts/calibrate.py --card` measures it; "
            "how often each cell is recognised is on the page *Cell explorer*."
        )
        return
    show_table_of(kind_table(kinds), hide_index=True)
    n_photos = sum(group["n_photos"] for group in next(iter(kinds.values())).values())
    st.caption(
        f"{n_photos:,} unseen photos of all sets together; head {plain(head)}; in brackets the "
        "95 % interval. Where photos are few it says little."
    )
    st.markdown("\n".join(f"- **{name}**, {DEFINITIONS[name]}." for name in kinds))


def show_photos(bundle: Bundle) -> None:
    """Which photo sets it learned from and was tested on."""
    counts = bundle.photos.groupby(["photo_set", "split"]).size().unstack(fill_value=0)
    table = counts.reindex(columns=[name for name in _SPLITS if name in counts])
    header = "".join(f"<th>{_SPLITS[name]}</th>" for name in table)
    rows = "".join(
        f'<tr><th scope="row">{escape(kind_name(str(name)))}</th>'
        + "".join(f"<td>{count:,}</td>" for count in row)
        + "</tr>"
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    )
    st.html(
        '<div style="overflow-x:auto"><table class="key-figures">'
        f"<tr><th>Photos</th>{header}</tr>{rows}</table></div>"
    )
    st.caption(
        "Only positions and fingerprints of these photos are kept, none of the photos. Rooms, "
        "portraits, night, aerial and drawn pictures and disasters themselves are rare or absent "
        "among them; how the model does on those was not measured."
    )


def show_others() -> None:
    """What became of similar tools."""
    st.markdown(_WITHDRAWN)


def show_versions(bundle: Bundle) -> None:
    """Hashes and versions, for whoever must be able to repeat an answer."""
    manifest = bundle.manifest
    backbone = bundle.config.get("backbone", {})
    facts = {
        "Program": f"geocore {geocore.__version__}, Python {platform.python_version()}",
        "Bundle": f"{bundle.name}, format {manifest['format_version']}, "
        f"made {str(manifest['created'])[:10]}",
        "SHA-256 of its manifest": file_sha256(bundle.folder / MANIFEST),
        "Backbone": f"{backbone.get('name', 'not recorded')} at {backbone.get('size_px', '?')} px",
        "SHA-256 of its weights": str(manifest.get("backbone_sha256", "not recorded")),
        "Made with": ", ".join(f"{k} {v}" for k, v in manifest.get("packages", {}).items()),
    }
    st.html(facts_html({name: value for name, value in facts.items() if value}))
    files = pd.DataFrame(manifest["files"].items(), columns=["File", "SHA-256"])
    with st.expander("Every file of the bundle"):
        show_table_of(files, hide_index=True)
    with st.expander("The model card as it ships with the bundle"):
        st.code(bundle.card, language=None, wrap_lines=True)
        st.download_button(
            "Download the model card", bundle.card, f"{bundle.name}-model-card.md",
            "text/markdown", icon=":material/download:", on_click="ignore",
        )  # fmt: skip


@keep("Looking for blind spots …", max_entries=16)
def _squares(bundle: Bundle, head: str) -> pd.DataFrame:
    trained = bundle.photos[bundle.photos["split"] == "train"]
    places = (trained["lat"].to_numpy(), trained["lng"].to_numpy())
    return blind_squares(cells_of(bundle), head, *places, load_yardstick())
