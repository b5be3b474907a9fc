"""What the address chooses stays chosen when the reader goes on to another page."""

import pytest

from tests.browser import harness
from tests.dashboard.measured_bundle import save_measured_bundle

SIDEBAR, NAVIGATION = '[data-testid="stSidebar"]', '[data-testid="stSidebarNav"]'


@pytest.fixture(scope="module")
def two_bundles(tmp_path_factory):
    """A dashboard that offers a second bundle, beta."""
    folder = tmp_path_factory.mktemp("address")
    save_measured_bundle(folder / "bundles" / "beta")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEOCORE_BUNDLES", str(folder / "bundles"))
        with harness.serve(harness.HOME, folder) as running:
            yield running


@pytest.fixture
def reader(playwright, two_bundles, tmp_path):
    browser = harness.launch(playwright, two_bundles, tmp_path)
    yield harness.visit(browser, two_bundles.url)
    browser.close()


def go(page, name):
    page.locator(f"{NAVIGATION} a", has_text=name).click()
    page.wait_for_url(f"**/{name.replace(' ', '_')}*")
    return harness.settled(page)


def chosen(page):
    return [box.input_value() for box in page.locator(f"{SIDEBAR} input[role=combobox]").all()]


def test_bundle_and_head_of_the_address_are_kept(reader):
    page = go(reader.open("?bundle=beta&head=HMC"), "Cell explorer")
    assert chosen(page) == ["beta", "HMC"]
    assert "bundle=beta" in page.url and "head=HMC" in page.url
    page.reload()
    assert chosen(harness.settled(page)) == ["beta", "HMC"]


def test_a_choice_made_since_counts_more(reader):
    page = reader.open("Cell_explorer?bundle=beta&head=HMC")
    page.locator(f"{SIDEBAR} input[role=combobox]").first.click()
    page.get_by_role("option", name="street-world").click()
    page.wait_for_timeout(1000)
    go(harness.settled(page), "About this model")
    assert chosen(page) == ["street-world", "HMC"]


def test_the_default_in_the_address_is_no_trouble(reader):
    page = go(reader.open("Cell_explorer?bundle=street-world"), "About this model")
    assert chosen(page)[0] == "street-world" and not harness.complaints(page)


def test_the_photos_that_figures_are_of_are_kept_too(reader):
    page = reader.open("Model_comparison?photo_set=country+scenes")
    go(page, "Calibration and confusion")
    assert "photo_set=country+scenes" in page.url  # Streamlit drops what is not chosen
