"""A position from what an analyst types or pastes, in every usual notation.

Stage: analysis. It must not know cells, places or predictions.

    48.8583, 2.2945     48,8583; 2,2945      48.8583 N 2.2945 E       lat: 48.8583 lng: 2.2945
    48°51'29.9"N 2°17'40.2"E                 N 48 51.498 E 2 17.670   +48.8583+002.2945/
    geo:48.8583,2.2945  POINT(2.2945 48.8583)                         links of online maps

Where a text can be read in one way only, that way is taken and `note` says so (longitude first,
longitudes up to 360); where it can be read in two, it is refused and the sentence says what to
write.

Source: own; ISO 6709 (order, signs, hemispheres), RFC 5870 (geo:), OGC simple features (POINT).
"""

import re
from dataclasses import dataclass

from geocore.analysis.angle_text import read_angles

MAX_LENGTH = 500
_NUMBER = r"([+-]?\d{1,3}(?:\.\d+)?)"
_QUERY = "q|ll|cp|query|center|viewpoint"
_LINKS = (
    (
        "geo: link",
        rf"^geo:{_NUMBER},{_NUMBER}(?:,[\d.+-]+)?(?:;crs=wgs84)?(?:;u=[\d.]+)?(?:\?.*)?$",
    ),
    ("map link", rf"^https?://.*!3d{_NUMBER}!4d{_NUMBER}"),
    ("map link", rf"^https?://.*[?&#]mlat={_NUMBER}&mlon={_NUMBER}"),
    ("map link", rf"^https?://.*/@{_NUMBER},{_NUMBER}"),
    ("map link", rf"^https?://.*[#&?]map=\d+(?:\.\d+)?/{_NUMBER}/{_NUMBER}"),
    ("map link", rf"^https?://.*[?&](?:{_QUERY})={_NUMBER}(?:,|%2c|~){_NUMBER}"),
    ("ISO 6709", r"^([+-]\d\d(?:\.\d+)?)([+-]\d{3}(?:\.\d+)?)(?:[+-]\d+(?:\.\d+)?)?(?:crs\w+)?/?$"),
)
_POINT = re.compile(rf"^(?:srid=4326;)?\s*point\s*z?\s*\(\s*{_NUMBER}[\s,]+{_NUMBER}[^)]*\)$", re.I)
_COORDINATES = re.compile(rf'"coordinates"\s*:\s*\[\s*{_NUMBER}\s*,\s*{_NUMBER}[^\]]*\]', re.I)
LONGITUDE_FIRST = "longitude first, as this notation is defined"
SWAPPED = "Latitudes end at 90: read as longitude first, then latitude."


@dataclass(frozen=True, kw_only=True)
class Position:
    """A point that somebody wrote down.

    Attributes:
        lat, lng: degrees, in [-90, 90] and [-180, 180].
        notation: how it was written, for people.
        note: what was put right or understood otherwise than written, "" for nothing.
    """

    lat: float
    lng: float
    notation: str
    note: str = ""


def parse_position(text: str) -> Position:
    """Read a position.

    Raises:
        ValueError: it is no position, or can be read in more than one way. The sentence says why
            and what to write.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(
            f"A position is at most {MAX_LENGTH} characters long, received {len(text):,}. "
            'Give the coordinates alone, such as "48.8583, 2.2945".'
        )
    text = text.strip()
    for pattern in (_POINT, _COORDINATES):
        if found := pattern.search(text):
            name = "POINT text" if pattern is _POINT else "GeoJSON"
            return _checked(float(found[2]), float(found[1]), f"{name}, {LONGITUDE_FIRST}", text)
    for name, link in _LINKS:
        if found := re.search(link, text, re.I):
            return _checked(float(found[1]), float(found[2]), name, text)
    return _position(text)


def looks_like_position(text: str) -> bool:
    """Whether a text is meant as coordinates rather than as the name of a place."""
    text = text.strip().casefold()
    if re.match(r"(geo:|https?:|(srid=\d+;)?\s*point\b|\{)", text):
        return True
    digits = len(re.findall(r"\d", text))
    words = re.findall(r"[^\W\d_]{3,}", text)
    labels = {"lat", "lng", "lon", "long", "latitude", "longitude", "north", "south", "east"}
    units = {"west", "deg", "degrees", "min", "sec", "degree"}
    return digits >= 2 and not set(words) - labels - units


def in_words(lat: float, lng: float) -> str:
    """A point as people write it, "48.8583° N, 2.2945° E", to about 10 m."""
    north, east = ("N" if lat >= 0 else "S"), ("E" if lng >= 0 else "W")
    return f"{abs(lat):.4f}° {north}, {abs(lng):.4f}° {east}"


def _position(text: str) -> Position:
    first, second, notation = read_angles(text)
    axes = (first.axis, second.axis)
    if axes in (("lat", "lng"), ("lng", "lat")):
        lat, lng = (first, second) if axes[0] == "lat" else (second, first)
        return _checked(lat.degrees, lng.degrees, notation, text)
    if axes != ("", ""):
        raise ValueError(
            f"{text!r} must name one latitude (N or S) and one longitude (E or W), or neither of "
            "them; received only one kind. Write for example 48.8583 N, 2.2945 E."
        )
    return _checked(first.degrees, second.degrees, notation, text, may_swap=True)


def _checked(
    lat: float, lng: float, notation: str, text: str, *, may_swap: bool = False
) -> Position:
    notes = []
    if may_swap and 90 < abs(lat) <= 180 and abs(lng) <= 90:
        lat, lng = lng, lat
        notes.append(SWAPPED)
    if abs(lat) > 90:
        hint = "" if abs(lng) > 90 else " If longitude came first, exchange the two."
        raise ValueError(f"A latitude lies within 90 degrees, received {lat:g} in {text!r}.{hint}")
    if 180 < lng <= 360:
        lng -= 360
        notes.append(f"Longitudes run from -180 to 180: read as {abs(lng):g}° W.")
    if abs(lng) > 180:
        raise ValueError(f"A longitude lies within 180 degrees, received {lng:g} in {text!r}.")
    return Position(lat=lat + 0.0, lng=lng + 0.0, notation=notation, note=" ".join(notes))
