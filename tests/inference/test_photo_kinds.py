import numpy as np
import pytest

from geocore.cells.place_names import load_place_namer
from geocore.inference.photo_kinds import (
    AWAY,
    BRIGHT,
    DARK,
    NEAR,
    kind_figures,
    kind_table,
    kinds_of,
)
from geocore.inference.photo_look import mean_brightness
from tests.evaluation.test_report import made_predictions


def test_places_are_told_by_what_is_near():
    lat, lng = np.array([48.86, 47.0, -33.87, 0.0]), np.array([2.35, 11.0, 151.21, -30.0])
    kinds = kinds_of(lat, lng, load_place_namer())
    assert kinds["Cities"].tolist() == [NEAR, AWAY, NEAR, AWAY]  # the last at sea
    assert kinds["Continent"].tolist() == ["Europe", "Europe", "Oceania", "Americas"]
    assert "Light" not in kinds


def test_light_is_told_by_brightness():
    kinds = kinds_of(np.zeros(2), np.zeros(2), load_place_namer(), np.array([0.39, 0.4]))
    assert kinds["Light"].tolist() == [DARK, BRIGHT]


def test_brightness_is_that_of_the_eye():
    half = np.zeros((2, 2, 3), np.uint8)
    half[0] = 255
    assert mean_brightness(half) == pytest.approx(0.5)
    green, blue = np.zeros((2, 4, 4, 3), np.uint8)
    green[..., 1], blue[..., 2] = 255, 255
    assert mean_brightness(green) > 4 * mean_brightness(blue)


def test_every_group_has_the_figures_of_its_own_photos():
    rows = made_predictions()
    kinds = {"Cities": np.where(np.arange(150) < 40, NEAR, AWAY)}
    figures = kind_figures(rows, kinds)["Cities"]
    assert {name: x["n_photos"] for name, x in figures.items()} == {NEAR: 40, AWAY: 110}
    hits = np.stack(list(rows["probs"])).argmax(axis=1) == rows["class_index"]
    assert figures[NEAR]["top_1"]["value"] == pytest.approx(hits[:40].mean())
    table = kind_table({"Cities": figures}).set_index("Photos")
    assert table.loc[f"Cities: {NEAR}", "Number"] == "40"
