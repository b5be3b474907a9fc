"""Data stage: what a collection from Flickr looks for, and the words that announce it beforehand.

It asks nothing; `geocore.data.flickr.crawl` carries it out.
"""

import math
import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from geocore.data.flickr.answer import SIZES, Wanted
from geocore.data.flickr.licenses import LICENSES, OPEN, check_licenses
from geocore.data.flickr.search import MAX_TAGS, PER_PAGE, WORLD, Box, Query, boxes_of
from geocore.data.flickr.server import IMAGES_PER_HOUR, QUERIES_PER_HOUR
from geocore.data.vocabulary import LANGUAGES, search_tags, searchable_terms

FIRST_DAY = date(2004, 2, 10)  # Flickr opened.
DAY_S = 86_400
OPTIONS = {
    "terms": "terms of the vocabulary, divided by commas (default: all)",
    "languages": f"some of {', '.join(LANGUAGES)} (default: all)",
    "licenses": f"Flickr's numbers (default: {','.join(map(str, OPEN))}, free for all)",
    "area": "west,south,east,north in degrees (default: the world); write --area=-10,35,30,60",
    "since": "first day of posting, such as 2012-01-31 (default: Flickr's first)",
    "until": "last day of posting (default: now)",
    "side_px": f"longest side of the images: {', '.join(map(str, SIZES))} (default: 640)",
    "min_accuracy": "coarsest position kept: 1 world, 3 country, 6 region (default), 11 city, 16",
}
NOTICE = "This product uses the Flickr API but is not endorsed or certified by SmugMug, Inc."


@dataclass(frozen=True, kw_only=True)
class CrawlSettings:
    """What a collection looks for; the same in every run of it.

    Attributes:
        terms: Of the vocabulary; () for all.
        languages: In which the terms are searched.
        licenses: Flickr's numbers, `flickr_licenses.LICENSES`.
        area: west, south, east, north in degrees; west > east crosses +-180.
        since: First day of posting (UTC).
        until: Last day of posting; None for the moment at which the collection begins.
        side_px: Longest side of the images, a key of `flickr_answer.SIZES`; smaller ones are taken
            where a photo has none of that size.
        min_accuracy: Coarsest position kept: 1 world, 3 country, 6 region, 11 city, 16 street.
            Judged here, not sent: Flickr does not document what its own argument does.

    Raises:
        ValueError: A value that is not allowed.
    """

    terms: tuple[str, ...] = ()
    languages: tuple[str, ...] = tuple(LANGUAGES)
    licenses: tuple[int, ...] = OPEN
    area: Box = WORLD
    since: date = FIRST_DAY
    until: date | None = None
    side_px: int = 640
    min_accuracy: int = 6

    def __post_init__(self) -> None:
        check_licenses(self.licenses)
        boxes_of(self.area)
        if self.side_px not in SIZES:
            sides = ", ".join(map(str, SIZES))
            raise ValueError(f"side_px must be one of {sides}, received {self.side_px}.")
        if not 1 <= self.min_accuracy <= 16:
            raise ValueError(f"min_accuracy must lie in 1 to 16, received {self.min_accuracy}.")
        if self.since > (self.until or date.today()):
            raise ValueError(
                "the first day of posting must not lie after the last, received "
                f"{self.since} and {self.until or 'today'}."
            )
        self.tags()

    def tags(self) -> dict[str, list[str]]:
        """Term -> the tags that are searched for it."""
        terms = self.terms or searchable_terms()
        return {term: search_tags(term, languages=self.languages) for term in terms}

    def first_queries(self, until: int) -> list[Query]:
        """The queries that a collection begins with; all others follow from answers."""
        since = _unix(self.since)
        return [
            Query(term=term, tags=tuple(tags[i : i + MAX_TAGS]), box=box, since=since, until=until)
            for term, tags in self.tags().items()
            for i in range(0, len(tags), MAX_TAGS)
            for box in boxes_of(self.area)
        ]

    def end(self) -> int:
        """Last second of posting, Unix time."""
        return int(time.time()) if self.until is None else _unix(self.until) + DAY_S - 1

    def wanted(self) -> Wanted:
        """Which rows of an answer are kept."""
        licenses = frozenset(self.licenses)
        return Wanted(licenses=licenses, min_accuracy=self.min_accuracy, side_px=self.side_px)

    def to_plain(self) -> dict[str, Any]:
        """The settings as the journal keeps them."""
        return {
            "terms": list(self.terms),
            "languages": sorted(self.languages),
            "licenses": sorted(self.licenses),
            "area": list(self.area),
            "since": str(self.since),
            "until": str(self.until),
            "side_px": self.side_px,
            "min_accuracy": self.min_accuracy,
        }


