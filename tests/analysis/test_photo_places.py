"""Where photos lie and what a set lacks: against slow counting, by hand, and whatever the order."""

import numpy as np
import pandas as pd
import pytest

from geocore.analysis.collecting import WEIGHTS, places_to_collect, rule_in_words
from geocore.analysis.density import LEVELS, density_cells, density_levels
from geocore.analysis.located_photos import CONTINENT_NAMES, country_codes, locate_photos
from geocore.analysis.photo_places import (
    THESIS_TABLE_5_2,
    THESIS_TOTAL_5_2,
    continent_table,
    country_table,
    photos_per_cell,
)
from geocore.analysis.sparse_cells import divided_world, filled_cells, sparse_cells
from geocore.analysis.yardstick import UNITS, load_yardstick, unit_keys
from geocore.cells import generate_cells, s2
from geocore.cells.continents import AT_SEA, continents_of
from geocore.cells.place_names import load_place_namer

PARIS, LAGOS, SUVA, PACIFIC = (48.86, 2.35), (6.45, 3.4), (-18.14, 178.44), (0.0, -160.0)
MADRID = (40.42, -3.7)


def points(*counted):
    """Latitudes and longitudes: each point as often as it says."""
    lat, lng = zip(*[point for point, n in counted for _ in range(n)], strict=True)
    return np.array(lat, float), np.array(lng, float)


@pytest.fixture(scope="module")
def somewhere():
    rng = np.random.default_rng(5)
    lat = np.concatenate([rng.uniform(-85, 85, 400), rng.normal(46, 4, 400)])
    return lat, np.concatenate([rng.uniform(-180, 180, 400), rng.normal(9, 6, 400)])


@pytest.fixture(scope="module")
def located(somewhere):
    return locate_photos(*somewhere, load_place_namer())


@pytest.fixture(scope="module")
def yardstick():
    return load_yardstick()


def test_photos_are_where_the_place_names_say(somewhere, located):
    lat, lng = somewhere
    codes = np.array(load_place_namer().country_codes(lat, lng), object)
    back = np.empty(len(located), object)
    back[located.order] = np.array(country_codes(), object)[located.countries]
    assert (back == codes).all()
    continents = np.empty(len(located), object)
    continents[located.order] = np.array(CONTINENT_NAMES, object)[located.continents]
    assert (continents == continents_of(codes, lng)).all()
    assert (located.ids == np.sort(s2.cell_ids(lat, lng))).all()


def test_the_order_of_the_photos_changes_no_table(somewhere, located, yardstick):
    shuffled = np.random.default_rng(0).permutation(len(located))
    other = locate_photos(*(values[shuffled] for values in somewhere), load_place_namer())
    pd.testing.assert_frame_equal(
        country_table(located, yardstick), country_table(other, yardstick)
    )
    for unit in UNITS:
        pd.testing.assert_frame_equal(
            places_to_collect(located, yardstick, unit), places_to_collect(other, yardstick, unit)
        )


def test_no_photo_gets_lost(somewhere, located, yardstick):
    n = len(located)
    assert continent_table(located)["n_photos"].sum() == n
    assert country_table(located, yardstick)["n_photos"].sum() == n
    for level in LEVELS[:4]:
        cells = density_cells(located, load_place_namer(), level)
        assert cells["n_photos"].sum() == n
        assert (cells["per_100000_km2"] > 0).all()
    world = filled_cells(divided_world(*somewhere, 40), located)
    assert world["n_photos"].sum() == n and world["n_photos"].max() <= 40


def test_cells_and_photos_per_continent_by_hand():
    photos = locate_photos(*points((MADRID, 9), (LAGOS, 4), (SUVA, 2), (PACIFIC, 1)), _namer())
    grid = generate_cells(*points((MADRID, 9), (LAGOS, 4)), t_min=3, t_max=20)
    cells = filled_cells(grid.leaves, photos)
    table = continent_table(photos, cells).set_index("continent")
    assert table["n_photos"].to_dict() == dict.fromkeys(CONTINENT_NAMES, 0) | {
        "Europe": 9, "Africa": 4, "Oceania": 2, AT_SEA: 1
    }  # fmt: skip
    # Madrid and Lagos lie on the same face of the cube, which was not divided.
    assert len(cells) == 1 and cells["continent"].tolist() == ["Europe"]
    assert table["n_cells"].to_dict()["Europe"] == 1 and table["n_cells"].sum() == 1
    assert table["n_in_cells"].to_dict()["Africa"] == 4
    assert table["n_in_cells"].to_dict()["Oceania"] == 0


def test_the_thesis_stands_beside_as_printed():
    assert THESIS_TABLE_5_2["thesis_cells"].sum() == THESIS_TOTAL_5_2["thesis_cells"] == 72
    assert THESIS_TABLE_5_2["thesis_photos"].sum() == 921_075 < THESIS_TOTAL_5_2["thesis_photos"]
    table = continent_table(locate_photos([0.0], [0.0], _namer()))
    assert table["thesis_photos"].sum() == 921_075
    assert table["continent"].tolist() == list(CONTINENT_NAMES)


