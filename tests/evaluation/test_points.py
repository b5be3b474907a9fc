import numpy as np
import pytest

from geocore.cells.geodesy import distance_km
from geocore.evaluation import points
from geocore.evaluation.metrics import geoscores
from geocore.evaluation.points import best_points, build_point_table, joint_points

LEAF_LAT, LEAF_LNG = np.array([0.0, 0.0, 40.0]), np.array([0.0, 6.0, 100.0])


def made_photos(n_photos=300, seed=0):
    rng = np.random.default_rng(seed)
    leaf = rng.integers(0, 3, n_photos)
    lat, lng = (
        LEAF_LAT[leaf] + rng.normal(0, 2, n_photos),
        LEAF_LNG[leaf] + rng.normal(0, 2, n_photos),
    )
    return lat, lng, leaf


def test_the_table_is_the_mean_geoscore_of_each_leafs_photos():
    lat, lng, leaf = made_photos(60)
    table = build_point_table(LEAF_LAT, LEAF_LNG, lat, lng, leaf)
    assert table.expected.shape == (3, 63)
    assert table.expected.dtype == np.float32
    for k in range(3):
        of_leaf = leaf == k
        for c in (0, 5, 62):
            km = distance_km(table.lat[c], table.lng[c], lat[of_leaf], lng[of_leaf])
            assert table.expected[k, c] == pytest.approx(geoscores(km).mean(), rel=1e-5)


def test_a_sure_head_is_answered_inside_its_leaf():
    table = build_point_table(LEAF_LAT, LEAF_LNG, *made_photos())
    lat, lng = best_points(np.eye(3), table)
    assert (distance_km(lat, lng, LEAF_LAT, LEAF_LNG) < 200).all()


def test_two_neighbours_outvote_one_larger_prob():
    table = build_point_table(LEAF_LAT, LEAF_LNG, *made_photos())
    lat, lng = best_points(np.array([0.32, 0.32, 0.36]), table)
    assert lat.shape == lng.shape == (1,)
    assert abs(lat[0]) < 6
    assert -4 < lng[0] < 10


def test_a_sharper_answer_listens_more_to_the_most_probable_leaf():
    table = build_point_table(LEAF_LAT, LEAF_LNG, *made_photos())
    probs = np.array([0.28, 0.28, 0.44])
    (_, broad), (_, sharp) = best_points(probs, table), best_points(probs, table, sharpness=4.0)
    assert broad[0] < 20 and sharp[0] > 80
    certain = np.eye(3)
    assert best_points(certain, table, sharpness=4.0)[0] == pytest.approx(
        best_points(certain, table)[0]
    )


def test_the_answer_has_the_largest_expected_geoscore():
    lat, lng, leaf = made_photos()
    table = build_point_table(LEAF_LAT, LEAF_LNG, lat, lng, leaf)
    y_prob = np.random.default_rng(2).dirichlet(np.ones(3), 50)
    found_lat, found_lng = best_points(y_prob, table)
    scores = y_prob @ table.expected.astype(np.float64)
    best = scores.argmax(axis=1)
    assert (found_lat == table.lat[best]).all()
    assert (found_lng == table.lng[best]).all()


def test_it_beats_the_centre_of_the_most_probable_leaf_in_expectation():
    table = build_point_table(LEAF_LAT, LEAF_LNG, *made_photos())
    y_prob = np.random.default_rng(2).dirichlet(np.ones(3), 200)
    scores = y_prob @ table.expected
    centre = np.take_along_axis(scores, y_prob.argmax(axis=1)[:, None], axis=1)[:, 0]
    assert scores.max(axis=1).mean() > centre.mean() + 50


