"""Data stage, made world: the rows of its photo table. It draws nothing and writes no file."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.data.synthetic_camera import LABEL
from geocore.data.synthetic_circumstances import plan_scenes
from geocore.data.synthetic_noise import hashed_seeds
from geocore.data.synthetic_places import photo_places

SHARD = 250
"""Photos to a folder."""
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


def world_rows(seed: int, start: int, stop: int) -> pd.DataFrame:
    """The rows `start` to `stop - 1` of a made world's table, without drawing anything.

    Returns:
        IMG_ID, LAT, LON, AUTHOR (a made photographer), DATE (solar time), TAGS, COUNTRY (ISO 3166
        code), REGION (whose houses are drawn), BIOME, SCENE, WEATHER, EVENT, SEED (for
        `draw_scene`) and MADE ("made image" in every row).
    """
    plan = plan_photos(seed, np.arange(start, stop))
    tags = plan["kind"].map(_TAGS) + " " + plan["biome"].map(_BIOME_TAGS).fillna("")
    return pd.DataFrame(
        {
            "IMG_ID": [photo_name(i) for i in range(start, stop)],
            "LAT": plan["lat"],
            "LON": plan["lng"],
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


def photo_name(number: int) -> str:
    """File of a photo below `images/`; 250 to a folder."""
    return f"{number // SHARD:05d}/{number:08d}.jpg"


def plan_photos(seed: int, numbers: NDArray[np.int64]) -> pd.DataFrame:
    """The plans of photos of a world by their numbers, see `plan_scenes`."""
    seeds = hashed_seeds(seed, numbers)
    return plan_scenes(*photo_places(seeds), seeds)
