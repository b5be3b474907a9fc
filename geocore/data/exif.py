"""Data stage: the position that a camera wrote into a photo's EXIF. It knows no cells."""

import math
from collections.abc import Mapping
from typing import Any

from geocore.data.images import DECODER_ERRORS, Photo, open_photo

_GPS_IFD = 0x8825
_LAT_REF, _LAT, _LNG_REF, _LNG = 1, 2, 3, 4
_MINUTES_AND_SECONDS = (1.0, 60.0, 3600.0)


def exif_position(photo: Photo, *, name: str | None = None) -> tuple[float, float] | None:
    """Position from the GPS block of a photo's EXIF.

    A position that cannot be trusted counts as none: without a hemisphere (a guess would be wrong
    by thousands of km), with malformed numbers, out of range, or exactly (0, 0), which cameras
    write before they have a fix.

    Args:
        photo: Path, encoded bytes, or a binary file object.
        name: What error messages call the photo.

    Returns:
        (lat, lng) in degrees, or None.

    Raises:
        ImageError: The file is no readable photo.

    Source:
        EXIF 2.32, section 4.6.6 (GPS attribute information).
    """
    with open_photo(photo, name=name, header_only=True) as image:
        try:
            return _position(image.getexif().get_ifd(_GPS_IFD))
        except DECODER_ERRORS:
            return None


def _position(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    lat = _degrees(gps.get(_LAT), gps.get(_LAT_REF), positive="N", negative="S")
    lng = _degrees(gps.get(_LNG), gps.get(_LNG_REF), positive="E", negative="W")
    if lat is None or lng is None or abs(lat) > 90 or abs(lng) > 180 or (lat == 0 and lng == 0):
        return None
    return lat, lng


def _degrees(angle: Any, ref: Any, *, positive: str, negative: str) -> float | None:
    """Degrees from up to three rationals (degrees, minutes, seconds) and a hemisphere letter."""
    if isinstance(ref, bytes):
        ref = ref.decode("ascii", errors="replace")
    hemisphere = str(ref or "").strip("\0 ").upper()[:1]
    if angle is None or hemisphere not in (positive, negative):
        return None
    parts = [float(part) for part in (angle if isinstance(angle, tuple | list) else (angle,))]
    degrees = sum(part / unit for part, unit in zip(parts, _MINUTES_AND_SECONDS, strict=False))
    if not parts or not math.isfinite(degrees) or min(parts) < 0:
        return None
    return degrees if hemisphere == positive else -degrees
