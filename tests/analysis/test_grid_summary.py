"""Key figures of a grid, by hand on small ones and by what must hold on any."""

import numpy as np
import pytest

from geocore.analysis.grid_summary import balance, summarise_grid
from geocore.cells import generate_cells


@pytest.fixture(scope="module")
def photos():
    rng = np.random.default_rng(3)
    return rng.normal(45, 4, 500), rng.normal(9, 8, 500)


def test_a_grid_that_covers_the_world_keeps_every_photo(photos):
    summary = summarise_grid(
        generate_cells(*photos, t_min=1, t_max=100, level_end=5, policy="preserve"), 500
    )
    assert summary.share_kept == 1
    assert summary.share_of_sphere == pytest.approx(1)
    assert 0 <= summary.level_min <= summary.level_max <= 5


def test_dropped_cells_cost_photos_and_surface(photos):
    grid = generate_cells(*photos, t_min=40, t_max=100)
    summary = summarise_grid(grid, 500)
    assert summary.n_leaves == grid.n_leaves
    assert summary.share_kept == grid.leaves["n_photos"].sum() / 500 < 1
    assert 0 < summary.share_of_sphere < 0.1


def test_one_cube_face_is_a_sixth_of_the_sphere():
    summary = summarise_grid(generate_cells([0.0], [0.0], t_min=1, t_max=1), 1)
    assert summary.n_leaves == 1
    assert summary.share_of_sphere == pytest.approx(1 / 6)
    assert summary.median_area_km2 == pytest.approx(510_066_000 / 6, rel=1e-3)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([5, 5, 5, 5], 1), ([8], 1), ([10, 0], 0), ([3, 1], 0.8112781), ([0, 0], 0)],
)
def test_balance(counts, expected):
    assert balance(counts) == pytest.approx(expected)


def test_balance_does_not_depend_on_order_or_scale():
    counts = np.array([1, 2, 3, 40])
    assert balance(counts[::-1]) == pytest.approx(balance(counts * 7))


def test_too_few_photos_are_refused(photos):
    with pytest.raises(ValueError, match=r"at least the 500 inside .* received 499"):
        summarise_grid(generate_cells(*photos, t_min=1, t_max=1000, policy="preserve"), 499)
