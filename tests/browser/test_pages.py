"""Every page in a real browser, light and dark: no traceback, no empty map, no request outside."""

import pytest

from tests.browser import harness


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", harness.page_paths())
def test_a_page_opens_without_complaint(new_visit, path, scheme):
    visit = new_visit(scheme)
    page = visit.open(path)
    assert page.locator("h1").count() >= 1
    assert not harness.complaints(page)
    assert not page.locator('[data-testid="stAlertContentError"]').all_inner_texts()
    assert not visit.errors


@pytest.mark.parametrize("path", ["", "Cell_explorer"])
def test_the_map_is_drawn_from_this_machine(visit, path):
    page = visit.open(path)
    frame = page.frame_locator('iframe[title="streamlit_folium.st_folium"]').first
    frame.locator(".leaflet-container").wait_for(timeout=60_000)
    assert frame.locator(".leaflet-pane canvas, .leaflet-pane svg").count() >= 1


def test_nothing_is_cut_off_on_a_phone(visit):
    """Hashes and versions have no place to break a line at, unless one is made."""
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = visit.open("About_this_model")
    page.get_by_text("SHA-256 of its weights").wait_for()
    width = "main => [main.scrollWidth, main.clientWidth]"
    needed, there = page.locator('[data-testid="stMain"]').evaluate(width)
    assert needed <= there


def test_no_request_leaves_the_machine(visit):
    for path in harness.page_paths():
        visit.open(path)
    visit.open()
    visit.drop("somewhere.jpg", harness.photo_bytes())
    assert not harness.outside(visit.requests, visit.url)
    assert len(visit.requests) > 20


def test_it_all_works_with_the_network_cut_off(server, visit):
    if not server.is_cut_off:
        pytest.skip("This machine does not permit a network namespace (unshare --net).")
    probe = "import socket; socket.create_connection(('1.1.1.1', 53), timeout=2)"
    join = ["nsenter", "--target", str(server.process.pid), "--user", "--net"]
    done = harness.subprocess.run(
        [*join, "--preserve-credentials", harness.sys.executable, "-c", probe],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Network is unreachable" in done.stderr
    assert not harness.complaints(visit.open())
