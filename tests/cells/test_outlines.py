"""The border round a set of cells has their area and none of the borders between them."""

import shapely

from geocore.cells import s2
from geocore.cells.outlines import outline
from geocore.cells.polygons import cells_geojson


def _shape(tokens):
    return shapely.geometry.shape(outline(tokens))


def test_siblings_are_outlined_as_their_parent():
    parent = s2.cell_ids([45.0], [9.0], 5)
    children = s2.token(s2.children(parent).ravel())
    whole = shapely.geometry.shape(cells_geojson(s2.token(parent))["features"][0]["geometry"])
    found = _shape(children)
    assert found.is_valid and len(found.geoms) == 1 and not found.geoms[0].interiors
    assert abs(found.area - whole.area) < 0.02 * whole.area


def test_neighbours_of_different_sizes_leave_no_gap():
    big = s2.cell_ids([45.0], [9.0], 5)
    sibling = s2.children(s2.parent(big, 4)).ravel()
    small = s2.children(sibling[sibling != big[0]]).ravel()
    found = _shape([*s2.token(big), *s2.token(small)])
    assert len(found.geoms) == 1 and not found.geoms[0].interiors


def test_cells_apart_and_at_the_antimeridian_and_none():
    assert len(_shape([*s2.token(s2.cell_ids([45.0, -30.0], [9.0, 140.0], 5))]).geoms) == 2
    across = _shape(s2.token(s2.cell_ids([0.0], [180.0], 2)))
    assert across.is_valid and across.bounds[0] >= -180 and across.bounds[2] <= 180
    assert not len(outline([])["coordinates"])
