"""Data stage: tests that a user may switch on to leave out what is no outdoor photo.

A filter is a function that is given the path of a photo and returns why it should be left out, or
"" if it should stay. `PHOTO_FILTERS` knows them by name; own ones are added to it:

    PHOTO_FILTERS["indoor"] = my_function

None is on unless `CleaningSettings.filters` names it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geocore.data.cleaning.photo_hashes import PhotoFilter
from geocore.data.images import decode_photo

FLAT_SHARE = 0.35
_SIDE_PX = 256


def looks_drawn(path: Path) -> str:
    """Say so if much of a picture is flat colour: a diagram, a map, a screenshot, a drawing.

    Measured: none of 6,607 street, landscape and town photos is taken for one (the largest share
    among them is 0.31); 198 of 200 diagrams, screenshots and flat drawings are, and 196 of them
    saved as JPEG of quality 75. Drawings with shades and brush strokes are not found.

    Raises:
        ImageError: The file is no readable photo.
    """
    share = flat_share(path)
    return f"{share:.0%} of it is flat colour" if share > FLAT_SHARE else ""


def flat_share(path: Path) -> float:
    """Share of the pixels that have exactly the colour of the ones to their right and below.

    Measured on the photo reduced to 256 pixels a side; from 0 to 1.
    """
    pixels = np.asarray(decode_photo(path, max_side_px=_SIDE_PX))
    is_as_right = (pixels[:-1, 1:] == pixels[:-1, :-1]).all(axis=2)
    is_as_below = (pixels[1:, :-1] == pixels[:-1, :-1]).all(axis=2)
    return float((is_as_right & is_as_below).mean())


PHOTO_FILTERS: dict[str, PhotoFilter] = {"drawings": looks_drawn}


def named_filters(names: Sequence[str]) -> tuple[tuple[str, PhotoFilter], ...]:
    """Name and function of each filter.

    Raises:
        ValueError: one is unknown.
    """
    if unknown := sorted(set(names) - set(PHOTO_FILTERS)):
        raise ValueError(
            f"Unknown filter {unknown[0]!r}. Known filters: {', '.join(PHOTO_FILTERS)}."
        )
    return tuple((name, PHOTO_FILTERS[name]) for name in names)
