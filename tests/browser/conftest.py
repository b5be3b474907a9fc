"""One server and one browser for all browser tests; one fresh visitor per test."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser import harness


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    if harness.find_chromium() is None:
        pytest.skip("No chromium is installed (Debian: apt-get install chromium).")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def server(tmp_path_factory) -> Iterator[harness.Server]:
    if harness.find_chromium() is None:
        pytest.skip("No chromium is installed (Debian: apt-get install chromium).")
    with harness.serve(harness.HOME, tmp_path_factory.mktemp("dashboard")) as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright, server, tmp_path_factory) -> Iterator[Browser]:
    started = harness.launch(playwright, server, tmp_path_factory.mktemp("browser"))
    yield started
    started.close()


@pytest.fixture
def new_visit(browser, server) -> Iterator[Callable[..., harness.Visit]]:
    """Makes visitors with contexts of their own; all are sent away after the test.

    Whatever a test did, nothing that it set off may have left the machine.
    """
    visits: list[harness.Visit] = []

    def make(scheme: str = "light") -> harness.Visit:
        visits.append(harness.visit(browser, server.url, scheme))
        return visits[-1]

    yield make
    for context in browser.contexts:
        context.close()
    assert [x for visit in visits for x in harness.outside(visit.requests, server.url)] == []


@pytest.fixture
def visit(new_visit) -> harness.Visit:
    return new_visit()
