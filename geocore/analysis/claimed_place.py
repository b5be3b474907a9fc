"""Which place somebody claims for a photo: typed, clicked, or written into the file by a camera.

Stage: analysis. It must not know predictions or pages.

Source: own.
"""

from dataclasses import dataclass
from typing import Any

from geocore.analysis.coordinates import in_words, looks_like_position, parse_position
from geocore.analysis.place_search import (
    COUNTRY,
    EXACT,
    REGION,
    TOWN,
    FoundPlace,
    find_places,
)
from geocore.cells.checks import check_coordinates
from geocore.cells.place_names import load_place_namer
from geocore.data.exif import exif_position
from geocore.data.images import Photo

TYPED, CLICK, EXIF = "typed", "click", "exif"
DECIMALS = 5


@dataclass(frozen=True, kw_only=True)
class ClaimedPlace:
    """A place that a photo is said to be from.

    Attributes:
        text: as it was typed, "" for a click; text from outside.
        label: what it was understood as, for people.
        lat, lng: degrees; of a region or country its largest town.
        source: TYPED, CLICK or EXIF.
        code: ISO 3166 of a country that is claimed as a whole, or of the region's, else "".
        region: that is claimed as a whole, else "".
        note: what the reader should know about how it was understood, "" for nothing.
    """

    text: str
    label: str
    lat: float
    lng: float
    source: str
    code: str = ""
    region: str = ""
    note: str = ""

    def arguments(self) -> dict[str, Any]:
        """What `geocore.analysis.claims.check_claim` needs of it.

        Rounded as a case keeps it, to 1 m, so that a replay checks the same place.
        """
        return {
            "lat": round(self.lat, DECIMALS) + 0.0,
            "lng": round(self.lng, DECIMALS) + 0.0,
            "code": self.code,
            "region": self.region,
            "name": self.label,
        }


def read_claim(text: str, limit: int = 5) -> list[ClaimedPlace]:
    """Places that a typed text may mean, the likeliest first; coordinates mean exactly one.

    Raises:
        ValueError: it is neither a position nor like the name of a known place. The sentence says
            what to write.
    """
    if looks_like_position(text):
        position = parse_position(text)
        note = position.note or _swap_note(position.lat, position.lng)
        label = in_words(position.lat, position.lng)
        return [
            ClaimedPlace(
                text=text, label=label, lat=position.lat, lng=position.lng, source=TYPED, note=note
            )
        ]
    if found := find_places(text, limit):
        return [_named(place, text) for place in found]
    raise ValueError(
        f"No known town, region or country is called anything like {text.strip()[:60]!r}. Known "
        "are places with some thousand inhabitants, under their usual names. Name the nearest "
        "town, or give coordinates such as 48.8583, 2.2945."
    )


def clicked_claim(lat: float, lng: float) -> ClaimedPlace:
    """A point on the map.

    Raises:
        ValueError: no point on Earth.
    """
    check_coordinates([lat], [lng])
    return ClaimedPlace(
        text="", label=in_words(lat, lng), lat=float(lat), lng=float(lng), source=CLICK
    )


def exif_claim(photo: Photo, *, name: str | None = None) -> ClaimedPlace | None:
    """The position in the file itself, None where there is none; anybody can write one into a file.

    Raises:
        ImageError: the file is no readable photo.
    """
    position = exif_position(photo, name=name)
    return None if position is None else exif_place(*position)


def claims_of_photo(photo: Photo, text: str | None) -> list[ClaimedPlace]:
    """What a text claims for a photo, else what its EXIF claims.

    Raises:
        ValueError: the text names no place, or there is neither a text nor a position in the file.
        ImageError: the file is no readable photo.
    """
    if text:
        return read_claim(text)
    if (claim := exif_claim(photo)) is not None:
        return [claim]
    raise ValueError(
        "A claimed place is needed: the photo's EXIF holds no position that can be trusted. Name "
        "the place, such as Lisbon or 48.8583, 2.2945."
    )


def exif_place(lat: float, lng: float) -> ClaimedPlace:
    """The same from a position that was read already."""
    return ClaimedPlace(
        text="", label=in_words(lat, lng), lat=float(lat), lng=float(lng), source=EXIF,
        note="Written into the file by a camera, or by anybody since.",
    )  # fmt: skip


def _named(place: FoundPlace, text: str) -> ClaimedPlace:
    whole = {TOWN: "", REGION: "Anywhere in the region.", COUNTRY: "Anywhere in the country."}
    notes = [whole[place.kind]]
    if place.score < EXACT:
        notes.insert(0, "No place has exactly this name; the most alike is meant.")
    return ClaimedPlace(
        text=text, label=place.label, lat=place.lat, lng=place.lng, source=TYPED,
        code="" if place.kind == TOWN else place.code,
        region=place.region if place.kind == REGION else "",
        note=" ".join(filter(None, notes)),
    )  # fmt: skip


def _swap_note(lat: float, lng: float) -> str:
    """What the place would be with latitude and longitude exchanged, where that is likelier."""
    if abs(lng) > 90:
        return ""
    namer = load_place_namer()
    given, swapped = namer.near_towns([lat, lng], [lng, lat])
    if given >= 0 or swapped < 0 or namer.on_land([lat], [lng])[0]:
        return ""
    return (
        f"This lies in the {namer.names([lat], [lng])[0]}. With longitude first it would be "
        f"{namer.names([lng], [lat])[0]}: were the two exchanged?"
    )
