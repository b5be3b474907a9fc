"""Stored results as Markdown, for the README: no number is typed.

Stage: evaluation. It must not know files: stored rows in, text out. The cross-validation:
`geocore.evaluation.folds_text`.
"""

import textwrap

import numpy as np
import pandas as pd

from geocore.evaluation.experiment_tables import TITLES, experiment_table
from geocore.evaluation.measures import MEASURES, number_text
from geocore.evaluation.metrics import uniform_log_loss
from geocore.evaluation.repeats import summarise_repeats
from geocore.evaluation.thesis import N_PHOTOS, SOURCES, TABLE_6_7, thesis_results

NOT_RUN = "Not run yet."


def markdown_table(table: pd.DataFrame) -> str:
    """A table of text as Markdown, its index left out."""
    lines = [list(table), ["---", *["---:"] * (len(table.columns) - 1)], *table.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def experiments_section(results: pd.DataFrame) -> str:
    """The four experiments of the thesis, ours beside the printed numbers.

    Args:
        results: from `store.load_results`, all experiments.
    """
    words = (
        "`python scripts/run_experiment.py A --photos DIR` (B, C, D likewise) repeats an "
        "experiment of the thesis on any photo set; every finished run is stored, a killed one "
        "goes on. "
        "`python scripts/write_results.py` writes this section from what is stored. Analysis A "
        "(6.6, calibration) is the dashboard's page *Calibration and confusion*, analysis B (6.7, "
        "visual explanations) its page *Predict and explain*: both are reports over a bundle.\n\n"
        "In brackets: 95 % interval over the repeats (Student's t), each with its own split, draw "
        "and weights; the bootstrap interval beside it says what other held-out photos would have "
        "given. The thesis's columns are as printed: other photos (970,565), another backbone, "
        "validation photos, no intervals. Trends may be compared with them, values may not. t_min "
        "and t_max are the thesis's, scaled by the number of photos (at least 2 and 4). Time per "
        "epoch is wall time of the classifier alone on kept features, whatever else the machine "
        "did meanwhile; the thesis's includes the backbone. What a head costs: see Speed."
    )
    parts = [
        f"### {experiment}. {title}\n\n{_experiment(results[results['experiment'] == experiment])}"
        f"\n\nThesis: {SOURCES[experiment][0].lower()}{SOURCES[experiment][1:]}."
        for experiment, title in TITLES.items()
    ]
    return "\n\n".join([wrapped(words), *parts])


def wrapped(text: str) -> str:
    """Paragraphs in lines of at most 120 letters, for readers of the source."""
    lines = (textwrap.fill(part, 120, break_on_hyphens=False) for part in text.split("\n\n"))
    return "\n\n".join(lines)


def _experiment(results: pd.DataFrame) -> str:
    if results.empty:
        return NOT_RUN
    runs = results[results["note"] == ""].drop_duplicates("run_id")
    table = markdown_table(experiment_table(results))
    if runs.empty:
        return table
    n_photos, n_repeats = runs["n_photos"].max(), runs["repeat"].nunique()
    n_train, photo_sets = runs["n_train"].max(), sorted(runs["photo_set"].unique())
    words = (
        f"{', '.join(photo_sets)}: up to {n_train:,} photos trained, {n_photos:,} tested, "
        f"{n_repeats} repeats. {_highest(results)}"
    )
    if runs["n_leaves"].nunique() == 1:
        n_leaves = int(runs["n_leaves"].iloc[0])
        uniform = number_text(uniform_log_loss(n_leaves), MEASURES["loss"].digits)
        words += f" Uniform guessing over {n_leaves} classes has loss {uniform}."
    if (runs["setting"] == TABLE_6_7).any():
        words += (
            f" The learning rates and epochs of table 6.7 were chosen for {N_PHOTOS:,} photos; "
            "over so few they are far fewer steps."
        )
    return f"{wrapped(words)}\n\n{table}"


def _highest(results: pd.DataFrame) -> str:
    """Where the IoR is highest, here and in the thesis, and whether that may be chance."""
    ours = summarise_repeats(results).query("measure == 'ior'").dropna(subset="value")
    printed = thesis_results().query("measure == 'ior'")
    printed = printed[printed["experiment"].isin(results["experiment"])]
    if ours.empty:
        return ""
    best, other = (rows.loc[rows["value"].idxmax()] for rows in (ours, printed))
    low = np.fmin(ours["low"], ours["bootstrap_low"])  # the wider of both intervals
    high = np.fmax(ours["high"], ours["bootstrap_high"])
    overlaps = (low <= high[best.name]) & (high >= low[best.name])
    n_level = int(overlaps.sum()) - 1
    words = f"Highest mean IoR here: {_row_name(best)}; in the thesis: {_row_name(other)}."
    if not n_level:
        return words
    rows = "row overlaps" if n_level == 1 else f"{n_level} rows overlap"
    which = "The interval of another" if n_level == 1 else "The intervals of"
    return f"{words} {which} {rows} its own: the order may be chance."


def _row_name(row: pd.Series) -> str:
    """A row of an experiment with its IoR, such as `MC with table 6.7 (1.66)`."""
    name = f"{row['head']}, {row['setting']}" if row["experiment"] == "D" else row["setting"]
    return f"{name} ({number_text(row['value'], MEASURES['ior'].digits)})"


def with_section(text: str, name: str, content: str) -> str:
    """The text with the content between its markers `<!-- name:start -->` and `<!-- name:end -->`.

    Raises:
        ValueError: the markers are not there once each, in this order.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise ValueError(
            f"The text must hold {start} and, after it, {end} once each, received "
            f"{text.count(start)} and {text.count(end)}. Put them where the section belongs."
        )
    before, _, rest = text.partition(start)
    return f"{before}{start}\n{content}\n{end}{rest.partition(end)[2]}"
