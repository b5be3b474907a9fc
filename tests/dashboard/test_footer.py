"""Every page, found by looking: the caution and the versions at its foot."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import geocore
from geocore.inference.bundle_files import MANIFEST, file_sha256
from tests.dashboard.measured_bundle import PAGES, save_measured_bundle, texts

EVERY_PAGE = [PAGES.parent / "Home.py", *sorted(PAGES.glob("*.py"))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_measured_bundle(tmp_path_factory.mktemp("bundles") / "measured")


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.stem)
def test_version_and_bundle_hash_stand_on_every_page(page: Path, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("GEOCORE_BUNDLES", str(folder))
    monkeypatch.setenv("GEOCORE_CASES", str(tmp_path))
    app = AppTest.from_file(str(page), default_timeout=60)
    app.session_state["bundle"] = str(folder.resolve())
    app.run()
    sha256 = file_sha256(folder / MANIFEST)
    assert f"geocore {geocore.__version__} · bundle measured `{sha256[:12]}`" in texts(app)
    assert "Never use it to find out where a private person lives" in texts(app)
