import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from geocore.evaluation.calibration import reliability_bins
from geocore.visuals import calibration_figures, confusion_figures, style
from geocore.visuals import figures as f
from tests.evaluation.made import made_probs

HEADS = pd.DataFrame(
    {
        "head": ["MC", "HMC", "MC", "HMC"],
        "photo_set": ["all", "all", "street <photos>", "street <photos>"],
        "value": [0.2, 0.3, 0.25, 0.1],
        "low": [0.1, 0.2, 0.2, 0.05],
        "high": [0.3, 0.4, 0.3, 0.2],
        "n_photos": [330, 330, 240, 240],
    }
)
CELLS = ["0 · near Ubud, Bali, Indonesia (3.4 km)", "1 · Kiribati", "<b>Pacific</b> Ocean"]


def bins(n_unassigned=0):
    return reliability_bins(*made_probs(300, n_unassigned=n_unassigned))


def top(n_cells=3):
    rows = pd.DataFrame(
        {"token": ["a", "b", "c"], "place": ["A", "", "C"], "prob": [0.5, 0.3, 0.1]}
    )
    return {"MC": rows.head(n_cells), "HMC": rows.assign(prob=[0.1, 0.2, 0.6]).tail(2)}


def every_figure(dark):
    matrix = np.array([[4, 1, 0], [0, 2, 0], [1, 0, 3]])
    return {
        "heads": f.plot_heads(HEADS, axis="Share of photos, %", scale=100, chance=0.1, dark=dark),
        "reliability": calibration_figures.plot_reliability(bins(), dark=dark),
        "confidence": calibration_figures.plot_confidence(bins(), dark=dark),
        "confusion": confusion_figures.plot_confusion(matrix, CELLS, dark=dark),
        "top": f.plot_top_cells(top(), dark=dark),
    }


NAMES = list(every_figure(False))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dark", [False, True])
def test_every_figure_is_whole_and_needs_no_internet(name, dark):
    figure = every_figure(dark)[name]
    assert isinstance(figure, go.Figure)
    text = figure.to_json()
    assert "://" not in text
    assert not {trace["type"] for trace in json.loads(text)["data"]} & {"scattergeo", "choropleth"}
    assert figure.layout.height >= 150
    assert "<photos>" not in text


@pytest.mark.parametrize("name", NAMES)
def test_every_axis_of_numbers_has_a_title(name):
    figure = every_figure(False)[name]
    titles = [axis.title.text for axis in (*figure.select_xaxes(), *figure.select_yaxes())]
    unnamed = {"heads": 1, "top": 1, "reliability": 1}  # names of heads or cells; shared x axis
    assert titles.count(None) == unnamed.get(name, 0)


@pytest.mark.parametrize("name", NAMES)
def test_light_and_dark_differ_in_colour_alone(name):
    light, dark = every_figure(False)[name], every_figure(True)[name]
    assert light != dark
    assert [len(trace.x) for trace in light.data] == [len(trace.x) for trace in dark.data]


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize(
    ("colours", "background"),
    [
        ((*style.SERIES_LIGHT, style.NEUTRAL_LIGHT), "#fbfcfd"),
        ((*style.SERIES_DARK, style.NEUTRAL_DARK), "#141b23"),
    ],
)
def test_marks_stand_out_from_the_page(colours, background):
    for colour in colours:
        darker, lighter = sorted([luminance(colour), luminance(background)])
        assert (lighter + 0.05) / (darker + 0.05) >= 3, colour


@pytest.mark.parametrize(("ramp", "sign"), [(style.RAMP_LIGHT, -1), (style.RAMP_DARK, 1)])
def test_ramps_read_the_same_in_grey(ramp, sign):
    assert (np.diff([luminance(colour) for colour in ramp]) * sign > 0).all()


def test_heads_show_value_interval_and_number_of_photos():
    figure = every_figure(False)["heads"]
    trace = figure.data[0]
    assert list(trace.x) == [20, 30]
    assert list(trace.error_x.array) == pytest.approx([10, 10])
    assert list(trace.error_x.arrayminus) == pytest.approx([10, 10])
    assert trace.name == "all (330 photos)"
    assert figure.layout.yaxis.ticktext == ("MC", "HMC")
    assert figure.layout.shapes[0].x0 == 10


def test_the_reliability_diagram_holds_every_bin_and_photo():
    table = bins(n_unassigned=40)
    figure = calibration_figures.plot_reliability(table)
    dots, bars = figure.data[1], figure.data[2]
    assert len(bars.x) == 20
    assert sum(bars.y) == 260
    assert len(dots.x) == (table["n"] > 0).sum()
    assert max(dots.y) <= 100


def test_confidence_lines_say_mean_confidence_and_accuracy():
    y_prob = np.array([[0.9, 0.1], [0.7, 0.3]])
    figure = calibration_figures.plot_confidence(reliability_bins(np.array([0, 1]), y_prob))
    assert figure.data[1].name == "mean confidence 80.0 %"
    assert figure.data[2].name == "share of right answers 50.0 %"
    assert {trace.line.dash for trace in figure.data[1:]} == {"dash", "solid"}


def test_figures_without_a_photo_are_empty_not_broken():
    empty = reliability_bins(np.full(3, -1), np.full((3, 2), 0.5))
    assert len(calibration_figures.plot_reliability(empty).data[1].x) == 0
    assert calibration_figures.plot_confidence(empty).data[0].y.sum() == 0


def test_top_cells_of_two_heads_share_one_order():
    figure = f.plot_top_cells(top())
    assert figure.layout.yaxis.categoryarray == ("unnamed · b", "A · a", "C · c")
    assert [trace.name for trace in figure.data] == ["MC", "HMC"]
    assert list(figure.data[0].x) == [50, 30, 10]
