"""Data stage, made world: sky, mountains, ground and water, the parts without things on them.

It knows no buildings and no plants.
"""

from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geocore.data.made_world.canvas import SNOW, Canvas, Colour, Scene, colour, mixed, toned
from geocore.data.made_world.geography import biome_traits
from geocore.data.made_world.noise import TEXTURE_PX, ridge_line, texture, texture_bytes

Pixels = NDArray[np.float32]
_CLOUD_COVER = {"clear": 0.12, "fair": 0.45, "overcast": 0.95, "fog": 1.0, "rain": 0.97}


def soil_colour(scene: Scene) -> Colour:
    """Colour of the bare ground: the biome's, varied from district to district."""
    base = colour(biome_traits(scene.biome)["soil"])
    return toned(
        base, 1 + 0.09 * scene.field_soil, 0.5 * scene.field_rock, 0.25 * scene.field_plant
    )


def grass_colour(scene: Scene) -> Colour:
    """Colour of what grows on the ground at this time of the year."""
    traits = biome_traits(scene.biome)
    fresh = toned(colour(traits["grass"]), 1 + 0.07 * scene.field_leaf, 0.5 * scene.field_plant)
    dry = toned(colour(traits["dry"]), 1 + 0.05 * scene.field_soil, 0.3 * scene.field_rock)
    return mixed(dry, fresh, min(1.0, 1.4 * scene.lush))


def background(canvas: Canvas, scene: Scene, size_px: tuple[int, int]) -> None:
    """Sky above the horizon, ground below it."""
    width, height = size_px
    level = int(np.clip(canvas.level / 2, 0, height))
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[: level + 1, :, :3] = _sky(canvas, scene, width, level + 1)[:height]
    if level < height:
        pixels[level:] = _ground(canvas, scene, width, height - level, level)
    canvas.lay(pixels)


def _sky(canvas: Canvas, scene: Scene, width: int, rows: int) -> NDArray[np.uint8]:
    """The sky (rows, width, 3), clouds in it; computed at half size, for it has no fine detail."""
    light, random = canvas.light, canvas.random
    half_rows, half_width = rows // 2 + 1, width // 2 + 1
    cover = _CLOUD_COVER.get(scene.weather, 0.95)
    up = np.linspace(1, 0, half_rows, dtype=np.float32)[:, None]
    haze = np.array(light.haze, np.float32)
    top = np.array(
        mixed(_sky_blue(scene), light.haze, 0.15 + 0.8 * max(0, cover - 0.6)), np.float32
    )
    sky = (haze + (top - haze) * up**0.7)[:, None]
    down, across = 2.0 + 2 * random.random(), 1.1 + random.random()
    seen = _window("cloud", random, half_rows, half_width, down, across)
    edge = np.float32(1 - cover)
    alpha = np.clip((seen - edge) * np.float32(3.5 if scene.weather == "fair" else 2.2), 0, 1)
    alpha *= np.float32(0.9) * (0.25 + 0.75 * up)
    thick = np.clip((seen - edge - np.float32(0.12)) * np.float32(0.35), 0, 0.22)
    grey = 0.62 if scene.weather in ("rain", "snowfall") else 0.9 if cover > 0.8 else 0.97
    tint = np.array(light.tint, np.float32) * np.float32(248 * grey)
    pixels = sky + (tint * (1 - thick[..., None]) - sky) * alpha[..., None]
    small = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    size = (2 * half_width, 2 * half_rows)
    return np.asarray(small.resize(size, Image.Resampling.BILINEAR))[:rows, :width]


def _sky_blue(scene: Scene) -> Colour:
    """Blue overhead: deep in dry and high places, pale in wet air, dark when the sun is low."""
    wet = biome_traits(scene.biome)["wet"]
    high = min(scene.elevation_m / 4500, 1)
    deep = mixed((64, 122, 200), (122, 172, 222), 0.75 * wet + 0.12 * scene.field_sky)
    deep = mixed(deep, (30, 84, 170), 0.6 * high)
    low = float(np.clip(1 - scene.sun_up / 0.25, 0, 1))
    return mixed(deep, (72, 88, 132), 0.8 * low)


def _window(
    kind: str, random: Random, rows: int, columns: int, down: float = 1.0, across: float = 1.0
) -> Pixels:
    """A piece of a texture (rows, columns), stretched."""
    y = (random.randrange(TEXTURE_PX) + np.arange(rows) * down).astype(np.intp) % TEXTURE_PX
    x = (random.randrange(TEXTURE_PX) + np.arange(columns) * across).astype(np.intp) % TEXTURE_PX
    return texture(kind)[y[:, None], x]


