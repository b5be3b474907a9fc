"""Data stage, made world: trees and bushes of a biome, stamped on the canvas.

It knows the biome's plants and the season, no buildings.
"""

from dataclasses import dataclass
from functools import cache

from geocore.data.made_world.canvas import SNOW, Canvas, Colour, Ink, Scene, colour, mixed, toned
from geocore.data.made_world.geography import biome_traits
from geocore.data.made_world.stencils import N_VARIANTS, parts

TRUNK = (92, 74, 58)
AUTUMN = ((206, 150, 48), (196, 104, 40), (170, 66, 38), (184, 160, 70))
_FLOWERS: tuple[Colour, ...] = ((236, 214, 70), (226, 90, 80), (240, 240, 236), (170, 110, 200))
_TURNING = {"broadleaf", "birch", "poplar"}


@dataclass(frozen=True, kw_only=True)
class Species:
    """How a kind of tree looks.

    Attributes:
        height_m: of a grown one.
        leaf: its own colour, mixed with the biome's leaf colour; "" for the biome's alone.
        trunk: colour of stem and branches.
    """

    height_m: float
    leaf: str = ""
    trunk: Colour = TRUNK


SPECIES = {
    "broadleaf": Species(height_m=10),
    "birch": Species(height_m=11, leaf="84a850", trunk=(222, 220, 212)),
    "poplar": Species(height_m=15, leaf="6a8c48"),
    "cypress": Species(height_m=12, leaf="2c4a30"),
    "conifer": Species(height_m=14, leaf="24442e", trunk=(70, 54, 42)),
    "pine": Species(height_m=11, leaf="3a5a38", trunk=(122, 82, 58)),
    "palm": Species(height_m=9, leaf="5a8a3c", trunk=(140, 120, 96)),
    "jungle": Species(height_m=17, leaf="1f5a26", trunk=(110, 100, 86)),
    "banana": Species(height_m=4, leaf="6aaa3c", trunk=(120, 130, 70)),
    "bamboo": Species(height_m=8, leaf="7aa048", trunk=(130, 140, 74)),
    "acacia": Species(height_m=7, leaf="6c7a3c", trunk=(84, 66, 50)),
    "baobab": Species(height_m=11, leaf="76803f", trunk=(136, 112, 94)),
    "cactus": Species(height_m=4, leaf="5c7a48", trunk=(86, 112, 66)),
    "shrub": Species(height_m=1.3),
    "olive": Species(height_m=5, leaf="8a9878"),
    "eucalypt": Species(height_m=14, leaf="7c8c68", trunk=(206, 196, 180)),
    "agave": Species(height_m=1.4, leaf="8aa488"),
}


def grow(
    canvas: Canvas, scene: Scene, n: int, near_m: float, far_m: float, gap_m: float = 0
) -> None:
    """Plant trees and bushes of the biome on the ground, the farthest first.

    Args:
        canvas: to draw on.
        scene: the plan of the photo.
        n: how many.
        near_m: least distance.
        far_m: greatest distance.
        gap_m: half width of a strip ahead that stays free (a road).
    """
    random = canvas.random
    kinds, weights = _flora(scene.biome)
    turned = [
        max(0.05, w * (1 + 0.35 * scene.field_plant * (-1) ** k)) for k, w in enumerate(weights)
    ]
    places = []
    for _ in range(n):
        z = near_m * (far_m / near_m) ** random.random()
        reach = z * canvas.middle / canvas.focal + 3
        x = (2 * random.random() - 1) * reach
        if abs(x) < gap_m:
            x = (gap_m + random.random() * reach) * (1 if x > 0 else -1)
        places.append((z, x))
    for z, x in sorted(places, reverse=True):
        kind = random.choices(kinds, turned)[0]
        plant(canvas, scene, kind, x, z)


def tufts(canvas: Canvas, scene: Scene, n: int, far_m: float = 14.0) -> None:
    """Tufts of grass and herbs near the camera, some in flower where it is green."""
    random, traits = canvas.random, biome_traits(scene.biome)
    fresh, dry = colour(traits["grass"]), colour(traits["dry"])
    base = toned(mixed(dry, fresh, min(1.0, 1.4 * scene.lush)), 0.8, 0.3 * scene.field_plant)
    flower = _FLOWERS[int(abs(scene.field_leaf) * 3.1) % len(_FLOWERS)]
    has_flowers = scene.lush > 0.45 and scene.field_sign > -0.3
    for z in sorted((2.5 + (far_m - 2.5) * random.random() for _ in range(n)), reverse=True):
        x = (2 * random.random() - 1) * z * canvas.middle / canvas.focal
        tall, width = 0.12 + 0.3 * random.random(), 0.1 + 0.15 * random.random()
        ink = canvas.lit(toned(base, 0.8 + 0.5 * random.random()), z)
        blades = [
            (x + width * (k - 3) / 3, (tall * (1 - abs(k - 3) / 5) if k % 2 else 0.02), z)
            for k in range(7)
        ]
        canvas.face([(x - width / 2, 0, z), *blades, (x + width / 2, 0, z)], ink, 0.3)
        if has_flowers and random.random() < 0.4:
            top = canvas.at(x, tall, z)
            canvas.disc(top, 0.045 * canvas.focal / z, canvas.lit(flower, z))


