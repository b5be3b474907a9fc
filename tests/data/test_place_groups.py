"""Places: exactly the connected components that a slow comparison of all pairs finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from geocore.cells.geodesy import EARTH_RADIUS_KM, distance_km
from geocore.data import place_groups as module
from geocore.data.place_groups import place_groups

CENTRES = np.array([(0, 179.999), (0, -179.999), (89.99, 0), (-89.99, 120), (45, 10), (-33, 151)])


def slow_groups(lat: np.ndarray, lng: np.ndarray, km: float) -> np.ndarray:
    near = distance_km(lat[:, None], lng[:, None], lat, lng) <= km
    return connected_components(near, directed=False)[1]


def is_same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) == len(set(a)) == len(set(b))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    km=st.sampled_from([0.02, 0.3, 5.0, 120.0, 2500.0, 25000.0]),
    spread=st.sampled_from([0.3, 2.0, 6.0]),
)
def test_groups_are_the_connected_components(seed: int, km: float, spread: float) -> None:
    random = np.random.default_rng(seed)
    n_photos = int(random.integers(1, 120))
    moved = CENTRES[random.integers(0, 6, n_photos)]
    moved = moved + random.normal(0, spread * km / 111, (n_photos, 2))
    lat, lng = np.clip(moved[:, 0], -90, 90), (moved[:, 1] + 180) % 360 - 180
    groups = place_groups(lat, lng, distance_km=km)
    assert is_same_partition(groups, slow_groups(lat, lng, km))
    assert groups[0] == 0
    first_seen = [np.flatnonzero(groups == i)[0] for i in range(groups.max() + 1)]
    assert first_seen == sorted(first_seen)


@pytest.mark.parametrize("many", [0, 100_000])
def test_crowded_cubes_are_compared_whole(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two crowds whose nearest photos alone are near; also with the search for large crowds."""
    monkeypatch.setattr(module, "_MANY", many)
    random = np.random.default_rng(0)
    lat = random.uniform(0, 0.001, 400)
    west, east = random.uniform(-0.004, 0, 200), random.uniform(0.0095, 0.0135, 200)
    for gap, n_groups in ((0.0095, 1), (0.02, 2)):
        lng = np.concatenate([west, [0.0], east - 0.0095 + gap, [gap]])
        lats = np.concatenate([lat[:200], [0.0005], lat[200:], [0.0005]])
        km = distance_km(0, 0, 0, 0.0095).item() * 1.0001
        groups = place_groups(lats, lng, distance_km=km)
        assert groups.max() + 1 == n_groups
        assert is_same_partition(groups, slow_groups(lats, lng, km))


def test_a_chain_is_one_place_and_the_date_line_no_border() -> None:
    assert place_groups([0, 0, 0], [-0.9, 0, 0.9], distance_km=101).tolist() == [0, 0, 0]
    assert place_groups([10, 10, 10], [179.99, -179.99, 0], distance_km=3).tolist() == [0, 0, 1]
    assert place_groups([90, 90, -90], [0, 180, 0], distance_km=1).tolist() == [0, 0, 1]
    assert place_groups([], [], distance_km=1).tolist() == []


def test_the_earth_is_as_large_as_for_the_cells() -> None:
    assert module.EARTH_RADIUS_KM == EARTH_RADIUS_KM


def test_bad_arguments_say_what_must_hold() -> None:
    with pytest.raises(ValueError, match=r"at least 0\.02 km .* received 0\.001"):
        place_groups([0], [0], distance_km=0.001)
    with pytest.raises(ValueError, match="received nan"):
        place_groups([0], [0], distance_km=float("nan"))
    with pytest.raises(ValueError, match=r"equal length, received shapes \(2,\) and \(1,\)"):
        place_groups([0, 1], [0], distance_km=1)
    with pytest.raises(ValueError, match="must be numbers"):
        place_groups([np.nan], [0], distance_km=1)