def _ground(canvas: Canvas, scene: Scene, width: int, rows: int, level: int) -> NDArray[np.uint8]:
    """The ground (rows, width, 4): soil and grass in patches, seen in perspective."""
    random, focal = canvas.random, canvas.focal / 2
    below = np.arange(rows, dtype=np.float32) + np.float32(0.5 + level - canvas.level / 2)
    far_m = np.float32(focal * canvas.eye_m) / np.maximum(below, np.float32(0.4))
    patch = max(canvas.eye_m / 2, 0.5)
    density = np.float32(18 / patch)
    lines = (far_m * density + random.randrange(TEXTURE_PX)).astype(np.int32) % TEXTURE_PX
    across = np.arange(width, dtype=np.float32) - np.float32(width / 2)
    columns = (far_m * density / np.float32(focal))[:, None] * across + random.randrange(TEXTURE_PX)
    columns = columns.astype(np.int32) & (TEXTURE_PX - 1)
    seen = texture_bytes("soil").ravel()[lines[:, None] * TEXTURE_PX + columns]
    near = np.clip(24 * patch / far_m, 0.12, 1).astype(np.float32)
    seen = (127.5 + (seen - np.float32(127.5)) * near[:, None]).astype(np.uint8)
    pixels = _ground_palette(canvas, scene)[seen]
    kept = np.exp(-far_m / canvas.light.sight_m)
    n_hazy = int((kept < 0.98).sum())
    haze, share = np.array(canvas.light.haze, np.float32), kept[:n_hazy, None, None]
    pixels[:n_hazy, :, :3] = pixels[:n_hazy, :, :3] * share + haze * (1 - share)
    pixels[..., 3] = (90 * near)[:, None]
    return pixels


def _ground_palette(canvas: Canvas, scene: Scene) -> NDArray[np.uint8]:
    """Colour of the ground for each value of its texture, (256, 4): bare soil low, grass high."""
    seen = np.linspace(0, 1, 256)[:, None]
    cover = biome_traits(scene.biome)["cover"] * (0.7 + 0.45 * scene.lush)
    cover += 0.06 * scene.field_plant
    share = np.clip((seen - 1 + cover) * 3 + 0.5, 0, 1)
    grass = grass_colour(scene)
    soil = mixed(soil_colour(scene), toned(grass, 0.78), max(0.0, 1.5 * (cover - 0.45)))
    soil, grass = _seasonal(scene, soil), _seasonal(scene, grass)
    shade = 1 - 0.22 * canvas.light.direct * (1 - canvas.light.up)
    lit = (np.array(soil) * (1 - share) + np.array(grass) * share) * np.array(canvas.light.tint)
    lit = np.clip(lit * shade * (0.86 + 0.28 * seen), 0, 255)
    return np.concatenate([lit, 0 * seen], axis=1).astype(np.uint8)


def _seasonal(scene: Scene, base: Colour) -> Colour:
    return mixed(base, SNOW, 0.88) if scene.is_snowy else base


def mountains(canvas: Canvas, scene: Scene) -> None:
    """Up to three lines of hills and mountains behind everything, the farthest first."""
    random = canvas.random
    relief = min(scene.elevation_m / 3000, 1.3)
    hills = 0.35 + 0.3 * scene.field_rock + 0.5 * relief
    rough = float(np.clip(0.15 + 0.75 * relief + 0.15 * scene.field_rock, 0, 1))
    for far_m, share in ((26000, 1.0), (9000, 0.62), (2500, 0.4)):
        if random.random() > 0.35 + 0.55 * hills:
            continue
        tall = canvas.unit * 260 * share * (0.1 + 0.2 * max(hills, 0) + 0.6 * relief)
        tall *= 0.6 + 0.8 * random.random()
        _mountain_line(canvas, scene, far_m * 0.6, tall, rough if share > 0.5 else rough / 2)


def _mountain_line(
    canvas: Canvas, scene: Scene, far_m: float, tall_px: float, rough: float
) -> None:
    random = canvas.random
    n = 96
    line = ridge_line(n * 2, round(rough, 1), random.randrange(64))[random.randrange(n) :][:n]
    x = np.linspace(-4, canvas.width + 4, n)
    y = canvas.level - tall_px * (0.25 + 0.75 * line)
    rock = mixed(soil_colour(scene), (112, 108, 104), 0.45)
    trees = toned(colour(biome_traits(scene.biome)["leaf"]), 0.9 + 0.06 * scene.field_leaf)
    cover = biome_traits(scene.biome)["cover"] * (0.75 if rough > 0.6 else 1.0)
    base = _seasonal(scene, mixed(rock, trees, min(1, cover)))
    sight = far_m / canvas.light.sight_m
    z = canvas.light.sight_m * (0.5 + 0.9 * min(sight, 1.2))
    ends = [(x[-1], canvas.level + 2), (x[0], canvas.level + 2)]
    snow_line = _snow_line_px(canvas, scene, tall_px)
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    if snow_line is None:
        canvas.polygon([*points, *ends], canvas.lit(base, z, 0.92), 0.22)
        return
    canvas.polygon([*points, *ends], canvas.lit(SNOW, z, 0.95), 0.08)
    wave = snow_line + (ridge_line(n * 2, 1.0, 7)[:n] - 0.5) * tall_px * 0.3
    points = list(zip(x.tolist(), np.maximum(y, wave).tolist(), strict=True))
    canvas.polygon([*points, *ends], canvas.lit(base, z, 0.88), 0.22)


