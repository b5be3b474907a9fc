"""Search areas: what they hold, how large they are, what they promise."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geocore.analysis.search_area import (
    AREA_COLUMNS,
    EARTH_KM2,
    leaf_p_values,
    search_area,
    unit_p_values,
)
from geocore.cells import s2
from geocore.evaluation.conformal import (
    APS,
    LEAST_AREA,
    LEVELS,
    METHODS,
    WHOLE_CELLS,
    p_values,
    threshold,
)
from geocore.inference.bundle import load_bundle
from geocore.inference.search_calibration import load_calibration
from tests.inference.calibrated_bundle import calibrated_bundle, held_out_prediction, prediction_of


@pytest.fixture(scope="module")
def bundle():
    return calibrated_bundle()


@pytest.fixture(scope="module")
def prediction(bundle):
    return held_out_prediction(bundle, 5)[0]


@pytest.mark.parametrize("method", METHODS)
def test_an_area_adds_its_cells_up(bundle, prediction, method):
    area = search_area(prediction, bundle, level=0.8, method=method)
    assert list(area.cells) == list(AREA_COLUMNS)
    ids = s2.from_token(area.cells["token"])
    assert area.area_km2 == pytest.approx(s2.cell_area_km2(ids).sum())
    assert area.land_km2 == pytest.approx(area.cells["land_km2"].sum())
    assert area.prob == pytest.approx(area.cells["prob"].sum())
    assert 0 < area.prob <= 1 + 1e-6
    assert area.n_calibration == 86
    assert (area.photo, area.head, area.method, area.level) == ("a.jpg", "MC", method, 0.8)
    assert s2.cell_area_km2(s2.from_token(area.tokens)).sum() == pytest.approx(area.area_km2)
    assert len(area.tokens) <= len(area.cells)
    assert not area.is_everywhere


@pytest.mark.parametrize("method", METHODS)
def test_a_higher_level_never_takes_a_cell_away(bundle, prediction, method):
    inside = [
        set(search_area(prediction, bundle, level=level, method=method).cells["token"])
        for level in (0.5, 0.8, 0.9)
    ]
    assert inside[0] <= inside[1] <= inside[2]


def test_the_cells_inside_are_those_with_a_large_p_value(bundle, prediction):
    calibration = load_calibration(bundle)
    area = search_area(prediction, bundle, level=0.8)
    p = unit_p_values(prediction, calibration)
    assert (p > 0.2).sum() == len(area.cells)
    assert area.cells["p_value"].min() > 0.2
    assert area.cells["p_value"].is_monotonic_decreasing


def test_a_photo_lies_in_its_area_exactly_if_its_score_is_small(bundle):
    scores = load_calibration(bundle).true_scores("MC", LEAST_AREA)
    limit, found = threshold(scores, 0.8), []
    for row in range(15):
        prediction, photo = held_out_prediction(bundle, row)
        area = search_area(prediction, bundle, level=0.8)
        assert area.contains(photo["lat"], photo["lng"]) == (scores[row] <= limit)
        found.append(scores[row] <= limit)
    assert set(found) == {True, False}


@pytest.mark.parametrize("head", ["HMC-tree", "MC"])
def test_areas_of_the_shipped_bundle_keep_their_promise_and_are_small(head):
    """Within 3 points on average over 20 random halves; far under 3/4 of cells by probability."""
    measured = load_calibration(load_bundle()).measured[head]
    least, by_prob = (
        {row["level"]: row for row in measured[method]["together"]} for method in (LEAST_AREA, APS)
    )
    for level in LEVELS:
        assert least[level]["coverage"] == pytest.approx(level, abs=0.03)
    for name in ("area_km2", "land_km2"):
        assert least[0.9][name] < 0.75 * by_prob[0.9][name]


def test_whole_cells_have_their_centroid_pieces_their_middle(bundle, prediction):
    whole = search_area(prediction, bundle, method=WHOLE_CELLS).cells.iloc[0]
    leaf = bundle.grid.leaves.iloc[whole["class_index"]]
    assert (whole["lat"], whole["lng"], whole["place"]) == tuple(leaf[["lat", "lng", "place"]])
    piece = search_area(prediction, bundle).cells.iloc[0]
    lat, lng = s2.centers(s2.from_token([piece["token"]]))
    assert (piece["lat"], piece["lng"]) == (lat[0], lng[0])


def test_countries_come_with_their_land_most_first(bundle):
    italy = bundle.grid.assign([45.0], [9.0])[0]
    sure = np.full(bundle.grid.n_leaves, 1e-6)
    sure[italy] = 1
    area = search_area(prediction_of(bundle, sure / sure.sum()), bundle, method=APS, level=0.2)
    assert set(area.cells["class_index"]) == {italy}
    land = [country.land_km2 for country in area.countries]
    assert land == sorted(land, reverse=True)
    assert {"Italy", "Switzerland"} <= {country.name for country in area.countries}
    assert sum(land) == pytest.approx(area.land_km2, rel=0.02)
    assert area.contains(45.46, 9.19)
    assert not area.contains(-33.9, 151.2)


def test_a_region_cuts_the_area_and_keeps_what_is_inside(bundle, prediction):
    full = search_area(prediction, bundle)
    europe = (load_calibration(bundle).leaves["continent"] == "Europe").to_numpy()
    cut = search_area(prediction, bundle, within=europe)
    expected = full.cells[europe[full.cells["class_index"]]].reset_index(drop=True)
    pd.testing.assert_frame_equal(cut.cells, expected)
    by_piece = europe[load_calibration(bundle).pieces["class_index"]]
    again = search_area(prediction, bundle, within=by_piece)
    pd.testing.assert_frame_equal(cut.cells, again.cells)


def test_a_region_without_any_compatible_place_leaves_nothing(bundle, prediction):
    area = search_area(prediction, bundle, within=np.zeros(bundle.grid.n_leaves, bool))
    assert area.cells.empty
    assert area.area_km2 == area.land_km2 == area.prob == 0
    assert area.countries == ()
    assert area.tokens == []
    assert not area.contains(0.0, 0.0)


def test_where_the_promise_cannot_be_kept_the_area_is_the_earth(bundle, prediction):
    area = search_area(prediction, bundle, level=0.999)
    assert area.is_everywhere
    assert area.area_km2 == EARTH_KM2
    assert len(area.cells) == len(load_calibration(bundle).pieces)
    assert area.contains(0.0, -150.0)


def test_the_best_fitting_cell_is_always_inside(bundle):
    flat = prediction_of(bundle, np.full(bundle.grid.n_leaves, 1 / bundle.grid.n_leaves))
    assert len(search_area(flat, bundle, level=0.001).cells) >= 1


def test_by_continent_each_leaf_answers_to_its_own_photos(bundle, prediction):
    calibration = load_calibration(bundle)
    apart = leaf_p_values(prediction, calibration, WHOLE_CELLS, by_continent=True)
    is_europe = (calibration.leaves["continent"] == "Europe").to_numpy()
    own = (calibration.photos["continent"] == "Europe").to_numpy()
    scores = calibration.label_scores(WHOLE_CELLS, prediction.probs[None])[0]
    known = calibration.true_scores("MC", WHOLE_CELLS)[own]
    assert (apart[is_europe] == p_values(scores[is_europe], known)).all()
    assert search_area(prediction, bundle, by_continent=True).by_continent


def test_a_calibration_of_ones_own_is_used(bundle, prediction):
    calibration = load_calibration(bundle)
    strict = {method: np.full(86, -np.inf) for method in METHODS}
    own = replace(calibration, scores={"event": strict})
    event = replace(prediction, head="event")
    assert len(search_area(event, bundle, calibration=own).cells) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"level": 1.0}, "level must be a promised coverage above 0 and below 1"),
        ({"method": "area"}, "Unknown method 'area'"),
        ({"within": np.ones(3, bool)}, r"one True or False per leaf \(13\) or per unit"),
        ({"within": np.ones(13)}, "received float64"),
    ],
)
def test_bad_arguments_are_refused(bundle, prediction, changes, message):
    with pytest.raises(ValueError, match=message):
        search_area(prediction, bundle, **changes)


def test_an_unknown_head_is_refused(bundle, prediction):
    with pytest.raises(ValueError, match="Unknown head 'other'"):
        search_area(replace(prediction, head="other"), bundle)
