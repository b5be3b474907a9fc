"""What a claim was understood as."""

import io

import pytest
from PIL import Image

from geocore.analysis.claimed_place import (
    CLICK,
    EXIF,
    TYPED,
    claims_of_photo,
    clicked_claim,
    exif_claim,
    read_claim,
)
from geocore.errors import ImageError


def jpeg(gps=None) -> bytes:
    image, exif, stream = Image.new("RGB", (32, 32)), Image.Exif(), io.BytesIO()
    if gps:
        exif[0x8825] = gps
    image.save(stream, "JPEG", exif=exif)
    return stream.getvalue()


LISBON_GPS = {1: "N", 2: (38.0, 43.0, 12.0), 3: "W", 4: (9.0, 8.0, 24.0)}


def test_coordinates_are_one_claim():
    claims = read_claim("38°43'12\"N 9°8'24\"W")
    assert len(claims) == 1
    claim = claims[0]
    assert (claim.source, claim.code, claim.note) == (TYPED, "", "")
    assert claim.label == "38.7200° N, 9.1400° W"
    assert claim.arguments()["name"] == claim.label


def test_a_name_may_mean_several_places():
    claims = read_claim("Paris")
    assert claims[0].label.endswith("France")
    assert len(claims) == 5
    assert claims[0].note == ""


def test_a_misspelt_name_says_so():
    claim = read_claim("Lisabon")[0]
    assert claim.label == "Lisbon, Portugal"
    assert "No place has exactly this name" in claim.note


def test_a_country_is_claimed_as_a_whole():
    claim = read_claim("Portugal")[0]
    assert (claim.code, claim.note) == ("PT", "Anywhere in the country.")
    assert claim.arguments()["code"] == "PT"


def test_a_region_is_claimed_as_a_whole():
    claim = read_claim("Texas")[0]
    assert (claim.label, claim.code, claim.region) == ("Texas, United States", "US", "Texas")
    assert claim.note == "Anywhere in the region."


def test_a_point_at_sea_whose_exchange_is_a_town_is_asked_about():
    note = read_claim("2.35, 48.85")[0].note
    assert "Indian Ocean" in note and "were the two exchanged?" in note and "France" in note
    assert read_claim("0, -30")[0].note == ""
    assert read_claim("30, 120")[0].note == ""


def test_nothing_alike_says_what_to_write():
    with pytest.raises(ValueError, match=r"anything like 'Qqzzxw'.*Name the nearest town"):
        read_claim("Qqzzxw")


@pytest.mark.parametrize("text", ["", "  ", "?!", "x" * 201])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(ValueError, match="letters"):
        read_claim(text)


def test_a_click_is_a_claim():
    claim = clicked_claim(-33.9, 151.2)
    assert (claim.source, claim.label, claim.text) == (CLICK, "33.9000° S, 151.2000° E", "")
    with pytest.raises(ValueError, match="lng must lie"):
        clicked_claim(0, 200)


def test_the_files_own_position_is_a_claim():
    claim = exif_claim(jpeg(LISBON_GPS))
    assert claim is not None
    assert (claim.lat, claim.lng) == pytest.approx((38.72, -9.14))
    assert claim.source == EXIF and "by anybody since" in claim.note
    assert exif_claim(jpeg()) is None
    with pytest.raises(ImageError):
        exif_claim(b"no photo", name="a.jpg")


def test_a_text_goes_before_the_files_own_position():
    photo = jpeg(LISBON_GPS)
    assert claims_of_photo(photo, None)[0].source == EXIF
    assert claims_of_photo(photo, "Porto")[0].source == TYPED
    with pytest.raises(ValueError, match="EXIF holds no position"):
        claims_of_photo(jpeg(), None)
