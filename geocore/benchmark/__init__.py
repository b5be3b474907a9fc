"""Measures the claims of the README as ratios within one run, each thing next to its yardstick.

Outside the flow, like `pipeline`: it joins the stages only to time them and holds no formula that
they use.
"""

from collections.abc import Callable

from geocore.benchmark.desk import measure_desk
from geocore.benchmark.measurement import Measurement, as_table
from geocore.benchmark.networks import (
    measure_cached_epochs,
    measure_combine,
    measure_epochs,
    measure_photo,
)
from geocore.benchmark.pages import measure_pages
from geocore.benchmark.photos import measure_cleaning, measure_features, measure_made_world
from geocore.benchmark.points import measure_cells
from geocore.benchmark.tables import measure_table

__all__ = ["PARTS", "Measurement", "as_table", "check_parts"]


def check_parts(parts: list[str]) -> list[str]:
    """The named parts of PARTS; all of them when none is named.

    Raises:
        ValueError: a part is unknown.
    """
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise ValueError(f"Unknown part {unknown[0]!r}. Known parts: {', '.join(PARTS)}.")
    return parts or list(PARTS)


PARTS: dict[str, Callable[[], list[Measurement]]] = {
    "cells": measure_cells,
    "combine": measure_combine,
    "epochs": measure_epochs,
    "cached-epochs": measure_cached_epochs,
    "photo": measure_photo,
    "desk": measure_desk,
    "pages": measure_pages,
    "table": measure_table,
    "cleaning": measure_cleaning,
    "features": measure_features,
    "made-world": measure_made_world,
}
