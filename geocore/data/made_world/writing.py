"""Data stage, made world: signs and boards, with strokes that look like writing and say nothing.

No letter of any script is drawn: each script is a way of placing strokes in a square.
"""

from functools import cache
from random import Random

from geocore.data.made_world.canvas import Canvas, Colour, Ink, Point, Point3, Scene

Stroke = tuple[Point, ...]
Glyph = tuple[Stroke, ...]
N_GLYPHS = 14


@cache
def glyphs(script: str) -> tuple[Glyph, ...]:
    """The made signs of a script: strokes in the unit square, y downwards."""
    random = Random(f"script {script}")
    family = _FAMILY.get(script, "latin")
    return tuple(_glyph(family, random) for _ in range(N_GLYPHS))


_FAMILY = {
    "latin": "stems",
    "cyrillic": "boxes",
    "greek": "rounds",
    "georgian": "rounds",
    "arabic": "joined",
    "hebrew": "roofs",
    "ethiopic": "legs",
    "devanagari": "hung",
    "bengali": "hung",
    "tibetan": "hung",
    "dravidian": "loops",
    "thai": "loops",
    "han": "dense",
    "kana": "sparse",
    "hangul": "blocks",
}


def _glyph(family: str, random: Random) -> Glyph:
    def point() -> Point:
        return random.choice((0.1, 0.5, 0.9)), random.choice((0.25, 0.6, 0.95))

    def arc(x: float, y: float, r: float) -> Stroke:
        return ((x - r, y), (x, y - r), (x + r, y), (x, y + r), (x - r, y))

    tall: Stroke = ((0.2, random.choice((0.0, 0.35))), (0.2, 0.95))
    r = 0.16 + 0.12 * random.random()
    if family == "stems":
        return (tall, random.choice((arc(0.55, 0.68, 0.26), (point(), point(), point()))))
    if family == "boxes":
        return (tall, ((0.2, 0.35), (0.8, 0.35), (0.8, 0.95)), (point(), point()))
    if family == "rounds":
        return (arc(0.5, 0.65, 0.3), (point(), point()))
    if family == "joined":
        return (
            ((0.0, 0.7), (0.4, 0.7 + r), (1.0, 0.7)),
            ((0.6, random.choice((0.1, 0.5))), (0.62, 0.7)),
            ((0.4, 0.95), (0.5, 0.97)),
        )
    if family == "roofs":
        return (((0.1, 0.3), (0.85, 0.3), (0.85, 0.95)), (point(), point()))
    if family == "legs":
        return (((0.25, 0.35), (0.25, 0.95)), ((0.75, 0.3), (0.75, 0.95)), arc(0.5, 0.35, r))
    if family == "hung":
        return (((0.0, 0.2), (1.0, 0.2)), ((0.75, 0.2), (0.75, 0.95)), arc(0.4, 0.55, r))
    if family == "loops":
        return (arc(0.35, 0.65, 0.26), arc(0.7, 0.55, r), ((0.9, 0.1), (0.92, 0.3)))
    if family == "sparse":
        return (((0.15, 0.25), (0.85, 0.22)), ((0.5, 0.05), (0.4, 0.9), (0.8, 0.8)))
    lines: list[Stroke] = [
        ((0.05, y), (0.95, y)) for y in (0.1, 0.38, 0.66, 0.94) if random.random() < 0.7
    ]
    lines += [((x, 0.02), (x, 0.98)) for x in (0.12, 0.5, 0.88) if random.random() < 0.65]
    if family == "blocks":
        return (*lines[:3], arc(0.5, 0.78, 0.18))
    return (*lines, ((0.5, 0.4), (0.1, 0.98)), ((0.5, 0.4), (0.95, 0.98)))


