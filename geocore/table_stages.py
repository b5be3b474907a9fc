"""The stages that only need a photo table, one after the other, for the benchmark to time.

Belongs to `geocore.benchmark`, which runs it as a process of its own, so that its memory can be
told from everything else's:

    python -m geocore.table_stages 1000000
"""

import json
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.analysis.description_tables import all_tables, cells_of_set, key_figures
from geocore.analysis.photo_description import describe_photos
from geocore.cells import generate_cells
from geocore.cells.place_names import is_near_town
from geocore.data.importers import ImportOptions, import_photos
from geocore.data.photos import load_coordinates
from geocore.data.sampling import split_photos

COORDINATES = Path(__file__).parent / "assets" / "flickr_100k.csv.gz"
STAGES = ("import", "validation", "grid", "split", "statistics")


def jittered(n_points: int, seed: int = 42) -> tuple[np.ndarray, np.ndarray]:
    """Real Flickr coordinates, repeated and moved by about a kilometre: lat, lng (n_points,)."""
    photos = load_coordinates(COORDINATES).photos.sample(n_points, replace=True, random_state=seed)
    noise = np.random.default_rng(seed).normal(0, 0.01, (2, n_points))
    lat = np.clip(photos["lat"].to_numpy() + noise[0], -90, 90)
    return lat, (photos["lng"].to_numpy() + noise[1] + 180) % 360 - 180


def write_collection(n_rows: int, path: Path) -> None:
    """A table of somebody's collection, its images not at hand."""
    lat, lng = jittered(n_rows)
    names = [f"{i % 4096:03x}/{i:08x}.jpg" for i in range(n_rows)]
    pd.DataFrame({"IMG_ID": names, "LAT": lat, "LON": lng}).to_csv(path, index=False)


def time_stages(source: Path, out: Path) -> dict[str, float]:
    """Processor seconds of each of STAGES, from a collection's CSV to the tables of chapter 5."""
    seconds = {}

    def timed(stage: str, work: Callable[[], object]) -> object:
        started = time.process_time()
        result = work()
        seconds[stage] = time.process_time() - started
        return result

    options = ImportOptions(is_plausible=is_near_town)
    timed("import", lambda: import_photos(source, out, options=options))
    photos: pd.DataFrame = timed("validation", lambda: load_coordinates(out).photos)
    lat, lng = photos["lat"].to_numpy(), photos["lng"].to_numpy()
    timed("grid", lambda: generate_cells(lat, lng, t_min=3000, t_max=30000).assign(lat, lng))
    timed("split", lambda: split_photos(photos, test=0.1, validation=0.1, seed=42))

    def statistics() -> None:
        described = describe_photos(photos, "benchmark")
        cells = cells_of_set(described)
        all_tables(described, cells)
        key_figures(described, cells)

    timed("statistics", statistics)
    return seconds


def peak_mb() -> float:
    """Largest memory of this process so far, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's getrusage also counts the process that started this one
        return float(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    """Print the seconds of each stage and the largest memory of this process in megabytes."""
    n_rows = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "collection.csv"
        write_collection(n_rows, source)
        figures = time_stages(source, Path(folder) / "set")
    figures["peak_mb"] = peak_mb()
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
