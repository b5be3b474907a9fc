"""Benchmark: one line of its table, and how two things are timed side by side.

Both sides of a ratio alternate and the best round of each counts, so that a busy machine does not
decide.
"""

import math
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

Call = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One line of the benchmark's table.

    Attributes:
        what: what was measured, with its size.
        value: what geocore needs.
        reference: what the yardstick needs, in the same unit.
        unit: of both.
        ratio: value / reference.
        goal: the ratio (or, where the unit is in it, the value) to stay under.
        is_reached: whether it does.
    """

    what: str
    value: float
    reference: float
    unit: str
    ratio: float
    goal: str
    is_reached: bool


def as_table(lines: list[Measurement]) -> str:
    """The measurements as a table to read."""
    rows = [
        f"{'yes' if line.is_reached else 'NO':<8}{line.ratio:<8.3g}{line.goal:<22}"
        f"{f'{line.value:.3g} / {line.reference:.3g} {line.unit}':<26}{line.what}"
        for line in lines
    ]
    head = f"{'reached':<8}{'ratio':<8}{'goal':<22}{'value / reference':<26}what"
    return "\n".join([head, *rows])


def compare(what: str, value: float, reference: float, unit: str, at_most: float) -> Measurement:
    """A line whose goal is a ratio of value to reference."""
    ratio = value / reference
    return Measurement(
        what=what,
        value=value,
        reference=reference,
        unit=unit,
        ratio=ratio,
        goal=f"ratio <= {at_most:.3g}",
        is_reached=ratio <= at_most,
    )


def report(what: str, value: float, reference: float, unit: str) -> Measurement:
    """A line that has no goal."""
    line = compare(what, value, reference, unit, math.inf)
    return replace(line, goal="for comparison")


def alternate(
    calls: Mapping[str, Call],
    n_rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Seconds of every call in every round, after one round that does not count.

    Args:
        calls: what to time, by name.
        n_rounds: that count.
        clock: processor seconds of this process by default; `time.perf_counter` where the question
            is whether all cores are kept busy.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(n_rounds + 1):
        for name, call in calls.items():
            started = clock()
            call()
            if i:
                seconds[name].append(clock() - started)
    return seconds


def family_s() -> float:
    """Processor seconds of this process and of the processes that it started and that ended."""
    both = [resource.getrusage(x) for x in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)
