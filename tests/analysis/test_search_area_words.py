"""What an area promises, in words."""

from dataclasses import replace

import numpy as np
import pytest

from geocore.analysis.search_area import search_area
from geocore.analysis.search_area_words import limits_in_words, promise_in_words
from geocore.evaluation.conformal import APS
from geocore.inference.search_calibration import load_calibration
from tests.inference.calibrated_bundle import calibrated_bundle, held_out_prediction


@pytest.fixture(scope="module")
def calibration():
    return load_calibration(calibrated_bundle())


def area(**options):
    bundle = calibrated_bundle()
    return search_area(held_out_prediction(bundle, 5)[0], bundle, **options)


def test_the_promise_comes_with_what_was_seen(calibration):
    words = promise_in_words(area(), calibration)
    assert words.startswith(
        "Promised: of photos drawn like the 86 photos that this was fitted on, at least 90 % were "
        "taken inside the area that they get. Seen on halves of all held-out photos that the "
        "other half did not "
    )
    row = next(x for x in calibration.measured["MC"]["least-area"]["together"] if x["level"] == 0.9)
    assert f"{100 * row['coverage']:.1f} % on average" in words
    assert words.endswith("the true share lies between 83.9 % and 95.9 % in 95 of 100 cases.")


def test_by_continent_is_said(calibration):
    words = promise_in_words(area(by_continent=True), calibration)
    assert "at least 90 % on every continent on its own were" in words
    assert "95 of 100 cases" not in words


def test_a_level_that_was_not_measured_has_no_measured_figure(calibration):
    words = promise_in_words(area(level=0.83), calibration)
    assert "at least 83 % were" in words
    assert "Seen on" not in words


def test_too_few_photos_are_named(calibration):
    words = promise_in_words(area(level=0.999), calibration)
    assert words.startswith("86 photos with known places are too few")
    assert "to promise 99.9 % for less than the whole Earth" in words


def test_a_region_may_be_cut_out_of_an_area_that_promises_nothing(calibration):
    cut = area(level=0.999, within=np.ones(13, bool))
    assert "95 of 100 cases" not in promise_in_words(cut, calibration)


def test_limits_name_the_kinds_of_photos_that_were_covered_least_and_most(calibration):
    words = limits_in_words(area(), calibration)
    assert words.startswith("Not promised: the same share for every kind of photo or place")
    assert "Seen least often inside: p" in words
    assert "towns" in words
    assert "towns" not in limits_in_words(area(method=APS), calibration)
    bare = replace(calibration, measured={})
    assert "Seen" not in limits_in_words(area(), bare)
