"""The first lines about a photo: where, how sure, how far to trust it, the truth if known.

Stage: dashboard. It must not compute: answers come from the predictor, figures from analysis.
"""

import numpy as np
import streamlit as st

from dashboard.abstention_view import abstention_of, show_abstention
from dashboard.cell_words import around, most_probable
from dashboard.common import View, keep, plain
from dashboard.key_figures import million_km2, percent
from dashboard.online_name import offer_online_name
from dashboard.predict_view import Answer, shown_photo
from dashboard.prior_view import show_prob_in_region
from geocore.analysis.region_prior import RegionPrior
from geocore.analysis.search_area_words import kind_name
from geocore.analysis.trust import NEAR_KM, Trust, trust_of
from geocore.cells import s2
from geocore.cells.geodesy import distance_km
from geocore.cells.place_names import load_place_namer
from geocore.evaluation.conformal import is_like
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction

_POSITION_WORDS = {"exif": "Position in the photo's own data", "true": "Known place"}
_MAX_HEIGHT_PX, _SHOWN_WIDTH_PX = 380, 520


@keep("Comparing with the held-out photos …", max_entries=256)
def trust(bundle: Bundle, head: str, confidence: float, domain: str | None) -> Trust | None:
    """What became of held-out photos about which this head was as sure.

    Of those that look like the same photo set, where the bundle tells several apart.
    """
    rows, probs = bundle.predictions(head), bundle.probs(head)
    like = is_like(rows.get("domain"), domain)
    if like is not None:
        rows, probs = rows[like], probs[like]
    if rows.empty:
        return None
    is_right = probs.argmax(axis=1) == rows["class_index"].to_numpy()
    places = (rows[column].to_numpy() for column in ("lat", "lng", "point_lat", "point_lng"))
    return trust_of(confidence, probs.max(axis=1), is_right, distance_km(*places))


def show_first_line(view: View, answer: Answer, prior: RegionPrior | None = None) -> None:
    """Where, how sure, and how far it can be trusted.

    Args:
        view: bundle and head.
        answer: for the photo, within the region.
        prior: a region known otherwise.
    """
    prediction = answer.predictions[view.head]
    if abstention := abstention_of(view.bundle, answer.from_photo[view.head], answer.look):
        show_abstention(view.bundle, view.head, abstention)
    top = prediction.top(1).iloc[0]
    km2 = float(s2.cell_area_km2(s2.from_token([top["token"]]))[0])
    photo, words = st.columns([1, 2], gap="medium")
    pixels = shown_photo(answer.content)
    photo.image(pixels, width=width_px(pixels))
    photo.caption(plain(answer.name))
    with words:
        point = load_place_namer().names([prediction.lat], [prediction.lng])[0]
        # The most probable cell may lie mostly outside the region: its name would mislead.
        where = around(point) if prior else most_probable(view.bundle, prediction)
        start = "If anything, most probably" if abstention else "Most probably"
        st.subheader(f"{start} {plain(where)}")
        if prior is None:
            found = trust(view.bundle, view.head, prediction.confidence, prediction.domain)
            _show_trust(prediction, found, km2)
        else:
            _show_restricted(prediction, km2)
            show_prob_in_region(view, answer, prior)
        st.markdown(
            f"**Best single point** {prediction.lat:.2f}, {prediction.lng:.2f}, {plain(point)}: "
            "the one to name where only one can be named. It stands for its whole cell of "
            f"{million_km2(prediction.cell_km2)}; the model knows nothing finer."
        )
        offer_online_name(prediction.lat, prediction.lng)
        _show_position(answer, prediction)


def width_px(pixels: np.ndarray) -> int:
    """Width at which a photo is no higher than `_MAX_HEIGHT_PX`."""
    height, width = pixels.shape[:2]
    return max(1, min(_SHOWN_WIDTH_PX, round(_MAX_HEIGHT_PX * width / height)))


def _show_position(answer: Answer, prediction: Prediction) -> None:
    if answer.position is None:
        st.caption("The photo's own data hold no position to compare with.")
        return
    lat, lng = answer.position
    km = float(distance_km(lat, lng, prediction.lat, prediction.lng))
    place = load_place_namer().names([lat], [lng])[0]
    words = _POSITION_WORDS[answer.position_kind]
    st.markdown(
        f"**{words}** {lat:.4f}, {lng:.4f}, {plain(place)}: "
        f"**{km:,.0f} km** from the best single point."
    )


def _show_trust(prediction: Prediction, found: Trust | None, km2: float) -> None:
    """The model's confidence beside what such a confidence was worth on held-out photos."""
    columns = st.columns(3)
    columns[0].metric("Confidence", percent(prediction.confidence), border=True)
    if found is None:
        st.caption("Too few held-out photos to say how often such a confidence is right.")
        return
    columns[1].metric("Such answers right", percent(found.share_right), border=True)
    columns[2].metric("Their median error", f"{found.median_km:,.0f} km", border=True)
    (low, high), (least, most) = found.share_right_ci95, found.confidence
    if found.share_right < 0.5:
        st.markdown("**Such answers are more often wrong than right: take this one as a hint.**")
    kind = "photos" if prediction.domain is None else kind_name(prediction.domain)
    looks = "" if prediction.domain is None else f"This photo looks like one of the {plain(kind)}. "
    st.caption(
        f"{looks}Such answers: the {found.n_photos} held-out {plain(kind)} about which it was most "
        f"nearly as sure (confidence {percent(least)} to {percent(most)}). 95 % interval of the "
        f"share that truly lay in the most probable cell: {percent(low)} to {percent(high)}; "
        f"{percent(found.share_near)} had a best single point within {NEAR_KM:,.0f} km. "
        f"The cell measures {million_km2(km2)}."
    )


def _show_restricted(prediction: Prediction, km2: float) -> None:
    """The confidence inside a region, for which nothing was measured."""
    st.columns(3)[0].metric("Confidence", percent(prediction.confidence), border=True)
    st.caption(
        "Among the places of the region. How often such a confidence is right was not measured for "
        f"restricted answers. The cell measures {million_km2(km2)}."
    )
