"""The confusion matrix in a browser: a click leads to photos and cells, the address keeps it."""

import pytest

from geocore.inference.bundle import load_bundle
from geocore.inference.held_out import held_out_answers
from tests.browser import harness

PAGE = "Calibration_and_confusion"
FIGURE = ".st-key-confusion"
ENTRY = """() => {
    const plot = document.querySelector('.st-key-confusion .js-plotly-plot');
    const {xaxis, yaxis} = plot._fullLayout, marks = plot.data[1];
    const area = plot.querySelector('.nsewdrag').getBoundingClientRect();
    return [area.x + xaxis.d2p(marks.x[0]), area.y + yaxis.d2p(marks.y[0]),
            marks.y[0], marks.x[0], marks.customdata[0][2]];
}"""


@pytest.fixture(scope="module", autouse=True)
def has_predictions():
    bundle = load_bundle()
    if held_out_answers(bundle, bundle.default_head).empty:
        pytest.skip("The shipped bundle holds no predictions.")


def click_first_entry(page):
    """Click the entry with most photos: where it was taken, what it was answered with, photos."""
    page.set_viewport_size({"width": 1280, "height": 4000})
    page.locator(f"{FIGURE} .nsewdrag").first.wait_for()
    page.wait_for_timeout(1000)
    x, y, taken, answered, n_photos = page.evaluate(ENTRY)
    page.mouse.move(x, y)
    page.wait_for_timeout(300)
    page.mouse.click(x, y)
    page.locator("p", has_text="mean confidence").last.wait_for(timeout=60_000)
    harness.settled(page)
    return taken, answered, n_photos


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_a_click_shows_photos_and_both_cells_and_can_be_shared(new_visit, scheme):
    visit = new_visit(scheme)
    page = visit.open(PAGE)
    taken, answered, n_photos = click_first_entry(page)
    for shown in (taken, answered, f"{n_photos} photo"):
        assert shown in page.locator("body").inner_text()
    frame = page.frame_locator('iframe[title="streamlit_folium.st_folium"]').last
    frame.locator(".leaflet-pane canvas, .leaflet-pane svg").first.wait_for()
    assert not harness.complaints(page) and not visit.errors

    other = new_visit(scheme)
    page = other.open(page.url.removeprefix(f"{visit.url}/"))
    assert f"{n_photos} photo" in page.locator("p", has_text="mean confidence").last.inner_text()
    assert not harness.outside(visit.requests + other.requests, visit.url)


@pytest.mark.parametrize("kind", ["PNG", "SVG"])
def test_a_figure_is_saved_on_this_machine(visit, kind):
    page = visit.open(f"{PAGE}?figure_format={kind}")
    chart = page.locator(".st-key-reliability")
    chart.locator(".js-plotly-plot").wait_for()
    with page.expect_download() as waiting:
        chart.locator('[data-title^="Download plot"]').first.click(force=True)
    assert waiting.value.suggested_filename == f"reliability.{kind.lower()}"
    assert not harness.outside(visit.requests, visit.url)


def test_every_figure_can_be_read_out(visit):
    page = visit.open(PAGE)
    page.set_viewport_size({"width": 1280, "height": 4000})
    page.locator(f"{FIGURE} .js-plotly-plot").wait_for()
    for key in ("Reliability diagram", "Histogram", "Risk-coverage curve", "Confusion matrix"):
        assert page.locator(f'[aria-label^="{key}"]').count() == 1, key
