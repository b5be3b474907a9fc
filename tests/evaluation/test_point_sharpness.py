import numpy as np
import pytest

from geocore.evaluation.mixing import place_answers
from geocore.evaluation.place_evidence import PlaceEvidence
from geocore.evaluation.point_sharpness import SHARPNESSES, fit_point_sharpness

# Three places on the equator: two 9 degrees apart and one between them, where nobody ever is.
PLACES = np.array([[0.0, 0.0], [0.0, 4.5], [0.0, 9.0]], np.float32)


@pytest.fixture
def answers():
    empty = np.zeros((0, 3), np.float32)
    evidence = PlaceEvidence(
        empty, empty, empty, np.zeros(3), PLACES, np.arange(3.0), np.zeros(3), np.ones(2)
    )
    return place_answers(evidence, 3, sharpness=5.0)


def log_probs(probs, n_photos):
    return np.tile(np.log(np.array(probs, np.float32)), (n_photos, 1))


def test_where_the_likeliest_place_is_right_a_sharp_point_is_best(answers):
    sharpness = fit_point_sharpness(
        answers, log_probs([0.5, 0.1, 0.4], 4), np.zeros(4), np.zeros(4)
    )
    sharp = np.exp(sharpness * np.log([0.5, 0.1, 0.4])) @ answers.worth
    assert np.argmax(sharp) == 0  # it names the place itself
    assert sharpness == min(
        x for x in SHARPNESSES if np.argmax(np.array([0.5, 0.1, 0.4]) ** x @ answers.worth) == 0
    )


def test_where_every_place_is_as_often_right_the_middle_is_best(answers):
    lng = np.array([0.0, 4.5, 9.0])
    said = log_probs([0.42, 0.2, 0.38], 3)
    assert fit_point_sharpness(answers, said, np.zeros(3), lng) == SHARPNESSES[0]


def test_without_photos_it_stays(answers):
    assert fit_point_sharpness(answers, np.zeros((0, 3)), np.zeros(0), np.zeros(0)) == 5.0
