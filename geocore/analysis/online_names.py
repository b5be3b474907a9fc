"""Analysis stage: the name of one point, asked of OpenStreetMap. Only ever on an explicit request.

The one place in geocore from which a request can leave the machine. It discloses the point to a
server of the OpenStreetMap Foundation; the point is therefore rounded, and nothing is kept on disk.
"""

from functools import lru_cache

from geopy.exc import GeopyError
from geopy.extra.rate_limiter import RateLimiter
from geopy.geocoders import Nominatim

from geocore import __version__
from geocore.errors import OnlineNameError

DECIMALS = 2  # about 1 km: finer than any answer deserves
SECONDS_BETWEEN_REQUESTS = 1.1  # the service's usage policy allows one per second
ATTRIBUTION = "© OpenStreetMap contributors"


def online_name(lat: float, lng: float) -> str:
    """Address of a point rounded to `DECIMALS`, as OpenStreetMap words it in English.

    At most one request per `SECONDS_BETWEEN_REQUESTS` for the whole process; an answer is kept in
    memory.

    Args:
        lat: degrees.
        lng: degrees.

    Returns:
        The address, or "no address known" (at sea, say).

    Raises:
        OnlineNameError: the service cannot be reached or refuses.
        ValueError: the point is not on Earth.

    Source: Nominatim through geopy.
    """
    if not (abs(lat) <= 90 and abs(lng) <= 180):
        raise ValueError(
            f"lat must lie in [-90, 90] and lng in [-180, 180], received {lat}, {lng}."
        )
    return _ask(round(lat, DECIMALS), round(lng, DECIMALS))


@lru_cache(maxsize=1024)
def _ask(lat: float, lng: float) -> str:
    try:
        answer = _reverse()((lat, lng), language="en", zoom=10)
    except GeopyError as error:
        raise OnlineNameError(
            f"OpenStreetMap could not be asked ({type(error).__name__}). Is this computer online? "
            "The names shown without it come from this computer."
        ) from error
    return "no address known" if answer is None else str(answer.address)


@lru_cache(maxsize=1)
def _reverse() -> RateLimiter:
    service = Nominatim(user_agent=f"geocore-dashboard/{__version__}", timeout=10)
    return RateLimiter(
        service.reverse,
        min_delay_seconds=SECONDS_BETWEEN_REQUESTS,
        max_retries=0,
        swallow_exceptions=False,
    )
