"""The photos of a case: a table to sort and filter, and one photo after the other to decide on.

Stage: dashboard. It must not compute: the table comes from analysis, the answers from the log.
"""

import pandas as pd
import streamlit as st

from dashboard.case_choice import analyst
from dashboard.cell_words import leaf_names
from dashboard.common import View, plain
from dashboard.desk_queue import photo_at_hand
from dashboard.key_figures import percent
from dashboard.offline_map import show_map
from dashboard.predict_view import shown_photo
from geocore.analysis.case_file import Case
from geocore.analysis.case_state import CasePhoto, CaseState
from geocore.analysis.records import DECISIONS, decision_record, note_record
from geocore.analysis.triage_table import countries_of, filtered, triage_table
from geocore.casework.batch import Batch
from geocore.cells.continents import load_countries
from geocore.inference.bundle import Bundle
from geocore.visuals.maps import MapPoint, confidence_map, map_bounds

_MARKS = {"accepted": "✓ accepted", "rejected": "✗ rejected", "open": "open"}
_COLUMNS = {
    "": st.column_config.TextColumn(width=30),
    "Photo": st.column_config.TextColumn(width=150),
    "Decision": st.column_config.TextColumn(width=95),
    "Most probable cell": st.column_config.TextColumn(width=190),
    "Confidence": st.column_config.ProgressColumn(format="percent", max_value=1, width=100),
    "90 % area, km²": st.column_config.NumberColumn(format="localized", width=125),
    "Claim": st.column_config.TextColumn(width=70),
    "Notes": st.column_config.TextColumn(width=70),
}


def show_review(view: View, case: Case, state: CaseState, batch: Batch) -> None:
    """The table, and the photo that is being decided on."""
    table = _filters(triage_table(state))
    if table.empty:
        st.info("No photo fits these filters.", icon=":material/filter_alt_off:")
        return
    chosen = _current(table)
    _show_table(_named(table, view.bundle, state), chosen)
    _show_photo(view, case, state.photos[chosen], batch, list(table["sha256"]))


def _filters(table: pd.DataFrame) -> pd.DataFrame:
    left, right = st.columns([2, 3], gap="medium")
    decisions = left.pills(
        "Decision", DECISIONS, selection_mode="multi", format_func=_MARKS.get, key="desk_decisions"
    )
    names = load_countries()["name"]
    countries = right.multiselect(
        "The 90 % search area touches",
        countries_of(table),
        format_func=lambda code: str(names.get(code, code)),
        key="desk_countries",
        placeholder="any country",
    )
    return filtered(table, decisions=decisions, countries=countries)


def _current(table: pd.DataFrame) -> str:
    """The photo that is shown: the last one chosen, else the first of the table."""
    shown = list(table["sha256"])
    chosen = st.session_state.get("desk_photo")
    if chosen not in shown:
        chosen = st.session_state["desk_photo"] = shown[0]
    return chosen


def _named(table: pd.DataFrame, bundle: Bundle, state: CaseState) -> pd.DataFrame:
    """The most probable cells by their countries, as on the other pages, where they are known."""
    names = dict(zip(bundle.grid.leaves["token"], leaf_names(bundle), strict=True))
    answers = [state.photos[sha256].answer for sha256 in table["sha256"]]
    places = [answer and names.get(answer["top"][0]["token"]) for answer in answers]
    return table.assign(place=[new or old for new, old in zip(places, table["place"], strict=True)])


def _show_table(table: pd.DataFrame, chosen: str) -> None:
    hashes = list(table["sha256"])

    def choose() -> None:
        rows = st.session_state["desk_table"]["selection"]["rows"]
        if rows:
            st.session_state["desk_photo"] = hashes[rows[0]]

    rows = pd.DataFrame(
        {
            "": ["▶" if sha256 == chosen else "" for sha256 in hashes],
            "Photo": table["name"],
            "Decision": table["decision"].map(_MARKS),
            "Most probable cell": table["place"].where(
                table["no_answer"] == "", table["no_answer"]
            ),
            "Confidence": table["confidence"],
            "90 % area, km²": table["area_km2"],
            "Claim": table["claim"],
            "Notes": table["notes"],
        }
    )
    st.dataframe(
        rows,
        hide_index=True,
        height=min(38 + 35 * len(rows), 290),
        on_select=choose,
        selection_mode="single-row",
        key="desk_table",
        column_config=_COLUMNS,
    )
    st.caption(f"{len(rows):,} photos. Click a column's title to sort, a row to see the photo.")


