"""No usable answer: said first, with the reason and what it rests on.

Stage: dashboard. It must not compute: photos are judged by analysis.
"""

import streamlit as st

from dashboard.common import keep, plain
from dashboard.key_figures import percent
from geocore.analysis.abstention import NEAR_KM, Abstention, AbstentionRule, abstention_rule
from geocore.inference.bundle import Bundle
from geocore.inference.photo_look import PhotoLook
from geocore.inference.prediction import Prediction


@keep("Reading what held-out photos say about giving no answer …", max_entries=16)
def rule_of(bundle: Bundle, head: str) -> AbstentionRule:
    """When a head's answer is to be withheld."""
    return abstention_rule(bundle, head)


def abstention_of(bundle: Bundle, prediction: Prediction, look: PhotoLook) -> Abstention | None:
    """Why the photo alone gives no usable answer, None where it gives one."""
    return rule_of(bundle, prediction.head).judge(look, prediction.probs)


def show_abstention(bundle: Bundle, head: str, found: Abstention) -> None:
    """Says so before anything else, with what stands behind it."""
    st.error(
        f"**No usable answer.** {plain(found.sentence)} What follows is what the model would say; "
        "do not act on it.",
        icon=":material/do_not_disturb_on:",
    )
    with st.expander("How often such a warning is right"):
        _show_grounds(rule_of(bundle, head))


def _show_grounds(rule: AbstentionRule) -> None:
    words = {
        "unfamiliar": "unlike the training photos",
        "flat": "probability spread too evenly",
        "answered": "answered, neither of these",
    }
    for row in rule.table().itertuples():
        if row.n_photos:
            st.markdown(
                f"- **{words[row.reason]}:** {row.n_photos} held-out photos, of which "
                f"{percent(row.share_near)} had a best single point within {NEAR_KM:,.0f} km "
                f"(95 % interval {percent(row.low)} to {percent(row.high)})."
            )
    if rule.familiarity is None:
        st.markdown(
            "- This bundle keeps no record of what its training photos look like, so photos unlike "
            "them are not recognised."
        )
