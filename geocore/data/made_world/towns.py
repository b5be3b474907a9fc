"""Data stage, made world: streets of houses, and towns seen from above."""

from geocore.data.made_world.buildings import Plot, settle, style_of
from geocore.data.made_world.canvas import Canvas, Colour, Scene, colour
from geocore.data.made_world.geography import biome_traits
from geocore.data.made_world.plants import grow, n_trees, plant, tree_kinds
from geocore.data.made_world.streets import Road, choose_road, choose_traffic, drive, pave, poles
from geocore.data.made_world.writing import board, road_sign

_FAR_M = 135.0
_CITY_TOWNS = 6  # So many towns within 25 km, and towers may stand here.
_COATS: tuple[Colour, ...] = (
    (60, 70, 100),
    (150, 50, 50),
    (220, 214, 200),
    (50, 54, 50),
    (200, 160, 70),
)
# Colour, height in metres and roughness.
_FENCES: dict[str, tuple[Colour, float, float]] = {
    "wood": ((214, 206, 190), 1.0, 0.2),
    "wall": ((206, 192, 168), 1.5, 0.25),
    "hedge": ((60, 110, 50), 1.2, 0.8),
    "wire": ((120, 122, 120), 0.9, 0.1),
    "metal": ((110, 120, 126), 1.4, 0.1),
}


def street(canvas: Canvas, scene: Scene) -> None:
    """A street with houses on both sides."""
    random, style = canvas.random, style_of(scene.culture)
    road = choose_road(scene, random, is_city=True)
    has_walks = random.random() < 0.35 + 0.6 * style.paved
    pave(canvas, scene, road, has_walks=has_walks)
    _far_end(canvas, scene, road.middle)
    back = 0.4 if style.gap < 0.2 else 2.5 + 5 * random.random()
    back += 0.6 * max(0, scene.field_trees)
    for side in (-1, 1):
        walk = _walk_edge(road, side, 2.6 if has_walks else 1.2)
        _house_row(canvas, scene, side, walk + back)
        _front_garden(canvas, scene, side, walk, back)
    side = random.choice((-1, 1))
    poles(canvas, scene, road.middle + side * (road.half + 0.7), 24 + 10 * random.random())
    for _ in range(random.randrange(3)):
        side = road.own_side if random.random() < 0.75 else -road.own_side
        x = road.middle + side * (road.half + 0.9)
        road_sign(canvas, scene, x, 6 + 20 * random.random())
    drive(canvas, choose_traffic(scene, road, random, random.randrange(9)))
    if scene.event != "flood":
        people(canvas, road.middle, road.half + 1.2, random.randrange(7))


def overlook(canvas: Canvas, scene: Scene) -> None:
    """A town seen from above: many houses, gardens between them."""
    random, gap = canvas.random, 0.3 + style_of(scene.culture).gap
    z = 190.0
    while z > 1.5 * canvas.eye_m:
        reach = z * canvas.middle / canvas.focal
        x = -reach - 12 * random.random()
        while x < reach:
            width = 7 + 8 * random.random()
            if random.random() < 0.75:
                settle(canvas, scene, _plot(scene, x, x + width, z, z + 9))
            x += width + (1 + 14 * random.random()) * gap
        grow(canvas, scene, n_trees(scene, 7), 0.86 * z, z)
        z *= 0.8 - 0.06 * random.random()


def fence(canvas: Canvas, scene: Scene, x: float) -> None:
    """A fence, wall or hedge along the road in the region's manner."""
    kind = style_of(scene.culture).fence
    base, tall, rough = _FENCES[kind]
    if kind == "hedge":
        base = colour(biome_traits(scene.biome)["leaf"])
    tall *= 1 + 0.15 * scene.field_fence
    shade = canvas.shade(-1 if x > 0 else 1, 0)
    for near, far in ((40, 90), (18, 40), (8, 18), (3, 8)):
        ink = canvas.lit(base, near, shade)
        if kind != "wire":
            canvas.side(x, (near, far), (0, tall), ink, rough)
            continue
        for y in (0.4, 0.9):
            canvas.line([canvas.at(x, y, near), canvas.at(x, y, far)], ink, canvas.unit)
        for k in range(4):
            z = near + (far - near) * k / 4
            canvas.line([canvas.at(x, 0, z), canvas.at(x, 1.05, z)], ink, 0.09 * canvas.focal / z)


