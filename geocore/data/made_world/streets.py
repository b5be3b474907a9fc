"""Data stage, made world: roads, markings, traffic and poles, after the country's customs."""

from dataclasses import dataclass
from itertools import pairwise
from random import Random

from geocore.data.made_world.buildings import style_of
from geocore.data.made_world.canvas import SNOW, Canvas, Colour, Ink, Point3, Scene, mixed, toned
from geocore.data.made_world.land import soil_colour

ASPHALT: Colour = (98, 98, 100)
YELLOW: Colour = (226, 178, 52)
WHITE: Colour = (230, 230, 226)
_FAR_M = 220.0


@dataclass(frozen=True, kw_only=True)
class Road:
    """A straight road ahead.

    Attributes:
        middle: where its middle lies, in metres to the right of the camera.
        half: half its width.
        keeps_left: whether traffic keeps left.
        is_paved: asphalt instead of earth.
    """

    middle: float
    half: float
    keeps_left: bool
    is_paved: bool

    @property
    def own_side(self) -> int:
        """The side on which traffic drives away from the camera: 1 right, -1 left."""
        return -1 if self.keeps_left else 1


@dataclass(frozen=True, kw_only=True)
class Car:
    """One car: where it stands and whether it drives away from the camera."""

    x: float
    z: float
    is_leaving: bool
    paint: Colour


def choose_road(scene: Scene, random: Random, *, is_city: bool) -> Road:
    """A road as the country builds it, with the camera in its own lane or beside it."""
    style = style_of(scene.culture)
    half = (3.1 if is_city else 2.8) + 1.6 * random.random() + 0.25 * scene.field_built
    is_paved = random.random() < style.paved + (0.1 if is_city else -0.1)
    own = -1 if scene.left else 1
    beside = random.random()
    off = 0.45 * half if beside < 0.6 else half + 0.8 if beside < 0.85 else -0.4 * half
    return Road(middle=-own * off, half=half, keeps_left=bool(scene.left), is_paved=is_paved)


def choose_traffic(scene: Scene, road: Road, random: Random, n: int) -> list[Car]:
    """Cars on both sides, the farthest first; on the own side they show their back."""
    cars, paints = [], style_of(scene.culture).cars
    for _ in range(n):
        is_leaving = random.random() < 0.5
        side = road.own_side if is_leaving else -road.own_side
        x = road.middle + side * 0.5 * road.half + 0.3 * (random.random() - 0.5)
        z = 6 + 70 * random.random() ** 1.5
        if abs(x) > 1.6 or z > 12:
            paint = toned(random.choice(paints), 0.9 + 0.2 * random.random())
            cars.append(Car(x=x, z=z, is_leaving=is_leaving, paint=paint))
    return sorted(cars, key=lambda car: -car.z)


def pave(canvas: Canvas, scene: Scene, road: Road, *, has_walks: bool) -> None:
    """Draw the road with its walks and markings; a flood hides it."""
    if scene.event == "flood":
        return
    soil, style = soil_colour(scene), style_of(scene.culture)
    base = toned(soil, 1.06)
    if road.is_paved:
        base = mixed(ASPHALT, soil, 0.12 + 0.05 * scene.field_rock)
    if scene.weather == "rain":
        base = mixed(base, (60, 66, 74), 0.45)
    if scene.is_snowy:
        base = mixed(base, SNOW, 0.45 if road.is_paved else 0.75)
    left, right = road.middle - road.half, road.middle + road.half
    if has_walks:
        stone = mixed((176, 170, 162), soil, 0.35) if style.paved > 0.5 else toned(soil, 1.12)
        stone = toned(stone, 1 + 0.06 * scene.field_kerb)
        stone = mixed(stone, SNOW, 0.7) if scene.is_snowy else stone
        for low, high in ((left - 2.4, left), (right, right + 2.4)):
            _bands(canvas, low, high, stone, 0.22)
    _bands(canvas, left, right, toned(base, 1 + 0.05 * scene.field_soil), 0.2)
    if road.is_paved and has_walks:
        _kerbs(canvas, scene, road)
    if road.is_paved and not (scene.is_snowy and canvas.random.random() < 0.6):
        _markings(canvas, scene, road)


def _bands(canvas: Canvas, left: float, right: float, base: Colour, rough: float) -> None:
    """A strip of ground in pieces, so that distance can take its colour."""
    edges = (0.8, 8, 16, 30, 55, 100, _FAR_M)
    for near, far in zip(edges[-2::-1], edges[:0:-1], strict=True):
        canvas.strip(left, right, near, far, canvas.lit(base, (near + far) / 2, 0.95), rough)


def _kerbs(canvas: Canvas, scene: Scene, road: Road) -> None:
    """Edges of the walks, painted in bands where the district does so."""
    paint = ((200, 60, 50), (228, 190, 60), (60, 60, 62), (70, 110, 170))
    second = paint[int(abs(scene.field_paint) * 3.7) % 4]
    is_painted = scene.field_kerb > 0.55
    for x in (road.middle - road.half, road.middle + road.half):
        for k in range(14 if is_painted else 1):
            near, far = (1.2 + 2 * k, 3.2 + 2 * k) if is_painted else (1, 60)
            base = second if is_painted and k % 2 else (196, 194, 188)
            canvas.strip(x - 0.12, x + 0.12, near, far, canvas.lit(base, near, 0.9))


