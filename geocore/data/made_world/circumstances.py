"""Data stage, made world: when, in what weather and with which camera a photo is taken.

It turns places and seeds into plans, one row per photo, that hold all a painter needs. It draws
nothing. Everything here that the place does not decide is there to make the task hard.
"""

import numpy as np
import pandas as pd

from geocore.data.made_world.geography import biomes, surroundings
from geocore.data.made_world.noise import FloatArray, hashed_seeds, normals, uniforms
from geocore.data.made_world.places import Seeds, photographers

KINDS = ("street", "overlook", "road", "nature", "coast")
WEATHERS = ("clear", "fair", "overcast", "fog", "rain", "snowfall")
EVENTS = ("", "flood", "wildfire")
ASPECTS = (4 / 3, 3 / 2, 16 / 9, 1.0, 3 / 4)
_ASPECT_SHARES = (0.5, 0.25, 0.12, 0.06, 0.07)
_FIRST_DAY = np.datetime64("2005-01-01")
_N_DAYS = 20 * 365
_BURNING = ("mediterranean", "subtropical", "savanna", "boreal", "hot_steppe", "monsoon")


def plan_scenes(lat: FloatArray, lng: FloatArray, seeds: Seeds) -> pd.DataFrame:
    """Everything that decides the pictures of photos, one row each.

    Args:
        lat: degrees (n,).
        lng: degrees (n,).
        seeds: one per photo, uint64 (n,).

    Returns:
        seed, lat, lng, what `surroundings` knows, biome, time and sun, weather, kind of scene,
        event, and the camera.
    """
    plan = surroundings(lat, lng)
    plan.insert(0, "seed", seeds)
    plan = plan.assign(lat=lat, lng=lng, author=photographers(seeds))
    plan["biome"] = _drawn_biome(plan)
    plan = pd.concat([plan, _time_and_sun(plan)], axis=1)
    plan = pd.concat([plan, _season(plan)], axis=1)
    plan["weather"] = _weather(plan)
    plan["kind"] = _kind(plan)
    plan["event"] = _event(plan)
    return pd.concat([plan, _camera(plan)], axis=1)


def _drawn_biome(plan: pd.DataFrame) -> np.ndarray:
    """One biome per photo after the shares there; above the tree line the heights decide."""
    shares = plan.filter(like="climate_").to_numpy() ** 1.5
    edges = np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True)
    drawn = (uniforms(_seeds(plan), "biome")[:, None] > edges).sum(axis=1)
    names = biomes().index.to_numpy(object)[np.minimum(drawn, len(biomes()) - 1)]
    line_m = 3900 - 45 * np.maximum(np.abs(plan["lat"]) - 20, 0)
    line_m += 200 * normals(_seeds(plan), "treeline")
    is_high = (plan["elevation_m"] > line_m) & (plan["town_km"] > 6)
    return np.where(is_high & (names != "ice"), "tundra", names)


def _time_and_sun(plan: pd.DataFrame) -> pd.DataFrame:
    """Date, solar time by daylight, and where the sun stands (Cooper 1969)."""
    seeds = _seeds(plan)
    days = (uniforms(seeds, "day") * _N_DAYS).astype("timedelta64[D]")
    dates = _FIRST_DAY + days
    day = (dates - dates.astype("datetime64[Y]")).astype(int)
    declination = np.radians(23.44) * np.sin(2 * np.pi * (284 + day) / 365)
    phi = np.radians(plan["lat"].to_numpy())
    cos_set = (np.sin(np.radians(-1)) - np.sin(phi) * np.sin(declination)) / (
        np.cos(phi) * np.cos(declination)
    )
    half_day = np.arccos(np.clip(cos_set, -1, 1))
    angle = np.maximum(half_day, 0.2) * (1.96 * uniforms(seeds, "hour") - 0.98)
    sin_up = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(angle)
    south = np.sin(phi) * np.cos(angle) - np.cos(phi) * np.tan(declination)
    minutes = np.round((12 + np.degrees(angle) / 15) * 60).astype("timedelta64[m]")
    return pd.DataFrame(
        {
            "date": dates.astype("datetime64[m]") + minutes,
            "day": day,
            "sun_up": np.arcsin(sin_up),
            "sun_azimuth": np.pi + np.arctan2(np.sin(angle), south),
        }
    )


