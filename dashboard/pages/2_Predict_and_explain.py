"""Predict and explain: where photos were probably taken, how sure, and what speaks for it."""

import streamlit as st

from dashboard.answer_view import choose_settings, show_downloads, show_heads
from dashboard.common import View, fragment, page
from dashboard.first_line import show_first_line
from dashboard.predict_view import (
    Answer,
    answer_photos,
    pick_answer,
    show_failures,
    take_photos,
)


@fragment
def show_answer(view: View, answers: list[Answer], shown: Answer) -> None:
    """One photo's answer; moving a control reruns only this part."""
    show_first_line(view, shown)
    settings = choose_settings(view)
    show_heads(view, shown, settings)
    show_downloads(view, answers, shown, settings)


with page("Predict and explain", ":material/image_search:") as view:
    photos = take_photos()
    answers = answer_photos(view, photos)
    show_failures(answers)
    answered = [answer for answer in answers if isinstance(answer, Answer)]
    if answered:
        show_answer(view, answered, pick_answer(view, answered))
    elif not photos:
        st.info("Drop a photo above, or click a sample.", icon=":material/add_photo_alternate:")
