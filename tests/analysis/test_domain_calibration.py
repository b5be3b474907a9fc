"""Search areas and claims of a photo are held against photos that look like it."""

from dataclasses import replace

import numpy as np
import pytest

from geocore.analysis.claims import check_claim
from geocore.analysis.search_area import search_area, unit_p_values
from geocore.analysis.search_area_words import photos_of, promise_in_words
from geocore.evaluation.conformal import LEAST_AREA, MIN_OWN, p_values, threshold
from geocore.inference.search_calibration import load_calibration
from tests.inference.calibrated_bundle import calibrated_bundle, held_out_prediction


@pytest.fixture(scope="module")
def bundle():
    return calibrated_bundle()


@pytest.fixture(scope="module")
def calibration(bundle):
    """The photos that fit worst are the scenes."""
    known = load_calibration(bundle)
    scores = known.scores["MC"][LEAST_AREA]
    is_scene = scores >= np.sort(scores)[-MIN_OWN]
    domain = np.where(is_scene, "country_scenes", "street_photos")
    return replace(known, photos=known.photos.assign(domain=domain))


def test_the_calibration_like_a_photo(calibration):
    scenes = calibration.like("country_scenes")
    assert len(scenes.photos) == len(scenes.scores["MC"][LEAST_AREA]) == MIN_OWN
    assert set(scenes.photos["domain"]) == {"country_scenes"}
    assert calibration.like(None) is calibration
    assert calibration.like("elsewhere") is calibration  # no photo of it


def test_a_domain_of_few_photos_is_held_against_all(calibration):
    few = np.where(np.arange(len(calibration.photos)) < MIN_OWN - 1, "rare", "usual")
    known = replace(calibration, photos=calibration.photos.assign(domain=few))
    assert known.like("rare") is known


def test_areas_of_the_hard_domain_are_larger(bundle, calibration):
    prediction, _ = held_out_prediction(bundle, 0)
    street, scene = (
        search_area(replace(prediction, domain=x), bundle, level=0.8, calibration=calibration)
        for x in ("street_photos", "country_scenes")
    )
    assert scene.area_km2 > street.area_km2
    assert scene.n_calibration == MIN_OWN and scene.domain == "country_scenes"
    everyone = search_area(prediction, bundle, level=0.8, calibration=calibration)
    assert everyone.domain is None and everyone.n_calibration == len(calibration.photos)
    assert street.area_km2 <= everyone.area_km2 <= scene.area_km2
    limit = threshold(calibration.like("country_scenes").scores["MC"][LEAST_AREA], 0.8)
    scores = calibration.label_scores(LEAST_AREA, prediction.probs[None])[0]
    assert len(scene.cells) == max(1, (scores <= limit).sum())


def test_p_values_are_those_among_the_like(bundle, calibration):
    prediction, _ = held_out_prediction(bundle, 1)
    scene = replace(prediction, domain="country_scenes")
    scores = calibration.label_scores(LEAST_AREA, prediction.probs[None])[0]
    known = calibration.like("country_scenes").scores["MC"][LEAST_AREA]
    np.testing.assert_array_equal(unit_p_values(scene, calibration), p_values(scores, known))
    by_continent = unit_p_values(scene, calibration, by_continent=True)
    np.testing.assert_array_equal(
        by_continent, unit_p_values(prediction, calibration, by_continent=True)
    )


def test_claims_say_how_many_photos_they_rest_on(bundle, calibration):
    prediction, photo = held_out_prediction(bundle, 2)
    scene = replace(prediction, domain="country_scenes")
    checks = [
        check_claim(x, bundle, photo["lat"], photo["lng"], calibration=calibration)
        for x in (prediction, scene)
    ]
    assert [x.n_calibration for x in checks] == [len(calibration.photos), MIN_OWN]
    assert checks[1].p_value >= checks[0].p_value  # among photos that fit badly, nothing stands out


def test_the_promise_names_the_photos(bundle, calibration):
    prediction, _ = held_out_prediction(bundle, 0)
    scene = search_area(
        replace(prediction, domain="country_scenes"), bundle, level=0.8, calibration=calibration
    )
    assert photos_of(scene) == "country scenes"
    assert f"drawn like the {MIN_OWN} country scenes that" in promise_in_words(scene, calibration)
    everyone = search_area(prediction, bundle, calibration=calibration)
    assert photos_of(everyone) == "photos"
