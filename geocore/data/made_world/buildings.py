"""Data stage, made world: houses of a culture region: their plots, walls and windows.

A house is a box whose front faces the camera. It knows no street; roofs are in `roofs`.
"""

from dataclasses import dataclass
from functools import cache

from geocore.data.made_world.canvas import (
    SNOW,
    Canvas,
    Colour,
    Ink,
    Point3,
    Scene,
    colours,
    mixed,
    toned,
)
from geocore.data.made_world.geography import cultures
from geocore.data.made_world.roofs import Body, cover, round_house

_GLASS: Colour = (70, 84, 98)
# Width and height of a window and the space it takes along a wall, in metres.
_WINDOWS = {
    "tall": (1.0, 2.0, 2.3),
    "square": (1.2, 1.3, 3.0),
    "wide": (2.2, 1.4, 3.6),
    "small": (0.7, 0.8, 3.8),
    "sash": (1.1, 1.6, 2.7),
    "shutter": (0.9, 1.6, 2.9),
}
_FEWEST_PX = 5


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a culture region builds, parsed from its row of cultures.csv."""

    forms: tuple[str, ...]
    weights: tuple[float, ...]
    pitch: float
    storeys: tuple[int, int]
    gap: float
    walls: tuple[Colour, ...]
    roofs: tuple[Colour, ...]
    trim: Colour
    windows: str
    fence: str
    poles: str
    cars: tuple[Colour, ...]
    paved: float


@cache
def style_of(culture: str) -> Style:
    """The style of one culture region."""
    row = cultures().loc[culture]
    forms = [part.split(":") for part in row["forms"].split()]
    low, high = row["storeys"].split("-")
    return Style(
        forms=tuple(form for form, _ in forms),
        weights=tuple(float(weight) for _, weight in forms),
        pitch=row["pitch"],
        storeys=(int(low), int(high)),
        gap=row["gap"],
        walls=tuple(colours(row["walls"])),
        roofs=tuple(colours(row["roofs"])),
        trim=colours(row["trim"])[0],
        windows=row["windows"],
        fence=row["fence"],
        poles=row["poles"],
        cars=tuple(colours(row["cars"])),
        paved=row["paved"],
    )


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Ground for a house: borders in metres, and whether towers may stand there."""

    left: float
    right: float
    near: float
    far: float
    is_city: bool = False


def settle(canvas: Canvas, scene: Scene, plot: Plot) -> None:
    """Draw a house of the region on a plot."""
    random, style = canvas.random, style_of(scene.culture)
    form = _form(canvas, scene, style, plot.is_city)
    storeys = _storeys(canvas, scene, style, form)
    wall = toned(
        random.choice(style.walls),
        (0.92 + 0.16 * random.random()) * (1 + 0.06 * scene.field_tone),
        0.45 * scene.field_wall,
        0.3 * scene.field_paint,
    )
    roof = toned(random.choice(style.roofs), 1 + 0.08 * scene.field_tone, 0.5 * scene.field_roof)
    body = Body(
        left=plot.left,
        right=plot.right,
        near=plot.near,
        far=plot.far,
        height=0.4 + storeys * (2.7 + 0.5 * random.random()),
        form=form,
        wall=wall,
        roof=mixed(roof, SNOW, 0.85) if scene.is_snowy else roof,
        trim=style.trim,
        pitch=style.pitch,
    )
    if form in ("hut", "ger"):
        round_house(canvas, body)
        return
    canvas.shadow((plot.left + plot.right) / 2, plot.near, plot.right - plot.left, body.height)
    _walls(canvas, body, storeys, style.windows)
    cover(canvas, body)


def _form(canvas: Canvas, scene: Scene, style: Style, is_city: bool) -> str:
    """One of the region's forms; districts prefer one or another."""
    weights = [
        max(0.01, weight * (1 + 0.35 * scene.field_built * (-1) ** k))
        * (is_city or form != "tower")
        for k, (form, weight) in enumerate(zip(style.forms, style.weights, strict=True))
    ]
    return canvas.random.choices(style.forms, [weight + 0.01 for weight in weights])[0]


def _storeys(canvas: Canvas, scene: Scene, style: Style, form: str) -> int:
    if form in ("hut", "ger"):
        return 1
    low, high = style.storeys
    share = canvas.random.random() ** max(0.4, 1.2 - 0.3 * scene.field_height)
    storeys = low + round((high - low) * share)
    return max(storeys, 4 + canvas.random.randrange(7)) if form == "tower" else storeys


def _walls(canvas: Canvas, body: Body, storeys: int, windows: str) -> None:
    kind = "square" if body.form == "tower" and windows in ("small", "shutter") else windows
    x = body.side
    if x is not None:
        shade = canvas.shade(-1 if x > 0 else 1, 0)
        ink = canvas.lit(body.wall, (body.near + body.far) / 2, shade)
        canvas.side(x, (body.near, body.far), (0, body.height), ink, 0.14)
        along = (0.0, 0.0, body.far - body.near)
        _windows(canvas, _Wall(body, (x, 0, body.near), along, shade), storeys, kind)
    shade = canvas.shade(0, -1)
    ink = canvas.lit(body.wall, body.near, shade)
    canvas.front((body.left, body.right), (0, body.height), body.near, ink, 0.14)
    along = (body.right - body.left, 0.0, 0.0)
    _windows(canvas, _Wall(body, (body.left, 0, body.near), along, shade), storeys, kind)


@dataclass(frozen=True)
class _Wall:
    """A wall that starts at a foot and runs along the ground."""

    body: Body
    foot: Point3
    along: Point3
    shade: float

    @property
    def length(self) -> float:
        """Along the ground."""
        return abs(self.along[0]) + abs(self.along[2])

    def pane(
        self, canvas: Canvas, ends: tuple[float, float], heights: tuple[float, float], ink: Ink
    ) -> None:
        """A rectangle on the wall."""
        step_x, step_z = self.along[0] / self.length, self.along[2] / self.length
        x, _, z = self.foot
        start, end = (
            (x + ends[0] * step_x, z + ends[0] * step_z),
            (x + ends[1] * step_x, z + ends[1] * step_z),
        )
        low, high = heights
        lower, upper = [(start[0], low, start[1]), (start[0], high, start[1])], []
        upper = [(end[0], high, end[1]), (end[0], low, end[1])]
        canvas.face([*lower, *upper], ink, 0.05)


def _windows(canvas: Canvas, wall: _Wall, storeys: int, kind: str) -> None:
    """Rows of windows with frames or shutters, and a door, where they can be told apart."""
    width, tall, space = _WINDOWS[kind]
    body, middle_z = wall.body, wall.foot[2] + wall.along[2] / 2
    storey = (body.height - 0.4) / storeys
    if storey * canvas.focal / max(middle_z, 1) < _FEWEST_PX:
        return
    glass = canvas.lit(_GLASS, middle_z, 0.6 + 0.5 * wall.shade)
    trim = canvas.lit(body.trim, middle_z, wall.shade)
    frame = 0.55 if kind == "shutter" else 0.16
    n = max(1, int(wall.length / space))
    for column in range(n):
        middle = (column + 0.5) / n * wall.length
        for row in range(storeys):
            is_door = row == 0 and column == n // 2
            low, high = row * storey + (0.1 if is_door else 0.9), row * storey + 0.9 + tall
            high = min(high, body.height - 0.1)
            half = width / 2 + frame
            wall.pane(canvas, (middle - half, middle + half), (low - 0.12, high), trim)
            wall.pane(canvas, (middle - width / 2, middle + width / 2), (low, high - 0.1), glass)
