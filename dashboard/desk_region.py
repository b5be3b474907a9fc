"""The region that a case is restricted to: set, in sight on every part, removed by one click.

Stage: dashboard. It must not compute: casework cuts the answers and writes the log.
"""

import streamlit as st

from dashboard import region_form
from dashboard.case_choice import analyst
from dashboard.common import View, plain
from dashboard.prior_view import CAUTION, OFFER, is_calibrated, show_banner
from geocore.analysis.case_file import Case
from geocore.analysis.case_state import CaseState
from geocore.analysis.region_prior import RegionPrior, prior_of_record
from geocore.casework.restricting import remove_region, set_region

KEY = "desk_prior"


def region_of(state: CaseState) -> RegionPrior | None:
    """The region in force."""
    return None if state.prior is None else prior_of_record(state.prior)


def show_case_region(case: Case, state: CaseState) -> None:
    """The banner, where a region is in force."""
    prior = region_of(state)
    if prior is None:
        return
    answered = [photo for photo in state.photos.values() if photo.answer is not None]
    n_without = sum(photo.answer["prior"] is None for photo in answered)
    without = f" {n_without:,} answers are not restricted: another model gave them."
    show_banner(
        f"**This case is restricted to {plain(prior.label)}**, as is known from elsewhere. Other "
        "places count as impossible, except in claim checks. The log keeps what the photos alone "
        f"say.{without * bool(n_without)}",
        lambda: remove_region(case, prior, analyst=analyst()),
    )


def offer_case_region(view: View, case: Case, state: CaseState) -> None:
    """The form that sets a region, where there is none."""
    if state.prior is not None or not is_calibrated(view.bundle):
        return

    def restrict(prior: RegionPrior) -> None:
        set_region(case, prior, view.bundle, analyst=analyst())

    with st.expander(OFFER):
        st.caption(f"{CAUTION} It counts for all photos of the case, and stands in its log.")
        region_form.ask_region(KEY, "Restrict the case", restrict, map_name="All photos")
