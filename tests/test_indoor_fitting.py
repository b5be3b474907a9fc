"""The probe for rooms is fitted to what a table calls inside, and judged on places it never saw."""

import numpy as np
import pytest

from geocore.errors import PhotoTableError
from geocore.indoor_fitting import KnownPhotos, fit_weights, known_photos, scores_left_out
from geocore.inference.indoor_probe import IndoorProbe
from tests.inference import tiny_model


@pytest.fixture
def made():
    """Features of which two tell rooms, 200 photos outdoors and 20 from 5 rooms."""
    rng = np.random.default_rng(3)
    is_inside = np.arange(220) >= 200
    features = rng.normal(1, 0.3, (220, 12)).astype(np.float32)
    features[is_inside, :2] += 2
    places = np.where(is_inside, 200 + np.arange(220) // 4 % 5, np.arange(220))
    return features, KnownPhotos(paths=[], is_inside=is_inside, places=places)


def test_rooms_of_unseen_places_are_told(made):
    features, photos = made
    scores = scores_left_out(features, photos)
    assert scores[photos.is_inside].min() > 0.6 > 0.4 > scores[~photos.is_inside].max()


def test_a_place_is_left_out_as_a_whole(made):
    """A room told only by a mark that its own views share is not told."""
    features, photos = made
    features[photos.is_inside, :2] -= 2
    features[200:, 2] = photos.places[200:] * 0.0 + 1
    features[photos.places == 200, 3] = 9
    is_first = photos.places == 200
    known = IndoorProbe(fit_weights(features, photos.is_inside)).weigh(features)[is_first]
    assert known.min() > 0.9
    assert scores_left_out(features, photos)[is_first].max() < 0.7


def test_few_rooms_count_as_much_as_many_streets(made):
    features, photos = made
    weights = fit_weights(features, photos.is_inside)
    again = np.repeat(np.arange(220), np.where(photos.is_inside, 1, 3))
    np.testing.assert_allclose(
        weights, fit_weights(features[again], photos.is_inside[again]), atol=1e-5
    )


@pytest.fixture
def folder(tmp_path):
    for name in ("a/place_1_0.jpg", "a/place_1_90.jpg", "a/place_2_0.jpg", "b/street.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tiny_model.made_photo(1).save(path)
    return tmp_path / "photos"


def test_unclear_photos_count_as_neither(folder, tmp_path):
    table = tmp_path / "indoor_photos.csv"
    table.write_text("photo,seen\na/place_1_0.jpg,inside\na/place_2_0.jpg,unclear\n")
    known = known_photos(folder, table)
    names = [path.name for path in known.paths]
    assert names == ["place_1_0.jpg", "place_1_90.jpg", "street.jpg"]
    assert known.is_inside.tolist() == [True, False, False]
    assert known.places[0] == known.places[1] != known.places[2]


def test_a_folder_without_the_rooms_is_refused(folder, tmp_path):
    table = tmp_path / "indoor_photos.csv"
    table.write_text("photo,seen\na/place_9_0.jpg,inside\n")
    with pytest.raises(PhotoTableError, match="lacks 1 photos of indoor_photos"):
        known_photos(folder, table)