def write(canvas: Canvas, script: str, box: tuple[Point, Point, Point], n: int, ink: Ink) -> None:
    """Write n signs into a parallelogram: its upper left, upper right and lower left corner."""
    (x, y), (right_x, right_y), (down_x, down_y) = box
    across, down = ((right_x - x) / n, (right_y - y) / n), (down_x - x, down_y - y)
    tall = abs(down[0]) + abs(down[1])
    if tall < 5:
        return
    signs, random = glyphs(script), canvas.random
    width = max(1, round(0.1 * tall))
    for k in range(n):
        foot = x + k * across[0], y + k * across[1]
        for stroke in signs[random.randrange(N_GLYPHS)]:
            canvas.line(
                [
                    (
                        foot[0] + 0.88 * u * across[0] + v * down[0],
                        foot[1] + 0.88 * u * across[1] + v * down[1],
                    )
                    for u, v in stroke
                ],
                ink,
                width,
            )


_YELLOW: Colour = (226, 178, 52)
_RED: Colour = (196, 40, 36)
_WHITE: Colour = (240, 240, 238)
_BOARDS: tuple[Colour, ...] = (
    (34, 92, 60),
    (36, 74, 140),
    (240, 240, 236),
    (196, 44, 40),
    (230, 180, 50),
    (250, 246, 230),
)
_INKS: tuple[Colour, ...] = ((30, 30, 34), (180, 30, 30), (24, 60, 130))


def road_sign(canvas: Canvas, scene: Scene, x: float, z: float) -> None:
    """A warning sign (diamond or triangle), a round or square limit, or a name board."""
    grey = canvas.lit((120, 124, 128), z, 0.9)
    canvas.line([canvas.at(x, 0, z), canvas.at(x, 2.4, z)], grey, 0.1 * canvas.focal / z)
    yellow, red, white = (canvas.lit(base, z / 3) for base in (_YELLOW, _RED, _WHITE))
    kind = canvas.random.random()
    if kind < 0.45 and scene.warning == "diamond":
        canvas.face([(x - 0.7, 2.6, z), (x, 3.3, z), (x + 0.7, 2.6, z), (x, 1.9, z)], yellow)
    elif kind < 0.45:
        canvas.face([(x - 0.6, 2.1, z), (x, 3.1, z), (x + 0.6, 2.1, z)], red)
        canvas.face([(x - 0.38, 2.22, z), (x, 2.86, z), (x + 0.38, 2.22, z)], white)
    elif kind < 0.7 and scene.warning == "diamond" and scene.line == "yellow":
        canvas.front((x - 0.45, x + 0.45), (2.0, 3.2), z, white)
    elif kind < 0.7:
        for radius, ink in ((0.5, red), (0.36, white)):
            canvas.disc(canvas.at(x, 2.6, z), radius * canvas.focal / z, ink)
    else:
        board(canvas, scene, (x - 1.3, 2.5, z), (2.6, 0.0, 0.0), 0.9)


def board(canvas: Canvas, scene: Scene, foot: Point3, along: Point3, tall: float) -> None:
    """A board with writing, on a wall or on a post."""
    random = canvas.random
    choice = int(random.random() * 3 + abs(scene.field_sign) * 2.2) % len(_BOARDS)
    (x, y, z), base = foot, _BOARDS[choice]
    end = (x + along[0], y, z + along[2])
    corners = [foot, (x, y + tall, z), (end[0], y + tall, end[2]), end]
    canvas.face(corners, canvas.lit(base, z / 2, 0.95))
    ink = canvas.lit((246, 246, 240) if sum(base) < 400 else random.choice(_INKS), z / 2)
    start, stop = _between(foot, end, 0.06), _between(foot, end, 0.94)
    box = (
        canvas.at(start[0], y + 0.84 * tall, start[2]),
        canvas.at(stop[0], y + 0.84 * tall, stop[2]),
        canvas.at(start[0], y + 0.16 * tall, start[2]),
    )
    aspect = 0.95 if _FAMILY.get(scene.script) in ("dense", "blocks", "sparse") else 0.7
    n = round((abs(along[0]) + abs(along[2])) / tall / aspect)
    write(canvas, scene.script, box, max(2, min(9, n)), ink)


def _between(foot: Point3, end: Point3, share: float) -> Point3:
    return foot[0] + share * (end[0] - foot[0]), foot[1], foot[2] + share * (end[2] - foot[2])
