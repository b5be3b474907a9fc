"""Faces are found where there are some; landscapes pass. portrait.jpg: NASA, public domain."""

from pathlib import Path

import pytest
from PIL import Image

from geocore.data.faces import FACE_SHARE, face_share
from geocore.data.samples import load_samples
from geocore.errors import ImageError
from tests.conftest import encode

PORTRAIT = Path(__file__).with_name("portrait.jpg")


def test_a_portrait_has_a_large_face():
    assert face_share(PORTRAIT) > 0.2
    assert face_share(PORTRAIT.read_bytes()) == face_share(PORTRAIT)


def test_a_passer_by_is_no_portrait():
    street = Image.new("RGB", (480, 480), (120, 130, 140))
    with Image.open(PORTRAIT) as portrait:
        street.paste(portrait.resize((60, 60)), (200, 200))
    assert 60 * face_share(PORTRAIT) / 480 < FACE_SHARE
    assert face_share(encode(street)) == 0


def test_of_ten_sample_photos_at_most_one_is_held_up():
    shares = [face_share(path) for path in load_samples().photos["path"]]
    assert len(shares) == 10 and sum(share > 0 for share in shares) <= 1


def test_what_is_no_photo_is_refused():
    with pytest.raises(ImageError, match="note"):
        face_share(b"dear", name="note.jpg")
