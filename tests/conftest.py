"""Fixtures for every folder of tests: tiny made photos, and the real ones where present."""

import csv
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

# No test depends on a timing. CI repeats itself; elsewhere every run tries new examples.
settings.register_profile("geocore", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("geocore")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# Five places far apart: name, lat, lng, colour of the ground in their photos.
PLACES = (
    ("Rome", 41.9, 12.5, (200, 120, 60)),
    ("Nairobi", -1.3, 36.8, (60, 160, 60)),
    ("Sydney", -33.9, 151.2, (60, 90, 200)),
    ("Lima", -12.0, -77.0, (150, 140, 120)),
    ("Denver", 39.7, -105.0, (220, 220, 220)),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On several workers, tests go to one that share a file's trained bundle, or a server."""
    browser = Path(__file__).with_name("browser")
    for item in items:
        group = "browser" if item.path.is_relative_to(browser) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session", autouse=True)
def no_trainings_of_the_developer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tests see no training, and no bundle, that was made on this machine's dashboard."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEOCORE_JOBS", str(tmp_path_factory.mktemp("geocore") / "jobs"))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photos; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the real photos in {SHARED_DATA}, which are not part of the repository")
    return SHARED_DATA


def encode(image: Image.Image, file_format: str = "JPEG", **options: object) -> bytes:
    """The bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def made_photo(width: int = 64, height: int = 48, *, place: int = 0, seed: int = 0) -> Image.Image:
    """A sky above ground of the place's colour, with a little noise."""
    pixels = np.empty((height, width, 3))
    pixels[: height // 3] = (135, 190, 235)
    pixels[height // 3 :] = PLACES[place % len(PLACES)][3]
    pixels += np.random.default_rng(seed).normal(0, 12, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def write_table(path: Path, rows: list[tuple], header: tuple = ("IMG_ID", "LAT", "LON")) -> Path:
    """Write a CSV of photos."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_photo_folder(folder: Path, n_photos: int = 20, *, side_px: int = 64) -> Path:
    """A folder with `photos.csv` (IMG_ID, LAT, LON, CITY) and `images/`, photos around `PLACES`."""
    (folder / "images").mkdir(parents=True)
    shifts = np.random.default_rng(0).uniform(-0.5, 0.5, (n_photos, 2))
    rows = []
    for i, (up, right) in enumerate(shifts):
        name, lat, lng, _ = PLACES[i % len(PLACES)]
        photo = made_photo(side_px, side_px * 3 // 4, place=i, seed=i)
        photo.save(folder / "images" / f"{i}.jpg")
        rows.append((f"images/{i}.jpg", round(lat + up, 6), round(lng + right, 6), name))
    write_table(folder / "photos.csv", rows, ("IMG_ID", "LAT", "LON", "CITY"))
    return folder


@pytest.fixture
def make_photo_folder(tmp_path: Path) -> Callable[..., Path]:
    """Factory of folders that a test may change: `make_photo_folder(n_photos, side_px=64)`."""

    def make(n_photos: int = 20, *, side_px: int = 64, name: str = "photos") -> Path:
        return write_photo_folder(tmp_path / name, n_photos, side_px=side_px)

    return make


@pytest.fixture(scope="session")
def tiny_photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty made photos of five places, made once; not to be changed."""
    return write_photo_folder(tmp_path_factory.mktemp("tiny") / "photos", 40)
