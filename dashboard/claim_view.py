"""Does the photo speak against a claimed place: the claim asked for, and the verdict in words.

Stage: dashboard. It must not compute: claims are read and checked by analysis.
"""

import hashlib
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from dashboard.cell_words import leaf_names
from dashboard.common import keep, plain
from dashboard.table_view import show_table_of
from geocore.analysis.claim_verdict import COMPATIBLE, ClaimCheck
from geocore.analysis.claimed_place import (
    CLICK,
    ClaimedPlace,
    clicked_claim,
    exif_place,
    read_claim,
)
from geocore.analysis.claims import check_claim
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction
from geocore.visuals.maps import MapPoint


@keep("Holding the photo against the claimed place …", max_entries=512)
def checked(
    bundle: Bundle, key: str, head: str, claim: ClaimedPlace, _prediction: Prediction
) -> ClaimCheck:
    """What the photo alone, without any restriction, says about a claim."""
    return check_claim(_prediction, bundle, **claim.arguments())


def take_claim(key: str) -> ClaimedPlace | None:
    """The claim that the reader typed or clicked, whichever came last.

    Args:
        key: of the photo, see `photo_key`.
    """
    st.subheader("Check a claimed place")

    def forget_click() -> None:
        st.session_state.pop(f"clicked_{key}", None)

    typed = st.text_input(
        "The photo is said to be from",
        key=f"claim_{key}",
        placeholder="a town, a country, or coordinates such as 48.8583, 2.2945",
        help="Or click the place on the map above. Nothing is looked up outside this computer.",
        on_change=forget_click,
    )
    if clicked := st.session_state.get(f"clicked_{key}"):
        return clicked_claim(*clicked)
    return _read(typed, key) if typed.strip() else None


def click_claim(key: str, lat: float, lng: float) -> None:
    """A click on the map is the claim now."""
    st.session_state[f"clicked_{key}"] = (lat, lng)
    st.session_state[f"claim_{key}"] = ""


def claims_of(
    claim: ClaimedPlace | None, exif_position: Sequence[float] | None
) -> list[ClaimedPlace]:
    """The reader's claim, and the one that the file itself makes."""
    own = exif_place(*exif_position) if exif_position is not None else None
    return [made for made in (claim, own) if made is not None]


def claim_points(claim: ClaimedPlace | None) -> tuple[list[MapPoint], list[MapPoint]]:
    """The claim's mark: one that the map must show, or one that was clicked on it."""
    if claim is None:
        return [], []
    mark = [MapPoint(lat=claim.lat, lng=claim.lng, label="claimed", kind="claim")]
    return ([], mark) if claim.source == CLICK else (mark, [])


def show_checks(
    bundle: Bundle,
    key: str,
    prediction: Prediction,
    claims: list[ClaimedPlace],
    below: Callable[[ClaimedPlace, ClaimCheck], None] = lambda *_: None,
) -> None:
    """The verdict on each claim.

    Args:
        bundle: that answered.
        key: of the photo.
        prediction: what the photo alone says.
        claims: to check.
        below: shows more below a verdict.
    """
    if not claims:
        st.caption(
            "Type a place, or click it on the map above, and the photo is held against it. A file "
            "that carries a position of its own is checked without being asked."
        )
    for number, claim in enumerate(claims):
        check = checked(bundle, key, prediction.head, claim, prediction)
        _show_check(bundle, claim, check, number)
        below(claim, check)


def _read(typed: str, key: str) -> ClaimedPlace | None:
    try:
        found = read_claim(typed)
    except ValueError as error:
        st.warning(plain(str(error)), icon=":material/wrong_location:")
        return None
    if len(found) == 1:
        return found[0]
    return st.selectbox(
        "Understood as",
        found,
        format_func=lambda place: place.label,
        key=f"which_{key}_{typed}",
    )


def _show_check(bundle: Bundle, claim: ClaimedPlace, check: ClaimCheck, number: int) -> None:
    sources = {"typed": "Claimed", "click": "Clicked", "exif": "Position in the file itself"}
    st.markdown(f"**{sources[claim.source]}: {plain(claim.label)}.** {plain(claim.note)}")
    box = st.info if check.verdict == COMPATIBLE else st.warning
    start, _, rest = check.sentence.partition(":")
    icons = {True: ":material/check_small:", False: ":material/report:"}
    box(f"**{plain(start)}:**{plain(rest)}", icon=icons[check.verdict == COMPATIBLE])
    columns = st.columns(3)
    columns[0].metric(
        "p-value", f"{check.p_value:.2g}", border=True,
        help="The largest share of true claims that fit their photo as ill as this one. Small "
        "values speak against the claim; large ones prove nothing.",
    )  # fmt: skip
    rank = "none" if check.rank < 0 else f"{check.rank} of {check.n_cells}"
    columns[1].metric(
        "Rank of its area",
        rank,
        border=True,
        help="1 is the area that the photo makes most probable.",
    )
    distance = "inside" if check.is_inside else f"{check.distance_to_area_km:,.0f} km away"
    columns[2].metric("95 % area", distance, border=True)
    left, right = st.columns(2, gap="medium")
    with left:
        _show_nearest(bundle, check)
    with right, st.expander("The claim at every size of cell"):
        _show_branch(check, number)


def _show_nearest(bundle: Bundle, check: ClaimCheck) -> None:
    if check.nearest.empty:
        st.caption("No other cell is compatible with the photo.")
        return
    names = dict(zip(bundle.grid.leaves["token"], leaf_names(bundle), strict=True))
    st.markdown("Nearest other areas that the photo is compatible with")
    show_table_of(
        pd.DataFrame(
            {
                "Area": [names.get(token, "") for token in check.nearest["token"]],
                "Distance, km": check.nearest["distance_km"].round(),
                "p-value": check.nearest["p_value"].round(2),
            }
        ),
        hide_index=True,
        column_config={
            "Area": st.column_config.TextColumn(width=190),
            "Distance, km": st.column_config.NumberColumn(width=100),
            "p-value": st.column_config.NumberColumn(width=65),
        },
    )


def _show_branch(check: ClaimCheck, number: int) -> None:
    branch = check.branch
    show_table_of(
        pd.DataFrame(
            {
                "Level": branch["level"],
                "Around": branch["place"],
                "Probability": branch["prob"],
                "p-value": branch["p_value"].round(3),
                "Rank": [
                    f"{rank} of {n}" if rank > 0 else "none"
                    for rank, n in zip(branch["rank"], branch["n_cells"], strict=True)
                ],
            }
        ),
        hide_index=True,
        key=f"branch_{number}",
        column_config={"Probability": st.column_config.NumberColumn(format="percent")},
    )


def photo_key(content: bytes) -> str:
    """What the claims about a photo are kept under."""
    return hashlib.sha256(content).hexdigest()[:16]