def _markings(canvas: Canvas, scene: Scene, road: Road) -> None:
    """Centre line in the country's colour; edge lines where the district has them."""
    base = YELLOW if scene.line == "yellow" else WHITE
    is_double = scene.line == "yellow" and scene.field_post > -0.2
    dash = 2.2 + 1.1 * scene.field_sign
    for shift in (-0.14, 0.14) if is_double else (0.0,):
        x, z = road.middle + shift, 2.0
        while z < 70:
            far = z + (6.0 if is_double else max(1.0, dash))
            canvas.strip(x - 0.08, x + 0.08, z, far, canvas.lit(base, z, 0.98))
            z = far + (0 if is_double else max(1.2, 4.5 - 0.5 * dash))
    if scene.field_fence > -0.4:
        for x in (road.middle - road.half + 0.3, road.middle + road.half - 0.3):
            canvas.strip(x - 0.07, x + 0.07, 1.5, 70, canvas.lit(WHITE, 12, 0.95))


def drive(canvas: Canvas, cars: list[Car]) -> None:
    """Draw the traffic: boxes with a cabin, windows, wheels and lamps."""
    for car in cars:
        x, z, paint = car.x, car.z, car.paint
        canvas.strip(x - 1, x + 1, z, z + 4, canvas.lit((40, 40, 42), z))
        inner = x - 0.85 if x > 0 else x + 0.85
        canvas.side(inner, (z, z + 4), (0.3, 1.0), canvas.lit(paint, z, 0.7))
        roof = canvas.lit(mixed(paint, (20, 24, 30), 0.3), z, 0.9)
        _cabin(canvas, x, z + 0.9, (0.62, 0.78), (0.95, 1.5), roof)
        _cabin(canvas, x, z + 0.6, (0.56, 0.72), (0.98, 1.42), canvas.lit((44, 54, 64), z))
        canvas.front((x - 0.88, x + 0.88), (0.28, 1.0), z, canvas.lit(paint, z, 0.95))
        lamp = canvas.lit((206, 30, 26) if car.is_leaving else (250, 246, 226), z / 3, 1.1)
        for side in (-0.67, 0.67):
            wheel = (x + side - 0.16, x + side + 0.16)
            canvas.front(wheel, (0.0, 0.3), z, canvas.lit((26, 26, 28), z))
            canvas.front(wheel, (0.62, 0.82), z, lamp)


def _cabin(
    canvas: Canvas,
    x: float,
    z: float,
    halves: tuple[float, float],
    heights: tuple[float, float],
    ink: Ink,
) -> None:
    """An upright shape facing the camera: half widths above and below, heights below and above."""
    (top, foot), (low, high) = halves, heights
    corners = [(x - foot, low, z), (x - top, high, z), (x + top, high, z), (x + foot, low, z)]
    canvas.face(corners, ink)


def poles(canvas: Canvas, scene: Scene, x: float, step_m: float) -> None:
    """A row of poles along the road: wood or concrete with wires, or steel lamps."""
    kind = style_of(scene.culture).poles
    if kind == "none":
        return
    x += 1.6 if 0 <= x < 1.2 else -1.6 if -1.2 < x < 0 else 0.0
    base = {"wood": (104, 84, 66), "concrete": (168, 166, 160), "steel": (124, 130, 136)}[kind]
    tall = 8.5 + 0.8 * scene.field_height
    tops: list[Point3] = []
    first = 5 + step_m * canvas.random.random()
    for z in reversed([first + k * step_m for k in range(int((150 - first) / step_m))]):
        ink = canvas.lit(base, z, 0.85)
        foot, top = canvas.at(x, 0, z), canvas.at(x, tall, z)
        canvas.line([foot, top], ink, 0.24 * canvas.focal / z)
        reach = -1.8 if x > 0 else 1.8
        if kind == "steel":
            canvas.line([top, canvas.at(x + reach, tall + 0.3, z)], ink, 0.14 * canvas.focal / z)
        else:
            for y in (tall - 0.4, tall - 1.3)[: 1 if scene.field_post < 0.4 else 2]:
                ends = [canvas.at(x - 1.1, y, z), canvas.at(x + 1.1, y, z)]
                canvas.line(ends, ink, 0.16 * canvas.focal / z)
        tops.append((x, tall - 0.4, z))
    if kind != "steel":
        _wires(canvas, tops, 2 + int(scene.field_post > 0) * 2)


def _wires(canvas: Canvas, tops: list[Point3], n: int) -> None:
    ink = canvas.lit((54, 54, 58), 8, 1)
    for k in range(n):
        shift = 2.0 * k / max(n - 1, 1) - 1
        for (x, y, near), (_, _, far) in pairwise(tops):
            middle = (near + far) / 2
            points = [
                canvas.at(x + shift, y, near),
                canvas.at(x + shift, y - 0.7, middle),
                canvas.at(x + shift, y, far),
            ]
            canvas.line(points, ink, canvas.unit)
