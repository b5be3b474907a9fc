"""An answer as the log keeps it, of a photo or an event: words, areas and map.

Stage: dashboard. It must not compute: the figures are those of the record.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.case_choice import analyst
from dashboard.cell_words import leaf_names
from dashboard.common import View, plain
from dashboard.key_figures import million_km2, percent
from dashboard.offline_map import is_dark, show_map
from dashboard.online_name import SERVICE, offer_online_name
from dashboard.search_area_view import show_legend
from geocore.analysis.case_file import Case
from geocore.analysis.records import online_record
from geocore.analysis.region_prior import prior_of_record, region_shape
from geocore.analysis.triage_table import AREA_LEVEL
from geocore.casework.answering import bundle_of
from geocore.inference.bundle import Bundle
from geocore.visuals.maps import MapPoint, map_bounds
from geocore.visuals.search_maps import search_map

Record = Mapping[str, Any]


def is_own(bundle: Bundle, record: Record) -> bool:
    """Whether the bundle chosen in the sidebar gave an answer."""
    return record["bundle"]["sha256"] == bundle_of(bundle)["sha256"]


def show_record(view: View, record: Record) -> None:
    """The most probable cell and the search areas."""
    best = record["top"][0]
    names = dict(zip(view.bundle.grid.leaves["token"], leaf_names(view.bundle), strict=True))
    place = names.get(best["token"], best["place"])
    st.markdown(f"Most probable cell: **{plain(place)}**, {percent(best['prob'])}")
    for level, area in record["areas"].items():
        st.markdown(f"{percent(float(level))} search area: {_area_words(area)}")


def show_record_map(
    view: View, record: Record, *, key: str, points: Sequence[MapPoint] = (), **on: Any
) -> None:
    """The 90 % area outlined over the most probable cells.

    Args:
        view: bundle and head.
        record: of the answer or event.
        key: unique on the page.
        points: further marks.
        **on: `on_point` of `show_map`.
    """
    cells, dark = view.bundle.grid.leaves, is_dark()
    probs = cells["token"].map({cell["token"]: cell["prob"] for cell in record["top"]}).fillna(0.0)
    area = record["areas"].get(AREA_LEVEL)
    tokens = [] if area is None or area["is_everywhere"] else area["tokens"]
    prior = record.get("prior")
    region = None if prior is None else region_shape(prior_of_record(prior))
    best = MapPoint(lat=record["lat"], lng=record["lng"], label="best point", kind="best")
    shown = [*points, best]
    layer = search_map(
        cells.assign(prob=probs.to_numpy()), probs.to_numpy(), tokens,
        points=shown, region=region, dark=dark,
    )  # fmt: skip
    bounds = map_bounds(pd.DataFrame({"token": tokens}), shown, margin_deg=8.0)
    show_map(layer, key=key, bounds=bounds, height=340, **on)
    show_legend(has_area=bool(tokens), has_region=region is not None)


def offer_recorded_name(case: Case, record: Record, key: str) -> None:
    """OpenStreetMap's name of the best point; that it was asked stands in the log beforehand."""
    offer_online_name(
        record["lat"],
        record["lng"],
        key=f"online_{key}",
        before=lambda what: case.append("online", online_record(SERVICE, what), analyst=analyst()),
    )


def show_source(record: Record) -> None:
    """Who answered."""
    head, bundle = plain(record["head"]), plain(record["bundle"]["name"])
    st.caption(f"Answered by {head} of {bundle}, SHA-256 `{record['bundle']['sha256'][:12]}`")


def _area_words(area: Record) -> str:
    if not area["tokens"]:
        return "**no place in the region is compatible.** Is the region right?"
    names = ", ".join(country["name"] for country in area["countries"][:6])
    more = len(area["countries"]) - 6
    names += f" and {more} more" if more > 0 else ""
    size = "the whole Earth" if area["is_everywhere"] else million_km2(area["area_km2"])
    return f"**{size}** · {plain(names)}"
