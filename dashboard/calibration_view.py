"""What confidences are worth, on a page: key figures, three figures, before and after.

Stage: dashboard. It must not compute: figures come from evaluation and from the bundle's report.
"""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard.common import View, keep, plain
from dashboard.figure_view import download_table, show_figure
from dashboard.offline_map import is_dark
from geocore.evaluation.answers import confidence_figures, hits
from geocore.evaluation.calibration import (
    adaptive_gap,
    calibration_sentence,
    confidence_bins,
    expected_gap,
    largest_gap,
)
from geocore.evaluation.measures import MEASURES, figure_of
from geocore.evaluation.metrics import uniform_log_loss
from geocore.evaluation.report import ALL_PHOTOS
from geocore.evaluation.risk_coverage import (
    area_under_curve,
    risk_coverage,
    risk_coverage_sentence,
    thinned,
)
from geocore.inference.bundle import Bundle
from geocore.inference.held_out import held_out_answers
from geocore.visuals.calibration_figures import (
    describe_confidence,
    describe_reliability,
    describe_risk_coverage,
    plot_confidence,
    plot_reliability,
    plot_risk_coverage,
)

NAMES = {
    "ece": "Mean gap (ECE)",
    "mce": "Largest gap (MCE)",
    "adaptive": "Adaptive ECE",
    "brier": "Brier score",
    "loss": "Log-loss",
}
HELP = {
    "ece": "Mean gap between confidence and share of right answers over 20 equally wide bins.",
    "mce": "The gap of the worst bin, which may hold only a few photos.",
    "adaptive": "As ECE, over 20 bins that hold equally many photos.",
    "brier": "Squared distance of the probabilities from the truth: 0 is perfect, 2 is worst.",
    "loss": "Minus the logarithm of the true cell's probability, on average: less is better.",
}
SHARES = ("ece", "mce", "adaptive")


@dataclass(frozen=True)
class Confidences:
    """All that is shown of one head's confidences on one set of photos."""

    bins: pd.DataFrame
    curve: pd.DataFrame
    figures: dict[str, float]
    in_words: str


@keep("Reading the answers to the held-out photos …", max_entries=8)
def answers_of(bundle: Bundle, head: str, photo_set: str) -> pd.DataFrame:
    """`held_out_answers` of the photos of one set."""
    answers = held_out_answers(bundle, head)
    if photo_set == ALL_PHOTOS:
        return answers
    return answers[answers["photo_set"] == photo_set].reset_index(drop=True)


@keep("Judging the confidences …")
def confidences_of(bundle: Bundle, head: str, photo_set: str, raw: bool) -> Confidences:
    """Bins, risk-coverage curve and key figures, as answered or before the temperature."""
    answers = answers_of(bundle, head, photo_set)
    inside = answers[answers["class_index"] >= 0]
    confidence = inside["raw_confidence" if raw else "confidence"].to_numpy()
    is_right = hits(inside, bundle.hierarchy.depth - 1).astype(float)
    bins, curve = confidence_bins(confidence, is_right), risk_coverage(confidence, is_right)
    figures = {
        "ece": expected_gap(bins),
        "mce": largest_gap(bins),
        "adaptive": adaptive_gap(confidence, is_right),
        "area": area_under_curve(curve),
        **confidence_figures(inside, raw=raw),
    }
    return Confidences(bins, thinned(curve), figures, risk_coverage_sentence(curve))


def show_calibration(view: View, photo_set: str) -> None:
    """Key figures, reliability diagram and histogram, with the head's own confidences beside."""
    temperature = view.bundle.temperature(view.head)
    served = confidences_of(view.bundle, view.head, photo_set, False)
    own = confidences_of(view.bundle, view.head, photo_set, True)
    st.markdown(plain(calibration_sentence(served.bins)))
    _show_key_figures(view, photo_set, served.figures, own.figures)
    is_before = _choose_before(temperature)
    left, right = st.columns(2, gap="medium")
    name = f"{view.bundle.name}-{view.head}-{photo_set}"
    with left:
        st.markdown("**Does a confidence come true?** On the dashed line it does.")
        names = ("as answered", "before temperature scaling")
        other = own.bins if is_before else None
        figure = plot_reliability(served.bins, other, names=names, dark=is_dark())
        show_figure(figure, key="reliability", alt=describe_reliability(served.bins))
        both = [served.bins.assign(probs="as answered"), own.bins.assign(probs="before")]
        download_table("Bins as CSV", pd.concat(both), f"{name}-reliability")
    with right:
        when = "Before temperature scaling: the" if is_before else "The"
        st.markdown(f"**How sure is it?** {when} nearer the two lines, the better.")
        bins = own.bins if is_before else served.bins
        figure = plot_confidence(bins, dark=is_dark())
        show_figure(figure, key="confidence", alt=describe_confidence(bins))


def show_risk_coverage(view: View, photo_set: str) -> None:
    """How reliable answers become when the less sure ones are left out."""
    found = confidences_of(view.bundle, view.head, photo_set, False)
    st.subheader("If only the surest answers are used")
    st.markdown(plain(found.in_words))
    figure = plot_risk_coverage(found.curve, dark=is_dark())
    show_figure(figure, key="risk_coverage", alt=describe_risk_coverage(found.curve))
    if len(found.curve):
        st.caption(
            f"Area under the curve: {found.figures['area'] * 100:.1f} %. As flat as the dashed "
            "line, the confidence would say nothing about which answers to trust."
        )
    name = f"{view.bundle.name}-{view.head}-{photo_set}-risk-coverage"
    download_table("Curve as CSV", found.curve, name)


def _choose_before(temperature: float) -> bool:
    if temperature == 1.0:
        st.caption("The confidences are shown as the head gives them: no temperature was fitted.")
        return False
    kind = "too sure of itself" if temperature > 1 else "less sure than it could be"
    st.caption(
        f"Temperature scaling: on the validation photos the head was {kind}; its probabilities are "
        f"therefore given at temperature {temperature:.2f}. Which cell comes first never changes."
    )
    return st.toggle("Show it before temperature scaling too", key="before", bind="query-params")


def _show_key_figures(
    view: View, photo_set: str, served: dict[str, float], own: dict[str, float]
) -> None:
    entry = view.bundle.report["heads"].get(view.head, {}).get(photo_set, {})
    is_scaled = view.bundle.temperature(view.head) != 1.0
    for column, name in zip(st.columns(len(NAMES)), NAMES, strict=True):
        column.metric(NAMES[name], _text(name, served[name]), help=HELP[name])
        words = []
        if name in MEASURES and figure_of(entry, name)["value"] is not None:
            words.append(f"95 % interval {MEASURES[name].interval_text(figure_of(entry, name))}")
        if is_scaled:
            words.append(f"before scaling {_text(name, own[name])}")
        column.caption("; ".join(words))
    n_leaves = view.bundle.grid.n_leaves
    st.caption(
        f"A head that finds all {n_leaves:,} cells equally likely has log-loss ln {n_leaves:,} = "
        f"{uniform_log_loss(n_leaves):.3f}. Photos outside all cells count in none of these."
    )


def _text(name: str, value: float) -> str:
    if value != value:
        return "not known"
    return f"{value * 100:.1f} %" if name in SHARES else f"{value:.3f}"
