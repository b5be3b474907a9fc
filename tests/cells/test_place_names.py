"""Place names: right on land, at sea, across 180 degrees and at the poles, without internet."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from geocore.cells.geodesy import EARTH_RADIUS_KM, distance_km, unit_vectors
from geocore.cells.oceans import sea_names
from geocore.cells.place_names import NEAR_KM, PlaceNamer, load_place_namer


@pytest.fixture(scope="module")
def namer():
    return load_place_namer()


@pytest.mark.parametrize(
    ("lat", "lng", "name", "code"),
    [
        (-8.5069, 115.2625, r"near Ubud, Bali, Indonesia \(\d\.\d km\)", "ID"),
        (1.29, 103.85, r"near .*Singapore \(\d\.\d km\)", "SG"),
        (-22.5609, 17.0658, r"near Windhoek, Khomas Region, Namibia \(\d\.\d km\)", "NA"),
        (23.0, 10.0, r"Algeria", "DZ"),
        (75.0, -40.0, r"Greenland", "GL"),
        (-80.0, 45.0, r"Antarctica", "AQ"),
        (-90.0, 0.0, r"Antarctica", "AQ"),
        (90.0, 17.0, r"Arctic Ocean", ""),
        (0.0, -160.0, r"Pacific Ocean", ""),
        (-50.0, 180.0, r"Pacific Ocean", ""),
        (-50.0, -180.0, r"Pacific Ocean", ""),
        (66.0, -175.0, r"Russia", "RU"),
        (66.0, 179.0, r"Russia", "RU"),
    ],
)
def test_known_places(namer, lat, lng, name, code):
    assert re.fullmatch(name, namer.names([lat], [lng])[0])
    assert namer.country_codes([lat], [lng]) == [code]


def test_the_nearest_town_is_found_by_distance_on_the_sphere(namer):
    rng = np.random.default_rng(42)
    rows = rng.integers(0, len(namer.places), 40)
    lat = np.clip(namer.places["lat"].to_numpy()[rows] + rng.normal(0, 0.3, 40), -90, 90)
    lng = namer.places["lng"].to_numpy()[rows] + rng.normal(0, 0.3, 40)
    for name, here in zip(namer.names(lat, lng), zip(lat, lng, strict=True), strict=True):
        km = distance_km(*here, namer.places["lat"].to_numpy(), namer.places["lng"].to_numpy())
        town = namer.places.iloc[int(np.argmin(km))]
        if km.min() <= NEAR_KM:
            assert name.startswith(f"near {town['city']}")
            assert float(re.search(r"\(([\d.]+) km\)$", name)[1]) == pytest.approx(
                km.min(), abs=0.51
            )
        else:
            assert not name.startswith("near")


def made_namer(*towns):
    """A namer over a few made towns and no country."""
    places = pd.DataFrame(towns, columns=["city", "region", "country", "code", "lat", "lng"])
    nowhere = pd.DataFrame({"name": [], "code": [], "shape": []})
    return PlaceNamer(places, nowhere, cKDTree(unit_vectors(places["lat"], places["lng"])))


def test_towns_across_180_degrees_and_round_the_poles_are_near():
    namer = made_namer(
        ("West", "", "", "AA", 0, -179.9),
        ("East", "", "", "BB", 0, 170),
        ("Top", "", "", "CC", 89.9, 0),
    )
    names = namer.names([0, 89.9], [179.9, 180])
    assert names == ["near West (22 km)", "near Top (22 km)"]
    assert namer.country_codes([0, 89.9], [179.9, 180]) == ["AA", "CC"]


def test_a_region_missing_or_named_like_its_town_is_said_once():
    namer = made_namer(
        ("Rome", "Rome", "Italy", "IT", 40, 0), ("Oranjestad", "", "Aruba", "AW", 0, 0)
    )
    assert namer.names([40, 0], [0, 0]) == [
        "near Rome, Italy (0.0 km)",
        "near Oranjestad, Aruba (0.0 km)",
    ]


@pytest.mark.parametrize(("km", "is_near"), [(NEAR_KM - 0.1, True), (NEAR_KM + 0.1, False)])
def test_near_ends_at_fifty_kilometres(km, is_near):
    namer = made_namer(("Town", "", "", "AA", 0, -30))
    (name,) = namer.names([np.degrees(km / EARTH_RADIUS_KM)], [-30])
    assert name == ("near Town (50 km)" if is_near else "Atlantic Ocean")


def test_every_town_has_a_country_name(namer):
    assert (namer.places["country"] != "").all()
    assert (namer.countries["code"] != "").all()
    assert namer.countries["name"].is_unique


def test_coordinates_are_checked(namer):
    with pytest.raises(ValueError, match=r"lat must lie in \[-90, 90\]"):
        namer.names([95.0], [0.0])
    with pytest.raises(ValueError, match=r"lng must be a number for every photo"):
        namer.country_codes([5.0], [np.nan])


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("Pacific Ocean", [(0, -150), (40, 150), (-40, 160), (-50, -80), (10, -100), (30, -120)]),
        ("Pacific Ocean", [(35, 135), (12, 112), (-5, 111), (55, -150), (0, 180), (0, -180)]),
        ("Atlantic Ocean", [(0, -30), (45, -30), (-50, -60), (-20, 5), (15, -70), (25, -90)]),
        ("Atlantic Ocean", [(45, -4), (56, 3), (60, -50), (4, 0), (-40, 15)]),
        ("Indian Ocean", [(-30, 80), (15, 65), (12, 90), (-20, 55), (-40, 120), (-12, 110)]),
        ("Arctic Ocean", [(80, 0), (85, 170), (72, -140), (75, 40)]),
        ("Southern Ocean", [(-65, 0), (-65, 120), (-65, -100)]),
        ("Mediterranean Sea", [(35, 18), (43, 15), (40, 5), (34, 28)]),
        ("Black Sea", [(43, 34)]),
        ("Caspian Sea", [(42, 51)]),
        ("Baltic Sea", [(57.5, 19.8), (63, 20)]),
        ("Red Sea", [(20, 38)]),
        ("Persian Gulf", [(27, 51)]),
        ("Hudson Bay", [(59, -85)]),
    ],
)
def test_seas(name, points):
    lat, lng = zip(*points, strict=True)
    assert set(sea_names(lat, lng)) == {name}


def test_town_and_country_of_a_point_go_together(namer):
    town, codes = namer.locate([-8.5069, 23.0, 0.0], [115.2625, 10.0, -160.0])
    assert namer.places["region"].iloc[town[0]] == "Bali"
    assert town[1:].tolist() == [-1, -1]
    assert codes.tolist() == ["ID", "DZ", ""]
    assert namer.places["population"].iloc[town[0]] >= 5000
