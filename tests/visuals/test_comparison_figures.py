import numpy as np
import pandas as pd
import pytest

from geocore.visuals.comparison_figures import (
    MAX_DOTS,
    describe_moved,
    describe_pairs,
    moved_scale,
    plot_pairs,
)

NAMES = ("HMC", "<b>MC</b>")


@pytest.fixture
def photos():
    kinds = ["both", "first", "second", "neither", "neither"]
    return pd.DataFrame(
        {"photo_id": list("abcd<"), "first": [0.9, 0.5, 0.2, 0.1, 0.3],
         "second": [0.8, 0.6, 0.1, 0.3, 0.2], "kind": kinds}
    )  # fmt: skip


def test_a_dot_per_photo_by_who_is_right(photos):
    plot = plot_pairs(photos, NAMES)
    dots = [trace for trace in plot.data if trace.mode == "markers"]
    assert [len(trace.x) for trace in dots] == [1, 1, 1, 2]
    assert dots[1].name == "only HMC right (1)"
    assert list(dots[0].x) == [90] and list(dots[0].y) == [80]
    assert len({(trace.marker.color, trace.marker.symbol) for trace in dots}) == 4


def test_names_and_ids_are_text(photos):
    drawn = plot_pairs(photos, NAMES).to_json()
    assert "<b>MC" not in drawn
    assert "&lt;" in drawn


def test_many_photos_are_drawn_in_part_and_counted_whole():
    many = pd.DataFrame({"photo_id": "p", "first": 0.5, "second": 0.5, "kind": "both"}, range(9000))
    dots = plot_pairs(many, NAMES).data[-1]
    assert len(dots.x) == MAX_DOTS
    assert dots.name == "both right (9,000)"


def test_no_photo_is_an_empty_figure(photos):
    assert len(plot_pairs(photos[:0], NAMES).data) == 1
    assert "0 photos" in describe_pairs(photos[:0], NAMES)


def test_words_for_those_who_cannot_see_it(photos):
    words = describe_pairs(photos, ("HMC", "MC"))
    assert "5 photos: both right 1, only HMC right 1, only MC right 1, neither right 2" in words
    assert "HMC is the surer one for 60% of them" in words


def test_moved_cells_are_blue_where_the_second_expects_more():
    scale = moved_scale(np.array([10.0, 2.0, 0.1, -2.0, -8.0]), ("HMC", "MC"))
    assert len(set(scale.colours)) == 5
    assert scale.colours[0] == scale.entries[-1][0]
    assert scale.colours[-1] == scale.entries[0][0]
    assert scale.entries[-1][1] == "at least 5.0 more"
    assert scale.title == "Photos that MC expects here, compared with HMC"


def test_nothing_moved():
    scale = moved_scale(np.zeros(3), ("HMC", "MC"))
    assert len(set(scale.colours)) == 1
    assert scale.entries[0][1] == "no difference"
    assert "the same number" in describe_moved(["x"] * 3, np.zeros(3), ("HMC", "MC"))


def test_where_most_went():
    words = describe_moved(["Peru", "Chad", "Fiji"], np.array([12.0, -11.5, -0.5]), ("HMC", "MC"))
    minus = "\N{MINUS SIGN}"
    assert words == (
        "12 photos' worth of probability lies elsewhere with MC than with HMC. Most gained: "
        f"Peru (+12). Most lost: Chad ({minus}12); Fiji ({minus}0.5)."
    )
