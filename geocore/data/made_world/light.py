"""Data stage, made world: the light of a scene, from sun, weather and air. It draws nothing."""

from math import cos, exp, sin

import numpy as np

from geocore.data.made_world.canvas import Colour, Light, Scene, colour, mixed
from geocore.data.made_world.geography import biome_traits

_SIGHT_M = {
    "clear": 26000,
    "fair": 17000,
    "overcast": 9000,
    "rain": 2200,
    "snowfall": 700,
    "fog": 160,
}
_DIRECT = {"clear": 1.0, "fair": 0.75}
_CLOUDY: Colour = (0.9, 0.92, 0.95)
_DUSK: Colour = (0.42, 0.46, 0.62)
_FIRE: Colour = (1.0, 0.8, 0.6)


def light_of(scene: Scene) -> Light:
    """Light and haze of a scene.

    Args:
        scene: one row of `plan_scenes`.
    """
    up, away = scene.sun_up, scene.sun_azimuth - scene.yaw
    low = float(np.clip(1 - up / 0.3, 0, 1))
    dusk = float(np.clip(-up / 0.12, 0, 1)) * 0.5 + 0.1 * low
    direct = _DIRECT.get(scene.weather, 0.0) * float(np.clip(up / 0.12, 0, 1))
    tint = mixed(_CLOUDY, (1 + 0.1 * low, 1 - 0.03 * low, 1 - 0.2 * low), direct)
    tint = mixed(tint, _DUSK, dusk)
    sight_m = _SIGHT_M[scene.weather] * exp(-0.8 * biome_traits(scene.biome)["wet"])
    if scene.event == "wildfire":
        tint, sight_m = mixed(tint, _FIRE, 0.5), 0.5 * sight_m
    return Light(
        tint=tint,
        direct=direct,
        right=sin(away) * cos(up),
        towards=cos(away) * cos(up),
        up=max(sin(up), 0.02),
        haze=_haze(scene, low * direct, dusk),
        sight_m=sight_m,
    )


def _haze(scene: Scene, glow: float, dusk: float) -> Colour:
    """Colour of the air: the biome's, golden when the sun is low, grey under clouds."""
    haze = mixed(colour(biome_traits(scene.biome)["haze"]), (206, 212, 220), 0.3)
    haze = mixed(haze, (238, 186, 140), 0.55 * glow)
    haze = mixed(haze, (96, 100, 128), dusk)
    if scene.weather in ("overcast", "rain"):
        haze = mixed(haze, (200, 205, 210), 0.6)
    return mixed(haze, (206, 148, 92), 0.6) if scene.event == "wildfire" else haze
