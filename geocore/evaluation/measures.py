"""What each figure of a report is called, its unit, and which way is better.

Stage: evaluation. It must not know how a figure was computed, nor how it is drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geocore.evaluation.metrics import uniform_log_loss

MINUS = "\N{MINUS SIGN}"
NOT_KNOWN: Mapping[str, Any] = {"value": None, "ci95": [None, None]}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure of a report, as a reader meets it.

    Attributes:
        name: what it is, in an analyst's words.
        axis: what the number is a number of, with its unit.
        unit: text behind the number.
        scale: factor from the report's number to the shown one.
        digits: decimals shown.
        is_better_high: whether more is better.
    """

    name: str
    axis: str
    unit: str = ""
    scale: float = 1.0
    digits: int = 2
    is_better_high: bool = True

    def text(self, figure: Mapping[str, Any]) -> str:
        """A figure with its interval, such as `24.1 % (19.7–28.8)`."""
        interval = f" ({self.interval_text(figure)})" if figure["value"] is not None else ""
        return f"{self.value_text(figure)}{interval}"

    def value_text(self, figure: Mapping[str, Any]) -> str:
        """The value of a figure, such as `24.1 %`."""
        value = figure["value"]
        return "not known" if value is None else f"{self._number(value)}{self.unit}"

    def interval_text(self, figure: Mapping[str, Any]) -> str:
        """The interval of a figure, such as `19.7–28.8`."""
        low, high = figure["ci95"]
        return "not known" if low is None else f"{self._number(low)}–{self._number(high)}"

    def _number(self, number: float) -> str:
        return number_text(number * self.scale, self.digits)


def number_text(number: float, digits: int) -> str:
    """A number with thousands separated and a true minus sign, never `-0.0`."""
    return f"{round(number, digits) + 0.0:,.{digits}f}".replace("-", MINUS)


def _share(name: str) -> Measure:
    return Measure(name=name, axis="Share of photos, %", unit=" %", scale=100, digits=1)


def _cost(name: str, axis: str, digits: int = 3) -> Measure:
    return Measure(name=name, axis=axis, digits=digits, is_better_high=False)


MEASURES: dict[str, Measure] = {
    "top_1": _share("Right cell first"),
    "top_5": _share("Right cell in first 5"),
    "top_10": _share("Right cell in first 10"),
    "ior": Measure(name="IoR: times a random cell", axis="Times better than naming a random cell"),
    "ior_majority": Measure(
        name="IoR: times the commonest cell", axis="Times better than always the commonest cell"
    ),
    "ior_gini": Measure(
        name="IoR: times a draw by photos", axis="Times better than a draw by numbers of photos"
    ),
    "geoscore": Measure(name="GeoScore of the best point", axis="Points, 0 to 5000", digits=0),
    "median_km": Measure(
        name="Median error", axis="Distance, km", unit=" km", digits=0, is_better_high=False
    ),
    "within_25": _share("Within 25 km (city)"),
    "within_200": _share("Within 200 km (region)"),
    "within_750": _share("Within 750 km (country)"),
    "within_2500": _share("Within 2500 km (continent)"),
    "loss": _cost("Loss on held-out photos", "Nats per photo"),
    "ece": Measure(
        name="Calibration error (ECE)", axis="Gap between confidence and accuracy, points",
        unit=" %", scale=100, digits=1, is_better_high=False,
    ),
    "brier": _cost("Brier score", "Squared error per photo, 0 to 2"),
}  # fmt: skip


def figure_of(entry: Mapping[str, Any], measure: str) -> Mapping[str, Any]:
    """The figure of a measure in what `evaluate_probs` returned; NOT_KNOWN where it lacks it."""
    if measure.startswith("within_"):
        entry, measure = entry.get("within_km", {}), measure.removeprefix("within_")
    return entry.get(measure, NOT_KNOWN)


def is_paired(measure: str) -> bool:
    """Whether a measure is a mean over photos, so that heads can be compared photo by photo."""
    return measure not in ("ior", "ior_majority", "ior_gini", "median_km", "ece")


def chance_level(measure: str, n_leaves: int) -> float | None:
    """The figure of a guesser that gives every leaf the same prob; None where there is no such."""
    if measure.startswith("top_"):
        return min(1.0, int(measure.removeprefix("top_")) / n_leaves)
    return {"ior": 1.0, "loss": uniform_log_loss(n_leaves), "brier": 1 - 1 / n_leaves}.get(measure)
