"""Data stage, made world: the kinds of scene, each a few calls to what can be drawn.

It takes a plan (one row of `plan_scenes`) and gives a picture; it knows no file.
"""

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image

from geocore.data.made_world.buildings import Plot, settle, style_of
from geocore.data.made_world.camera import develop
from geocore.data.made_world.canvas import Canvas, Scene, mixed
from geocore.data.made_world.geography import biome_traits
from geocore.data.made_world.land import (
    background,
    grass_colour,
    mountains,
    river,
    rocks,
    sea,
    soil_colour,
)
from geocore.data.made_world.light import light_of
from geocore.data.made_world.plants import crops, grow, n_trees, plant, tree_kinds, tufts
from geocore.data.made_world.streets import choose_road, choose_traffic, drive, pave, poles
from geocore.data.made_world.towns import fence, overlook, people, street
from geocore.data.made_world.writing import road_sign

_LIFT = {"overlook": -0.14, "street": 0.06}  # A street is photographed slightly upwards.


def paint(scene: Scene, size_px: int) -> Image.Image:
    """The finished picture of a plan.

    Args:
        scene: one row of `plan_scenes`.
        size_px: its longer side.

    Returns:
        RGB image, labelled as made.
    """
    random, size = Random(int(scene.seed)), _size(scene.aspect, size_px)
    horizon = float(np.clip(scene.horizon + _LIFT.get(scene.kind, 0.0), 0.22, 0.8))
    light = light_of(scene)
    canvas = Canvas(size, scene.view_deg, horizon, _eye_m(scene, random), light, random)
    background(canvas, scene, size)
    mountains(canvas, scene)
    if scene.event:
        _EVENTS[scene.event](canvas, scene)
    _SCENES[scene.kind](canvas, scene)
    return develop(canvas, scene)


def _size(aspect: float, size_px: int) -> tuple[int, int]:
    """Width and height: the longer side as asked for."""
    if aspect >= 1:
        return size_px, round(size_px / aspect)
    return round(size_px * aspect), size_px


def _eye_m(scene: Scene, random: Random) -> float:
    """Height of the camera: a person's, sometimes a balcony's, a hill's for an overlook."""
    if scene.kind == "overlook":
        return 14 + 26 * random.random()
    return 4 + 5 * random.random() if random.random() < 0.12 else 1.4 + 1.1 * random.random()


def _road(canvas: Canvas, scene: Scene) -> None:
    """A road through the country."""
    random = canvas.random
    road = choose_road(scene, random, is_city=False)
    free = abs(road.middle) + road.half + 1.5
    if biome_traits(scene.biome)["cover"] > 0.5 and random.random() < 0.6:
        crops(canvas, scene, random.choice((-1, 1)), free + 1)
    grow(canvas, scene, n_trees(scene, 46), 35, 300, free)
    if not (scene.is_snowy or scene.event == "flood"):
        tufts(canvas, scene, round(30 * biome_traits(scene.biome)["cover"]))
    pave(canvas, scene, road, has_walks=False)
    if random.random() < 0.5:
        middle = random.choice((-1, 1)) * (free + 11 + 14 * random.random())
        _lonely_house(canvas, scene, middle, 18 + 40 * random.random())
    if style_of(scene.culture).fence != "none" and random.random() < 0.4:
        fence(canvas, scene, random.choice((-1, 1)) * (free + 1))
    grow(canvas, scene, n_trees(scene, 8), 11, 30, free + 1.5)
    if random.random() < 0.6:
        poles(canvas, scene, random.choice((-1, 1)) * (free + 1.5), 38)
    if random.random() < 0.4:
        x = road.middle + road.own_side * (road.half + 1.2)
        road_sign(canvas, scene, x, 8 + 20 * random.random())
    drive(canvas, choose_traffic(scene, road, random, random.randrange(4)))


