"""Land of countries in cells."""

import numpy as np
import pytest

from geocore.cells import s2
from geocore.cells.land import LAND_COLUMNS, land_of_cells
from geocore.cells.place_names import load_place_namer


@pytest.fixture(scope="module")
def world():
    return land_of_cells(s2.cells_at_level(2), load_place_namer())


def test_the_land_of_all_cells_is_the_land_of_the_earth(world):
    assert list(world) == list(LAND_COLUMNS)
    assert world["land_km2"].sum() / 1e6 == pytest.approx(147, abs=1.5)


@pytest.mark.parametrize(
    ("code", "km2"), [("FR", 640e3), ("BR", 8.51e6), ("RU", 17.0e6), ("AQ", 12.3e6), ("FJ", 19e3)]
)
def test_countries_have_the_area_that_they_have(world, code, km2):
    """Metropolitan France with French Guiana; Russia and Fiji lie on both sides of 180 degrees."""
    assert world[world["code"] == code]["land_km2"].sum() == pytest.approx(km2, rel=0.06)


def test_a_state_too_small_for_the_map_is_named_without_land():
    cells = s2.cell_ids([1.3], [103.8], 5)
    land = land_of_cells(cells, load_place_namer()).set_index("code")["land_km2"]
    assert land["SG"] == 0
    assert land["MY"] > 1000


def test_in_a_cell_the_country_with_most_land_comes_first(world):
    assert (np.diff(world["cell"]) >= 0).all()
    falls = world.groupby("cell")["land_km2"].apply(lambda x: x.is_monotonic_decreasing)
    assert falls.all()


def test_no_cell_holds_more_land_than_itself(world):
    by_cell = world.groupby("cell")["land_km2"].sum()
    assert (by_cell <= 1.01 * s2.cell_area_km2(s2.cells_at_level(2))[by_cell.index]).all()


def test_open_sea_is_no_country():
    assert land_of_cells(s2.cell_ids([-48.9], [-123.4], 5), load_place_namer()).empty
