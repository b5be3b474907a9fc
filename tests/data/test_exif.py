"""Positions from EXIF: right where the camera wrote them, none where they cannot be trusted."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from geocore.data import photos as module
from geocore.data.exif import exif_position
from geocore.data.photos import load_photos
from geocore.errors import ImageError, PhotoTableError
from tests.conftest import encode, made_photo

GPS = 0x8825


def photo_with(gps: dict, file_format: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif.get_ifd(GPS).update(gps)
    return encode(made_photo(), file_format, exif=exif.tobytes())


def dms(degrees: float) -> tuple[float, float, float]:
    minutes, seconds = divmod(abs(degrees) * 3600, 60)
    return (minutes // 60, minutes % 60, round(seconds, 4))


def gps_of(lat: float, lng: float) -> dict:
    return {1: "N" if lat >= 0 else "S", 2: dms(lat), 3: "E" if lng >= 0 else "W", 4: dms(lng)}


@given(
    lat=st.floats(0.01, 89.9),
    lng=st.floats(0.01, 179.9),
    signs=st.tuples(*[st.sampled_from([-1, 1])] * 2),
)
def test_all_four_hemispheres(lat: float, lng: float, signs: tuple[int, int]) -> None:
    lat, lng = lat * signs[0], lng * signs[1]
    assert exif_position(photo_with(gps_of(lat, lng))) == pytest.approx((lat, lng), abs=1e-6)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_every_format_with_exif(file_format: str) -> None:
    content = photo_with(gps_of(41.5, -72.25), file_format)
    assert exif_position(content) == exif_position(io.BytesIO(content)) == (41.5, -72.25)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({2: (41.5, 0.0, 0.0)}, (41.5, 12.5)),
        ({2: (41.0, 30.0)}, (41.5, 12.5)),
        ({1: "n\0", 3: " e"}, (41.5, 12.5)),
        ({1: "South"}, (-41.5, 12.5)),
        ({1: None}, None),
        ({3: None}, None),
        ({1: "", 3: ""}, None),
        ({1: "E"}, None),
        ({2: None}, None),
        ({2: (IFDRational(0, 0),) * 3}, None),
        ({4: (IFDRational(1, 0), 0.0, 0.0)}, None),
        ({2: (95.0, 0.0, 0.0)}, None),
        ({4: (181.0, 0.0, 0.0)}, None),
        ({2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)}, None),
    ],
)
def test_odd_gps_blocks(change: dict, expected: tuple[float, float] | None) -> None:
    gps = {tag: value for tag, value in (gps_of(41.5, 12.5) | change).items() if value is not None}
    assert exif_position(photo_with(gps)) == expected


def test_text_instead_of_numbers_is_no_position(monkeypatch: pytest.MonkeyPatch) -> None:
    gps = gps_of(41.5, 12.5) | {2: ("41", "x", "0")}
    monkeypatch.setattr(Image.Exif, "get_ifd", lambda *_: gps)
    assert exif_position(encode(made_photo())) is None


def test_a_photo_without_exif_has_no_position() -> None:
    assert exif_position(encode(made_photo())) is None


def test_what_is_no_photo_is_an_image_error() -> None:
    with pytest.raises(ImageError, match=r"x\.jpg: .*not a photo"):
        exif_position(b"text", name="x.jpg")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_mutated_exif_raises_nothing_but_image_error() -> None:
    rng = np.random.default_rng(1)
    content = np.frombuffer(photo_with(gps_of(41.5, 12.5)), np.uint8)
    n_found = 0
    for _ in range(500):
        changed = content.copy()
        changed[rng.integers(20, 260, size=3)] = rng.integers(0, 256, size=3)
        try:
            n_found += exif_position(changed.tobytes()) is not None
        except ImageError:
            continue
    assert 0 < n_found < 500


def test_a_folder_of_photos_with_gps(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".trash").mkdir()
    content = photo_with(gps_of(41.5, 12.5))
    for name in ("b.JPG", "deep/er/a.jpeg", ".trash/c.jpg"):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "notes.txt").write_text("no photo, and not called one")
    (tmp_path / "plain.png").write_bytes(encode(made_photo(), "PNG"))
    (tmp_path / "text.jpg").write_text("text")
    table = load_photos(tmp_path)
    assert table.photos["photo_id"].tolist() == ["b.JPG", "deep/er/a.jpeg"]
    assert table.photos[["lat", "lng"]].to_numpy().tolist() == [[41.5, 12.5]] * 2
    assert table.dropped[["row", "photo_id", "reason"]].to_numpy().tolist() == [
        [3, "plain.png", module.NO_GPS],
        [4, "text.jpg", module.UNDECODABLE],
    ]
    assert table.n_rows == 4


def test_a_folder_without_any_gps(make_photo_folder: Callable) -> None:
    folder = make_photo_folder(3)
    (folder / "photos.csv").unlink()
    with pytest.raises(PhotoTableError, match=r"No usable photo is left.*3 × no GPS position"):
        load_photos(folder)


def test_the_camera_originals(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "exif_photos"
    for file in source.glob("*.jpg"):
        shutil.copy(file, tmp_path)
    expected = pd.read_csv(source / "photos.csv").set_index("IMG_ID")
    found = load_photos(tmp_path).photos.set_index("photo_id").loc[expected.index]
    assert len(found) == 18
    assert (
        np.abs(found[["lat", "lng"]].to_numpy() - expected[["LAT", "LON"]].to_numpy()).max() < 1e-6
    )