def _nature(canvas: Canvas, scene: Scene) -> None:
    """No road: plants of the biome, rocks, sometimes water or a lonely house."""
    random = canvas.random
    grow(canvas, scene, n_trees(scene, 60), 50, 260)
    if random.random() < 0.15 + 0.3 * biome_traits(scene.biome)["wet"]:
        river(canvas, scene)
    is_near_people = scene.town_km < 40 or scene.biome == "ice"
    if random.random() < (0.25 if is_near_people else 0.05):
        _lonely_house(canvas, scene, 36 * (random.random() - 0.5), 30 + 40 * random.random())
    rocks(canvas, scene, round(3 + 5 * max(0, scene.field_rock)))
    grow(canvas, scene, n_trees(scene, 30), 10, 60)
    if not (scene.is_snowy or scene.event == "flood"):
        tufts(canvas, scene, round(46 * biome_traits(scene.biome)["cover"]))


def _coast(canvas: Canvas, scene: Scene) -> None:
    """A shore: sea to the horizon, sand or rock in front, plants at the edge."""
    random = canvas.random
    near = 12 + 14 * random.random()
    sea(canvas, scene, near)
    sand = mixed((222, 204, 164), soil_colour(scene), 0.35 + 0.1 * scene.field_rock)
    for far, shade in ((near, 0.82), (near * 0.85, 1.0)):
        corners = [(-60, 0, far), (60, 0, far * 1.05), (60, 0, 0.6), (-60, 0, 0.6)]
        canvas.face(corners, canvas.lit(sand, far, shade), 0.3)
    if random.random() < 0.5:
        bank = [(-60, 0, 4), (10 - 20 * random.random(), 0, 5), (0, 0, 0.7), (-60, 0, 0.7)]
        canvas.face(bank, canvas.lit(grass_colour(scene), 3, 0.9), 0.5)
    rocks(canvas, scene, random.randrange(7))
    side, kinds = random.choice((-1, 1)), tree_kinds(scene.biome)
    for _ in range(n_trees(scene, 7)):
        x, z = side * (3 + 7 * random.random()), near * (0.55 + 0.25 * random.random())
        plant(canvas, scene, random.choice(kinds), x, z)
    if random.random() < 0.35 and scene.town_km < 15:
        _lonely_house(canvas, scene, -side * (10 + 6 * random.random()), 0.75 * near)
    people(canvas, 0, 1, random.randrange(4), 0.7 * near)


def _lonely_house(canvas: Canvas, scene: Scene, middle: float, near: float) -> None:
    plot = Plot(left=middle - 4.5, right=middle + 4.5, near=near, far=near + 8)
    settle(canvas, scene, plot)


def _flood(canvas: Canvas, scene: Scene) -> None:
    """Muddy water in place of the ground, with the sky's gleam on it."""
    random = canvas.random
    sky = mixed(canvas.light.haze, (150, 164, 176), 0.4)
    for near, far in ((60, 260), (25, 60), (10, 25), (0.6, 10)):
        mud = mixed(soil_colour(scene), sky, 0.5 + min(0.4, near / 100))
        canvas.strip(-300, 300, near, far, canvas.lit(mud, near, 0.9), 0.1)
    for _ in range(70):
        z = 2.2 * 40 ** random.random()
        x, half = (2 * random.random() - 1) * z, (0.04 + 0.14 * random.random()) * z
        ends = [canvas.at(x - half, 0, z), canvas.at(x + half, 0, z)]
        canvas.line(ends, canvas.lit(mixed(sky, (250, 250, 250), random.random()), z), canvas.unit)


def _wildfire(canvas: Canvas, scene: Scene) -> None:
    """Smoke that rises from behind the horizon, spreads and drifts."""
    del scene
    random, unit = canvas.random, canvas.unit
    x, drift = canvas.width * random.random(), 8 * (random.random() - 0.5)
    for k in range(36):
        for _ in range(3):
            radius = unit * (5 + 1.3 * k) * (0.5 + 0.8 * random.random())
            spot = x + unit * (drift * k + (6 + 2.2 * k) * (2 * random.random() - 1))
            grey = 92 + 1.6 * k + 50 * random.random()
            ink = canvas.lit((grey * 1.06, grey * 0.97, grey * 0.9), 2500)
            canvas.disc((spot, canvas.level - unit * 7 * (k + random.random())), radius, ink, 0.2)


_SCENES: dict[str, Callable[[Canvas, Scene], None]] = {
    "street": street,
    "overlook": overlook,
    "road": _road,
    "nature": _nature,
    "coast": _coast,
}
_EVENTS = {"flood": _flood, "wildfire": _wildfire}
