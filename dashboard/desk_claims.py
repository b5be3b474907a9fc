"""Claims about the photos of a case: checked, and kept in the log when the analyst says so.

Stage: dashboard. It must not compute: claims are checked by analysis.
"""

import streamlit as st

from dashboard.case_choice import analyst
from dashboard.claim_view import checked, claims_of, show_checks, take_claim
from dashboard.common import View, plain
from dashboard.desk_answer import is_own
from geocore.analysis.case_file import Case
from geocore.analysis.case_state import CasePhoto, CaseState
from geocore.analysis.claim_verdict import ClaimCheck
from geocore.analysis.claimed_place import EXIF, ClaimedPlace, exif_place
from geocore.analysis.claims import claim_record
from geocore.analysis.event_record import prediction_from_record
from geocore.analysis.records import Record


def claim_key(photo: CasePhoto) -> str:
    """What the claims about a photo are kept under on this page."""
    return f"desk_{photo.sha256[:16]}"


def take_photo_claim(view: View, case: Case, photo: CasePhoto) -> ClaimedPlace | None:
    """The claim about the photo at hand, with its verdict, those kept before it first."""
    alone, key = photo.from_photo, claim_key(photo)
    if alone is None:
        return None
    claim = take_claim(key)
    for kept in photo.claims:
        label = kept["claimed"]["label"] or kept["claimed"]["text"]
        st.markdown(f"Kept in the case: **{plain(label)}**, {kept['verdict']}")
    if not is_own(view.bundle, alone):
        st.caption("Choose the bundle that answered in the sidebar to check claims.")
        return None

    def offer_to_keep(made: ClaimedPlace, check: ClaimCheck) -> None:
        """The button that keeps a verdict, unless the case has it already."""
        record = _record(made, check, photo)
        if record in photo.claims:
            return
        st.button(
            "Keep this verdict in the case",
            icon=":material/gavel:",
            key=f"keep_{key}_{made.source}",
            on_click=lambda: case.append("claim", record, analyst=analyst()),
        )

    position = None if photo.photo is None else photo.photo["exif_position"]
    prediction = prediction_from_record(alone, view.bundle)
    claims = claims_of(claim, position)
    show_checks(view.bundle, _answer_key(key, alone), prediction, claims, offer_to_keep)
    return claim


def offer_exif_checks(view: View, case: Case, state: CaseState) -> None:
    """One click checks the position that each file states about itself."""
    waiting = [photo for photo in state.photos.values() if _has_unchecked_exif(view, photo)]
    if not waiting:
        return

    def check_all() -> None:
        """Check every waiting position against its own photo; the log has each check."""
        entries = []
        for photo in waiting:
            claim = exif_place(*photo.photo["exif_position"])
            prediction = prediction_from_record(photo.from_photo, view.bundle)
            key = _answer_key(claim_key(photo), photo.from_photo)
            check = checked(view.bundle, key, prediction.head, claim, prediction)
            entries.append(("claim", _record(claim, check, photo)))
        case.append_many(entries, analyst=analyst())

    many = f"the positions that {len(waiting):,} files state"
    words = many if len(waiting) > 1 else "the position that one file states"
    st.button(f"Check {words}", icon=":material/gavel:", key="desk_exif", on_click=check_all)


def _has_unchecked_exif(view: View, photo: CasePhoto) -> bool:
    if photo.photo is None or photo.photo["exif_position"] is None or photo.from_photo is None:
        return False
    is_checked = any(claim["claimed"]["source"] == EXIF for claim in photo.claims)
    return not is_checked and is_own(view.bundle, photo.from_photo)


def _record(claim: ClaimedPlace, check: ClaimCheck, photo: CasePhoto) -> Record:
    return claim_record(check, claim, photo_sha256=photo.sha256, bundle=photo.from_photo["bundle"])


def _answer_key(key: str, alone: Record) -> str:
    """Another bundle or head is another answer."""
    return f"{key}_{alone['bundle']['sha256'][:16]}"