def _show_photo(view: View, case: Case, photo: CasePhoto, batch: Batch, hashes: list[str]) -> None:
    _show_keys(case, photo, hashes)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        content = case.photo(photo.sha256) or photo_at_hand(batch, photo.sha256)
        if content is None:
            st.info("The photo itself is not kept in this case.", icon=":material/hide_image:")
        elif photo.answer is not None:
            st.image(shown_photo(content, 640), width="stretch")
        st.caption(f"{plain(photo.name)} · SHA-256 `{photo.sha256[:12]}`")
        _show_notes(case, photo)
    with right:
        _show_answer(view, photo)


def _show_keys(case: Case, photo: CasePhoto, hashes: list[str]) -> None:
    """Decide and go on, by button or by key."""
    at = hashes.index(photo.sha256)

    def go(step: int) -> None:
        st.session_state["desk_photo"] = hashes[(at + step) % len(hashes)]

    def decide(decision: str) -> None:
        case.append("decision", decision_record(photo.sha256, decision), analyst=analyst())
        go(1)

    st.markdown(f"**Photo {at + 1} of {len(hashes)}** · {_MARKS[photo.decision]}")
    with st.container(horizontal=True):
        for label, icon, key, act, value in (
            ("Previous", ":material/arrow_back:", "Left", go, -1),
            ("Next", ":material/arrow_forward:", "Right", go, 1),
            ("Accept", ":material/check:", "A", decide, "accepted"),
            ("Reject", ":material/close:", "X", decide, "rejected"),
            ("Leave open", ":material/undo:", "O", decide, "open"),
        ):
            st.button(label, icon=icon, shortcut=key, on_click=act, args=(value,))


def _show_notes(case: Case, photo: CasePhoto) -> None:
    for name, text in photo.notes:
        st.markdown(f"{plain(text)}  \n:gray[{plain(name)}]")
    key = f"desk_note_{photo.sha256}"

    def write() -> None:
        if text := st.session_state[key].strip():
            case.append("note", note_record(text, photo.sha256), analyst=analyst())
            st.session_state[key] = ""

    st.text_input("Note", key=key, on_change=write, placeholder="Press Enter to keep it")


def _show_answer(view: View, photo: CasePhoto) -> None:
    answer = photo.answer
    if answer is None:
        st.warning(plain(photo.failure or "This photo was not asked about yet."))
        return
    if answer["abstention"] is not None:
        st.warning(plain(answer["abstention"]["sentence"]), icon=":material/block:")
    best = answer["top"][0]
    names = dict(zip(view.bundle.grid.leaves["token"], leaf_names(view.bundle), strict=True))
    place = names.get(best["token"], best["place"])
    st.markdown(f"Most probable cell: **{plain(place)}**, {percent(best['prob'])}")
    for level, area in answer["areas"].items():
        names = ", ".join(country["name"] for country in area["countries"][:6])
        more = len(area["countries"]) - 6
        names += f" and {more} more" if more > 0 else ""
        size = "the whole Earth" if area["is_everywhere"] else f"{area['area_km2']:,} km²"
        st.markdown(f"{percent(float(level))} search area: **{size}** · {plain(names)}")
    _show_map(view, answer)
    head, bundle = plain(answer["head"]), plain(answer["bundle"]["name"])
    st.caption(f"Answered by {head} of {bundle}, SHA-256 `{answer['bundle']['sha256'][:12]}`")


def _show_map(view: View, answer: dict) -> None:
    cells = view.bundle.grid.leaves
    probs = cells["token"].map({cell["token"]: cell["prob"] for cell in answer["top"]}).fillna(0.0)
    if not probs.any():
        st.caption("Choose the bundle that answered in the sidebar to see its cells on the map.")
        return
    best = MapPoint(lat=answer["lat"], lng=answer["lng"], label="best point", kind="best")
    shown = cells.assign(prob=probs.to_numpy())
    layer = confidence_map(shown, probs.to_numpy(), points=[best])
    bounds = map_bounds(shown[probs.to_numpy() >= 0.05], [best])
    show_map(layer, key="desk_map", bounds=bounds, height=340)
