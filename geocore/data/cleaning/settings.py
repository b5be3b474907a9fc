"""Data stage: what cleaning is asked to leave out, and how the limits were chosen."""

from dataclasses import dataclass

from geocore.data.cleaning.photo_hashes import HASH_BITS

LIMITS = {
    "min_side_px": "shortest side that a photo must have, in pixels",
    "max_aspect": "longest side of a photo, in multiples of the shorter one",
    "near_bits": "photos are copies if at most so many of 256 features differ; -1: no test",
    "min_contrast": "least spread of brightness, of 255, for something to be seen; 0: no test",
    "null_island_km": "how near to 0, 0 a position is none; 0: no test",
    "centroid_km": "how near to the middle of a country; 0: no test",
    "coarse_deg": "positions that are multiples of this are too coarse; 0: no test",
}
"""The limits that a user may want to set, each in one line of words."""


@dataclass(frozen=True, kw_only=True)
class CleaningSettings:
    """What is left out. A limit of 0 (`max_aspect`: infinity, `near_bits`: -1) switches a test off.

    Attributes:
        min_side_px: shortest side that a photo must have.
        max_aspect: largest ratio of its longer to its shorter side.
        min_contrast: smallest standard deviation of its brightness, of 255; photos have 12 or more.
        near_bits: photos whose perceptual hashes differ in at most so many of 256 bits are copies.
            Measured on 6,607 street, landscape and town photos: of all 22 million pairs of them
            none differs in fewer than 70 bits. Of copies that were scaled, saved at JPEG quality
            20, made grey, or brighter or darker by 30 %, at least 99 % differ in at most 40; with a
            caption over 7 % of the height 96 %; without 2 % along each edge 91 %, without 5 % only
            2 %. The number of pairs halves with every two bits: continued so, one pair of a million
            photos would be taken for copies by mistake (of a million drawn ones some 2,000).
        null_island_km: how near to 0 N, 0 E a position is no position.
        centroid_km: how near to the middle of a country; in 100,000 positions of Flickr photos 3
            lie within 2 km, as many as by chance.
        coarse_deg: latitude and longitude both multiples of this are too coarse.
        filters: names in `PHOTO_FILTERS` of further tests, such as "drawings".
    """

    min_side_px: int = 160
    max_aspect: float = 3.0
    min_contrast: float = 2.0
    near_bits: int = 40
    null_island_km: float = 10.0
    centroid_km: float = 2.0
    coarse_deg: float = 0.5
    filters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("min_side_px", "min_contrast", "null_island_km", "centroid_km", "coarse_deg"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be 0 or more, received {getattr(self, name)}.")
        if not self.max_aspect >= 1:
            raise ValueError(
                f"max_aspect, longer side by shorter, must be at least 1, received "
                f"{self.max_aspect}."
            )
        if not -1 <= self.near_bits < HASH_BITS // 2:
            raise ValueError(
                f"near_bits must lie within [0, {HASH_BITS // 2 - 1}], or be -1 for no test, "
                f"received {self.near_bits}. Photos of different things differ in about "
                f"{HASH_BITS // 2} bits."
            )