def _snow_line_px(canvas: Canvas, scene: Scene, tall_px: float) -> float | None:
    """Picture height of the snow line on a mountain, None where there is none."""
    peak_m = 400 + scene.elevation_m * 1.25
    snow_m = 5200 - 70 * max(abs(scene.lat) - 15, 0) + 45 * (scene.celsius - 12)
    if snow_m >= peak_m or scene.is_snowy:
        return None
    return canvas.level - tall_px * float(np.clip(snow_m / peak_m, 0.1, 1))


def sea(canvas: Canvas, scene: Scene, near_m: float) -> None:
    """Water from a distance on to the horizon, with waves and a beach line."""
    random = canvas.random
    warm = float(np.clip((scene.celsius - 4) / 24, 0, 1))
    blue = mixed((58, 84, 104), (40, 150, 176), warm * (0.75 + 0.12 * scene.field_sky))
    blue = mixed(blue, canvas.light.haze, 0.25 if scene.weather in ("overcast", "rain") else 0.08)
    top, bottom = canvas.level, canvas.at(0, 0, near_m)[1]
    for k in range(14):
        y = top + (bottom - top) * (k / 14) ** 2
        z = canvas.focal * canvas.eye_m / max(y - top, 0.5)
        ink = canvas.lit(toned(blue, 0.86 + 0.02 * k), min(z, 2.2 * canvas.light.sight_m))
        canvas.polygon(
            [(0, y), (canvas.width, y), (canvas.width, bottom + 2), (0, bottom + 2)], ink, 0.2
        )
    for _ in range(random.randrange(10, 34)):
        y = top + (bottom - top) * random.random() ** 1.6
        x, half = random.random() * canvas.width, (4 + 34 * random.random()) * (y - top + 6) / 60
        ink = canvas.lit((235, 242, 244), 0, 0.9)
        canvas.line([(x - half, y), (x + half, y)], ink, canvas.unit * (1 + random.random()))


def river(canvas: Canvas, scene: Scene) -> None:
    """A river or a lake across the ground."""
    random = canvas.random
    far = 25 + 60 * random.random()
    near = far * (0.25 + 0.45 * random.random())
    blue = mixed((70, 100, 118), canvas.light.haze, 0.35)
    if scene.is_snowy and scene.celsius < -6:
        blue = (206, 218, 228)
    shift = (random.random() - 0.5) * far
    bank = [(-3 * far, 0, far), (3 * far, 0, far * 1.08)]
    corners = [*bank, (3 * near + shift, 0, near * 1.2), (-0.4 * near + shift, 0, near * 0.8)]
    canvas.face([*corners, (-3 * far, 0, near)], canvas.lit(blue, (near + far) / 2), 0.15)


def rocks(canvas: Canvas, scene: Scene, n: int) -> None:
    """Rocks on the ground, a lit and a dark side each."""
    random = canvas.random
    base = mixed(soil_colour(scene), (128, 124, 120), 0.55)
    for z in sorted((6 + 60 * random.random() ** 2 for _ in range(n)), reverse=True):
        x, r = (random.random() - 0.5) * z * 1.3, 0.25 + 0.7 * random.random()
        canvas.shadow(x, z, 2 * r, r)
        dark = [(x - r, 0, z), (x - 0.7 * r, 0.7 * r, z), (x + 0.2 * r, r, z), (x + 0.1 * r, 0, z)]
        canvas.face(dark, canvas.lit(base, z, canvas.shade(-1, -0.5)), 0.4)
        bright = [(x, 0, z), (x + 0.2 * r, r, z), (x + 0.9 * r, 0.4 * r, z), (x + r, 0, z)]
        canvas.face(bright, canvas.lit(base, z, canvas.shade(1, -0.5)), 0.4)


@cache
def vignette(width: int, height: int) -> Pixels:
    """How much darker each pixel is towards the corners, (height, width), mean about 1."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return (1.03 - 0.11 * (x**2 + y**2)).astype(np.float32)
