"""The model card says what the model learned from."""

import numpy as np
import pytest

from geocore.cells.place_names import load_place_namer
from geocore.inference.model_card import write_model_card
from geocore.inference.photo_kinds import kind_figures
from tests.dashboard.measured_bundle import measured_parts

CONFIG = {"backbone": {"name": "EfficientNet-Lite0", "size_px": 224, "fine_tune": False}}


@pytest.mark.parametrize("made", ["made image", ""])
def test_a_card_says_whether_the_photos_are_made(made):
    parts = measured_parts()
    predictions = {head: rows for head, rows in parts["predictions"].groupby("head")}
    photos, grid = parts["photos"].assign(MADE=made), parts["grid"].with_places(load_place_namer())
    card = write_model_card(parts["report"], predictions, photos, grid, CONFIG)
    assert ("**Made images.**" in card) == bool(made)
    assert ("answers about real photos mean nothing" in card) == bool(made)


def written(config, **report):
    parts = measured_parts()
    predictions = {head: rows for head, rows in parts["predictions"].groupby("head")}
    grid = parts["grid"].with_places(load_place_namer())
    return write_model_card(parts["report"] | report, predictions, parts["photos"], grid, config)


def test_a_card_names_every_backbone():
    backbone = CONFIG["backbone"] | {"further": ("EfficientNet-Lite1", "EfficientNet-Lite2")}
    card = written({"backbone": backbone})
    named = "Backbones EfficientNet-Lite0, EfficientNet-Lite1, EfficientNet-Lite2 at 224 px"
    assert named in card and "packages that are installed" in card
    assert "Backbone EfficientNet-Lite0 at 224 px" in written(CONFIG)


def test_a_card_says_how_well_photos_of_one_kind_are_answered():
    parts = measured_parts()
    rows = parts["predictions"].query(f"head == '{parts['report']['default_head']}'")
    kinds = {"Cities": np.where(np.arange(len(rows)) < 10, "near a city", "away from cities")}
    card = written(CONFIG, kinds={parts["report"]["default_head"]: kind_figures(rows, kinds)})
    assert "| Cities: near a city | 10 |" in card
    assert "- Cities: near: a town of 100,000 or more inhabitants within 10 km" in card
    assert "By kind of photo" not in written(CONFIG)