def test_cells_may_come_in_any_order(somewhere, located):
    cells = divided_world(*somewhere, 60)["cell_id"].to_numpy()
    counts = photos_per_cell(cells, located)
    assert (photos_per_cell(cells[::-1], located) == counts[::-1]).all()
    assert photos_per_cell(cells[:0], located).shape == (0, 7)


def test_every_way_to_divide_the_world_has_the_same_land_and_people(yardstick):
    sums = {unit: yardstick.units(unit)[["land_km2", "inhabitants"]].sum() for unit in UNITS}
    for unit in UNITS:
        assert sums[unit].to_numpy() == pytest.approx(sums["country"].to_numpy(), rel=1e-9)
    # Populated land: more than a third, less than half of the 147 million km2 of land.
    assert 50e6 < sums["country"]["land_km2"] < 70e6
    assert (yardstick.units("country")["inhabitants"] > 0).all()


def test_the_box_of_a_place_goes_the_short_way_round(yardstick):
    units = yardstick.units("country").set_index("name")
    fiji, france = units.loc["Fiji"], units.loc["France"]
    assert fiji["west"] > 176 and (fiji["east"] > 177 or fiji["east"] < -178)
    assert -6 < france["west"] < 0 < france["east"] < 11
    assert 41 < france["south"] < france["north"] < 52
    assert (units["south"] <= units["north"]).all()


def test_what_a_set_lacks_by_hand(yardstick):
    photos = locate_photos(*points((PARIS, 90), (LAGOS, 10)), _namer())
    for by, weight in WEIGHTS.items():
        table = places_to_collect(photos, yardstick, "country", by).set_index("name")
        units = yardstick.units("country").set_index("name")
        shares = units[["land_km2", "inhabitants"]] / units[["land_km2", "inhabitants"]].sum()
        due = weight * shares["land_km2"] + (1 - weight) * shares["inhabitants"]
        assert table["expected"].to_numpy() == pytest.approx(100 * due[table.index].to_numpy())
        assert table["expected"].sum() == pytest.approx(100)
        assert table.loc["France", "n_photos"] == 90 and table.loc["Nigeria", "n_photos"] == 10
        assert table.index[-1] == "France" and table["lack"].is_monotonic_decreasing
        assert table.loc["France", "lack"] == table.loc["France", "expected"] - 90
    assert places_to_collect(photos, yardstick, "3")["n_photos"].sum() == 100
    assert places_to_collect(photos, yardstick, "region")["name"].str.contains("France").any()


def test_photos_far_from_towns_count_for_no_region(yardstick):
    photos = locate_photos(*points((PACIFIC, 3), (PARIS, 2)), _namer())
    assert places_to_collect(photos, yardstick, "region")["n_photos"].sum() == 2
    assert places_to_collect(photos, yardstick, "country")["n_photos"].sum() == 2


def test_sparse_cells_are_those_with_people_and_too_few_photos(yardstick):
    lat, lng = points((PARIS, 50), (LAGOS, 4), (PACIFIC, 1))
    photos = locate_photos(lat, lng, _namer())
    cells = filled_cells(divided_world(lat, lng, 20), photos)
    table = sparse_cells(cells, 10, yardstick)
    assert (table["n_photos"] < 10).all()
    assert (table["n_photos"] + table["lack"] == 10).all()
    assert ((table["n_photos"] > 0) | (table["inhabitants"] > 0) | (table["land_km2"] > 0)).all()
    assert table["n_photos"].sum() == 5
    lagos = table[table["n_photos"] == 4].iloc[0]
    assert lagos["inhabitants"] > 1e7 and lagos["town"]
    assert table["inhabitants"].is_monotonic_decreasing
    full = cells[cells["n_photos"] >= 10]
    assert not set(full["token"]) & set(table["token"])
    assert sparse_cells(full, 10, yardstick).empty


def test_the_map_is_never_finer_than_a_browser_can_draw(monkeypatch, located):
    assert set(density_levels(located)) == set(LEVELS)
    monkeypatch.setattr("geocore.analysis.density.MOST_CELLS", 300)
    levels = density_levels(located)
    assert levels and max(levels) < 8 and max(levels.values()) <= 300
    with pytest.raises(ValueError, match=r"At most 300 cells can be drawn, but photos lie in \d+"):
        density_cells(located, load_place_namer(), 8)


def test_unknown_units_and_yardsticks_are_refused(located, yardstick):
    with pytest.raises(
        ValueError, match=r"Unknown unit 'town'\. Known units: country, region, 3, 4"
    ):
        unit_keys("town", located.ids, located.towns, located.countries, yardstick.places)
    with pytest.raises(
        ValueError, match=r"Unknown yardstick 'fame'\. Known yardsticks: both, land"
    ):
        places_to_collect(located, yardstick, "country", "fame")


def test_the_rule_says_what_counts():
    assert "populated land and of the inhabitants" in rule_in_words(1000)
    assert "inhabitants" not in rule_in_words(1000, "land").split(".")[0]
    assert "1,000 photos" in rule_in_words(1000, "people")


def _namer():
    return load_place_namer()
