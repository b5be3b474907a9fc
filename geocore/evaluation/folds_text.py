"""A cross-validation as Markdown, for the README: no number is typed.

Stage: evaluation. It must not know files: the report of `geocore.evaluation.folded` in, text out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from geocore.evaluation.conformal import APS, LEAST_AREA, LEVELS
from geocore.evaluation.folded import REFERENCE, TESTED
from geocore.evaluation.measures import MEASURES, figure_of
from geocore.evaluation.paired import difference_text
from geocore.evaluation.report import ALL_PHOTOS, head_table, photo_sets
from geocore.evaluation.results_text import NOT_RUN, markdown_table, wrapped

STREET_PHOTOS, SCENES = "street_photos", "country_scenes"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What was aimed at: at least, or at most, that figure on that photo set."""

    photo_set: str
    measure: str
    figure: float

    def is_reached(self, value: float) -> bool:
        """Whether a value is as good as the goal, its interval left aside."""
        is_high = MEASURES[self.measure].is_better_high
        return value >= self.figure if is_high else value <= self.figure


GOALS = (
    Goal(photo_set=STREET_PHOTOS, measure="geoscore", figure=1700),
    Goal(photo_set=SCENES, measure="geoscore", figure=1250),
    Goal(photo_set=STREET_PHOTOS, measure="within_2500", figure=0.52),
    Goal(photo_set=STREET_PHOTOS, measure="within_750", figure=0.27),
    Goal(photo_set=STREET_PHOTOS, measure="top_1", figure=0.24),
    Goal(photo_set=STREET_PHOTOS, measure="ior", figure=8.5),
    Goal(photo_set=STREET_PHOTOS, measure="ece", figure=0.04),
)
"""Set before the model was made, on the same photos."""


def results_section(report: Mapping[str, Any] | None) -> str:
    """Protocol, figures per photo set, goals, heads against REFERENCE, and search areas.

    Args:
        report: of `geocore.evaluation.folded.folds_report`; None where there is none.
    """
    if report is None:
        return NOT_RUN
    parts = [wrapped(_protocol_words(report))]
    parts += [f"**{name}**\n\n{_figures(report, name)}" for name in _sets(report)]
    parts += [
        f"**Goals**\n\n{markdown_table(goals_table(report))}",
        f"**Does the hierarchy help?** {hierarchy_verdict(report)}\n\n"
        + markdown_table(paired_table(report)),
        f"**Search areas**, {_areas_words()}\n\n{markdown_table(areas_table(report))}",
    ]
    return "\n\n".join(parts)


def search_section(report: Mapping[str, Any] | None) -> str:
    """What an analyst must know of the search areas, in sentences."""
    if report is None:
        return NOT_RUN
    head = report["default_head"]
    least, by_prob = (_area_row(report, head, x, 0.9) for x in (LEAST_AREA, APS))
    tested, apart = _counts(report["protocol"]["tested"]), _by_set(least)
    return wrapped(
        f"On {tested}, each answered by models that had not seen it "
        "(`scripts/run_experiment.py street`), the 90 % areas of the default head held "
        f"{_percent(least['coverage'])} of the true places ({apart}) in "
        f"{least['area_km2'] / 1e6:.0f} million km² on average; taking cells by probability needs "
        f"{by_prob['area_km2'] / 1e6:.0f} million for the same promise.{_set_words(report, head)}"
    )


def goals_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Each of GOALS with the default head's figure and the heads that reach it."""
    head, trained = report["default_head"], list(report["fitted"])
    rows = []
    for goal in GOALS:
        measure = MEASURES[goal.measure]
        values = {
            x: figure_of(report["heads"][x][goal.photo_set], goal.measure)
            for x in trained
            if goal.photo_set in report["heads"][x]
        }
        if head not in values:
            continue
        reached = [x for x, figure in values.items() if goal.is_reached(figure["value"])]
        aim = measure.value_text({"value": goal.figure})
        rows.append(
            {
                "Goal": f"{measure.name}, {goal.photo_set}: "
                f"{'at least' if measure.is_better_high else 'at most'} {aim}",
                head: measure.text(values[head]),
                "Reached by": ", ".join(reached) if reached else "no head",
            }
        )
    return pd.DataFrame(rows, columns=["Goal", head, "Reached by"])


def hierarchy_verdict(report: Mapping[str, Any]) -> str:
    """Whether a hierarchical head has a better log-loss than REFERENCE, in plain words."""
    words = []
    for photo_set in _sets(report):
        found = {head: sets[photo_set]["loss"] for head, sets in report["paired"].items()}
        sure = {head: x for head, x in found.items() if is_sure(x, len(found))}
        better = [head for head, x in sure.items() if x["value"] < 0]
        worse = [head for head, x in sure.items() if x["value"] > 0]
        says = f"**No** hierarchical head has a significantly better log-loss than {REFERENCE}"
        if better:
            says = f"**Yes:** {', '.join(better)} beat {REFERENCE} in log-loss"
        also = f"; {', '.join(worse)} {'is' if len(worse) == 1 else 'are'} worse" if worse else ""
        words.append(f"On {photo_set}: {says}{also}.")
    return " ".join(words)


def is_sure(difference: Mapping[str, Any], n_compared: int) -> bool:
    """Whether a difference is significant at 5 % among so many comparisons (Bonferroni)."""
    return difference["p"] is not None and difference["p"] < 0.05 / n_compared


