"""Continents: of every country, of Russia's two halves, and none at sea."""

import numpy as np
import pytest

from geocore.cells.continents import AT_SEA, CONTINENTS, continents_of, load_countries
from geocore.cells.place_names import load_place_namer


@pytest.mark.parametrize(
    ("lat", "lng", "continent"),
    [
        (55.75, 37.62, "Europe"),  # Moscow
        (43.12, 131.9, "Asia"),  # Vladivostok
        (66.0, -175.0, "Asia"),  # Chukotka, beyond 180 degrees
        (30.04, 31.24, "Africa"),
        (-23.55, -46.63, "Americas"),
        (45.5, -73.57, "Americas"),
        (-33.87, 151.2, "Oceania"),
        (-80.0, 45.0, "Antarctica"),
        (-22.56, 17.07, "Africa"),  # Namibia, whose code "NA" is no missing value
        (0.0, -160.0, AT_SEA),
    ],
)
def test_known_places(lat, lng, continent):
    codes = load_place_namer().country_codes([lat], [lng])
    assert continents_of(codes, [lng]).tolist() == [continent]


def test_every_country_has_one_of_the_six():
    countries = load_countries()
    assert set(countries["continent"]) == set(CONTINENTS)
    assert set(load_place_namer().countries["code"]) <= set(countries.index)


def test_no_points_and_unknown_codes():
    assert len(continents_of([], [])) == 0
    assert continents_of(["??", ""], np.zeros(2)).tolist() == [AT_SEA, AT_SEA]
