"""Results of the experiments as readable tables, the thesis's numbers in columns of their own.

Stage: evaluation. It must not know files or pages: stored rows in, a table of text out.
"""

import pandas as pd

from geocore.evaluation.measures import MEASURES, NOT_KNOWN, Measure
from geocore.evaluation.repeats import summarise_repeats
from geocore.evaluation.thesis import thesis_results

PLAIN_MEASURES = {
    "share_kept": Measure(
        name="Photos inside the cells",
        axis="Share of all photos, %",
        unit=" %",
        scale=100,
        digits=1,
    ),
    "seconds_per_epoch": Measure(
        name="Time per epoch",
        axis="Seconds, here without the backbone",
        unit=" s",
        digits=2,
        is_better_high=False,
    ),
}
"""Measures of a run beside the figures of a report."""
TITLES = {
    "A": "Which backbone",
    "B": "How many training photos",
    "C": "How many classes",
    "D": "Which head",
}
X_NAMES = {"B": "Training photos", "C": "Classes"}
SETTING_NAMES = {
    "A": "Backbone",
    "B": "Share of the training photos",
    "C": "t_min to t_max of the thesis",
    "D": "Settings",
}
_SHOWN = {
    "A": ("loss", "top_1", "ior"),
    "B": ("loss", "top_1", "ior"),
    "C": ("share_kept", "loss", "top_1", "ior", "ior_majority", "ior_gini"),
    "D": ("loss", "top_1", "ior", "seconds_per_epoch"),
}
_SHORT = {"loss": "Loss", "top_1": "Accuracy", "ior": "IoR"}
MISSING = "–"


def measure_of(name: str) -> Measure:
    """What a measure of the results is called, its unit and its digits.

    Raises:
        ValueError: unknown measure.
    """
    known = MEASURES | PLAIN_MEASURES
    if name not in known:
        raise ValueError(f"Unknown measure {name!r}. Known measures: {', '.join(known)}.")
    return known[name]


def experiment_table(results: pd.DataFrame) -> pd.DataFrame:
    """One experiment's table: a row per setting and head, ours and the thesis's numbers.

    Ours is the mean over the repeats with its t interval; the bootstrap interval of the IoR stands
    beside it. The thesis's is what it printed, for other photos, classes and backbones.

    Args:
        results: rows of one experiment from `store.load_results`.

    Returns:
        Text; empty where nothing was run.

    Raises:
        ValueError: rows of several experiments.
    """
    experiments = results["experiment"].unique()
    if len(experiments) > 1:
        raise ValueError(
            f"A table shows one experiment, received {', '.join(sorted(experiments))}."
        )
    if not len(experiments):
        return pd.DataFrame()
    experiment = str(experiments[0])
    summary = summarise_repeats(results)
    keys = ["photo_set", "photo_set_sha256", "setting", "head"]
    parts = {key: part.set_index("measure") for key, part in summary.groupby(keys, sort=False)}
    several = len({key[:2] for key in parts}) > 1
    rows = [_table_row(experiment, key, part, several) for key, part in parts.items()]
    return pd.DataFrame(rows)


def _table_row(
    experiment: str, key: tuple[str, str, str, str], part: pd.DataFrame, several: bool
) -> dict[str, str]:
    photo_set, photo_set_sha256, setting, head = key
    row = {"Photos": f"{photo_set} ({photo_set_sha256[:6]})"} if several else {}
    row[SETTING_NAMES[experiment]] = setting
    if experiment in X_NAMES:
        x = part["x"].iloc[0]
        row[X_NAMES[experiment]] = MISSING if pd.isna(x) else f"{x:,.0f}"
    if experiment == "D":
        row["Head"] = head
    note = str(part["note"].iloc[0])
    for name in _SHOWN[experiment]:
        about = measure_of(name)
        row[_SHORT.get(name, about.name)] = note or _text(about, _figure(part, name, "low", "high"))
        note = MISSING if note else ""
    if "ior" in part.index:
        boot = _figure(part, "ior", "bootstrap_low", "bootstrap_high")
        row["IoR, bootstrap interval"] = MEASURES["ior"].interval_text(boot)
    else:
        row["IoR, bootstrap interval"] = MISSING
    return row | _thesis_columns(experiment, setting, head)


def _text(about: Measure, figure: dict) -> str:
    """The figure with its interval; without, after one repeat or where repeats cannot differ."""
    has_interval = figure["ci95"][0] is not None and about is not PLAIN_MEASURES["share_kept"]
    return about.text(figure) if has_interval else about.value_text(figure)


def _figure(part: pd.DataFrame, name: str, low: str, high: str) -> dict:
    if name not in part.index:
        return dict(NOT_KNOWN)
    row = part.loc[name]
    ends = [None, None] if pd.isna(row[low]) else [float(row[low]), float(row[high])]
    return {"value": float(row["value"]), "ci95": ends}


def _thesis_columns(experiment: str, setting: str, head: str) -> dict[str, str]:
    """What the thesis printed for this row, as text; a dash where it has no such row.

    In experiment D our settings stand beside the same head of the thesis.
    """
    printed = thesis_results()
    rows = printed[(printed["experiment"] == experiment) & (printed["head"] == head)]
    if experiment != "D":
        rows = rows[rows["setting"] == setting]
    values = rows.set_index("measure")["value"]
    columns = {}
    if experiment in X_NAMES:
        x = rows["x"].iloc[0] if len(rows) else None
        columns[f"Thesis: {X_NAMES[experiment].lower()}"] = MISSING if x is None else f"{x:,.0f}"
    known = set(printed.loc[printed["experiment"] == experiment, "measure"])
    for name in (name for name in _SHOWN[experiment] if name in known):
        title = _SHORT.get(name, measure_of(name).name)
        title = title if title == "IoR" else title.lower()
        columns[f"Thesis: {title}"] = _printed_text(name, values.get(name))
    return columns


def _printed_text(name: str, value: float | None) -> str:
    """A number of the thesis with the digits that it has in print."""
    if value is None:
        return MISSING
    about = measure_of(name)
    return f"{round(value * about.scale, 6):,.10g}{about.unit}"
