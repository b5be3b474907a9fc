"""Data stage: one question to Flickr's photo search, and which questions follow from its answer.

Pure: no network, no disk. What Flickr documents (flickr.photos.search): a search with a bounding
box lists 250 photos a page; of any search only the first 4,000 results can be had; at most 20 tags.
"""

import itertools
import json
from dataclasses import dataclass, replace

from geocore.data.flickr.answer import Answer

MAX_RESULTS = 4000
PER_PAGE = 250
MAX_PAGES = MAX_RESULTS // PER_PAGE
MAX_TAGS = 20
MIN_BOX_DEG = 0.01  # about a kilometre; a busier place is divided by time instead

Box = tuple[float, float, float, float]
WORLD: Box = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, kw_only=True)
class Query:
    """One page of the photos with any of some tags in a box, posted within a span of time.

    Attributes:
        term: The term of the vocabulary that the tags stand for.
        tags: At most `MAX_TAGS`, as Flickr keeps them.
        box: west, south, east, north in degrees; never across +-180.
        since: First second of posting, Unix time.
        until: Last second of posting, Unix time.
        page: Counted from 1.
    """

    term: str
    tags: tuple[str, ...]
    box: Box
    since: int
    until: int
    page: int = 1

    def fields(self) -> dict[str, str]:
        """What Flickr is sent of it."""
        return {
            "tags": ",".join(self.tags),
            "tag_mode": "any",
            "bbox": ",".join(f"{side:.6f}" for side in self.box),
            "min_upload_date": str(self.since),
            "max_upload_date": str(self.until),
            "page": str(self.page),
        }

    def to_text(self) -> str:
        """One line that tells it from every other query; `from_text` reads it."""
        return json.dumps(
            [self.term, self.tags, self.box, self.since, self.until, self.page], ensure_ascii=False
        )

    @classmethod
    def from_text(cls, text: str) -> "Query":
        """The query that `to_text` wrote."""
        term, tags, box, since, until, page = json.loads(text)
        return cls(term=term, tags=tuple(tags), box=tuple(box), since=since, until=until, page=page)

    def narrower(self) -> list["Query"]:
        """Queries of smaller boxes, else of shorter times, that cover this one; [] if none can."""
        west, south, east, north = self.box
        lngs, lats = _halves(west, east), _halves(south, north)
        if len(lngs) + len(lats) > 2:
            boxes = [(w, s, e, n) for (s, n), (w, e) in itertools.product(lats, lngs)]
            return [replace(self, box=box, page=1) for box in boxes]
        if self.since >= self.until:
            return []
        middle = (self.since + self.until) // 2
        return [replace(self, until=middle, page=1), replace(self, since=middle + 1, page=1)]

    def fewer_tags(self) -> list["Query"]:
        """Two queries with half the tags each; [] if there is but one."""
        half = len(self.tags) // 2
        parts = (self.tags[:half], self.tags[half:]) if half else ()
        return [replace(self, tags=tags, page=1) for tags in parts]


def _halves(low: float, high: float) -> list[tuple[float, float]]:
    """The interval, cut in two unless it is small; corners have the six decimals Flickr reads."""
    if high - low <= MIN_BOX_DEG:
        return [(low, high)]
    middle = round((low + high) / 2, 6)
    return [(low, middle), (middle, high)]


def boxes_of(area: Box) -> list[Box]:
    """The area as boxes that do not cross +-180 degrees: one, or two where west > east.

    Raises:
        ValueError: A side is off the Earth or north does not lie above south.
    """
    west, south, east, north = area
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90):
        raise ValueError(
            "the area must be west,south,east,north in degrees, longitudes in [-180, 180] and "
            f"latitudes in [-90, 90] with south below north; received {area}."
        )
    if west == east:
        raise ValueError(f"the area must have a width, received west = east = {west}.")
    if west < east:
        return [area]
    return [(west, south, 180.0, north), (-180.0, south, east, north)]


def is_cut_off(query: Query, answer: Answer) -> bool:
    """Whether Flickr has more results than it gives, and the query cannot be narrowed any more."""
    return answer.total > MAX_RESULTS and not query.narrower()


def follow_ups(query: Query, answer: Answer) -> list[Query]:
    """What has to be asked next, so that no photo of the query is missed.

    Over Flickr's cap the query is narrowed; at whichever page the total is seen to exceed it, for
    totals change. A server that ignores the box would be narrowed for ever, therefore only a query
    that listed a photo inside its own box and time is. Below the cap the next page follows, as long
    as the total or a full page promises one: totals are wrong in both directions.
    """
    if answer.n_listed == 0:
        return []
    if answer.total > MAX_RESULTS and query.narrower():
        return query.narrower() if answer.n_inside else []
    has_more = query.page * PER_PAGE < answer.total or answer.n_listed >= PER_PAGE
    return [replace(query, page=query.page + 1)] if has_more and query.page < MAX_PAGES else []


def n_expected(query: Query, answer: Answer, following: list[Query]) -> int:
    """About how many photos each follow-up has still to list, by the total that was claimed."""
    if not following:
        return 0
    if following[0].page > 1:
        return max(0, answer.total - query.page * PER_PAGE)
    return answer.total // len(following)
