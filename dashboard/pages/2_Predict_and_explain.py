"""Predict and explain: where photos were probably taken, how sure, and what speaks for it."""

import streamlit as st

from dashboard.answer_view import choose_settings, known_points, show_downloads, show_heads
from dashboard.caution_view import cautious, without_rooms
from dashboard.claim_view import (
    claim_points,
    claims_of,
    click_claim,
    photo_key,
    show_checks,
    take_claim,
)
from dashboard.common import View, fragment, page
from dashboard.first_line import show_first_line
from dashboard.predict_view import Answer, answer_photos, pick_answer, show_failures, take_photos
from dashboard.prior_view import corner_points, is_calibrated, restricted, take_corner, take_prior
from dashboard.search_area_view import choose_area, show_area_grounds, show_area_map, show_area_size
from geocore.analysis.region_prior import RegionPrior


@fragment
def show_answer(
    view: View, answers: list[Answer], shown: Answer, prior: RegionPrior | None
) -> None:
    """One photo's answer; moving a control reruns only this part."""
    show_first_line(view, shown, prior)
    if is_calibrated(view.bundle):
        show_search(view, shown, prior)
    settings = choose_settings(view)
    show_heads(view, shown, settings, is_restricted=prior is not None)
    show_downloads(view, answers, shown, settings, is_restricted=prior is not None)


def show_search(view: View, shown: Answer, prior: RegionPrior | None) -> None:
    """The area to search, and the check of a claimed place that a click on its map can name."""
    key = photo_key(shown.content)
    exif_position = shown.position if shown.position_kind == "exif" else None

    def take_click(lat: float, lng: float) -> None:
        if not take_corner(lat, lng):
            click_claim(key, lat, lng)

    area_place, claim_place = st.container(), st.container()
    with claim_place:
        claim = take_claim(key)
        claims = claims_of(claim, exif_position)
        show_checks(view.bundle, key, shown.from_photo[view.head], claims)
    with area_place:
        area = choose_area(view, shown, prior)
        show_area_size(view, area, prior)
        typed, clicked = claim_points(claim)
        points, marks = [*known_points(shown), *typed], [*clicked, *corner_points()]
        show_area_map(view, shown, area, prior, points, marks, take_click)
        show_area_grounds(view, area, prior)


with page("Predict and explain", ":material/image_search:") as view:
    photos = cautious(chosen := take_photos())
    prior = take_prior(view)
    answers = without_rooms(answer_photos(view, photos), is_asking=len(photos) < len(chosen))
    show_failures(answers)
    answered = [answer for answer in answers if isinstance(answer, Answer)]
    if answered:
        within = restricted(view, answered, prior)
        show_answer(view, within, pick_answer(view, within), prior)
    elif not chosen:
        st.info("Drop a photo above, or click a sample.", icon=":material/add_photo_alternate:")
