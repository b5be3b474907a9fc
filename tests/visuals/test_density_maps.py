"""Maps of densities and of what is lacking: right colours, nothing foreign, no request."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from geocore.cells import s2
from geocore.visuals.density_maps import (
    density_scale,
    due_scale,
    value_map,
    value_svg,
    world_pictures,
)
from geocore.visuals.offline_map import OfflineMap
from geocore.visuals.photo_set_figures import describe_years, plot_years
from tests.visuals.test_maps import NASTY, addresses, script


@pytest.fixture
def cells():
    """Twenty cells, one of them across 180 degrees, one round a pole."""
    lat = np.append(np.linspace(-60, 60, 18), [-17.0, 90.0])
    lng = np.append(np.linspace(-170, 170, 18), [180.0, 0.0])
    tokens = s2.token(s2.cell_ids(lat, lng, 4))
    counts = np.arange(20) ** 3 + 1
    return pd.DataFrame({"token": tokens, "place": NASTY, "n_photos": counts})


def test_densities_are_coloured_in_steps_of_ten():
    scale = density_scale([0.05, 0.5, 0.09, 7.0, 1000.0])
    labels = [label for _, label in scale.entries]
    assert labels == [
        "0.01 to 0.1", "0.1 to 1", "1 to 10", "10 to 100", "100 to 1,000", "1,000 to 10,000"
    ]  # fmt: skip
    colour_of = {label: colour for colour, label in scale.entries}
    steps = ("0.01 to 0.1", "0.1 to 1", "0.01 to 0.1", "1 to 10", "1,000 to 10,000")
    assert scale.colours == tuple(colour_of[label] for label in steps)


def test_a_huge_range_keeps_the_dense_steps_apart():
    scale = density_scale(10.0 ** np.arange(-3, 6))
    assert scale.entries[0][1] == "under 10"
    assert len(set(scale.colours)) == len(scale.entries) == 6
    assert density_scale([]).colours == ()


def test_what_is_due_is_coloured_from_nothing_to_all():
    scale = due_scale([0, 0.05, 0.1, 0.499, 0.5, 0.999, 1, 30])
    steps = [label for _, label in scale.entries]
    colour_of = {label: colour for colour, label in scale.entries}
    expected = [0, 1, 2, 2, 3, 3, 4, 4]
    assert scale.colours == tuple(colour_of[steps[k]] for k in expected)
    assert len(set(colour_of.values())) == 5


def test_the_map_asks_nobody_and_runs_nothing_foreign(cells):
    layer = value_map(cells, density_scale(cells["n_photos"]), {"place": "Middle"})
    world = OfflineMap("../leaflet")
    assert addresses(world, layer) == []
    assert "<img" not in script(world)


@pytest.mark.parametrize("dark", [False, True])
def test_the_picture_is_whole_and_asks_nobody(cells, dark):
    scale = density_scale(cells["n_photos"], dark=dark)
    svg = value_svg(cells, scale, f"Photos of {NASTY}", dark=dark)
    picture = ElementTree.fromstring(svg)
    assert NASTY in picture.findtext("{http://www.w3.org/2000/svg}title")
    assert "href" not in svg and "url(" not in svg and "<script" not in svg
    fills = [path.get("fill") for path in picture.iter("{http://www.w3.org/2000/svg}path")]
    assert set(scale.colours) <= set(fills)
    numbers = re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", svg)
    assert all(abs(float(lng)) <= 180.01 and abs(float(lat)) <= 90.01 for lng, lat in numbers)


def test_two_pictures_of_a_set(cells):
    density = cells.assign(per_100000_km2=cells["n_photos"])
    places = cells.assign(expected=500.0)
    pictures = world_pictures("my set", density, places)
    assert set(pictures) == {"density", "lack"}
    assert "my set, 36,120 photos: photos per 100,000 km²" in pictures["density"]


def test_too_many_cells_or_colours_are_refused(cells):
    scale = density_scale(cells["n_photos"])
    with pytest.raises(ValueError, match="received 20 colours for 19 cells"):
        value_map(cells[:19], scale, {"place": "Place"})
    many = pd.concat([cells] * 151)
    with pytest.raises(ValueError, match="at most 3000 cells, received 3020"):
        value_svg(many, density_scale(many["n_photos"]), "")
    assert not value_map(cells[:0], density_scale([]), {"place": "Place"})._children


def test_years_as_bars_and_in_words():
    years = pd.DataFrame({"year": [2012, 2014], "n_photos": [2000, 1], "share": [0.9995, 0.0005]})
    bars = plot_years(years, dark=True).data[0]
    assert list(bars.x) == [2012, 2014] and list(bars.y) == [2000, 1]
    assert describe_years(years) == "Photos per year: 2012: 2,000; 2014: 1."
    assert "none" in describe_years(years[:0])
