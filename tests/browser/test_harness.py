"""The harness notices what it must: shown on a page that does everything wrong."""

from pathlib import Path

import pytest

from tests.browser import harness


@pytest.fixture(scope="module")
def bad_visit(playwright, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stub")
    stub = Path(__file__).with_name("stub_page.py")
    with harness.serve(stub, folder) as server:
        browser = harness.launch(playwright, server, folder)
        visitor = harness.visit(browser, server.url)
        visitor.open()
        yield visitor
        browser.close()


def test_it_waits_until_the_page_stands_still(bad_visit):
    assert bad_visit.page.locator("h1").last.inner_text() == "After"


def test_it_records_a_request_that_leaves_the_machine(bad_visit):
    asked = harness.outside(bad_visit.requests, bad_visit.url)
    assert asked == ["http://outside.invalid/picture.png"]


def test_it_sees_an_exception_box(bad_visit):
    assert "shown to the reader" in harness.complaints(bad_visit.page)[0]


def test_it_records_the_page_and_its_socket(bad_visit):
    assert any(request.startswith("ws://127.0.0.1") for request in bad_visit.requests)


def test_a_server_that_does_not_start_says_why(tmp_path):
    missing = tmp_path / "missing.py"
    with pytest.raises(RuntimeError, match="did not start"), harness.serve(missing, tmp_path):
        pass
