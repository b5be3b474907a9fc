import numpy as np
import pandas as pd
import pytest

from geocore.evaluation.repeats import summarise_repeats
from geocore.evaluation.thesis import thesis_results
from geocore.visuals.experiment_figures import (
    describe_curve,
    describe_settings,
    plot_curve,
    plot_settings,
)
from tests.evaluation.test_experiment_tables import rows

THESIS = thesis_results()


def repeats(setting, experiment="B", head="MC", x=1.0, **values):
    parts = [
        rows(setting, experiment, repeat=i, **{k: v + shift for k, v in values.items()})
        for i, shift in enumerate((-0.1, 0.0, 0.1))
    ]
    part = pd.concat(parts)
    return part.assign(head=head, x=x, run_id=part["run_id"] + head)


@pytest.fixture(scope="module")
def curve():
    runs = [repeats("1/4", x=210, ior=3.0, loss=5.0), repeats("all", x=840, ior=5.0, loss=4.5)]
    return summarise_repeats(pd.concat(runs[::-1]))


@pytest.fixture(scope="module")
def heads():
    runs = [repeats("ours", "D", head, x=np.nan, ior=4.0) for head in ("MC", "HMC-tree")]
    return summarise_repeats(pd.concat(runs))


def test_curves_have_logarithmic_axes_and_the_thesis_beside_ours(curve):
    plot = plot_curve(curve, "ior", thesis=THESIS)
    assert plot.layout.xaxis.type == plot.layout.yaxis.type == "log"
    ours, thesis, chance = plot.data
    assert list(ours.x) == [210, 840]
    assert list(ours.y) == pytest.approx([3, 5])
    assert ours.error_y.array[0] == pytest.approx(4.302653 * 0.1 / np.sqrt(3), rel=1e-4)
    assert list(thesis.y) == [0.534, 0.828, 0.935, 1.655]
    assert (thesis.line.dash, "thesis" in thesis.name) == ("dash", True)
    assert list(chance.y) == [1, 1]


def test_ticks_are_written_out(curve):
    axis = plot_curve(curve, "ior", thesis=THESIS).layout.xaxis
    assert axis.ticktext[0] == "200" and axis.ticktext[-1] == "1,000,000"
    assert [axis.tickvals[i] / axis.tickvals[i - 1] for i in (1, 2, 3)] == [2.5, 2, 2]


def test_guessing_has_the_loss_of_its_number_of_classes(curve):
    assert plot_curve(curve, "loss", thesis=THESIS).data[2].y[0] == pytest.approx(np.log(104))


def test_shares_are_drawn_in_per_cent():
    share = repeats("1/4", x=210, top_1=0.5)
    plot = plot_curve(summarise_repeats(share), "top_1", thesis=THESIS)
    assert plot.data[0].y[0] == pytest.approx(50) and plot.data[1].y[-1] == pytest.approx(1.9)


def test_a_whisker_down_to_nought_stays_on_a_logarithmic_axis():
    wide = [rows("1/4", repeat=i, ior=value) for i, value in enumerate((1.0, 5.0, 12.0))]
    ours = plot_curve(summarise_repeats(pd.concat(wide)), "ior", thesis=THESIS).data[0]
    assert ours.y[0] - ours.error_y.arrayminus[0] == pytest.approx(0.2 * ours.y[0])


def test_nought_makes_the_axis_linear():
    nought = summarise_repeats(rows("1/64", ior=0.0))
    plot = plot_curve(nought, "ior", thesis=THESIS)
    assert plot.layout.yaxis.type != "log" and plot.layout.xaxis.type == "log"


def test_what_the_thesis_did_not_measure_is_not_drawn():
    plot = plot_curve(summarise_repeats(rows("1/4", geoscore=900.0)), "geoscore", thesis=THESIS)
    assert len(plot.data) == 1


def test_heads_and_backbones_are_dots_with_names(heads):
    plot = plot_settings(heads, "ior", thesis=THESIS)
    assert list(plot.data[0].y) == ["MC, ours", "HMC-tree, ours"]
    assert "HMC-smooth, table 6.7" in plot.data[1].y
    assert list(plot.layout.yaxis.categoryarray)[-1] == "MC, ours"


def test_a_backbone_that_was_not_run_is_not_a_dot():
    noted = rows("VGG19", "A", loss=np.nan).assign(note="no weights", measure="")
    table = summarise_repeats(pd.concat([noted, rows("EfficientNet-Lite0", "A", loss=3.0)]))
    plot = plot_settings(table, "loss", thesis=THESIS)
    assert list(plot.data[0].y) == ["EfficientNet-Lite0"]
    assert "VGG19" in plot.data[1].y  # the thesis's own


def test_a_name_with_markup_is_text():
    plot = plot_settings(summarise_repeats(rows("<b>", "A", loss=3.0)), "loss", thesis=THESIS)
    assert plot.data[0].y[0] == "&lt;b&gt;"


def test_the_same_in_words(curve, heads):
    words = describe_curve(curve, "ior", thesis=THESIS)
    assert words.startswith("IoR: times a random cell against training photos, logarithmic axes.")
    assert "Here, mean of 3 repeats with 95 % interval: 210: 3.00 (2.75–3.25); 840: 5.00" in words
    assert "Thesis, other photos: 10,000: 0.53; 40,000: 0.83" in words
    words = describe_settings(heads, "ior", thesis=THESIS)
    assert "MC, ours: 4.00 (3.75–4.25)" in words and "HMC-smooth, table 6.7: 2.23." in words
    nothing = describe_settings(heads, "geoscore", thesis=THESIS)
    assert nothing.endswith("Here: nothing measured.")


@pytest.mark.parametrize("dark", [False, True])
def test_both_shades_can_be_drawn(curve, heads, dark):
    for plot in (
        plot_curve(curve, "loss", thesis=THESIS, dark=dark),
        plot_settings(heads, "ior", thesis=THESIS, dark=dark),
    ):
        assert plot.to_json()
