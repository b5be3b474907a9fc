"""Positions in every usual notation, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocore.analysis.coordinates import SWAPPED, in_words, looks_like_position, parse_position

EIFFEL = (48.8583, 2.2945)
SYDNEY = (-33.8688, 151.2093)

SAME_PLACE = [
    "48.8583, 2.2945",
    "  48.8583\t2.2945 ",
    "(48.8583, 2.2945)",
    "48.8583/2.2945",
    "48.8583; 2.2945",
    "+48.8583, +2.2945",
    "48,8583; 2,2945",
    "48,8583 2,2945",
    "48,8583, 2,2945",
    "48,8583,2,2945",
    "48,8583 / 2,2945",
    "48.8583°, 2.2945°",
    "48.8583 N 2.2945 E",
    "48.8583°N, 2.2945°E",
    "N48.8583 E2.2945",
    "N 48,8583° E 2,2945°",
    "2.2945 E, 48.8583 N",
    "48.8583 north, 2.2945 east",
    "lat: 48.8583 lng: 2.2945",
    "Latitude 48.8583, Longitude 2.2945",
    "lon=2.2945 lat=48.8583",
    "latitude=48.8583&longitude=2.2945",
    "lat 48.8583 N, lon 2.2945 E",
    "48°51'29.88\"N 2°17'40.2\"E",
    "48° 51\u2032 29,88\u2033 N, 2° 17\u2032 40,2\u2033 E",
    "48\u00ba51\u201929.88\u201dN 2\u00ba17\u201940.2\u201dE",
    "N48°51'29.88'' E2°17'40.2''",
    "48d51m29.88s N 2d17m40.2s E",
    "48d51m29.88sN, 2d17m40.2sE",
    "48 deg 51 min 29.88 sec N, 2 deg 17 min 40.2 sec E",
    "48:51:29.88, 2:17:40.2",
    "48:51:29.88N 2:17:40.2E",
    "48 51 29.88 2 17 40.2",
    "48 51 29.88 N 2 17 40.2 E",
    "N 48 51.498 E 2 17.670",
    "48°51.498'N 2°17.67'E",
    "48° 51,498' 2° 17,67'",
    "+48.8583+002.2945/",
    "+48.8583+002.2945+035/",
    "geo:48.8583,2.2945",
    "GEO:48.8583,2.2945;u=35",
    "geo:48.8583,2.2945?z=12",
    "POINT(2.2945 48.8583)",
    "SRID=4326;POINT (2.2945 48.8583)",
    '{"type": "Point", "coordinates": [2.2945, 48.8583]}',
    "https://www.google.com/maps/place/Eiffel/@48.85,2.29,15z/data=!3d48.8583!4d2.2945",
    "https://www.google.com/maps/@48.8583,2.2945,15z",
    "https://maps.google.com/?q=48.8583,2.2945",
    "https://www.openstreetmap.org/?mlat=48.8583&mlon=2.2945#map=15/48.1/2.1",
    "https://www.openstreetmap.org/#map=15/48.8583/2.2945",
    "https://www.bing.com/maps?cp=48.8583~2.2945&lvl=15",
    "https://maps.apple.com/?ll=48.8583%2C2.2945",
    "\uff14\uff18.8583, 2.2945",
    "\u202a48.8583, 2.2945\u202c",
    "48.8583\u00a0N, 2.2945\u00a0E",
]


@pytest.mark.parametrize("text", SAME_PLACE)
def test_one_place_in_every_usual_notation(text):
    position = parse_position(text)
    assert (position.lat, position.lng) == pytest.approx(EIFFEL, abs=1e-6)
    assert position.note == ""
    assert looks_like_position(text)


@pytest.mark.parametrize(
    "text",
    [
        "-33.8688, 151.2093",
        "\u221233,8688; 151,2093",
        "33.8688 S, 151.2093 E",
        "33°52'7.68\"S 151°12'33.48\"E",
        "S33 52.128 E151 12.558",
        "geo:-33.8688,151.2093",
        "POINT(151.2093 -33.8688)",
        "-33 52 7.68, 151 12 33.48",
    ],
)
def test_the_southern_half(text):
    position = parse_position(text)
    assert (position.lat, position.lng) == pytest.approx(SYDNEY, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        ("151.2093, -33.8688", SYDNEY, SWAPPED),
        ("10, 200", (10, -160), "read as 160° W"),
        ("90, 0", (90, 0), ""),
        ("90 S 45 E", (-90, 45), ""),
        ("0, 180", (0, 180), ""),
        ("0, -180", (0, -180), ""),
        ("0,0", (0, 0), ""),
        ("-33,151", (-33, 151), ""),
        ("33°S,151°E", (-33, 151), ""),
        ("0°30'S 0°30'W", (-0.5, -0.5), ""),
        ("-0 30 0, -0 30 0", (-0.5, -0.5), ""),
    ],
)
def test_edges_of_the_earth_and_what_is_put_right(text, expected, note):
    position = parse_position(text)
    assert (position.lat, position.lng) == pytest.approx(expected)
    assert note in position.note
    assert bool(note) == bool(position.note)


def test_the_notation_is_named():
    names = {text: parse_position(text).notation for text in ("1, 2", "1 30, 2 30", "1:2:3, 4:5:6")}
    assert list(names.values()) == [
        "decimal degrees",
        "degrees and minutes",
        "degrees, minutes and seconds",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "two angles are needed, received 0 numbers"),
        ("48.8583", "two angles are needed, received 1 numbers"),
        ("48.8583 2.2945 35", "two angles are needed, received 3 numbers"),
        ("hello", "cannot be understood"),
        ("1e5, 3", "is no position"),
        ("nan, nan", "is no position"),
        ("48.85 N, 2.35", "a letter .* with both angles or with none"),
        ("48.85 N 2.35 O", "O stands for east in German and for west in French"),
        ("-33.8 S, 151.2 E", "a minus sign or a letter, not both"),
        ("48°61'N 2°17'E", "between 0 and 60"),
        ("48.5°30'N 2°E", "only the last part of an angle can have decimals"),
        ("5 N 6 N", "received only one kind"),
        ("5 N 6 S", "received only one kind"),
        ("95 N, 20 E", "A latitude lies within 90 degrees, received 95.*exchange the two"),
        ("200, 300", "A latitude lies within 90 degrees, received 200"),
        ("10, 400", "A longitude lies within 180 degrees, received 400"),
        ("10, -200", "A longitude lies within 180 degrees, received -200"),
        ("geo:48.8,2.3;crs=EPSG:3857", "is no position"),
        ("1, " * 400, "at most 500 characters long, received 1,200"),
    ],
)
def test_what_is_no_position_says_why(text, message):
    with pytest.raises(ValueError, match=message):
        parse_position(text)


@pytest.mark.parametrize("text", ["Paris", "Sannat, Malta", "Area 51", "N", "12 Main Street"])
def test_names_do_not_look_like_positions(text):
    assert not looks_like_position(text)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_what_is_written_can_be_read_again(lat, lng):
    position = parse_position(in_words(lat, lng))
    assert (position.lat, position.lng) == pytest.approx((lat, lng), abs=5.1e-5)
    decimal = parse_position(f"{lat:.6f}, {lng:.6f}")
    assert (decimal.lat, decimal.lng) == pytest.approx((lat, lng), abs=5.1e-7)


@given(st.text(max_size=40))
def test_no_text_does_anything_but_give_a_point_or_a_reason(text):
    try:
        position = parse_position(text)
    except ValueError as error:
        assert str(error)
    else:
        assert abs(position.lat) <= 90 and abs(position.lng) <= 180
