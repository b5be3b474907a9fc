"""Eq. 6.4 and the rules of scaling, by hand."""

import numpy as np
import pandas as pd
import pytest

from geocore.config import config_from_dict
from geocore.errors import GridError
from geocore.experiments.scaling import (
    balanced_draw,
    n_needed,
    scaled_grid,
    scaled_thresholds,
)

# Five photos of class 0, three of class 1, one of class 2, none of class 3.
LABELS = np.array([0, 0, 1, 0, 1, 2, 0, 1, 0])


def counts(drawn):
    return np.bincount(LABELS[drawn], minlength=4).tolist()


def test_every_class_gives_the_same_or_all_it_has():
    """Eq. 6.4: round(8 / 4) = 2 of each; class 2 has one, class 3 none: 5, and 3 at random."""
    for seed in range(20):
        drawn = balanced_draw(LABELS, 4, 8, seed)
        assert len(set(drawn)) == 8 and (np.diff(drawn) > 0).all()
        n0, n1, n2, n3 = counts(drawn)
        assert n0 >= 2 and n1 >= 2 and (n2, n3) == (1, 0)


def test_rounding_up_never_gives_more_than_needed():
    """Eq. 6.4: round(3 / 4) = 1 of each of the three classes that have a photo."""
    assert counts(balanced_draw(LABELS, 4, 3)) == [1, 1, 1, 0]
    assert sum(counts(balanced_draw(LABELS, 3, 2))) == 2  # one of each would be three


def test_fewer_photos_than_half_the_classes_are_drawn_at_random():
    """Eq. 6.4: round(1 / 4) = 0; over many seeds every photo is drawn about equally often."""
    drawn = [balanced_draw(LABELS, 4, 1, seed)[0] for seed in range(900)]
    assert np.bincount(drawn, minlength=9).min() > 60


def test_the_rest_is_drawn_at_random():
    """Of 3 photos over 3 classes one each is fixed in number, not in which."""
    assert len({tuple(balanced_draw(LABELS, 3, 3, seed)) for seed in range(50)}) > 5


def test_the_same_seed_draws_the_same_photos():
    np.testing.assert_array_equal(balanced_draw(LABELS, 4, 5, 1), balanced_draw(LABELS, 4, 5, 1))


def test_all_photos_can_be_drawn():
    assert balanced_draw(LABELS, 4, 9).tolist() == list(range(9))


@pytest.mark.parametrize("n_photos", [0, 10])
def test_more_photos_than_there_are_is_refused(n_photos):
    with pytest.raises(
        ValueError, match=f"between 1 and the 9 photos there are, received {n_photos}"
    ):
        balanced_draw(LABELS, 4, n_photos)


def test_thresholds_of_the_thesis_stay_for_its_own_number_of_photos():
    assert scaled_thresholds(3000, 30000, 970_565) == (3000, 30000)


def test_thresholds_scale_with_the_photos_down_to_their_floors():
    """1,202 / 970,565 = 0.0012384: 80,000 becomes 99.08 and 350,000 becomes 433.46."""
    assert scaled_thresholds(80_000, 350_000, 1202) == (99, 433)
    assert scaled_thresholds(3000, 15_000, 1202) == (4, 19)
    assert scaled_thresholds(3000, 15_000, 40) == (2, 4)


def test_no_photos_cannot_be_scaled_to():
    with pytest.raises(ValueError, match="n_photos must be at least 1, received 0"):
        scaled_thresholds(1, 2, 0)


@pytest.mark.parametrize(
    ("n_train", "divisor", "expected"), [(841, 64, 13), (841, 4, 210), (841, 1, 841), (28, 64, 2)]
)
def test_sizes_of_experiment_b(n_train, divisor, expected):
    assert n_needed(n_train, divisor) == expected


def config(t_min, t_max):
    return config_from_dict({"grid": {"t_min": t_min, "t_max": t_max}})


def photos_near(*places):
    rng = np.random.default_rng(0)
    where = np.concatenate([np.array(place) + rng.uniform(-1, 1, (20, 2)) for place in places])
    return pd.DataFrame(where, columns=["lat", "lng"])


def test_thresholds_are_halved_until_two_classes_are_left():
    """Sixty photos in one face: scaled to (30, 60) it would stay whole, one class."""
    photos = photos_near((10, 10), (10, 30), (-10, 20))
    used, grid = scaled_grid(config(485_283, 970_565), photos)
    assert grid.n_leaves >= 2
    assert (used.grid.t_min, used.grid.t_max) in {(15, 30), (7, 15), (3, 7), (2, 4)}


def test_one_place_cannot_be_two_classes():
    photos = pd.DataFrame({"lat": [10.0] * 3, "lng": [20.0] * 3})
    with pytest.raises(GridError, match="at least two cells"):
        scaled_grid(config(3000, 30_000), photos)
