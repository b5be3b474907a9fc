"""scripts/combine_photos.py as an outsider runs it."""

import json

import pytest

from scripts import combine_photos
from tests.data.test_faces import PORTRAIT
from tests.inference import tiny_model


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_model.save_tiny_model(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture
def photos(tmp_path):
    paths = [tmp_path / f"{i}.jpg" for i in range(2)]
    for i, path in enumerate(paths):
        tiny_model.made_photo(i).save(path)
    return paths


def _run(capsys, *args) -> tuple[int, str, str]:
    code = combine_photos.main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_photos_are_joined(capsys, photos, bundle):
    code, out, _ = _run(capsys, *photos, "--bundle", bundle, "--name", "flood", "--format", "json")
    record = json.loads(out)
    assert code == 0
    assert record["name"] == "flood"
    assert record["photos"] == [str(path) for path in photos]
    assert record["areas"] == {}


def test_a_photo_that_cannot_be_read_is_named_and_left_out(capsys, photos, bundle, tmp_path):
    (tmp_path / "letter.jpg").write_text("dear")
    code, out, err = _run(capsys, *photos, tmp_path / "letter.jpg", "--bundle", bundle)
    assert code == 1
    assert "2 photos that count as" in out
    assert "left out, " in err
    assert "letter.jpg" in err


def test_one_photo_is_no_event(capsys, photos, bundle):
    code, out, err = _run(capsys, photos[0], "--bundle", bundle)
    assert (code, out) == (2, "")
    assert "at least 2 photos with an answer, received 1" in err


def test_a_photo_of_a_person_is_left_out_until_it_is_said_what_for(capsys, photos, bundle):
    code, out, err = _run(capsys, *photos, PORTRAIT, "--bundle", bundle)
    assert (code, "portrait.jpg: it seems to show a person" in err) == (1, True)
    assert "2 photos that count as" in out
    code, out, _ = _run(capsys, *photos, PORTRAIT, "--bundle", bundle, "--no-private-person")
    assert (code, "3 photos that count as" in out) == (0, True)
