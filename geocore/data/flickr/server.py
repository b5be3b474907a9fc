"""Data stage: what Flickr is asked, and what its answers and refusals mean.

It sends searches and fetches images; it knows no file, no vocabulary, and what to ask next neither.
The key travels in the body of a POST, never in an address, so that neither logs nor errors of any
layer can show it; answers that repeat it are cleaned of it.
"""

import os
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from geocore.data.flickr.answer import Answer, MalformedAnswer, Refusal, Wanted, read_answer
from geocore.data.flickr.connection import Connection, TemporaryFailure, TooLarge, even_pace
from geocore.data.flickr.search import PER_PAGE, Query
from geocore.errors import CrawlError

KEY_VARIABLE = "FLICKR_API_KEY"
ENDPOINT = "https://api.flickr.com/services/rest/"
IMAGE_HOSTS = (".staticflickr.com", ".static.flickr.com")
# Flickr: "under 3600 queries per hour across the whole key"; evenly, for bursts are noticed too.
QUERIES_PER_HOUR = 3500
# Flickr's image servers answer 429 to hasty visitors; the rate is ours.
IMAGES_PER_HOUR = 7200
LOCAL_PER_HOUR = 3_600_000
MAX_ANSWER_BYTES = 8 * 1024 * 1024
MAX_IMAGE_BYTES = 10 * 1024 * 1024

# Documented for flickr.photos.search.
KEY_REFUSED = frozenset({95, 96, 97, 98, 99, 100})
TOO_MANY_TAGS = frozenset({1, 77})  # 77 is not documented: "Exceeded limit of logical ORs"
TEMPORARY = frozenset({0, 10, 105, 106})


class QueryRefused(CrawlError):
    """Flickr refuses this one query; others may be answered."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class ImageRefused(CrawlError):
    """This one image cannot be had, now or later."""


class FlickrServer:
    """Flickr as seen with one key.

    Args:
        api_key: Never stored, shown or written.
        wanted: Which rows of an answer to keep.
        endpoint: Where searches are sent: Flickr, or this computer for tests. Images come from
            Flickr's image hosts, or from the endpoint's own host where that is this computer.
        queries_per_hour: At most, evenly spaced; None for what Flickr permits, or for no limit to
            speak of where the endpoint is this computer.
        images_per_hour: The same for images.
        timeout_s: For each connection, each silence and, ten times that, each whole answer.
        sleep: Waits so many seconds between attempts.

    Raises:
        CrawlError: The key cannot be one.
        ValueError: The endpoint is neither Flickr nor this computer.
    """

    def __init__(
        self,
        api_key: str,
        wanted: Wanted,
        *,
        endpoint: str = ENDPOINT,
        queries_per_hour: float | None = None,
        images_per_hour: float | None = None,
        timeout_s: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not (api_key.isascii() and api_key.isalnum()):
            raise CrawlError(
                f"the environment variable {KEY_VARIABLE} must hold your Flickr key, letters and "
                "digits only. Get one at https://www.flickr.com/services/apps/create/."
            )
        check_endpoint(endpoint)
        self.wanted = wanted
        self._key = api_key
        self._endpoint = endpoint
        self._web = Connection(timeout_s, sleep)
        local = LOCAL_PER_HOUR if is_local(endpoint) else None
        self._query_turn = even_pace(queries_per_hour or local or QUERIES_PER_HOUR)
        self._image_turn = even_pace(images_per_hour or local or IMAGES_PER_HOUR)

    def search(self, query: Query) -> Answer:
        """One page of results, asked again with growing pauses while the failure may pass.

        Raises:
            TemporaryFailure: Every attempt failed.
            QueryRefused: Flickr refuses this query.
            CrawlError: Flickr refuses the key or this computer.
        """
        return self._web.repeated(self._search_once, query)

    def image(self, url: str) -> bytes:
        """The bytes of an image file, at most `MAX_IMAGE_BYTES`.

        Raises:
            ImageRefused: The address is not on an image host, or the image is not there or too big.
            TemporaryFailure: Every attempt failed.
            CrawlError: The image host asks for a long pause.
        """
        return self._web.repeated(self._image_once, self._image_address(url))

    def _search_once(self, query: Query) -> Answer:
        self._query_turn.try_acquire("query")
        form = self._form(query)
        try:
            status, content = self._web.send("POST", self._endpoint, form, MAX_ANSWER_BYTES)
            if status != 200:
                raise CrawlError(
                    f"Flickr, or what lies between, turns this computer away (HTTP {status}). Does "
                    "a browser here reach www.flickr.com? Nothing is lost."
                )
            return read_answer(
                content, box=query.box, since=query.since, until=query.until, wanted=self.wanted
            )
        except (MalformedAnswer, TooLarge) as error:
            raise TemporaryFailure(f"Flickr's answer cannot be read: {error}.") from error
        except Refusal as refusal:
            raise self._meaning(refusal) from None  # its message may repeat the key

    def _form(self, query: Query) -> dict[str, str]:
        """What is sent: the query, what is always asked for, and the key."""
        extras = ("geo", "tags", "owner_name", "license", "date_taken", "date_upload")
        return {
            "method": "flickr.photos.search",
            "api_key": self._key,
            "format": "json",
            "nojsoncallback": "1",
            "has_geo": "1",
            "media": "photos",
            "content_type": "1",
            "safe_search": "1",
            "sort": "date-posted-asc",
            "per_page": str(PER_PAGE),
            "license": ",".join(str(number) for number in sorted(self.wanted.licenses)),
            "extras": ",".join([*extras, *self.wanted.url_fields()]),
            **query.fields(),
        }

    def _meaning(self, refusal: Refusal) -> CrawlError:
        message = str(refusal).replace(self._key, "(key)")
        if refusal.code in KEY_REFUSED:
            return CrawlError(
                f"Flickr refuses the key in {KEY_VARIABLE} ({message}). Check it at "
                "https://www.flickr.com/services/apps/by/me."
            )
        if refusal.code in TEMPORARY:
            return TemporaryFailure(f"Flickr cannot answer now ({message}).")
        return QueryRefused(f"Flickr refuses a query ({message}).", refusal.code)

    def _image_once(self, url: str) -> bytes:
        self._image_turn.try_acquire("image")
        try:
            status, content = self._web.send("GET", url, None, MAX_IMAGE_BYTES)
        except TooLarge as error:
            raise ImageRefused(str(error)) from error
        if status != 200:
            raise ImageRefused(f"not offered any more (HTTP {status})")
        return content

    def _image_address(self, url: str) -> str:
        """The address, over https on an image host."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError as error:
            raise ImageRefused("address that cannot be read") from error
        if is_local(self._endpoint) and parts.netloc == urlsplit(self._endpoint).netloc:
            return url
        if not host.endswith(IMAGE_HOSTS) or parts.scheme not in ("http", "https"):
            raise ImageRefused("address not on Flickr's image servers")
        return parts._replace(scheme="https", netloc=host).geturl()


def key_from_environment() -> str:
    """The key, or "" where there is none."""
    return os.environ.get(KEY_VARIABLE, "").strip()


def check_endpoint(endpoint: str) -> None:
    """Raise ValueError unless the key would go to Flickr over https, or stay on this computer."""
    if endpoint != ENDPOINT and not is_local(endpoint):
        raise ValueError(
            f"searches go to {ENDPOINT} or, for tests, to this computer (http://127.0.0.1:port/); "
            f"received {endpoint}. Your key is sent nowhere else."
        )


def is_local(url: str) -> bool:
    """Whether an address is on this computer."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
