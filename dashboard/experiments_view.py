"""The thesis's experiments as they came out here: curves, dots and tables beside the printed ones.

Stage: dashboard. It must not compute: results come from the store, figures from visuals.
"""

import pandas as pd
import streamlit as st

from dashboard.common import keep
from dashboard.figure_view import download_table, show_figure
from dashboard.offline_map import is_dark
from geocore.evaluation.experiment_tables import TITLES, X_NAMES, experiment_table, measure_of
from geocore.evaluation.repeats import summarise_repeats
from geocore.evaluation.store import load_results
from geocore.evaluation.thesis import SOURCES, thesis_results
from geocore.visuals.experiment_figures import (
    describe_curve,
    describe_settings,
    plot_curve,
    plot_settings,
)

MEASURES = ("loss", "top_1", "ior", "share_kept", "seconds_per_epoch")


def show_experiments() -> None:
    """One experiment of the thesis at a time, with its figure and its table."""
    st.subheader("The thesis's experiments, repeated here")
    results = stored_results()
    known = [x for x in TITLES if x in set(results["experiment"])]
    if not known:
        st.info(
            "No results are stored yet. `python scripts/run_experiment.py B --photos DIR` makes "
            "those of experiment B; A, C and D likewise."
        )
        return
    left, right = st.columns([3, 2], gap="medium")
    experiment = left.segmented_control(
        "Experiment", known, format_func=lambda x: f"{x}: {TITLES[x].lower()}", key="experiment",
        default="B" if "B" in known else known[0], required=True, bind="query-params",
    )  # fmt: skip
    rows = results[results["experiment"] == experiment]
    summary = summarise_repeats(rows)
    present = [name for name in MEASURES if name in set(summary["measure"])]
    if present:
        _show_figure(summary, right, experiment, present)
    table = experiment_table(rows)
    st.table(table.set_index(table.columns[0]))
    st.caption(
        f"Thesis, {SOURCES[experiment]}: about 970,000 Flickr photos, other cells, no intervals. "
        "Its numbers stand in columns of their own and cannot be ranked with ours; the shape of "
        "a curve can be compared."
    )
    download_table("Experiment as CSV", rows, f"experiment-{experiment}")


def _show_figure(
    summary: pd.DataFrame,
    column: "st.delta_generator.DeltaGenerator",
    experiment: str,
    present: list[str],
) -> None:
    if st.session_state.get("experiment_measure", present[0]) not in present:
        st.session_state["experiment_measure"] = present[0]
    measure = column.selectbox(
        "Measure of the experiment",
        present,
        format_func=lambda name: measure_of(name).name,
        key="experiment_measure",
        bind="query-params",
    )
    is_curve = experiment in X_NAMES
    plot, describe = (
        (plot_curve, describe_curve) if is_curve else (plot_settings, describe_settings)
    )
    thesis = thesis_results()
    show_figure(
        plot(summary, measure, thesis=thesis, dark=is_dark()),
        key=f"experiment_{experiment}",
        alt=describe(summary, measure, thesis=thesis),
    )


@keep("Reading the stored results …", max_entries=1)
def stored_results() -> pd.DataFrame:
    """All rows of the results store."""
    return load_results()
