"""Data stage: requests over the network that are paced, limited in size and time, and repeated.

It knows nothing of Flickr. Messages name the host and the kind of failure, never what was sent.
"""

import email.utils
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from pyrate_limiter import Limiter, Rate

from geocore import __version__
from geocore.errors import CrawlError

ATTEMPTS = 6
LONGEST_WAIT_S = 600.0

_CHUNK_BYTES = 64 * 1024
_NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)
_MAY_PASS = (408, 425, 429)


class TemporaryFailure(CrawlError):
    """Asked in vain; may work later.

    Attributes:
        wait_s: How long the server asks to wait, None where it does not say.
    """

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class TooLarge(Exception):
    """The body is longer than asked for."""


class Connection:
    """Sends requests, each with limits, and repeats them with growing pauses.

    Args:
        timeout_s: For each connection, each silence and, ten times that, each whole answer.
        sleep: Waits so many seconds between attempts.
    """

    def __init__(self, timeout_s: float, sleep: Callable[[float], None]) -> None:
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"geocore/{__version__} (collects open photos)"
        self.repeated = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TemporaryFailure),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=_wait_s,
            sleep=sleep,
            reraise=True,
        )

    def send(
        self, method: str, url: str, form: dict[str, str] | None, max_bytes: int
    ) -> tuple[int, bytes]:
        """Send once, follow no redirection; returns status and body.

        Raises:
            TemporaryFailure: No answer, or one that says: not now.
            TooLarge: The body is longer than `max_bytes`.
            CrawlError: The server asks for a pause longer than `LONGEST_WAIT_S`.
        """
        host = urlsplit(url).hostname
        deadline = time.monotonic() + 10 * self._timeout_s
        try:
            with self._session.request(
                method, url, data=form, timeout=self._timeout_s, stream=True, allow_redirects=False
            ) as response:
                _check_status(response, host)
                return response.status_code, _body(response, max_bytes, deadline)
        except _NETWORK_ERRORS as error:
            kind = type(error).__name__
            raise TemporaryFailure(f"The connection to {host} failed ({kind}).") from error


def even_pace(per_hour: float) -> Limiter:
    """A limiter that lets one through, and the next not before its share of the hour is over."""
    if not per_hour > 0:
        raise ValueError(f"a rate per hour must be positive, received {per_hour}.")
    return Limiter(Rate(1, max(1, round(3_600_000 / per_hour))), buffer_ms=1)


def _check_status(response: requests.Response, host: str | None) -> None:
    """Raise what may pass: too many requests, a server that is down."""
    status = response.status_code
    if status not in _MAY_PASS and status < 500:
        return
    wait_s = _retry_after_s(response.headers.get("Retry-After", ""))
    if wait_s is not None and wait_s > LONGEST_WAIT_S:
        raise CrawlError(
            f"{host} asks for a pause of {wait_s / 60:.0f} minutes (HTTP {status}). Run the same "
            "command again after it; nothing is lost."
        )
    raise TemporaryFailure(f"{host} cannot answer now (HTTP {status}).", wait_s)


def _retry_after_s(value: str) -> float | None:
    """The header as seconds from now: it is a number or a date; None if neither."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _body(response: requests.Response, max_bytes: int, deadline: float) -> bytes:
    """The body, of at most so many bytes, read before the deadline (monotonic time).

    Raises:
        TooLarge: It is longer.
    """
    content = bytearray()
    # Not iter_content: it waits for whole chunks, so a server that drips would hold it for hours.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        content += chunk
        if len(content) > max_bytes:
            raise TooLarge(f"more than {max_bytes >> 20} MB")
        if time.monotonic() > deadline:
            raise requests.Timeout("the answer comes too slowly")
    return bytes(content)


def _wait_s(state: tenacity.RetryCallState) -> float:
    """Seconds before the next attempt: what the server asks for, else longer every time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, TemporaryFailure) else None
    return asked if asked is not None else _growing(state)


_growing = tenacity.wait_exponential(multiplier=2, max=120) + tenacity.wait_random(0, 2)
