"""Figures of confidences, and the same in words."""

import numpy as np
import pandas as pd
import pytest

from geocore.evaluation.calibration import confidence_bins
from geocore.evaluation.risk_coverage import risk_coverage
from geocore.visuals import calibration_figures as f

CONFIDENCE = np.array([0.92, 0.91, 0.32, 0.31, 0.11])
RIGHT = np.array([1, 0, 0, 1, 0])
BINS, CURVE = confidence_bins(CONFIDENCE, RIGHT), risk_coverage(CONFIDENCE, RIGHT)
NO_BINS, NO_CURVE = (make(np.zeros(0), np.zeros(0)) for make in (confidence_bins, risk_coverage))


def test_before_and_after_differ_in_symbol_and_name():
    figure = f.plot_reliability(BINS, BINS.head(10), names=("after", "before"))
    dots = [trace for trace in figure.data if trace.type == "scatter" and trace.mode == "markers"]
    assert [trace.name for trace in dots] == ["after, 95 % interval", "before"]
    assert dots[0].marker.symbol != dots[1].marker.symbol
    assert len(dots[1].x) == 2


@pytest.mark.parametrize("dark", [False, True])
def test_the_risk_coverage_curve_ends_at_the_whole(dark):
    figure = f.plot_risk_coverage(CURVE, dark=dark)
    line = figure.data[2]
    assert list(line.x) == pytest.approx([20, 40, 60, 80, 100])
    assert line.y[-1] == pytest.approx(60)
    assert list(figure.data[3].y) == pytest.approx([60, 60])
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text


def test_without_a_photo_nothing_is_drawn():
    assert len(f.plot_risk_coverage(NO_CURVE).data[2].x) == 0
    assert len(f.plot_reliability(NO_BINS, NO_BINS).data[2].x) == 0


def test_figures_in_words():
    assert "32 % sure, 50 % right, 2 photos" in f.describe_reliability(BINS)
    words = f.describe_confidence(BINS)
    assert "most photos (2 of 5) lie between 30 and 35 %" in words
    assert "mean confidence 51.4 %, share of right answers 40.0 %" in words
    assert "100 % answered, 60 % wrong" in f.describe_risk_coverage(CURVE)
    for describe, nothing in (
        (f.describe_reliability, NO_BINS),
        (f.describe_confidence, NO_BINS),
        (f.describe_risk_coverage, NO_CURVE),
    ):
        assert isinstance(nothing, pd.DataFrame)
        assert describe(nothing).endswith("without a photo.")
