"""The photos of a case in one table: filtered, ordered, with where all of them lie on a map.

Stage: dashboard. It must not compute: the table comes from analysis.
"""

import pandas as pd
import streamlit as st

from dashboard import region_form
from dashboard.cell_words import leaf_names
from dashboard.common import plain
from dashboard.desk_events import chosen_photos
from dashboard.desk_region import KEY as CASE_REGION
from dashboard.offline_map import show_map
from dashboard.table_view import show_table_of
from geocore.analysis.case_state import CaseState
from geocore.analysis.claim_verdict import VERDICTS
from geocore.analysis.records import DECISIONS
from geocore.analysis.region_prior import RegionPrior
from geocore.analysis.triage_table import (
    ORDERS,
    countries_of,
    filtered,
    ordered,
    touching,
    triage_table,
)
from geocore.cells.continents import load_countries
from geocore.inference.bundle import Bundle
from geocore.visuals.maps import MapPoint, map_bounds, points_map

MARKS = {"accepted": "✓ accepted", "rejected": "✗ rejected", "open": "open"}
_REGION = "desk_region"
_N_POINTS = 300
_COLUMNS = {
    "": st.column_config.TextColumn(width=25),
    "Photo": st.column_config.TextColumn(width=115),
    "Decision": st.column_config.TextColumn(width=85),
    "Most probable cell": st.column_config.TextColumn(width=140),
    "Confidence": st.column_config.ProgressColumn(format="percent", max_value=1, width=90),
    "90 % area, km²": st.column_config.NumberColumn(format="localized", width=105),
    "Claim": st.column_config.TextColumn(width=80),
    "Event": st.column_config.TextColumn(width=75),
    "Notes": st.column_config.TextColumn(width=60),
}


def shown_table(state: CaseState, bundle: Bundle) -> pd.DataFrame:
    """The rows that the reader's filters let through, in the reader's order."""
    table = _named(triage_table(state), bundle, state)
    left, middle, right = st.columns([3, 4, 2], gap="medium")
    decisions = left.pills(
        "Decision", DECISIONS, selection_mode="multi", format_func=MARKS.get,
        key="desk_decisions", persist_state="session", wrap=True,
    )  # fmt: skip
    claims = middle.pills(
        "Verdict on the last claim", [*VERDICTS, ""], selection_mode="multi",
        format_func=lambda verdict: verdict or "no claim",
        key="desk_claims", persist_state="session", wrap=True,
    )  # fmt: skip
    order = right.selectbox("Order", list(ORDERS), key="desk_order", persist_state="session")
    names = load_countries()["name"]
    countries = st.multiselect(
        "The 90 % search area touches",
        countries_of(table),
        format_func=lambda code: str(names.get(code, code)),
        key="desk_countries",
        placeholder="any country",
        persist_state="session",
    )
    table = filtered(table, decisions=decisions, countries=countries, claims=claims)
    region = st.session_state.get(_REGION)
    return ordered(table if region is None else touching(table, state, region), order)


def show_all_on_map(table: pd.DataFrame, state: CaseState, current: str | None) -> None:
    """Where the best points of the photos in the table lie, and the region to filter them by."""
    is_shown = st.toggle("All photos on a map, or only those in a drawn region", key="desk_all")
    if not (is_shown or region_form.is_drawing(CASE_REGION)):
        return
    if is_shown:
        _show_region_filter()
    answers = {sha256: state.photos[sha256].answer for sha256 in table["sha256"]}
    points = [
        MapPoint(
            lat=answer["lat"], lng=answer["lng"], label=answer["photo"] * (sha256 == current),
            kind="best" if sha256 == current else "other",
        )
        for sha256, answer in list(answers.items())[:_N_POINTS]
        if answer is not None
    ]  # fmt: skip
    corners = [*region_form.corner_points(CASE_REGION), *region_form.corner_points(_REGION)]
    st.markdown("**All photos**")
    if len(answers) > _N_POINTS:
        st.caption(f"The first {_N_POINTS} of {len(answers):,}.")
    bounds = map_bounds(pd.DataFrame({"token": []}), points, margin_deg=12.0)
    layer = points_map([*points, *corners])
    show_map(layer, key="desk_all_map", bounds=bounds, height=360, on_point=_take_corner)


def _take_corner(lat: float, lng: float) -> None:
    if not region_form.take_corner(_REGION, lat, lng):
        region_form.take_corner(CASE_REGION, lat, lng)


def _show_region_filter() -> None:
    region = st.session_state.get(_REGION)
    if region is None:
        region_form.ask_region(_REGION, "Show only what touches it", _set, map_name="All photos")
        return
    st.info(
        f"Only photos whose 90 % search area touches {plain(region.label)}.",
        icon=":material/filter_alt:",
    )
    st.button("Show all again", icon=":material/close:", key="desk_region_off", on_click=_set)


def _set(region: RegionPrior | None = None) -> None:
    st.session_state[_REGION] = region


def _named(table: pd.DataFrame, bundle: Bundle, state: CaseState) -> pd.DataFrame:
    """The most probable cells by their countries, as on the other pages, where they are known."""
    names = dict(zip(bundle.grid.leaves["token"], leaf_names(bundle), strict=True))
    answers = [state.photos[sha256].answer for sha256 in table["sha256"]]
    places = [answer and names.get(answer["top"][0]["token"]) for answer in answers]
    return table.assign(place=[new or old for new, old in zip(places, table["place"], strict=True)])


def show_table(table: pd.DataFrame, state: CaseState, current: str) -> None:
    """The table; a click on a row shows its photo."""
    hashes = list(table["sha256"])

    def choose() -> None:
        rows = st.session_state["desk_table"]["selection"]["rows"]
        if rows:
            st.session_state["desk_photo"] = hashes[rows[0]]

    rows = pd.DataFrame(
        {
            "": ["▶" if sha256 == current else "" for sha256 in hashes],
            "Photo": table["name"],
            "Decision": table["decision"].map(MARKS),
            "Most probable cell": table["place"].where(
                table["no_answer"] == "", table["no_answer"]
            ),
            "Confidence": table["confidence"],
            "90 % area, km²": table["area_km2"],
            "Claim": table["claim"],
            "Event": [_event_words(state, sha256) for sha256 in hashes],
            "Notes": table["notes"],
        }
    )
    show_table_of(
        rows, hide_index=True, height=min(38 + 35 * len(rows), 290), on_select=choose,
        selection_mode="single-row", key="desk_table", column_config=_COLUMNS,
    )  # fmt: skip
    n_all = len(state.photos)
    of_all = f" of {n_all:,}" if len(rows) < n_all else ""
    st.caption(f"{len(rows):,}{of_all} photos. Click a row to see the photo.")


def _event_words(state: CaseState, sha256: str) -> str:
    """The events that a photo is part of; first, whether it is marked for the next one."""
    names = [state.events[event_id]["name"] for event_id in state.photos[sha256].event_ids]
    return ", ".join([*["● marked"] * (sha256 in chosen_photos()), *names])