def _season(plan: pd.DataFrame) -> pd.DataFrame:
    """Temperature of the day, how green it is, whether leaves turn or snow lies."""
    seeds, traits = _seeds(plan), biomes().loc[plan["biome"]].reset_index(drop=True)
    summer = np.cos(2 * np.pi * (plan["day"] - 200) / 365) * np.sign(plan["lat"])
    celsius = traits["mean_c"] + traits["range_c"] / 2 * summer + 3 * normals(seeds, "celsius")
    is_high_anyway = plan["biome"].isin(["tundra", "highland", "ice"])
    celsius -= np.where(is_high_anyway, 0, 0.0025 * plan["elevation_m"])
    is_dry_summer = plan["biome"].eq("mediterranean").to_numpy()
    rain = np.where(is_dry_summer, -summer, summer * (traits["range_c"] < 12))
    growth = np.clip((celsius - 1) / 10, 0, 1)
    lush = growth * (traits["wet"] + 0.3 * rain * (1 - traits["wet"]))
    lush += 0.12 * normals(seeds, "lush")
    is_snowy = (celsius < -1) & (traits["wet"] > 0.1) | plan["biome"].eq("ice")
    turning = (celsius > 1) & (celsius < 9) & (traits["range_c"] > 12)
    after_summer = np.sin(2 * np.pi * (plan["day"] - 200) / 365) * np.sign(plan["lat"]) > 0.3
    return pd.DataFrame(
        {
            "celsius": celsius,
            "lush": np.clip(lush, 0, 1),
            "is_snowy": is_snowy,
            "is_autumn": turning & after_summer,
            "is_bare": (celsius < 5) & ~(turning & after_summer) & (traits["range_c"] > 12),
        }
    )


def _weather(plan: pd.DataFrame) -> np.ndarray:
    """One of WEATHERS per photo, by the climate's cloudiness and wetness."""
    seeds, traits = _seeds(plan), biomes().loc[plan["biome"]].reset_index(drop=True)
    cloud = np.clip(traits["cloud"] + 0.06 * plan["field_sky"], 0.02, 0.9)
    shares = np.stack(
        [
            0.8 * (1 - cloud) ** 1.2,
            np.full(len(plan), 0.45),
            0.75 * cloud**1.2,
            0.06 * traits["wet"],
            0.22 * traits["wet"] * cloud,
        ],
        axis=1,
    )
    edges = np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True)
    drawn = (uniforms(seeds, "weather")[:, None] > edges[:, :4]).sum(axis=1)
    names = np.array(WEATHERS, object)[drawn]
    return np.where((names == "rain") & (plan["celsius"] < 0), "snowfall", names)


def _kind(plan: pd.DataFrame) -> np.ndarray:
    """One of KINDS per photo: coasts near the sea, streets where towns are."""
    seeds = _seeds(plan)
    built = np.maximum(np.exp(-plan["town_km"] / 9), 1 - np.exp(-plan["n_towns"] / 14))
    built = np.where(plan["biome"].isin(["ice"]), 0.1, built)
    coast = 0.3 * np.exp(-plan["coast_km"] / 14)
    street, road = (1 - coast) * 0.8 * built, (1 - coast) * (1 - 0.8 * built)
    road = np.where(plan["biome"].eq("ice"), 0.0, 0.42) * road
    edges = np.cumsum(np.stack([0.75 * street, 0.25 * street, road], axis=1), axis=1)
    drawn = (uniforms(seeds, "scene")[:, None] > edges).sum(axis=1)
    is_coast = uniforms(seeds, "scene") > 1 - coast
    return np.array(KINDS, object)[np.where(is_coast, 4, drawn)]


def _event(plan: pd.DataFrame) -> np.ndarray:
    """A flood or a wildfire in about one photo of fifty, where they happen."""
    drawn = uniforms(_seeds(plan), "event")
    wet = biomes().loc[plan["biome"], "wet"].to_numpy()
    is_thawed = plan["celsius"] > 2
    can_burn = plan["biome"].isin(_BURNING) & (plan["celsius"] > 16)
    can_flood = (wet > 0.3) & is_thawed & (plan["kind"] != "coast")
    return np.select([can_flood & (drawn < 0.02), can_burn & (drawn > 0.97)], EVENTS[1:], "")


def _camera(plan: pd.DataFrame) -> pd.DataFrame:
    """The photographer's camera, and how it is held this time."""
    seeds = _seeds(plan)
    cameras = hashed_seeds(90210, plan["author"].to_numpy())
    aspect = np.searchsorted(np.cumsum(_ASPECT_SHARES), uniforms(cameras, "aspect"))
    is_upright = uniforms(seeds, "upright") < 0.08
    aspect = np.where(is_upright, 4, np.minimum(aspect, 4))
    return pd.DataFrame(
        {
            "aspect": np.array(ASPECTS)[aspect],
            "exposure": np.exp(0.07 * normals(cameras, "bias") + 0.14 * normals(seeds, "expose")),
            "warmth": 0.03 * normals(cameras, "warm") + 0.045 * normals(seeds, "warm"),
            "contrast": 1 + 0.1 * normals(cameras, "contrast") + 0.08 * normals(seeds, "contrast"),
            "grain": np.exp(1.1 + 0.5 * normals(cameras, "grain")),
            "quality": (76 + 17 * uniforms(cameras, "quality")).astype(int),
            "view_deg": 52 + 26 * uniforms(seeds, "view"),
            "horizon": 0.5 + 0.055 * normals(seeds, "horizon"),
            "yaw": 2 * np.pi * uniforms(seeds, "yaw"),
        }
    )


def _seeds(plan: pd.DataFrame) -> Seeds:
    return plan["seed"].to_numpy(np.uint64)
