"""A region known otherwise: what lies in it, and what answers become."""

import numpy as np
import pytest

from geocore.analysis.canonical import canonical_json
from geocore.analysis.region_prior import (
    RegionPrior,
    condition,
    country_prior,
    prior_of_record,
    prior_record,
    prob_in_region,
    region_mask,
    region_shape,
    region_units,
    size_in_region,
)
from geocore.analysis.region_text import read_region
from geocore.analysis.search_area import search_area
from geocore.cells.place_names import load_place_namer
from geocore.inference.search_calibration import load_calibration
from tests.inference.calibrated_bundle import calibrated_bundle, held_out_prediction

WORLD = "POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))"
AUSTRALIA = "POLYGON((110 -45, 160 -45, 160 -10, 110 -10, 110 -45))"
EAST = "POLYGON((0 -90, 180 -90, 180 90, 0 90, 0 -90))"
MILAN = "POLYGON((8.9 45.3, 9.3 45.3, 9.3 45.6, 8.9 45.6, 8.9 45.3))"


@pytest.fixture
def answer():
    bundle = calibrated_bundle()
    return held_out_prediction(bundle, 0)[0], bundle


def test_the_whole_world_changes_nothing_but_the_point(answer):
    prediction, bundle = answer
    prior = read_region(WORLD)
    assert np.allclose(region_mask(prior, bundle), 1)
    assert prob_in_region(prediction, prior, bundle) == pytest.approx(1, abs=1e-6)
    assert np.allclose(condition(prediction, prior, bundle).probs, prediction.probs, atol=1e-6)


@pytest.mark.parametrize("prior", [country_prior(("AU",)), read_region(AUSTRALIA)])
def test_an_answer_in_a_region_lies_in_it_and_sums_to_1(answer, prior):
    prediction, bundle = answer
    found = condition(prediction, prior, bundle)
    assert found.probs.sum() == pytest.approx(1, abs=1e-6)
    assert found.head == prediction.head and found.photo == prediction.photo
    assert not found.probs[region_mask(prior, bundle) == 0].any()
    assert load_place_namer().country_codes([found.lat], [found.lng]) == ["AU"]


def test_inside_a_region_leaves_keep_their_proportions(answer):
    prediction, bundle = answer
    prior = read_region(EAST)
    whole = region_mask(prior, bundle) > 1 - 1e-6
    found = condition(prediction, prior, bundle)
    ratio = found.probs[whole] / prediction.probs[whole]
    assert whole.sum() > 1 and np.allclose(ratio, ratio[0], rtol=1e-4)


def test_a_region_smaller_than_a_piece_still_has_a_point_in_it(answer):
    prediction, bundle = answer
    found = condition(prediction, read_region(MILAN), bundle)
    assert 45.3 <= found.lat <= 45.6 and 8.9 <= found.lng <= 9.3


def test_a_region_that_no_cell_meets_is_refused(answer):
    prediction, bundle = answer
    with pytest.raises(ValueError, match="No cell of this model lies in the region"):
        condition(prediction, country_prior(("AQ",)), bundle)


def test_the_area_in_a_region_is_the_area_cut_with_it(answer):
    prediction, bundle = answer
    prior, units = read_region(AUSTRALIA), load_calibration(bundle).units("least-area")
    within = region_units(prior, units) > 0
    whole = search_area(prediction, bundle, level=0.8)
    cut = search_area(prediction, bundle, level=0.8, within=within)
    assert set(cut.cells["token"]) <= set(whole.cells["token"])
    km2, land_km2 = size_in_region(cut, prior, bundle)
    assert 0 <= land_km2 <= km2 <= cut.area_km2


def test_every_piece_that_a_region_touches_is_kept():
    units = load_calibration(calibrated_bundle()).units("least-area")
    inside = region_units(country_prior(("AU",)), units) > 0
    touched = ["AU" in codes for codes in units["codes"]]
    assert inside.tolist() == touched


def test_of_countries_only_their_land_counts(answer):
    prediction, bundle = answer
    prior = country_prior(("AU", "JP"))
    within = region_units(prior, load_calibration(bundle).units("least-area")) > 0
    area = search_area(prediction, bundle, level=0.95, within=within)
    km2, land_km2 = size_in_region(area, prior, bundle)
    expected = sum(c.land_km2 for c in area.countries if c.code in ("AU", "JP"))
    assert km2 == land_km2 == pytest.approx(expected)


def test_a_region_survives_its_record():
    for prior in (country_prior(("IT", "FR")), read_region(MILAN, "around Milan")):
        record = prior_record(prior)
        assert canonical_json(record) and record["removed"] is False
        assert prior_of_record(record) == prior
    assert prior_record(prior, removed=True)["removed"] is True


def test_countries_are_named_and_drawn():
    prior = country_prior(("JP", "AU", "FR", "IT", "AU"))
    assert prior.label == "Australia, France, Italy and 1 more"
    assert region_shape(prior)["type"] == "MultiPolygon"
    assert region_shape(country_prior(("SG",))) is None


def test_what_is_no_region_is_refused():
    with pytest.raises(ValueError, match="Unknown country 'XX'"):
        country_prior(("XX",))
    with pytest.raises(ValueError, match="received neither"):
        RegionPrior(label="nowhere")
    with pytest.raises(ValueError, match="received both"):
        RegionPrior(label="x", countries=("IT",), polygon={"type": "Polygon", "coordinates": []})
