"""Algorithm 1 against its literal transcription, its properties, and its messages."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geocore.cells import UNASSIGNED, generate_cells, s2
from geocore.cells.geodesy import distance_km
from geocore.cells.grid import _vector_sums
from geocore.errors import GridError
from tests import reference

BERLIN, SYDNEY, FIJI = (52.52, 13.40), (-33.87, 151.21), (-17.7, 179.999)
BOTH_POLICIES = pytest.mark.parametrize("policy", ["drop", "preserve"])


def clustered_points(n=400, seed=42):
    """Points round a few towns, on both sides of +-180 degrees too, and a few anywhere."""
    rng = np.random.default_rng(seed)
    towns = np.array([BERLIN, SYDNEY, FIJI, (89.9, 0), (0.01, -0.01)])
    points = towns[rng.integers(0, len(towns), n)] + rng.normal(0, 1, (n, 2))
    points[: n // 10, 0] = rng.uniform(-90, 90, n // 10)
    points[: n // 10, 1] = rng.uniform(-180, 180, n // 10)
    return np.clip(points[:, 0], -90, 90), (points[:, 1] + 180) % 360 - 180


def points_strategy(max_size=60):
    # A coarse raster next to free points, so that several photos share a spot.
    lat = st.one_of(st.floats(-90, 90), st.integers(-3, 3).map(lambda k: 30.0 * k))
    lng = st.one_of(st.floats(-180, 180), st.integers(-4, 4).map(lambda k: 45.0 * k))
    return st.lists(st.tuples(lat, lng), min_size=1, max_size=max_size).map(np.array)


@st.composite
def worlds(draw):
    """Points with settings under which a grid exists."""
    points = draw(points_strategy())
    t_max = draw(st.integers(1, 20))
    level_start = draw(st.integers(0, 3))
    level_end = draw(st.integers(level_start, 12))
    chosen = {
        "t_max": t_max,
        "t_min": draw(st.integers(0, t_max)),
        "level_start": level_start,
        "level_end": level_end,
        "policy": draw(st.sampled_from(["drop", "preserve"])),
    }
    try:
        return points[:, 0], points[:, 1], chosen, generate_cells(*points.T, **chosen)
    except GridError:
        assume(False)


@BOTH_POLICIES
@pytest.mark.parametrize(
    ("t_min", "t_max", "level_start", "level_end"),
    [(1, 20, 0, 30), (5, 20, 0, 30), (20, 20, 0, 30), (3, 40, 2, 30), (3, 5, 0, 4), (1, 9, 3, 3)],
)
def test_equals_the_literal_algorithm(t_min, t_max, level_start, level_end, policy):
    lat, lng = clustered_points()
    given_settings = (t_min, t_max, level_start, level_end, policy)
    grid = generate_cells(
        lat,
        lng,
        t_min=t_min,
        t_max=t_max,
        level_start=level_start,
        level_end=level_end,
        policy=policy,
    )
    expected = reference.algorithm_1(lat, lng, *given_settings)
    assert grid.leaves["token"].tolist() == [cell.to_token() for cell in expected.leaves]
    parents = {
        cell.to_token(): above.to_token() if above else ""
        for cell, above in expected.parent.items()
    }
    assert dict(zip(grid.cells["token"], grid.cells["parent"], strict=True)) == parents
    counts = {cell.to_token(): expected.n_photos[cell] for cell in expected.parent}
    assert dict(zip(grid.cells["token"], grid.cells["n_photos"], strict=True)) == counts


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_each_photo_lies_inside_its_leaf(world):
    lat, lng, _, grid = world
    index = grid.assign(lat, lng)
    ids = s2.cell_ids(lat, lng)
    leaf_ids = grid.leaves["cell_id"].to_numpy()
    first, last = s2.id_range(leaf_ids)
    is_in = index != UNASSIGNED
    assert (ids[is_in] >= first[index[is_in]]).all() and (ids[is_in] <= last[index[is_in]]).all()
    for photo in ids[~is_in]:
        assert not ((photo >= first) & (photo <= last)).any()


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_leaves_never_overlap_and_run_along_the_curve(world):
    grid = world[-1]
    first, last = s2.id_range(grid.leaves["cell_id"].to_numpy())
    assert (last[:-1] < first[1:]).all()
    assert grid.leaves["class_index"].tolist() == list(range(grid.n_leaves))


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_counts_add_up(world):
    lat, lng, chosen, grid = world
    index = grid.assign(lat, lng)
    counts = np.bincount(index[index >= 0], minlength=grid.n_leaves)
    assert grid.leaves["n_photos"].tolist() == counts.tolist()
    keeps_all = chosen["policy"] == "preserve" or chosen["t_min"] == 0
    if keeps_all:
        assert counts.sum() == len(lat)
        assert not (index == UNASSIGNED).any()
    else:
        assert (counts >= chosen["t_min"]).all()
    is_deepest = grid.leaves["level"] == chosen["level_end"]
    assert (counts[~is_deepest] <= chosen["t_max"]).all()


@settings(max_examples=60, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_shuffling_the_photos_changes_nothing(world, random):
    lat, lng, chosen, grid = world
    order = list(range(len(lat)))
    random.shuffle(order)
    again = generate_cells(lat[order], lng[order], **chosen)
    pd.testing.assert_frame_equal(again.cells, grid.cells, check_exact=True)


def test_sums_of_vectors_do_not_depend_on_the_order():
    # Rounded centroids hide most of the difference that plain float sums would make.
    lat, lng = clustered_points(5000)
    ends, order = s2.cells_at_level(0), np.random.default_rng(1).permutation(len(lat))
    sums = [_vector_sums(*p, s2.cell_ids(*p), ends) for p in ((lat, lng), (lat[order], lng[order]))]
    np.testing.assert_array_equal(*sums)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_every_cell_leads_from_a_root_to_a_leaf(world):
    _, _, chosen, grid = world
    cells = grid.cells
    is_root = cells["level"] == chosen["level_start"]
    assert ((cells["parent"] == "") == is_root).all()
    assert set(cells["parent"]) - {""} == set(cells["token"][cells["class_index"] == UNASSIGNED])


def test_preserve_covers_the_whole_sphere():
    grid = generate_cells(*clustered_points(), t_min=5, t_max=20, policy="preserve")
    every_face = s2.cell_area_km2(s2.cells_at_level(0)).sum()
    assert s2.cell_area_km2(grid.leaves["cell_id"]).sum() == pytest.approx(every_face)
    assert (grid.assign(*clustered_points(seed=1)) != UNASSIGNED).all()


@pytest.mark.parametrize(("t_max", "level"), [(10, 0), (9, 1)])
def test_a_cell_is_split_above_t_max_and_not_at_it(t_max, level):
    # Ten photos on one spot: nine allowed means splitting, ten allowed does not.
    grid = generate_cells([10.0] * 10, [20.0] * 10, t_min=1, t_max=t_max, level_end=1)
    assert grid.leaves["level"].tolist() == [level]


@pytest.mark.parametrize(("t_min", "n_leaves"), [(3, 2), (4, 1)])
def test_a_cell_is_dropped_below_t_min_and_not_at_it(t_min, n_leaves):
    lat, lng = [10.0] * 5 + [-80.0] * 3, [0.0] * 8
    grid = generate_cells(lat, lng, t_min=t_min, t_max=5)
    assert grid.n_leaves == n_leaves
    assert (grid.assign(lat, lng) == UNASSIGNED).sum() == (3 if n_leaves == 1 else 0)


def test_an_inner_cell_whose_children_are_all_dropped_is_pruned():
    # Face 0 holds eight photos, two in each quarter: above t_max, but no child reaches t_min.
    lat, lng = [20, 20, -20, -20] * 2 + [80] * 4, [20, -20, 20, -20] * 2 + [0] * 4
    grid = generate_cells(lat, lng, t_min=4, t_max=5)
    assert grid.cells["token"].tolist() == ["5"]
    assert grid.assign(lat, lng).tolist() == [UNASSIGNED] * 8 + [0] * 4


def test_more_photos_on_one_spot_than_t_max_end_at_level_end():
    grid = generate_cells([10.0] * 50, [20.0] * 50, t_min=1, t_max=5)
    assert grid.leaves[["level", "n_photos"]].to_numpy().tolist() == [[30, 50]]
    assert len(grid.cells) == 31


def test_one_photo_makes_one_class():
    grid = generate_cells(10.0, 20.0, t_min=1, t_max=5)
    assert grid.n_leaves == 1
    assert grid.assign([10.0, -80.0], [20.0, 0.0]).tolist() == [0, UNASSIGNED]


def test_centroid_is_right_across_180_degrees():
    grid = generate_cells([0.0, 0.0], [179.0, -179.0], t_min=1, t_max=5)
    assert abs(grid.leaves["lng"][0]) == pytest.approx(180, abs=1e-5)
    assert grid.leaves["lat"][0] == pytest.approx(0, abs=1e-5)


def test_centroids_are_the_normalised_mean_of_their_photos():
    lat, lng = clustered_points()
    grid = generate_cells(lat, lng, t_min=1, t_max=20)
    ids = s2.cell_ids(lat, lng)
    for row in grid.cells.itertuples():
        is_in = s2.parent(ids, row.level) == row.cell_id
        phi, theta = np.radians(lat[is_in]), np.radians(lng[is_in])
        x, y, z = (np.cos(phi) * np.cos(theta)).sum(), (np.cos(phi) * np.sin(theta)).sum(), 0
        z = np.sin(phi).sum()
        mean_lat, mean_lng = np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))
        assert distance_km(row.lat, row.lng, mean_lat, mean_lng) < 0.001


def test_an_empty_cell_has_its_middle_as_centroid():
    grid = generate_cells([10.0], [20.0], t_min=1, t_max=5, policy="preserve")
    empty = grid.cells[grid.cells["n_photos"] == 0]
    assert len(empty) == 5
    np.testing.assert_allclose(
        empty[["lat", "lng"]].to_numpy().T, s2.centers(empty["cell_id"]), atol=1e-6
    )


def test_places_are_those_of_the_centroids():
    class Namer:
        def names(self, lat, lng):
            return [f"{a:.0f} {b:.0f}" for a, b in zip(lat, lng, strict=True)]

    grid = generate_cells([10.0, 80.0], [20.0, 0.0], t_min=1, t_max=5)
    assert grid.cells["place"].tolist() == ["", ""]
    assert grid.with_places(Namer()).cells["place"].tolist() == ["10 20", "80 0"]


OK = {"t_min": 1, "t_max": 5}


@pytest.mark.parametrize(
    ("lat", "lng", "chosen", "message"),
    [
        ([], [], OK, r"needs at least one photo with coordinates, received none"),
        ([1.0, np.nan], [1, 2], OK, r"lat must be a number for every photo.* 1 of 2 .*position 1"),
        ([1, 2], [np.inf, 2], OK, r"lng must be a number for every photo.*position 0 \(inf\)"),
        ([1, 91], [1, 100], OK, r"lat must lie in \[-90, 90\] degrees.*position 1 \(91\.0\)"),
        ([151.2, 3], [-33.9, 4], OK, r"first at position 0 \(151\.2\)\. Latitude comes before"),
        ([1, 2], [181, 2], OK, r"lng must lie in \[-180, 180\] degrees.*\(181\.0\)"),
        ([1, 2], [1], OK, r"equal length, received 2 latitudes and 1 longitudes"),
        ([[1, 2]], [[1, 2]], OK, r"one number per photo, received an array \(1, 2\)"),
        (["north"], [1], OK, r"lat must be numbers in degrees"),
        ([1], [2], {"t_min": 6, "t_max": 5}, r"t_min must not be above t_max.*6.*5"),
        ([1], [2], {"t_min": -1, "t_max": 5}, r"t_min must be >= 0 and t_max >= 1.*-1 and 5"),
        ([1], [2], {"t_min": 0, "t_max": 0}, r"t_max >= 1, received 0 and 0"),
        ([1], [2], OK | {"level_start": -1}, r"level_start must be from 0 to 30, received -1"),
        ([1], [2], OK | {"level_start": 31}, r"level_start must be from 0 to 30, received 31"),
        ([1], [2], OK | {"level_end": 31}, r"from level_start = 0 to 30, received 31"),
        ([1], [2], OK | {"level_start": 4, "level_end": 3}, r"level_start = 4 to 30, received 3"),
        ([1], [2], OK | {"policy": "keep"}, r"Unknown policy 'keep'\. Known policies: drop, pres"),
        (
            [1],
            [2],
            OK | {"policy": "preserve", "level_start": 9},
            r"from 0 to 8 where the cells cover the whole sphere, received 9",
        ),
    ],
)
def test_bad_arguments_are_refused_in_words(lat, lng, chosen, message):
    with pytest.raises(ValueError, match=message):
        generate_cells(lat, lng, **chosen)


@pytest.mark.parametrize("value", [2.5, "3", True, None])
@pytest.mark.parametrize("name", ["t_min", "t_max", "level_start", "level_end"])
def test_settings_must_be_whole_numbers(name, value):
    with pytest.raises(TypeError, match=rf"{name} must be a whole number, received {value!r}"):
        generate_cells([1], [2], **(OK | {name: value}))


def test_a_grid_without_a_leaf_is_refused_with_the_numbers():
    with pytest.raises(GridError, match=r"t_min = 5 .* fullest of 2 cells holds 3 of 4 photos"):
        generate_cells([0, 0, 0, 90], [0, 0, 0, 0], t_min=5, t_max=5)


def test_assign_checks_its_coordinates_too():
    grid = generate_cells([1], [2], **OK)
    with pytest.raises(ValueError, match=r"lat must lie in \[-90, 90\]"):
        grid.assign([95.0], [100.0])
