"""The vectorised S2 against the package s2sphere, point by point."""

import numpy as np
import pytest
import s2sphere

from geocore.cells import s2
from geocore.cells.geodesy import EARTH_RADIUS_KM

N_RANDOM = 100_000


def awkward_points():
    """Poles, cube corners, cube edges, +-180 degrees and the smallest steps beside them."""
    corner = np.degrees(np.arctan(np.sqrt(0.5)))
    lats = [-90, -corner, -45, -1e-300, 0, 1e-300, 45, corner, 90]
    lats += [np.nextafter(45, 0), np.nextafter(45, 90), np.nextafter(90, 0)]
    lngs = [*np.arange(-180, 181, 45), np.nextafter(-180, 0), np.nextafter(180, 0)]
    lngs += [np.nextafter(45, 0), np.nextafter(45, 90), np.nextafter(-135, 0), 1e-300]
    edges = np.linspace(-180, 180, 97)
    on_edges = np.degrees(np.arctan(np.cos(np.radians((edges + 45) % 90 - 45))))
    lat, lng = (grid.ravel() for grid in np.meshgrid(lats, lngs))
    return np.r_[lat, on_edges, -on_edges], np.r_[lng, edges, edges]


def random_points(n, seed=42):
    rng = np.random.default_rng(seed)
    return np.degrees(np.arcsin(rng.uniform(-1, 1, n))), rng.uniform(-180, 180, n)


def reference_cells(lat, lng):
    points = (s2sphere.LatLng.from_degrees(*point) for point in zip(lat, lng, strict=True))
    return [s2sphere.CellId.from_lat_lng(point) for point in points]


def as_ids(cells):
    return np.array([cell.id() for cell in cells], dtype=np.uint64)


@pytest.fixture(scope="module")
def cells():
    """Random cells of every level: the reference's objects, our ids, their levels."""
    lat, lng = (np.r_[pair] for pair in zip(random_points(3000), awkward_points(), strict=True))
    levels = np.arange(len(lat)) % 31
    found = reference_cells(lat, lng)
    return (
        [cell.parent(int(level)) for cell, level in zip(found, levels, strict=True)],
        s2.parent(s2.cell_ids(lat, lng), levels),
        levels,
    )


@pytest.mark.parametrize(
    "points", [random_points(N_RANDOM), awkward_points()], ids=["random", "awkward"]
)
def test_ids_equal_the_reference_bit_for_bit(points):
    np.testing.assert_array_equal(s2.cell_ids(*points), as_ids(reference_cells(*points)))


def test_ids_at_a_level_are_the_parents(cells):
    lat, lng = random_points(100)
    np.testing.assert_array_equal(
        s2.cell_ids(lat, lng, level=7), as_ids(c.parent(7) for c in reference_cells(lat, lng))
    )


def test_parents_levels_and_tokens_equal_the_reference(cells):
    reference, ids, levels = cells
    np.testing.assert_array_equal(ids, as_ids(reference))
    np.testing.assert_array_equal(s2.level_of(ids), levels)
    assert s2.token(ids) == [cell.to_token() for cell in reference]
    np.testing.assert_array_equal(s2.from_token(s2.token(ids)), ids)
    assert s2.is_valid(ids).all()


def test_ranges_equal_the_reference(cells):
    reference, ids, _ = cells
    first, last = s2.id_range(ids)
    np.testing.assert_array_equal(first, as_ids(cell.range_min() for cell in reference))
    np.testing.assert_array_equal(last, as_ids(cell.range_max() for cell in reference))


def test_children_equal_the_reference(cells):
    reference, ids, levels = cells
    expected = [as_ids(c.children()) for c in reference if c.level() < 30]
    np.testing.assert_array_equal(s2.children(ids[levels < 30]), expected)


def test_edge_neighbors_equal_the_reference(cells):
    reference, ids, _ = cells
    expected = [as_ids(cell.get_edge_neighbors()) for cell in reference]
    np.testing.assert_array_equal(s2.edge_neighbors(ids), expected)


def test_vertices_and_centers_equal_the_reference(cells):
    reference, ids, _ = cells
    corners = [[s2sphere.Cell(cell).get_vertex(k) for k in range(4)] for cell in reference]
    np.testing.assert_allclose(to_xyz(s2.vertices(ids)), to_arrays(corners), atol=1e-14)
    middles = [cell.to_point() for cell in reference]
    np.testing.assert_allclose(
        to_xyz(np.stack(s2.centers(ids), -1)), to_arrays(middles), atol=1e-14
    )


def to_xyz(lat_lng):
    lat, lng = np.radians(lat_lng[..., 0]), np.radians(lat_lng[..., 1])
    return np.stack([np.cos(lng) * np.cos(lat), np.sin(lng) * np.cos(lat), np.sin(lat)], -1)


def to_arrays(points):
    if isinstance(points, list):
        return np.array([to_arrays(point) for point in points])
    xyz = np.array([points[0], points[1], points[2]])
    return xyz / np.linalg.norm(xyz)


def test_areas_equal_the_reference(cells):
    reference, ids, levels = cells
    # Below level 20 the reference's own spherical triangles lose their digits.
    expected = np.array([s2sphere.Cell(c).exact_area() for c in reference]) * EARTH_RADIUS_KM**2
    is_sure = levels < 20
    np.testing.assert_allclose(s2.cell_area_km2(ids)[is_sure], expected[is_sure], rtol=1e-6)


def test_areas_of_children_sum_to_their_parents(cells):
    _, ids, levels = cells
    ids = ids[levels < 30]
    parts = s2.cell_area_km2(s2.children(ids).ravel()).reshape(-1, 4).sum(axis=1)
    np.testing.assert_allclose(parts, s2.cell_area_km2(ids), rtol=1e-6)


@pytest.mark.parametrize("level", [0, 1, 4])
def test_cells_of_a_level_are_complete_and_cover_the_sphere(level):
    ids = s2.cells_at_level(level)
    assert len(np.unique(ids)) == len(ids) == 6 * 4**level
    assert s2.is_valid(ids).all() and (s2.level_of(ids) == level).all()
    assert s2.cell_area_km2(ids).sum() == pytest.approx(4 * np.pi * EARTH_RADIUS_KM**2, rel=1e-9)


@pytest.mark.parametrize("text", ["", "x", "47C1", "0", "d", "2", "47c10000000000000", "-1"])
def test_what_is_no_token_is_refused(text):
    with pytest.raises(ValueError, match=r"is not the token of an S2 cell"):
        s2.from_token(["47c1", text])


def test_impossible_levels_are_refused():
    with pytest.raises(ValueError, match=r"from level 0 to their own, received level 3"):
        s2.parent(s2.from_token(["5"]), 3)
    with pytest.raises(ValueError, match=r"Cells at level 30 have no children"):
        s2.children(s2.cell_ids(0.0, 0.0))