def settings_from_text(texts: Mapping[str, str | None]) -> CrawlSettings:
    """Settings from what a person typed; None stands for the default.

    Args:
        texts: Setting -> text, the keys of `OPTIONS`.

    Raises:
        ValueError: A text cannot be read, or a value is not allowed.
    """
    values = {name: _value(name, text) for name, text in texts.items() if text is not None}
    return CrawlSettings(**values)


def _value(name: str, text: str) -> Any:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        if name in ("since", "until"):
            return date.fromisoformat(text)
        if name in ("side_px", "min_accuracy"):
            return int(text)
        if name == "licenses":
            return tuple(int(part) for part in parts)
        if name == "area":
            west, south, east, north = (float(part) for part in parts)
            return west, south, east, north
    except ValueError as error:
        option = f"--{name.replace('_', '-')}"
        raise ValueError(f"{option} cannot be read: {text!r}. It is {OPTIONS[name]}.") from error
    return tuple(parts)


def _unix(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def announcement(settings: CrawlSettings) -> str:
    """What will be asked, kept and left alone, and at least how long it takes."""
    tags = settings.tags()
    west, south, east, north = settings.area
    sentences = [
        f"Asks Flickr for public photos with a position in longitude {west:g} to {east:g}, "
        f"latitude {south:g} to {north:g}, posted from {settings.since} to "
        f"{settings.until or 'now'}, under one of the licences "
        f"{', '.join(LICENSES[number][0] for number in sorted(settings.licenses))}.",
        f"Searches {sum(map(len, tags.values())):,} words in "
        f"{', '.join(LANGUAGES[code] for code in settings.languages)} for these terms: "
        f"{', '.join(tags)}.",
        "Sends these words, areas and times, and your key. Asks nothing about people.",
        "Keeps each image with its position, tags, dates and licence, and the photographer's name "
        "and account, to credit them.",
        _effort(len(settings.first_queries(settings.end()))),
        "The photos belong to their photographers: follow each licence, and remove what they "
        "remove from Flickr.",
        NOTICE,
    ]
    return "\n".join(textwrap.fill(text, 100, subsequent_indent="  ") for text in sentences)


def _effort(n_first: int) -> str:
    examples = [
        f"{n:,} photos at least {duration(n_first + math.ceil(n / PER_PAGE), QUERIES_PER_HOUR)}, "
        f"their images {duration(n, IMAGES_PER_HOUR)}"
        for n in (10_000, 1_000_000)
    ]
    return (
        f"Needs at least {n_first:,} queries, one more for every {PER_PAGE} photos and some to "
        f"divide busy areas, at most {QUERIES_PER_HOUR:,} an hour: {'; '.join(examples)}. How many "
        "photos there are Flickr tells only when asked."
    )


def duration(n: int, per_hour: float) -> str:
    """How long so many requests take at the permitted pace, in words."""
    minutes = max(1, round(n * 60 / per_hour))
    if minutes < 90:
        return f"{minutes} minute{'s' * (minutes > 1)}"
    hours = minutes / 60
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