def paired_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Every head less REFERENCE on the same photos, per photo set, with p."""
    rows = [
        {f"Less {REFERENCE}": head, "Photos": photo_set}
        | {MEASURES[x].name: _with_p(x, sets[photo_set][x]) for x in TESTED}
        for photo_set in _sets(report)
        for head, sets in report["paired"].items()
    ]
    names = [f"Less {REFERENCE}", "Photos", *(MEASURES[x].name for x in TESTED)]
    return pd.DataFrame(rows, columns=names)


def areas_table(report: Mapping[str, Any]) -> pd.DataFrame:
    """Promised and held coverage of every head's areas, and what they cost."""
    rows = []
    for head in report["search_areas"]:
        for level in LEVELS:
            least, by_prob = (_area_row(report, head, x, level) for x in (LEAST_AREA, APS))
            rows.append(
                {
                    "Head": head,
                    "Promised": f"{100 * level:.0f} %",
                    "Held": _percent(least["coverage"]),
                    **{x: _percent(least[f"coverage:photo_set={x}"]) for x in _sets(report)},
                    "Million km²": f"{least['area_km2'] / 1e6:.0f}",
                    "By probability: held": _percent(by_prob["coverage"]),
                    "million km²": f"{by_prob['area_km2'] / 1e6:.0f}",
                }
            )
    return pd.DataFrame(rows)


def _sets(report: Mapping[str, Any]) -> list[str]:
    names = [name for name in photo_sets(report) if name != ALL_PHOTOS]
    return sorted(names, key=list(report["protocol"]["tested"]).index)


def _protocol_words(report: Mapping[str, Any]) -> str:
    about, entry = report["protocol"], next(iter(report["heads"].values()))[ALL_PHOTOS]
    trains = _counts(about["only_trains"])
    sharpness = report["fitted"][report["default_head"]].get("point_sharpness")
    words = (
        "`python scripts/run_experiment.py street --photos DIR` measured this "
        f"(`configs/experiment_street.toml`): {about['n_folds']} folds, repeated "
        f"{about['n_repeats']} times with other draws, over {_counts(about['tested'])}, answered "
        "by the same models. Photos "
        f"that a chain of steps below {about['place_km']:g} km joins never straddle two folds"
        f"{f'; {trains} only train' if trains else ''}, and none of them stands within 1 km of a "
        "tested photo. All that is fitted (axes, evidence, heads, temperatures, the share of the "
        "evidence, the sharpness of the point) comes from the other folds; the settings were "
        "chosen before, on halves of these very photos and reported on the other halves "
        f"([notebook](docs/notebook.md)). {entry['n_leaves']} cells; "
        f"{entry['n_unassigned']} photos lie outside all of them and count as wrong. In "
        "brackets: 95 % bootstrap interval over photos, a photo's figure being the mean of its "
        "repeats (baselines: the first repeat alone). ↑ more is better, ↓ less is better; bold: "
        "the best value."
    )
    if told := report.get("domains"):
        listed = ", ".join(f"{_percent(x)} of {name}" for name, x in told.items())
        words += (
            " Photos are answered, and search areas calibrated, as those of the photo set that "
            f"they look like; told right: {listed}. That they are was decided on the first "
            "repeat's folds, as was the default head."
        )
    if sharpness is None:
        return words
    return f"{words} The folds chose sharpnesses of {sharpness['min']:g} to {sharpness['max']:g}."


def _counts(sets: Mapping[str, int]) -> str:
    return " and ".join(f"{n:,} {name}" for name, n in sets.items())


def _figures(report: Mapping[str, Any], photo_set: str) -> str:
    table = head_table(report, photo_set)
    is_known = ~table.apply(lambda row: row.str.startswith("not").all(), axis=1)
    return markdown_table(table[is_known].reset_index())


def _with_p(measure: str, difference: Mapping[str, Any]) -> str:
    if difference["p"] is None:
        return difference_text(measure, difference)
    p = "p < 0.001" if difference["p"] < 0.001 else f"p = {difference['p']:.3f}"
    return f"{difference_text(measure, difference)}, {p}"


def _area_row(report: Mapping[str, Any], head: str, method: str, level: float) -> dict[str, Any]:
    rows = report["search_areas"][head][method]["together"]
    return next(row for row in rows if abs(row["level"] - level) < 1e-9)


def _set_words(report: Mapping[str, Any], head: str) -> str:
    """How the promise is kept on photos of one kind, where it was made on that kind alone."""
    one = report.get("areas_of_set")
    if one is None:
        return ""
    least, by_prob = one["heads"][head][LEAST_AREA], one["heads"][head][APS]

    def listed(rows: list[dict[str, float]], key: str, scale: float, digits: int) -> str:
        return " / ".join(f"{row[key] * scale:.{digits}f}" for row in rows)

    return (
        f" Calibrated on halves of the {one['n_photos']:,} {one['photo_set']} alone and tested on "
        "the other halves (20 draws, first repeat), areas of "
        f"{listed(least, 'level', 100, 0)} % held {listed(least, 'coverage', 100, 1)} % in "
        f"{listed(least, 'area_km2', 1e-6, 0)} million km²; by probability "
        f"{listed(by_prob, 'area_km2', 1e-6, 0)} million."
    )


def _by_set(row: Mapping[str, Any]) -> str:
    name = "coverage:photo_set="
    parts = {x.removeprefix(name): value for x, value in row.items() if x.startswith(name)}
    return ", ".join(f"{x} {_percent(value)}" for x, value in parts.items())


def _percent(share: float | None) -> str:
    """A share; not known where no photo of the set was tested in any fold."""
    return "not known" if share is None else f"{100 * share:.1f} %"


def _areas_words() -> str:
    return (
        "mean over all folds; in each, 20 random halves of its photos calibrate and the other "
        "halves are tested. Of least area, and cells taken by probability."
    )
