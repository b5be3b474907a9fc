"""The login, from the closed door to the case and out again, with a provider on this machine."""

import pytest

from geocore.analysis.case_file import open_case
from tests.browser import harness
from tests.browser.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider

SECRETS = """[auth]
redirect_uri = "{url}/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "{client_id}"
client_secret = "{client_secret}"
server_metadata_url = "{provider}/.well-known/openid-configuration"
[access]
allow = ["@relief.example"]
"""


@pytest.fixture
def provider():
    with Provider() as running:
        yield running


@pytest.fixture
def closed(provider, playwright, tmp_path, monkeypatch):
    """A visitor before a dashboard that asks for a login."""
    monkeypatch.setenv("GEOCORE_LOGIN", "1")
    monkeypatch.setenv("GEOCORE_CASES", str(tmp_path / "cases"))
    port, secrets = harness.free_port(), tmp_path / "secrets.toml"
    facts = {"url": f"http://127.0.0.1:{port}", "provider": provider.url}
    secrets.write_text(SECRETS.format(**facts, client_id=CLIENT_ID, client_secret=CLIENT_SECRET))
    options = ("--secrets.files", str(secrets))
    with harness.serve(harness.HOME, tmp_path, *options, port=port, may_cut_off=False) as server:
        browser = harness.launch(playwright, server, tmp_path)
        yield harness.visit(browser, server.url, "light")
        browser.close()


def log_in(visit, name, email):
    visit.page.get_by_role("button", name="Log in").click()
    visit.page.get_by_label("Name").fill(name)
    visit.page.get_by_label("E-mail").fill(email)
    visit.page.get_by_role("button", name="Continue").click()
    visit.page.wait_for_url(f"{visit.url}/**")
    return harness.settled(visit.page)


def test_nothing_is_shown_before_the_login_and_the_case_knows_who_it_was(
    closed, provider, tmp_path
):
    page = closed.open("Case_desk")
    assert page.get_by_text("must log in first").is_visible()
    assert not page.get_by_text("Bundle").count()
    assert not page.get_by_text("Begin the case").count()

    page = log_in(closed, "Mallory", "mallory@relief.example.com")
    assert page.get_by_text("may not use the dashboard").is_visible()
    assert not page.get_by_text("Bundle").count()
    page.get_by_role("button", name="Log out").click()
    page.get_by_text("must log in first").wait_for()

    log_in(closed, "Ada *Lovelace*", "Ada@relief.example")
    page = closed.open("Case_desk")
    assert page.get_by_text("Logged in as Ada *Lovelace* (Ada@\u2060relief.example)").is_visible()
    page.get_by_role("textbox", name="Title").fill("Flood")
    page.get_by_role("combobox", name="What are the answers for?").click()
    page.get_by_role("option").first.click()
    page.get_by_role("button", name="Begin the case").click()
    page.get_by_text("Purpose:").wait_for()
    with open_case(tmp_path / "cases" / "Flood.case") as case:
        assert case.entries()[0].analyst == "Ada *Lovelace* (Ada@relief.example)"

    page.get_by_role("button", name="Log out").click()
    page.get_by_text("must log in first").wait_for()
    assert not page.get_by_text("Bundle").count()
    assert provider.asked.count("/token") == 2 and provider.asked.count("/logout") == 2
    known = (closed.url, provider.url)
    outside = harness.outside(closed.requests, closed.url)
    assert [request for request in outside if not request.startswith(known)] == []
