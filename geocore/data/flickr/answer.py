"""Data stage: Flickr's answer to a search, checked row by row. It knows no network and no disk.

Whatever the server sends, `read_answer` returns rows that can be trusted in form, counts the others
by reason, or raises `MalformedAnswer`. Of people it keeps what a licence asks to name: the author.
"""

import json
import math
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Any

# Photo size -> the field of the answer that holds its address: longest side in pixels.
SIZES = {320: "url_n", 500: "url_m", 640: "url_z", 800: "url_c", 1024: "url_l"}

MALFORMED = "record without a photo's number or position"
NO_POSITION = "no position"
OFF_EARTH = "position not on Earth"
OUTSIDE = "outside the area or time asked for"
OTHER_LICENSE = "licence not asked for"
TOO_COARSE = "position too coarse"
NO_IMAGE = "no image of a size asked for"

_MAX_TEXT = 4000
_MARGIN_DEG = 1e-5
_UNKEEPABLE = ("Cc", "Cs", "Zl", "Zp")


class MalformedAnswer(Exception):
    """The answer is not what Flickr documents; asking again may help."""


class Refusal(Exception):
    """Flickr's own refusal (`stat: fail`), with its code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"code {code}: {message}")
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows are kept: licence numbers, coarsest accuracy, longest side of the image."""

    licenses: frozenset[int]
    min_accuracy: int
    side_px: int

    def url_fields(self) -> list[str]:
        """The fields that may hold the image's address, the wanted size first, then smaller."""
        return [name for side, name in sorted(SIZES.items(), reverse=True) if side <= self.side_px]


@dataclass(frozen=True, kw_only=True)
class FoundPhoto:
    """One photo as Flickr describes it.

    Attributes:
        photo_id: Digits.
        lat: degrees.
        lng: degrees.
        accuracy: 1 (world) to 16 (street), as recorded by Flickr.
        owner: Account that posted it, for its page and for splits by photographer.
        author: The name to credit.
        license: Flickr's number.
        tags: As Flickr keeps them, divided by blanks.
        taken: As the camera had it, "" where unknown.
        posted: Unix time.
        url: Of the image.
        width_px: 0 where unknown.
        height_px: 0 where unknown.
    """

    photo_id: str
    lat: float
    lng: float
    accuracy: int
    owner: str
    author: str
    license: int
    tags: str
    taken: str
    posted: int
    url: str
    width_px: int
    height_px: int


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One page of results.

    Attributes:
        total: Results of the whole search, as the server claims.
        n_listed: Rows of this page.
        n_inside: Rows of this page that lie in the box and time asked for.
        photos: Those that are kept.
        refused: How many are not, by reason.
    """

    total: int
    n_listed: int
    n_inside: int
    photos: list[FoundPhoto]
    refused: dict[str, int]


def read_answer(
    content: bytes,
    *,
    box: tuple[float, float, float, float],
    since: int,
    until: int,
    wanted: Wanted,
) -> Answer:
    """Read the JSON of one page.

    Args:
        content: The body of the answer.
        box: west, south, east, north that were asked for, in degrees.
        since: Unix time of posting that was asked for.
        until: The same, inclusive.
        wanted: Which rows to keep.

    Raises:
        MalformedAnswer: It is no JSON, or not of the documented form.
        Refusal: Flickr says `stat: fail`.
    """
    page = _page(content)
    rows = page["photo"]
    refused: Counter[str] = Counter()
    photos, n_inside = [], 0
    for row in rows:
        photo = _found(row, wanted)
        reason = MALFORMED if photo is None else _position_problem(photo)
        if photo is not None and not reason:
            is_inside = _is_inside(photo, box, since, until)
            n_inside += is_inside
            reason = _problem(photo, wanted) if is_inside else OUTSIDE
        if reason:
            refused[reason] += 1
        elif photo is not None:
            photos.append(photo)
    return Answer(
        total=_total(page, len(rows)),
        n_listed=len(rows),
        n_inside=n_inside,
        photos=photos,
        refused=dict(refused),
    )


def _page(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswer("the answer is no JSON") from error
    if not isinstance(answer, dict):
        raise MalformedAnswer("the answer is no JSON object")
    if answer.get("stat") == "fail":
        raise Refusal(_integer(answer.get("code"), 0), _text(answer.get("message"))[:200])
    page = answer.get("photos")
    if answer.get("stat") != "ok" or not isinstance(page, dict):
        raise MalformedAnswer("the answer has neither photos nor a refusal")
    if not isinstance(page.get("photo"), list):
        raise MalformedAnswer("the answer lists no photos, not even none")
    return page


def _total(page: dict[str, Any], n_listed: int) -> int:
    """The claimed number of results; never fewer than are listed."""
    total = _integer(page.get("total"), -1)
    if total < 0:
        raise MalformedAnswer("the answer does not say how many photos there are")
    return max(total, n_listed)


def _found(row: Any, wanted: Wanted) -> FoundPhoto | None:
    """The row as a photo, or None where number or position cannot be read."""
    if not isinstance(row, dict):
        return None
    photo_id = str(row.get("id", ""))
    lat, lng = _degrees(row.get("latitude")), _degrees(row.get("longitude"))
    if not (photo_id.isascii() and photo_id.isdigit() and len(photo_id) <= 20):
        return None
    if lat is None or lng is None:
        return None
    field = next((name for name in wanted.url_fields() if _text(row.get(name))), "url_")
    suffix = field.removeprefix("url_")
    return FoundPhoto(
        photo_id=photo_id,
        lat=lat,
        lng=lng,
        accuracy=_integer(row.get("accuracy"), 0),
        owner=_text(row.get("owner")),
        author=_text(row.get("ownername")),
        license=_integer(row.get("license"), -1),
        tags=_text(row.get("tags")),
        taken="" if _text(row.get("datetakenunknown")) == "1" else _text(row.get("datetaken")),
        posted=_integer(row.get("dateupload"), 0),
        url=_text(row.get(field)),
        width_px=_integer(row.get(f"width_{suffix}"), 0),
        height_px=_integer(row.get(f"height_{suffix}"), 0),
    )


def _position_problem(photo: FoundPhoto) -> str:
    # Flickr gives a photo without a position as latitude 0, longitude 0, accuracy 0.
    if photo.lat == 0 and photo.lng == 0:
        return NO_POSITION
    return "" if abs(photo.lat) <= 90 and abs(photo.lng) <= 180 else OFF_EARTH


def _is_inside(
    photo: FoundPhoto, box: tuple[float, float, float, float], since: int, until: int
) -> bool:
    west, south, east, north = box
    is_in_box = (
        west - _MARGIN_DEG <= photo.lng <= east + _MARGIN_DEG
        and south - _MARGIN_DEG <= photo.lat <= north + _MARGIN_DEG
    )
    return is_in_box and since <= photo.posted <= until


def _problem(photo: FoundPhoto, wanted: Wanted) -> str:
    if photo.license not in wanted.licenses:
        return OTHER_LICENSE
    if photo.accuracy < wanted.min_accuracy:
        return TOO_COARSE
    return "" if photo.url else NO_IMAGE


def _degrees(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _integer(value: Any, default: int) -> int:
    """A whole number that a database can hold, from a number or its text."""
    number = _degrees(value)
    return int(number) if number is not None and abs(number) < 2**53 else default


def _text(value: Any) -> str:
    """Text that a CSV and a database can hold: no control characters, no broken surrogates."""
    if not isinstance(value, str | int):
        return ""
    text = str(value)
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in _UNKEEPABLE else c for c in text)
    return text.strip()[:_MAX_TEXT]
