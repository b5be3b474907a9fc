"""The cell map in a real browser: a click chooses a cell, the zoom survives, per reader."""

import pytest

from geocore.inference.bundle import load_bundle
from tests.browser import harness

FRAME = "iframe[title='streamlit_folium.st_folium']"


@pytest.fixture(scope="module")
def cells():
    """Two leaves near the middle of the map, each with its centroid well inside itself."""
    leaves = load_bundle().grid.leaves
    near = leaves[leaves["lat"].between(-30, 30) & leaves["lng"].between(-20, 50)]
    return near.nlargest(2, "n_photos")


def map_frame(page):
    frame = page.query_selector(FRAME).content_frame()
    frame.wait_for_function("window.map && document.querySelector('canvas')")
    return frame


def click_at(page, lat: float, lng: float) -> None:
    """Click the first map of the page at a position."""
    frame = map_frame(page)
    x, y = frame.evaluate(
        f"(() => {{ const p = map.latLngToContainerPoint([{lat}, {lng}]); return [p.x, p.y]; }})()"
    )
    box = page.locator(FRAME).first.bounding_box()
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.wait_for_timeout(800)  # the map tells of a click a quarter of a second later
    harness.settled(page)


def chosen(page) -> str:
    return page.locator("h3").first.inner_text()


def test_a_click_chooses_a_cell_and_the_zoom_survives(visit, cells):
    page = visit.open("Cell_explorer")
    map_frame(page).evaluate("void map.setView([0, 10], map.getZoom() + 0.5, {animate: false})")
    before = map_frame(page).evaluate("map.getZoom()")
    for cell in cells.itertuples():
        click_at(page, cell.lat, cell.lng)
        assert chosen(page) == cell.place
    click_at(page, cells["lat"].iloc[0], cells["lng"].iloc[0])
    assert chosen(page) == cells["place"].iloc[0]  # the same cell again, after another one
    assert map_frame(page).evaluate("map.getZoom()") == before
    assert not visit.errors and not harness.complaints(page)


@pytest.mark.slow
def test_two_readers_choose_for_themselves(new_visit, cells):
    visits = [new_visit(), new_visit("dark")]
    for visit, cell in zip(visits, cells.itertuples(), strict=True):
        click_at(visit.open("Cell_explorer"), cell.lat, cell.lng)
    assert [chosen(visit.page) for visit in visits] == cells["place"].tolist()