def crops(canvas: Canvas, scene: Scene, side: int, edge: float) -> None:
    """A field beside the road: rows of what grows there, or ploughed earth."""
    random, traits = canvas.random, biome_traits(scene.biome)
    earth = colour(traits["soil"])
    ripe = mixed((206, 176, 92), colour(traits["grass"]), min(1.0, 1.2 * scene.lush))
    plain = mixed(ripe, earth, 0.8) if random.random() < 0.25 else ripe
    plain = toned(plain, 1 + 0.08 * scene.field_soil, 0.3 * scene.field_plant)
    if scene.is_snowy:
        plain = mixed(plain, SNOW, 0.8)
    far, step = 60 + 120 * random.random(), 1.2 + 2.2 * random.random()
    for k in range(16):
        left, right = sorted((side * (edge + k * step), side * (edge + (k + 0.6) * step)))
        for near, end in ((30.0, far), (12.0, 30.0), (3.0, 12.0)):
            canvas.strip(left, right, near, end, canvas.lit(plain, near, 0.9), 0.4)


def n_trees(scene: Scene, most: int) -> int:
    """How many trees of `most` the biome and the district have."""
    density = biome_traits(scene.biome)["density"] * (1 + 0.25 * scene.field_trees)
    return round(most * min(max(density, 0.02), 1.2))


def tree_kinds(biome: str) -> list[str]:
    """The biome's trees and bushes, the commonest first."""
    return _flora(biome)[0]


def plant(canvas: Canvas, scene: Scene, kind: str, x: float, z: float, size: float = 1.0) -> None:
    """Set one tree or bush at a place."""
    random, species = canvas.random, SPECIES[kind]
    tall_m = species.height_m * size * (0.6 + 0.65 * random.random())
    if scene.biome in ("tundra", "steppe") and kind != "shrub":
        tall_m *= 0.6
    canvas.shadow(x, z, 0.5 * tall_m, tall_m)
    side = tall_m * canvas.focal / z
    if side < 3:
        return
    foot = canvas.at(x, 0, z)
    corner = (foot[0] - side / 2, foot[1] - side)
    if corner[0] > canvas.width or corner[0] + side < 0:
        return
    is_bare = scene.is_bare and kind in _TURNING
    leaf, dark = _leaf_colours(canvas, scene, kind, z)
    inks = (canvas.lit(species.trunk, z, 0.9), dark, leaf)
    variant, side = random.randrange(N_VARIANTS), min(side, 2.0 * canvas.height)
    drawn = parts(kind, variant, canvas.light.right < 0, is_bare)
    for part, ink, rough in zip(drawn, inks, (0.2, 0.55, 0.6), strict=False):
        spot = corner[0] + part.corner[0] * side, corner[1] + part.corner[1] * side
        canvas.stamp(part.sized(side), spot, ink, rough)


def _leaf_colours(canvas: Canvas, scene: Scene, kind: str, z: float) -> tuple[Ink, Ink]:
    """Colour of the lit and of the shaded leaves."""
    random, own = canvas.random, SPECIES[kind].leaf
    base = colour(biome_traits(scene.biome)["leaf"])
    if own:
        base = mixed(base, colour(own), 0.6)
    if scene.is_autumn and kind in _TURNING:
        base = mixed(base, random.choice(AUTUMN), 0.8)
    light = 1.05 + 0.08 * scene.field_leaf + 0.2 * (random.random() - 0.5)
    base = toned(base, light, 0.35 * scene.field_plant, 0.35 * scene.field_leaf)
    top = mixed(base, SNOW, 0.7) if scene.is_snowy and kind != "birch" else base
    direct = canvas.light.direct
    return (
        canvas.lit(toned(top, 1.12), z, 1 + 0.18 * direct),
        canvas.lit(base, z, 0.82 - 0.22 * direct),
    )


@cache
def _flora(biome: str) -> tuple[list[str], list[float]]:
    pairs = [pair.split(":") for pair in biome_traits(biome)["trees"].split()]
    return [kind for kind, _ in pairs], [float(weight) for _, weight in pairs]
