"""Benchmark: cells of many points."""

import tracemalloc

import s2sphere

from geocore.benchmark.measurement import Measurement, alternate, compare
from geocore.cells import generate_cells
from geocore.table_stages import jittered


def measure_cells(n_points: int = 1_000_000, n_sampled: int = 20_000) -> list[Measurement]:
    """Ids and grid of many points against s2sphere's ids alone, timed on a sample and scaled."""
    lat, lng = jittered(n_points)
    sample = list(zip(lat[:n_sampled].tolist(), lng[:n_sampled].tolist(), strict=True))

    def theirs() -> None:
        for point in sample:
            s2sphere.CellId.from_lat_lng(s2sphere.LatLng.from_degrees(*point)).id()

    def ours() -> None:
        generate_cells(lat, lng, t_min=3000, t_max=30000)

    seconds = alternate({"ours": ours, "theirs": theirs}, n_rounds=3)
    scaled = min(seconds["theirs"]) * n_points / n_sampled
    what = f"{n_points:,} points: ids and grid, against s2sphere's ids alone (scaled from a sample)"
    return [
        compare(what, min(seconds["ours"]), scaled, "s", 1 / 15),
        _peak_memory(5 * n_points),
    ]


def _peak_memory(n_points: int) -> Measurement:
    lat, lng = jittered(n_points)
    tracemalloc.start()
    generate_cells(lat, lng, t_min=3000, t_max=30000)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6 + (lat.nbytes + lng.nbytes) / 1e6
    tracemalloc.stop()
    return compare(f"{n_points:,} points: memory", peak_mb, 1500, "MB", 1)
