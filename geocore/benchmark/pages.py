"""Benchmark: the first draw of dashboard pages."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from geocore.benchmark.measurement import Measurement, compare
from geocore.inference import load_bundle
from geocore.large_bundle import save_large_bundle
from geocore.table_stages import COORDINATES

MEASURED_PAGES = ("3_Model_comparison.py", "4_Calibration_and_confusion.py")


def measure_pages(at_most_s: float = 2.0, **size: int) -> list[Measurement]:
    """First draw of the pages on measured figures, from a bundle as large as one may get."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = save_large_bundle(Path(folder) / "large", COORDINATES, **size)
        command = [sys.executable, "-m", "dashboard.draw_times", str(bundle), *MEASURED_PAGES]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        n_leaves = load_bundle(bundle).grid.n_leaves
    what = f"drawn from {n_leaves:,} leaves"
    drawn = {page: json.loads(done.stdout)[page][0] for page in MEASURED_PAGES}
    return [compare(f"{page}, {what}", s, at_most_s, "s", 1) for page, s in drawn.items()]
