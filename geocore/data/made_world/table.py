"""Data stage, made world: the rows of its photo table. It draws nothing and reads no file."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.data.made_world.camera import LABEL
from geocore.data.made_world.circumstances import plan_scenes
from geocore.data.made_world.flaws import flaws_of, shown_numbers, without_place
from geocore.data.made_world.noise import hashed_seeds
from geocore.data.made_world.places import photo_places

SHARD = 250
"""Photos to a folder."""
SMALLEST_PX, LARGEST_PX = 48, 2048
_TAGS = {
    "street": "street building city",
    "overlook": "city architecture building",
    "road": "countryside landscape",
    "nature": "landscape",
    "coast": "beach landscape",
}
_BIOME_TAGS = {
    "rainforest": "forest",
    "boreal": "forest",
    "oceanic": "woods",
    "continental": "woods",
    "savanna": "savanna",
    "tundra": "tundra",
    "ice": "glacier",
    "hot_desert": "desert",
    "red_desert": "desert",
    "cold_desert": "desert",
    "highland": "mountain",
}


@dataclass(frozen=True, kw_only=True)
class WorldSettings:
    """What decides the photos of a made world, whatever their number.

    Attributes:
        seed: another one gives other photos of the same made world.
        size_px: longer side of the photos, 48 to 2048.
        flaws: share of photos that are spoilt on purpose, 0 to 0.5, see `flaws`.
    """

    seed: int = 42
    size_px: int = 320
    flaws: float = 0.0

    def __post_init__(self) -> None:
        check_size(self.size_px)
        if not 0 <= self.flaws <= 0.5:
            raise ValueError(f"flaws must be a share from 0 to 0.5, received {self.flaws}.")


def check_size(size_px: int) -> None:
    """Refuse a size that no photo should have.

    Raises:
        ValueError: it is out of range.
    """
    if not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise ValueError(
            f"size_px must lie between {SMALLEST_PX} and {LARGEST_PX}, received {size_px}."
        )


def world_rows(settings: WorldSettings, start: int, stop: int) -> pd.DataFrame:
    """The rows `start` to `stop - 1` of a made world's table, without drawing anything.

    Returns:
        IMG_ID, LAT, LON, AUTHOR (a made photographer), DATE (solar time), TAGS, COUNTRY (ISO 3166
        code), REGION (whose houses are drawn), BIOME, SCENE, WEATHER, EVENT, SEED (for
        `draw_scene`), MADE ("made image" in every row), and FLAW where some photos are spoilt.
    """
    plan, flaws = plan_photos(settings, np.arange(start, stop))
    places = without_place(plan, flaws)
    tags = plan["kind"].map(_TAGS) + " " + plan["biome"].map(_BIOME_TAGS).fillna("")
    rows = pd.DataFrame(
        {
            "IMG_ID": [photo_name(i) for i in range(start, stop)],
            "LAT": places["lat"],
            "LON": places["lng"],
            "AUTHOR": [f"made photographer {k:05d}" for k in plan["author"]],
            "DATE": plan["date"].dt.strftime("%Y-%m-%d %H:%M"),
            "TAGS": (tags + " " + plan["event"]).str.split().str.join(" "),
            "COUNTRY": plan["code"],
            "REGION": plan["culture"],
            "BIOME": plan["biome"],
            "SCENE": plan["kind"],
            "WEATHER": plan["weather"],
            "EVENT": plan["event"],
            "SEED": plan["seed"],
            "MADE": LABEL,
        }
    )
    return rows.assign(FLAW=flaws) if settings.flaws else rows


def photo_name(number: int) -> str:
    """File of a photo below `images/`; 250 to a folder."""
    return f"{number // SHARD:05d}/{number:08d}.jpg"


def plan_photos(
    settings: WorldSettings, numbers: NDArray[np.int64]
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """The plans of photos by their numbers, see `plan_scenes`, and what is wrong with each."""
    flaws = flaws_of(settings.seed, numbers, settings.flaws)
    seeds = hashed_seeds(settings.seed, shown_numbers(numbers, flaws))
    return plan_scenes(*photo_places(seeds), seeds), flaws
