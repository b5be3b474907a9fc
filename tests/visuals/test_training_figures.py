"""Figures of a training: a line per head, told apart by more than colour, and in words."""

import pandas as pd
import pytest

from geocore.visuals.training_figures import describe_epochs, plot_epochs


@pytest.fixture
def epochs():
    rows = [("MC", 1, 3.0), ("MC", 2, 2.0), ("MC", 3, 2.5), ("HMC <b>", 1, 4.0)]
    return pd.DataFrame(rows, columns=["step", "epoch", "validation_loss"])


@pytest.mark.parametrize("dark", [False, True])
def test_a_line_per_head(epochs, dark):
    plot = plot_epochs(epochs, dark=dark)
    assert [trace.name for trace in plot.data] == ["MC", "HMC &lt;b&gt;"]
    assert list(plot.data[0].x) == [1, 2, 3] and list(plot.data[0].y) == [3.0, 2.0, 2.5]
    assert plot.data[0].line.dash != plot.data[1].line.dash
    assert plot.data[1].mode == "markers"  # a line of one point is invisible


def test_in_words(epochs):
    assert describe_epochs(epochs) == (
        "Loss on the validation photos. MC: from 3.000 after epoch 1 to 2.500 after epoch 3, "
        "lowest 2.000 after epoch 2; HMC <b>: from 4.000 after epoch 1 to 4.000 after epoch 1, "
        "lowest 4.000 after epoch 1."
    )


def test_losses_that_are_no_numbers(epochs):
    empty = epochs.assign(validation_loss=float("nan"))
    assert "MC: no number yet, 3 epochs" in describe_epochs(empty)
    assert len(plot_epochs(empty).data) == 2
