"""What the made world knows of real places, and what it draws from that."""

from random import Random

import numpy as np
import pandas as pd
import pytest

from geocore.data.made_world.buildings import style_of
from geocore.data.made_world.circumstances import EVENTS, KINDS, WEATHERS, plan_scenes
from geocore.data.made_world.geography import biomes, cultures, land, surroundings, towns
from geocore.data.made_world.noise import hashed_seeds, normals, style_field, uniforms, unit_vectors
from geocore.data.made_world.places import photo_places, photographers
from geocore.data.made_world.plants import SPECIES, tree_kinds
from geocore.data.made_world.scenes import paint
from geocore.data.made_world.stencils import SHAPES
from geocore.data.made_world.streets import choose_road, choose_traffic

PLACES = {
    "London": (51.5, -0.1),
    "Paris": (48.85, 2.35),
    "Tokyo": (35.68, 139.7),
    "Sahara": (23.0, 3.0),
    "Manaus": (-3.1, -60.0),
    "Lapland": (67.0, 27.0),
    "Chicago": (41.9, -87.6),
    "Cusco": (-13.5, -72.0),
    "South Pole": (-89.5, 0.0),
}


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    lat, lng = np.array(list(PLACES.values()), float).T
    return surroundings(lat, lng).set_index(pd.Index(PLACES))


def plans(name: str, n: int) -> pd.DataFrame:
    lat, lng = (np.full(n, x, float) for x in PLACES[name])
    return plan_scenes(lat, lng, hashed_seeds(3, np.arange(n)))


def test_customs_are_those_of_the_country(known):
    assert known["left"].to_dict() | {"London": 1, "Tokyo": 1} == known["left"].to_dict()
    assert known.at["Paris", "left"] == known.at["Chicago", "left"] == 0
    assert known.at["Chicago", "line"] == "yellow"
    assert known.at["Paris", "line"] == "white"
    assert known.at["Tokyo", "script"] == "kana"
    assert known.at["South Pole", "code"] == "AQ"


@pytest.mark.parametrize(
    ("place", "biome"),
    [
        ("Sahara", "hot_desert"),
        ("Manaus", "rainforest"),
        ("Lapland", "boreal"),
        ("Paris", "oceanic"),
    ],
)
def test_climate_is_the_one_known_there(known, place, biome):
    shares = known.loc[place].filter(like="climate_").astype(float)
    assert shares.idxmax() == f"climate_{biome}"
    assert shares.sum() == pytest.approx(1)


def test_mountains_and_coasts_are_where_they_are(known):
    assert known.at["Cusco", "elevation_m"] > 3000
    assert known.at["Manaus", "elevation_m"] < 100
    assert known.at["Sahara", "coast_km"] > 800
    assert known.at["Tokyo", "coast_km"] < 100


def test_traffic_keeps_to_the_side_of_the_country():
    for place, side in (("London", -1), ("Paris", 1)):
        for scene in plans(place, 30).itertuples(index=False):
            road = choose_road(scene, Random(int(scene.seed)), is_city=True)
            cars = choose_traffic(scene, road, Random(1), 8)
            assert road.own_side == side
            assert all((car.x > road.middle) == (car.is_leaving == (side > 0)) for car in cars)


def test_the_camera_drives_on_the_side_of_the_country():
    def middles(place: str) -> float:
        scenes = plans(place, 60).itertuples(index=False)
        return float(
            np.mean([choose_road(x, Random(int(x.seed)), is_city=True).middle for x in scenes])
        )

    assert middles("London") > 0.5
    assert middles("Paris") < -0.5


def test_photos_are_taken_on_land_and_at_places_of_their_own():
    lat, lng = photo_places(hashed_seeds(42, np.arange(3000)))
    import shapely

    near_land = shapely.distance(land(), shapely.points(lng, lat)) < 1.5
    assert near_land.mean() > 0.97
    assert len(set(zip(lat, lng, strict=True))) == 3000
    assert (np.abs(lat) <= 90).all()
    assert (np.abs(lng) <= 180).all()


def test_some_photographers_take_many_photos():
    counts = np.unique(photographers(hashed_seeds(42, np.arange(20000))), return_counts=True)[1]
    assert counts.max() > 30
    assert np.median(counts) <= 3


def test_the_sun_is_where_it_should_be():
    plan = plans("Paris", 400)
    summer, winter = plan[plan["day"].between(150, 200)], plan[plan["day"] > 330]
    assert summer["sun_up"].max() > winter["sun_up"].max() + 0.4
    assert plan["sun_up"].max() < np.radians(90 - 48.85 + 23.5)
    noon = plan[plan["sun_up"] > 0.9]
    assert np.abs(np.sin(noon["sun_azimuth"])).max() < 0.9  # towards the south, more or less


def test_fields_are_smooth_and_differ():
    lat = np.array([45.0, 45.2, -20.0])
    lng = np.array([7.0, 7.2, 130.0])
    field = style_field("wall", unit_vectors(lat, lng))
    assert abs(field[0] - field[1]) < 0.4
    assert not np.allclose(field, style_field("roof", unit_vectors(lat, lng)))


def test_hashed_numbers_are_spread_evenly():
    seeds = hashed_seeds(1, np.arange(20000))
    draws = uniforms(seeds, "test")
    assert len(set(seeds.tolist())) == 20000
    assert np.histogram(draws, bins=10, range=(0, 1))[0].min() > 1800
    assert abs(np.corrcoef(draws, uniforms(seeds, "other"))[0, 1]) < 0.03
    assert normals(seeds, "test").std() == pytest.approx(1, abs=0.03)


def test_every_town_has_a_known_culture_and_every_biome_known_plants():
    assert set(towns().table["culture"]) <= set(cultures().index)
    assert set(SPECIES) == set(SHAPES)
    for biome in biomes().index:
        assert set(tree_kinds(biome)) <= set(SPECIES)


@pytest.mark.parametrize("culture", cultures().index)
def test_every_culture_can_be_drawn(culture):
    assert style_of(culture).walls
    scene = plans("Paris", 1).assign(culture=culture, kind="street")
    assert paint(next(scene.itertuples(index=False)), 48).mode == "RGB"


@pytest.mark.parametrize("biome", biomes().index)
def test_every_biome_kind_weather_and_event_can_be_drawn(biome):
    scenes = plans("Chicago", len(KINDS) + len(WEATHERS) + len(EVENTS))
    scenes["biome"] = biome
    scenes.loc[: len(KINDS) - 1, "kind"] = KINDS
    scenes.loc[len(KINDS) : len(KINDS) + len(WEATHERS) - 1, "weather"] = WEATHERS
    scenes.loc[len(KINDS) + len(WEATHERS) :, "event"] = EVENTS
    for scene in scenes.itertuples(index=False):
        assert max(paint(scene, 48).size) == 48
