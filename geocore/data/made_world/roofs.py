"""Data stage, made world: roofs, from flat to thatched. It knows no region and no street."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin

from geocore.data.made_world.canvas import Canvas, Colour, Ink, Point3, mixed

_ROUGH = 0.3


@dataclass(frozen=True, kw_only=True)
class Body:
    """A house as a box in metres, with what it is made of."""

    left: float
    right: float
    near: float
    far: float
    height: float
    form: str
    wall: Colour
    roof: Colour
    trim: Colour
    pitch: float

    @property
    def side(self) -> float | None:
        """Where the side wall stands that the camera sees, None if it sees none."""
        if self.left > 0:
            return self.left
        return self.right if self.right < 0 else None

    @property
    def ridge(self) -> float:
        """Height of the ridge."""
        return self.height + self.pitch * min(self.right - self.left, self.far - self.near) / 2


def cover(canvas: Canvas, body: Body) -> None:
    """Draw the roof of a house whose walls are there."""
    _ROOFS.get(body.form, _flat)(canvas, body)


def round_house(canvas: Canvas, body: Body) -> None:
    """A hut with a thatched cone, or a ger with a low white dome."""
    middle, near, wall = (body.left + body.right) / 2, body.near, 1.9
    radius = min(body.right - body.left, 6.0) / 2
    canvas.shadow(middle, near, 2 * radius, 3)
    canvas.front(
        (middle - radius, middle + radius), (0, wall), near, canvas.lit(body.wall, near, 0.9), 0.25
    )
    dark = sorted(
        (middle - radius, middle - 0.3 * radius)
        if canvas.light.right > 0
        else (middle + 0.3 * radius, middle + radius)
    )
    canvas.front((dark[0], dark[1]), (0, wall), near, canvas.lit(body.wall, near, 0.66), 0.25)
    canvas.front((middle - 0.45, middle + 0.45), (0, 1.6), near, canvas.lit(body.trim, near, 0.6))
    if body.form == "ger":
        _half_round(
            canvas, (middle, wall, near), 1.05 * radius, 0.45 * radius, canvas.lit(body.wall, near)
        )
        return
    peak, eaves = wall + body.pitch * radius * 1.6, 1.3 * radius
    thatch = canvas.lit(body.roof, near, 0.95)
    canvas.face(
        [
            (middle - eaves, wall - 0.3, near),
            (middle, peak, near),
            (middle + eaves, wall - 0.3, near),
        ],
        thatch,
        0.55,
    )


def _slope(canvas: Canvas, body: Body, x: float) -> Ink:
    """Colour of the side of the roof that rises from a wall at x."""
    return canvas.lit(
        body.roof, (body.near + body.far) / 2, canvas.shade(-0.6 if x > 0 else 0.6, 0)
    )


def _gable(canvas: Canvas, body: Body) -> None:
    """A ridge along the front or along the side."""
    if canvas.random.random() < 0.5:
        _gable_across(canvas, body)
    else:
        _gable_ahead(canvas, body)


def _gable_across(canvas: Canvas, body: Body) -> None:
    top, over, near = body.height, 0.35, body.near
    middle_z, x = (near + body.far) / 2, body.side
    if x is not None:
        ink = canvas.lit(body.wall, near, canvas.shade(-1 if x > 0 else 1, 0))
        canvas.face([(x, top, near), (x, top, body.far), (x, body.ridge, middle_z)], ink, 0.14)
    left, right, low = body.left - over, body.right + over, top - 0.1
    eaves, ridge = (
        [(left, low, near - over), (right, low, near - over)],
        [(right, body.ridge, middle_z), (left, body.ridge, middle_z)],
    )
    canvas.face([*eaves, *ridge], canvas.lit(body.roof, near, canvas.shade(0, -0.6)), _ROUGH)


def _gable_ahead(canvas: Canvas, body: Body) -> None:
    top, over, near, far = body.height, 0.35, body.near, body.far
    middle, low = (body.left + body.right) / 2, top - 0.1
    if body.side is not None:
        x = body.side - over if body.side > 0 else body.side + over
        eaves = [(x, low, near - over), (x, low, far + over)]
        ridge = [(middle, body.ridge, far + over), (middle, body.ridge, near - over)]
        canvas.face([*eaves, *ridge], _slope(canvas, body, x), _ROUGH)
    ink = canvas.lit(body.wall, near, canvas.shade(0, -1))
    canvas.face(
        [(body.left, top, near), (body.right, top, near), (middle, body.ridge, near)], ink, 0.14
    )
    verge = [
        (body.left - over, low, near),
        (middle, body.ridge, near),
        (body.right + over, low, near),
    ]
    canvas.line(
        [canvas.at(*point) for point in verge],
        canvas.lit(body.roof, near, 0.8),
        0.3 * canvas.focal / max(near, 1),
    )


def _hip(canvas: Canvas, body: Body, curl: float = 0.0) -> None:
    """Four slopes; with a curl, eaves that turn up at the corners."""
    over, near, far, top = 0.5 + curl, body.near, body.far, body.height
    left, right, middle_z = body.left - over, body.right + over, (near + far) / 2
    inset = min(body.right - body.left, far - near) / 2
    first, last = min(left + inset, (left + right) / 2), max(right - inset, (left + right) / 2)
    if body.side is not None:
        x, peak = (left, first) if body.side > 0 else (right, last)
        canvas.face(
            [(x, top, near - over), (x, top, far + over), (peak, body.ridge, middle_z)],
            _slope(canvas, body, x),
            _ROUGH,
        )
    z, low = near - over, top + 0.8 * curl
    eaves: list[Point3] = [(left, low, z), (left + 1, top, z), (right - 1, top, z), (right, low, z)]
    ridge: list[Point3] = [(last, body.ridge, middle_z), (first, body.ridge, middle_z)]
    canvas.face([*eaves, *ridge], canvas.lit(body.roof, near, canvas.shade(0, -0.6)), _ROUGH)


def _pagoda(canvas: Canvas, body: Body) -> None:
    _hip(canvas, body, curl=0.7)


def _dome(canvas: Canvas, body: Body) -> None:
    """A dome on a flat roof, and a slender tower beside it."""
    _flat(canvas, body)
    middle, radius, near = (body.left + body.right) / 2, (body.right - body.left) * 0.32, body.near
    _half_round(
        canvas,
        (middle, body.height + 0.4, near + 1),
        radius,
        1.1 * radius,
        canvas.lit(body.trim, near, 0.95),
    )
    x, top = body.right + 0.8, body.height + 9
    ink = canvas.lit(body.wall, near, canvas.shade(0, -1))
    canvas.front((x - 0.65, x + 0.65), (0, top), near, ink)
    canvas.face([(x - 0.9, top, near), (x, top + 3, near), (x + 0.9, top, near)], ink)


def _flat(canvas: Canvas, body: Body) -> None:
    """A parapet, and the roof where the camera looks down on it."""
    top, near, far = body.height, body.near, body.far
    if canvas.eye_m > top:
        corners = [
            (body.left, top, near),
            (body.right, top, near),
            (body.right, top, far),
            (body.left, top, far),
        ]
        canvas.face(corners, canvas.lit(mixed(body.wall, body.roof, 0.2), near), 0.2)
    ink = canvas.lit(mixed(body.wall, body.trim, 0.3), near, canvas.shade(0, -1) * 0.92)
    canvas.front((body.left, body.right), (top - 0.3, top + 0.3), near, ink)


def _half_round(canvas: Canvas, foot: Point3, half_width: float, tall: float, ink: Ink) -> None:
    x, y, z = foot
    turns = [pi * k / 10 for k in range(11)]
    canvas.face([(x + half_width * cos(t), y + tall * sin(t), z) for t in turns], ink, 0.1)


_ROOFS: dict[str, Callable[[Canvas, Body], None]] = {
    "gable": _gable,
    "hip": _hip,
    "pagoda": _pagoda,
    "dome": _dome,
}