def test_size_is_capped_and_the_draw_repeats(monkeypatch):
    photos = made_photos(5000)
    table = build_point_table(LEAF_LAT, LEAF_LNG, *photos, max_candidates=100)
    again = build_point_table(LEAF_LAT, LEAF_LNG, *photos, max_candidates=100)
    assert table.expected.shape == (3, 100)
    assert (table.lat[:3] == LEAF_LAT).all(), "the centroids stay"
    for name in ("lat", "lng", "expected"):
        assert (getattr(table, name) == getattr(again, name)).all()
    seen = []
    monkeypatch.setattr(points, "distance_km", lambda *a: seen.append(a[2].size) or distance_km(*a))
    build_point_table(LEAF_LAT, LEAF_LNG, *photos, max_candidates=10)
    assert max(seen) == points.MAX_PHOTOS_PER_LEAF


def test_fewer_candidates_than_leaves_keeps_the_centroids():
    table = build_point_table(LEAF_LAT, LEAF_LNG, *made_photos(), max_candidates=1)
    assert table.expected.shape == (3, 3)


def test_leaves_without_photos_are_their_centroids():
    lat, lng, leaf = made_photos()
    table = build_point_table(LEAF_LAT, LEAF_LNG, lat, lng, np.where(leaf == 2, -1, leaf))
    assert table.expected[2, 2] == pytest.approx(5000)
    nobody = build_point_table(LEAF_LAT, LEAF_LNG, [], [], [])
    assert best_points(np.eye(3), nobody)[0].tolist() == LEAF_LAT.tolist()


def test_many_photos_in_chunks_give_the_same_points(monkeypatch):
    table = build_point_table(LEAF_LAT, LEAF_LNG, *made_photos())
    y_prob = np.random.default_rng(2).dirichlet(np.ones(3), 50)
    whole = best_points(y_prob, table)
    monkeypatch.setattr(points, "_CHUNK_PHOTOS", 7)
    assert (np.array(best_points(y_prob, table)) == np.array(whole)).all()
    assert best_points(np.zeros((0, 3)), table)[0].shape == (0,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"leaf_lng": [0.0]}, r"leaf_lat and leaf_lng must be .*received \(3,\) and \(1,\)"),
        ({"photo_lat": [0.0]}, r"photo_lat and photo_lng must be .*received \(1,\) and \(300,\)"),
        ({"leaf_lat": np.array([0, np.nan, 1])}, "leaf_lat and leaf_lng must be finite"),
        ({"photo_class_index": [0, 1]}, r"photo_class_index must be \(300,\)"),
        ({"photo_class_index": np.full(300, 3)}, "must lie in 0 to 2 .*received 0 to 3.*same grid"),
        ({"photo_class_index": np.full(300, -2)}, "received -2"),
        ({"max_candidates": 0}, "max_candidates 0"),
        ({"leaf_lat": [], "leaf_lng": []}, "at least one leaf"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(change, message):
    lat, lng, leaf = made_photos()
    arguments = {
        "leaf_lat": LEAF_LAT, "leaf_lng": LEAF_LNG,
        "photo_lat": lat, "photo_lng": lng, "photo_class_index": leaf,
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        build_point_table(**{**arguments, **change})


def test_probs_of_another_grid_are_refused():
    table = build_point_table(LEAF_LAT, LEAF_LNG, *made_photos())
    with pytest.raises(ValueError, match=r"\(n_photos, 3\).*received \(2, 4\)"):
        best_points(np.full((2, 4), 0.25), table)


def test_an_events_point_heeds_its_photos_own_points():
    places = np.array([0.0, 0.5, 1.0, 40.0])
    table = build_point_table([0.5, 40.0], [0.0, 0.0], places, np.zeros(4), [0, 0, 0, 1])
    probs, weights = np.array([[0.9, 0.1]]), np.ones((1, 2))
    own = np.array([[[1.0, 0.0], [1.0, 0.0]]])
    assert joint_points(probs, table, own, weights)[0] == [1.0], "where in the leaf, they say"
    far = np.array([[[1.0, 0.0], [40.0, 0.0]]])
    assert joint_points(probs, table, far, weights)[0] < 2
    assert joint_points(probs, table, far, np.array([[0.01, 1.0]]), sharpness=0.1)[0] == [40.0]
    with pytest.raises(ValueError, match="the table has 2 leaves"):
        joint_points(np.ones((1, 3)), table, own, weights)
