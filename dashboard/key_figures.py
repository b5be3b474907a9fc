"""The report's figures as an analyst reads them: value, interval, and what they are figures of.

Stage: dashboard. It must not compute a figure: all come from the bundle's report.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from dashboard.common import plain
from geocore.analysis.search_area_words import kind_name
from geocore.inference.bundle import Bundle

_COLUMNS = {
    "200": "Right region<br>within 200 km",
    "750": "Right country-sized area<br>within 750 km",
    "2500": "Right continent-sized area<br>within 2,500 km",
}
_STYLE = """<style>
.key-figures {border-collapse: collapse; width: 100%}
.key-figures th, .key-figures td {text-align: left; padding: .45rem 1.4rem .45rem 0;
  border-bottom: 1px solid #8885; vertical-align: baseline; font-size: .875rem}
.key-figures th {font-weight: 400; opacity: .8}
.key-figures td:first-child {min-width: 8rem}
.key-figures th[scope="row"] {white-space: nowrap}
.key-figures b {font-size: 1.5rem; font-weight: 600; white-space: nowrap; margin-right: .5em}
.key-figures small {white-space: nowrap; opacity: .8; font-size: .875rem}
.key-figures.facts td {overflow-wrap: anywhere}
@media (max-width: 640px) {
  .key-figures th, .key-figures td {padding-right: .5rem}
  .key-figures td:first-child {min-width: 5rem}
  .key-figures b {font-size: 1.15rem}
  .key-figures small {display: block}
  .key-figures.facts th[scope="row"] {white-space: normal}
}
</style>"""


def show_key_figures(bundle: Bundle, head: str) -> None:
    """How often the head's answer was near enough, per kind of photo it had never seen."""
    report = bundle.report["heads"][head]
    kinds = {kind_name(kind): figures for kind, figures in report.items() if kind != "all"}
    kinds = kinds or {"photos": report["all"]}
    kinds = dict(sorted(kinds.items(), key=lambda item: -item[1]["n_photos"]))
    st.markdown(_sentence(kinds))
    rows = "".join(_row(kind, figures) for kind, figures in kinds.items())
    titles = [
        "Photos the model had never seen", *_COLUMNS.values(), "Median error<br>half are nearer"
    ]  # fmt: skip
    header = "".join(f"<th>{title}</th>" for title in titles)
    st.html(
        f'{_STYLE}<div style="overflow-x:auto"><table class="key-figures"><tr>{header}</tr>{rows}'
        "</table></div>"
    )
    st.caption(f"Head {plain(head)}. Small figures: 95 % interval.")


def show_class_figures(bundle: Bundle, head: str) -> None:
    """How often the right cell is among the first, and what validation photos said in training."""
    report = bundle.report["heads"][head]
    names = {"top_1": "Right cell first", "top_5": "In first 5", "top_10": "In first 10"}
    sets = sorted(report.items(), key=lambda item: (item[0] != "all", -item[1]["n_photos"]))
    header = "".join(f"<th>{title}</th>" for title in ("Photos never seen", *names.values()))
    rows = ""
    for photo_set, figures in sets:
        label = "photos in all" if photo_set == "all" else kind_name(photo_set)
        cells = "".join(f"<td>{_figure(figures.get(name), '%')}</td>" for name in names)
        rows += f"<tr><td>{figures['n_photos']:,} {escape(label)}</td>{cells}</tr>"
    st.html(
        f'{_STYLE}<div style="overflow-x:auto"><table class="key-figures"><tr>{header}</tr>{rows}'
        "</table></div>"
    )
    st.caption(_validation_words(bundle, head))


def _validation_words(bundle: Bundle, head: str) -> str:
    """Validation loss and accuracy in a sentence, and what they are not."""
    training = bundle.report.get("training", {}).get(head, {})
    loss, accuracy = training.get("best_validation_loss"), training.get("validation_accuracy")
    n_photos = int((bundle.photos["split"] == "validation").sum())
    if loss is None:
        return f"Head {plain(head)}. How it did on validation photos was not kept."
    right = "" if accuracy is None else f", right cell first {100 * accuracy:.1f} %"
    return (
        f"Head {plain(head)}. On the {n_photos:,} validation photos, which decided when training "
        f"stopped: loss {loss:.3f} ({np.log(bundle.grid.n_leaves):.3f} for guessing){right}. "
        "Photos never seen tell more."
    )


def percent(share: float | None) -> str:
    """A share as "46 %", a dash where it could not be computed."""
    return "–" if share is None else f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def small_percent(share: float) -> str:
    """A share as "46 %", or as "3.7 %" where it is below a tenth."""
    return percent(share) if share >= 0.1 else f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def facts_html(facts: Mapping[str, str]) -> str:
    """Facts as a two-column table that wraps and never cuts off; names and values as plain text."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in facts.items()
    )
    return f'{_STYLE}<table class="key-figures facts">{rows}</table>'


def million_km2(km2: float) -> str:
    """An area as "4,920 km²" or "21.3 million km²"."""
    return f"{km2 / 1e6:.1f} million km²" if km2 >= 1e6 else f"{km2:,.0f} km²"


def interval(figure: Mapping[str, Any], unit: str = "%") -> str:
    """A figure's 95 % interval as "40–52 %" or "2,100–3,900 km"."""
    low, high = figure["ci95"]
    if low is None:
        return "–"
    scale = 100 if unit == "%" else 1
    return f"{scale * low:,.0f}–{scale * high:,.0f}\N{NO-BREAK SPACE}{unit}"


def _sentence(kinds: Mapping[str, Mapping[str, Any]]) -> str:
    parts = [
        f"**{percent(figures['within_km']['750']['value'])} of {figures['n_photos']:,} "
        f"{plain(kind)}** (95 % interval {interval(figures['within_km']['750'])})"
        for kind, figures in kinds.items()
        if "750" in figures.get("within_km", {})
    ]
    return (
        f"The answer lies in the right country-sized area for {' and '.join(parts)}."
        if parts
        else ""
    )


def _row(kind: str, figures: Mapping[str, Any]) -> str:
    within = figures.get("within_km", {})
    cells = [(within.get(km), "%") for km in _COLUMNS] + [(figures.get("median_km"), "km")]
    return (
        f"<tr><td>{figures['n_photos']:,} {escape(kind)}</td>"
        + "".join(f"<td>{_figure(figure, unit)}</td>" for figure, unit in cells)
        + "</tr>"
    )


def _figure(figure: Mapping[str, Any] | None, unit: str) -> str:
    if not figure or figure["value"] is None:
        return "not measured"
    value = percent(figure["value"]) if unit == "%" else f"{figure['value']:,.0f} {unit}"
    return f"<b>{value}</b><small>{interval(figure, unit)}</small>"
