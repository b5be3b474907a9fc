"""The window of a flat map, and where things lie on it."""

import pytest
import shapely

from geocore.analysis.exporting.flat_map import HEIGHT, WIDTH, flat_map, land


def test_a_map_fills_its_frame():
    shown = flat_map([], [("answer", 48.0, 2.0)])
    assert shown.width == pytest.approx(WIDTH)
    assert shown.height <= HEIGHT + 1e-6
    assert shown.points == [("answer", pytest.approx(WIDTH / 2), pytest.approx(shown.height / 2))]


def test_points_on_both_sides_of_180_share_one_window():
    shown = flat_map([], [("answer", 0.0, 178.0), ("claim", 0.0, -178.0)])
    assert shown.east - shown.west < 60
    (_, x_west, _), (_, x_east, _) = shown.points
    assert 0 < x_west < x_east < WIDTH
    assert x_east - x_west == pytest.approx(4 * shown.scale_x)
    assert shown.turns == (0, 360)


def test_an_area_on_both_sides_of_180_is_drawn_in_one_place():
    halves = shapely.MultiPolygon([shapely.box(170, -5, 180, 5), shapely.box(-180, -5, -170, 5)])
    shown = flat_map([("area-90", halves)])
    ((_, shape),) = shown.areas
    assert shape.area == pytest.approx(20 * 10 * shown.scale_x * shown.scale_y, rel=1e-3)
    assert shape.bounds[2] - shape.bounds[0] == pytest.approx(20 * shown.scale_x, rel=1e-3)


@pytest.mark.parametrize(
    ("lat", "lng"), [(90, 0), (-90, 180), (0, -180), (0, 180), (-89.9, -179.9)]
)
def test_the_ends_of_the_earth_are_on_the_map(lat, lng):
    shown = flat_map([], [("answer", lat, lng)])
    ((_, x, y),) = shown.points
    assert 0 <= x <= shown.width
    assert 0 <= y <= shown.height


def test_nothing_to_show_is_the_world_and_labels_name_its_sides():
    shown = flat_map([])
    assert (shown.west, shown.east) == (-180, 180)
    assert {"180°", "60°W", "0°", "60°E"} <= {label for _, label in shown.meridians}
    assert "30°S" in {label for _, label in shown.parallels}
    assert len(shapely.get_parts(land())) > 177
