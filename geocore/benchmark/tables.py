"""Benchmark: what is done with a photo table before any photo is opened, up to millions of rows."""

import json
import subprocess
import sys

from geocore.benchmark.measurement import Measurement, compare
from geocore.table_stages import STAGES

Figures = dict[str, float]


def measure_table(n_rows: int = 1_000_000, at_most_s: float = 15.0) -> list[Measurement]:
    """Import, validation, grid, split and statistics: together, their memory, and their growth."""
    small, middle, large = (_stages(n) for n in (n_rows // 10, n_rows, 5 * n_rows))
    total = sum(middle[stage] for stage in STAGES)
    what = f"{n_rows:,} rows: import, validation, grid, split and statistics"
    return [
        compare(what, total, at_most_s, "s", 1),
        compare(f"{what}: memory", middle["peak_mb"], 2000, "MB", 1),
        _growth(n_rows // 10, small, n_rows, middle),
        _growth(n_rows, middle, 5 * n_rows, large),
    ]


def _growth(
    n_before: int, before: dict[str, float], n: int, after: dict[str, float]
) -> Measurement:
    """Whether each row costs what it did in the smaller table, fixed costs in its favour."""
    per_million, before_it = (
        sum(seconds[stage] for stage in STAGES) / count * 1e6
        for count, seconds in ((n, after), (n_before, before))
    )
    what = f"a million rows of {n:,}, against a million of {n_before:,}"
    return compare(what, per_million, before_it, "s", 1.2)


def _stages(n_rows: int) -> Figures:
    """Seconds of each stage and the peak memory, in a process of its own."""
    command = [sys.executable, "-m", "geocore.table_stages", str(n_rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures
