"""What all tests of pages share."""

from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture(scope="session", autouse=True)
def components_are_found_once() -> Iterator[None]:
    """Streamlit looks through all installed packages for every page under test: 0.2 s each."""
    with pytest.MonkeyPatch.context() as patch:
        found_once = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found_once)
        yield
