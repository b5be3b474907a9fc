"""The model card says what the model learned from."""

import pytest

from geocore.cells.place_names import load_place_namer
from geocore.inference.model_card import write_model_card
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