def people(canvas: Canvas, middle: float, off: float, n: int, far_m: float = 38.0) -> None:
    """Passers-by, far too small to be anybody."""
    random = canvas.random
    for _ in range(n):
        z = 6 + (far_m - 6) * random.random()
        x = middle + random.choice((-1, 1)) * (off + random.random())
        scale, coat = canvas.focal / z, random.choice(_COATS)
        legs, body = (
            [canvas.at(x, 0, z), canvas.at(x, 0.85, z)],
            [canvas.at(x, 0.8, z), canvas.at(x, 1.45, z)],
        )
        canvas.line(legs, canvas.lit((50, 50, 60), z), 0.3 * scale)
        canvas.line(body, canvas.lit(coat, z), 0.46 * scale)
        canvas.disc(canvas.at(x, 1.62, z), 0.14 * scale, canvas.lit((150, 110, 86), z))


def _walk_edge(road: Road, side: int, walk_m: float) -> float:
    """How far to the side of the camera the walk ends; at least a step away."""
    return max(side * road.middle + road.half + walk_m, 1.5)


def _plot(scene: Scene, left: float, right: float, near: float, far: float) -> Plot:
    is_city = scene.n_towns > _CITY_TOWNS
    return Plot(left=left, right=right, near=near, far=far, is_city=is_city)


def _far_end(canvas: Canvas, scene: Scene, x: float) -> None:
    """What closes the street: trees or a house across it."""
    if canvas.random.random() < 0.4:
        settle(canvas, scene, _plot(scene, x - 14, x + 14, 140, 155))
        return
    kind = "broadleaf" if n_trees(scene, 10) > 2 else "shrub"
    for k in range(-4, 5):
        plant(canvas, scene, kind, x + 6 * k, 150 + 30 * canvas.random.random())


def _house_row(canvas: Canvas, scene: Scene, side: int, edge: float) -> None:
    """Houses along one side, the farthest first, some with boards."""
    random, gap = canvas.random, style_of(scene.culture).gap
    for near, far in reversed(_plots_along(canvas, gap)):
        depth = 8 + 6 * random.random()
        ends = (edge, edge + depth) if side > 0 else (-edge - depth, -edge)
        settle(canvas, scene, _plot(scene, *ends, near, far))
        wall = side * edge
        if random.random() < 0.5 - 0.6 * gap and near < 50:
            along = (0.0, 0.0, (far - near) * 0.7)
            board(canvas, scene, (wall - 0.05 * side, 2.7, near + 0.8), along, 0.9)
        if random.random() < 0.25 - 0.4 * gap and near < 40:
            foot = (min(wall, wall - 1.3 * side), 3.2, near + 0.5)
            board(canvas, scene, foot, (1.2, 0.0, 0.0), 1.1)


def _plots_along(canvas: Canvas, gap: float) -> list[tuple[float, float]]:
    """Near and far borders of plots, some of them left empty."""
    random, plots = canvas.random, []
    z = 3.0 + 8 * random.random()
    while z < _FAR_M:
        length = 7 + 9 * random.random()
        if random.random() > 0.15 + 0.35 * gap:
            plots.append((z, z + length))
        z += length + (8 + 14 * random.random()) * gap
    return plots


def _front_garden(canvas: Canvas, scene: Scene, side: int, start: float, depth: float) -> None:
    """Trees and fences between walk and houses."""
    random, style = canvas.random, style_of(scene.culture)
    if depth > 1.5 and style.fence != "none" and random.random() < 0.7:
        fence(canvas, scene, side * (start + 0.3))
    kinds = tree_kinds(scene.biome)[:3]
    for z in sorted((5 + 70 * random.random() for _ in range(n_trees(scene, 10))), reverse=True):
        x = side * (start + max(depth, 0.6) * random.random())
        plant(canvas, scene, random.choice(kinds), x, z, 0.7)
