"""scripts/check_claim.py as an outsider runs it."""

import json

import pytest

from geocore.cells.place_names import load_place_namer
from geocore.inference.calibrating import calibrate_bundle
from scripts import check_claim
from tests.data.test_faces import PORTRAIT
from tests.inference import tiny_model


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tiny_model.save_tiny_model(tmp_path_factory.mktemp("bundles") / "tiny")
    calibrate_bundle(folder, load_place_namer())
    return folder


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "a.jpg"
    tiny_model.made_photo(1).save(path)
    return path


def _run(capsys, *args) -> tuple[int, str, str]:
    code = check_claim.main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_claim_in_text_and_in_json(capsys, photo, bundle):
    code, out, _ = _run(capsys, photo, "Paris", "--bundle", bundle)
    assert code in (0, 1)
    assert out.startswith("Claimed: Paris, Île-de-France, France\nMay also be meant: Paris, Texas")
    assert "The claimed cell at every level:" in out and "p-value" in out
    args = (photo, "48.8583 N, 2.2945 E", "--bundle", bundle, "--format", "json")
    again, out, _ = _run(capsys, *args, "--radius-km", 50)
    found = json.loads(out)
    assert again == int(found["verdict"] != "compatible")
    assert found["claimed"]["label"] == "48.8583° N, 2.2945° E"
    assert found["radius_km"] == 50
    assert found["branch"][-1]["p_value"] == pytest.approx(found["p_value"], abs=1e-6)


def test_power_without_a_photo(capsys, bundle):
    code, out, _ = _run(capsys, "--bundle", bundle)
    assert code == 0
    assert "where the true place is claimed" in out


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ((), "the photo's EXIF holds no position"),
        (("Qqzzxw",), "No known town, region or country"),
        (("95 N, 20 E",), "A latitude lies within 90 degrees"),
        (("Paris", "--radius-km", "-1"), "radius_km must lie between"),
        (("Paris", "--head", "other"), "Unknown head 'other'"),
    ],
)
def test_what_cannot_be_checked_says_why(capsys, photo, bundle, place, message):
    code, out, err = _run(capsys, photo, *place, "--bundle", bundle)
    assert (code, out) == (2, "")
    assert err.startswith("check_claim.py: ") and message in err


def test_a_bundle_without_calibration_says_what_to_run(capsys, photo, tmp_path):
    folder = tiny_model.save_tiny_model(tmp_path / "bare")
    code, _, err = _run(capsys, photo, "Paris", "--bundle", folder)
    assert code == 2
    assert "scripts/calibrate.py --bundle" in err


def test_a_claim_about_a_person_is_checked_once_it_is_said_what_for(capsys, bundle):
    code, out, err = _run(capsys, PORTRAIT, "Paris", "--bundle", bundle)
    assert (code, out) == (2, "") and "seems to show a person" in err
    code, out, _ = _run(capsys, PORTRAIT, "Paris", "--bundle", bundle, "--no-private-person")
    assert code in (0, 1) and "The claimed cell" in out
