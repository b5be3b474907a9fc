"""Data stage, made world: the shapes of trees, drawn once per process as stencils (masks).

It knows no colours, no place and no season.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import cos, pi, sin
from random import Random

from PIL import Image, ImageDraw

N_VARIANTS = 6
_SHEET_PX = 512
# One pen per mask: stem and branches, all leaves, the lit leaves. The sheet is 512 pixels a side,
# the foot of the tree stands in the middle of its lower edge.
Pens = list[ImageDraw.ImageDraw]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a tree: a mask of as little as holds it, and where that lies on the sheet.

    Attributes:
        masks: mode L, from full size down in steps of the square root of two.
        corner: left and upper border, as shares of the sheet.
        extent: width and height, as shares of the sheet.
    """

    masks: tuple[Image.Image, ...]
    corner: tuple[float, float]
    extent: tuple[float, float]

    def sized(self, side: float) -> Image.Image:
        """The mask for a tree `side` pixels tall."""
        size = max(1, round(self.extent[0] * side)), max(1, round(self.extent[1] * side))
        fitting = (k for k in range(len(self.masks) - 1, -1, -1) if self.masks[k].width >= size[0])
        return self.masks[next(fitting, 0)].resize(size, Image.Resampling.NEAREST)


@cache
def parts(kind: str, variant: int, is_mirrored: bool, is_bare: bool) -> tuple[Part, ...]:
    """Stem and branches, all leaves, and the lit leaves of a tree.

    Args:
        kind: key of SHAPES.
        variant: 0 to N_VARIANTS - 1.
        is_mirrored: lit from the left instead of from the right.
        is_bare: with branches and without leaves.
    """
    sheets = [Image.new("L", (_SHEET_PX, _SHEET_PX)) for _ in range(3)]
    pens = [ImageDraw.Draw(sheet) for sheet in sheets]
    random = Random(f"{kind} {variant}")
    SHAPES[kind](pens, random)
    if is_bare:
        _branches(pens[0], random, (256, 512), -pi / 2, 190, 5)
    flip = Image.Transpose.FLIP_LEFT_RIGHT
    if is_mirrored:
        sheets = [sheet.transpose(flip) for sheet in sheets]
    return tuple(_part(sheet) for sheet in sheets[: 1 if is_bare else 3])


def _part(sheet: Image.Image) -> Part:
    left, top, right, bottom = sheet.getbbox() or (0, 0, 2, 2)
    cut, sizes = sheet.crop((left, top, right, bottom)), []
    for k in range(10):
        size = (max(1, round(cut.width / 2 ** (k / 2))), max(1, round(cut.height / 2 ** (k / 2))))
        sizes.append(cut.resize(size, Image.Resampling.BOX))
    return Part(
        masks=tuple(sizes),
        corner=(left / _SHEET_PX, top / _SHEET_PX),
        extent=(cut.width / _SHEET_PX, cut.height / _SHEET_PX),
    )


def _blob(pens: Pens, x: float, y: float, w: float, h: float) -> None:
    """A clump of leaves, lit from the upper right."""
    pens[1].ellipse((x - w, y - h, x + w, y + h), fill=255)
    pens[2].ellipse((x - 0.5 * w, y - 0.85 * h, x + 0.9 * w, y + 0.25 * h), fill=255)


def _stem(pens: Pens, top: float, width: float, lean: float = 0) -> None:
    pens[0].polygon(
        [
            (256 - width, 512),
            (256 + width, 512),
            (256 + lean + width / 2, top),
            (256 + lean - width / 2, top),
        ],
        fill=255,
    )


def _crown(
    pens: Pens,
    random: Random,
    box: tuple[float, float, float, float],
    n: int,
    size: float,
) -> None:
    """Clumps of leaves spread over an ellipse given by middle and half axes."""
    x, y, half_w, half_h = box
    for _ in range(n):
        turn, reach = 2 * pi * random.random(), random.random() ** 0.6
        r = size * (0.65 + 0.7 * random.random())
        _blob(pens, x + half_w * reach * cos(turn), y + half_h * reach * sin(turn), r, 0.8 * r)


def _branches(
    pen: ImageDraw.ImageDraw,
    random: Random,
    foot: tuple[float, float],
    turn: float,
    reach: float,
    depth: int,
) -> None:
    end = (foot[0] + reach * cos(turn), foot[1] + reach * sin(turn))
    pen.line([foot, end], fill=255, width=max(2, 3 * depth))
    if depth > 1:
        for step in (-0.5, 0.12, 0.55):
            spread = step + 0.35 * (random.random() - 0.5)
            _branches(pen, random, end, turn + spread, reach * 0.62, depth - 1)


def _broadleaf(pens: Pens, random: Random) -> None:
    _stem(pens, 300, 14, 20 * (random.random() - 0.5))
    _crown(pens, random, (256, 190, 130, 110), 34, 62)


def _birch(pens: Pens, random: Random) -> None:
    _stem(pens, 60, 8, 24 * (random.random() - 0.5))
    _crown(pens, random, (256, 200, 76, 150), 34, 36)


def _poplar(pens: Pens, random: Random) -> None:
    _stem(pens, 200, 9)
    _crown(pens, random, (256, 240, 42, 190), 46, 30)


def _cypress(pens: Pens, random: Random) -> None:
    _stem(pens, 420, 10)
    for y in range(30, 470, 22):
        w = 46 * min(1, (y - 10) / 130) * (0.85 + 0.3 * random.random())
        _blob(pens, 256 + 6 * (random.random() - 0.5), y, w, 34)


def _conifer(pens: Pens, random: Random) -> None:
    _stem(pens, 100, 9)
    n = 8 + random.randrange(4)
    for k in range(n):
        y = 20 + 430 * k / n
        w = 20 + 118 * (k + 1) / n * (0.85 + 0.3 * random.random())
        h = 470 / n * 1.5
        pens[1].polygon([(256, y), (256 - w, y + h), (256 + w, y + h)], fill=255)
        pens[2].polygon([(258, y), (262, y + 0.8 * h), (256 + 0.8 * w, y + 0.92 * h)], fill=255)


def _pine(pens: Pens, random: Random) -> None:
    _stem(pens, 140, 10, 40 * (random.random() - 0.5))
    for k in range(7):
        _crown(pens, random, (256 + 70 * (random.random() - 0.5), 70 + 24 * k, 96, 26), 5, 40)


def _palm(pens: Pens, random: Random) -> None:
    lean = 80 * (random.random() - 0.5)
    _stem(pens, 120, 11, lean)
    x, y = 256 + lean, 118.0
    for k in range(13):
        turn = pi * (1.12 * k / 12 - 0.06) + pi
        reach, drop = 120 + 60 * random.random(), 40 + 60 * random.random()
        tip = (x + reach * cos(turn), y + reach * sin(turn) * 0.7 + drop)
        bend = (x + 0.6 * reach * cos(turn), y + 0.75 * reach * sin(turn) - 12)
        pens[1].polygon([(x, y - 5), bend, tip, (bend[0], bend[1] + 24), (x, y + 8)], fill=255)
        pens[2].polygon([(x, y - 6), (bend[0], bend[1] - 2), tip, (bend[0], bend[1] + 9)], fill=255)


def _jungle(pens: Pens, random: Random) -> None:
    _stem(pens, 150, 15, 30 * (random.random() - 0.5))
    _crown(pens, random, (256, 120, 190, 78), 36, 56)
    _crown(pens, random, (256 + 60 * (random.random() - 0.5), 260, 100, 60), 10, 40)


def _banana(pens: Pens, random: Random) -> None:
    _stem(pens, 300, 18)
    for k in range(9):
        turn = pi + pi * (k + 0.5 * random.random()) / 9
        reach = 210 + 70 * random.random()
        tip = (256 + reach * cos(turn), 320 + reach * sin(turn))
        across = (34 * sin(turn), 34 * cos(turn))
        middle = ((256 + tip[0]) / 2, (320 + tip[1]) / 2)
        side = [(middle[0] + across[0], middle[1] - across[1])]
        pens[1].polygon(
            [(256, 330), *side, tip, (middle[0] - across[0], middle[1] + across[1])], fill=255
        )
        pens[2].polygon([(256, 330), *side, tip], fill=255)


def _bamboo(pens: Pens, random: Random) -> None:
    for _ in range(12):
        foot, lean = 256 + 120 * (random.random() - 0.5), 260 * (random.random() - 0.5)
        top = 60 + 120 * random.random()
        pens[0].line([(foot, 512), (foot + 0.4 * lean, 280), (foot + lean, top)], fill=255, width=7)
        for _ in range(7):
            share = random.random()
            _blob(pens, foot + lean * share, 400 - (400 - top) * share, 26, 14)


def _acacia(pens: Pens, random: Random) -> None:
    for lean in (-110, 20, 120):
        pens[0].polygon([(248, 512), (264, 512), (260 + lean, 230), (250 + lean, 230)], fill=255)
    _crown(pens, random, (256, 215, 200, 30), 30, 36)


def _baobab(pens: Pens, random: Random) -> None:
    _stem(pens, 200, 62)
    for k in range(7):
        _branches(pens[0], random, (226 + 10 * k, 210), -pi * (0.08 + 0.14 * k), 78, 3)
    _crown(pens, random, (256, 130, 190, 50), 14, 26)


def _cactus(pens: Pens, random: Random) -> None:
    for x, top, foot in ((256, 40, 512), (170, 150, 330), (340, 110 + 80 * random.random(), 300)):
        for pen, width in ((pens[1], 26), (pens[2], 9)):
            shift = 0 if pen is pens[1] else 8
            pen.rounded_rectangle(
                (x - width + shift, top, x + width + shift, foot), radius=width, fill=255
            )
    for x in (170, 340):
        pens[1].rounded_rectangle((min(x, 256), 290, max(x, 256), 336), radius=20, fill=255)


def _shrub(pens: Pens, random: Random) -> None:
    _crown(pens, random, (256, 420, 190, 80), 26, 66)


def _olive(pens: Pens, random: Random) -> None:
    _stem(pens, 330, 24, 50 * (random.random() - 0.5))
    _crown(pens, random, (256, 240, 150, 110), 40, 44)


def _eucalypt(pens: Pens, random: Random) -> None:
    for lean in (-70, 10, 90):
        _stem(pens, 150 + 60 * random.random(), 9, lean)
    for k in range(6):
        x = 256 + 260 * (random.random() - 0.5)
        _crown(pens, random, (x, 90 + 40 * k, 56, 30), 6, 30)


def _agave(pens: Pens, random: Random) -> None:
    for k in range(13):
        turn = pi + pi * k / 12
        reach = 200 + 60 * random.random()
        tip = (256 + reach * cos(turn), 500 + reach * sin(turn))
        across = (22 * sin(turn), 22 * cos(turn))
        for pen, share in ((pens[1], 1.0), (pens[2], 0.1)):
            pen.polygon(
                [
                    (256 - across[0], 505 + across[1]),
                    tip,
                    (256 + across[0] * share, 505 - across[1] * share),
                ],
                fill=255,
            )


SHAPES: dict[str, Callable[[Pens, Random], None]] = {
    "broadleaf": _broadleaf,
    "birch": _birch,
    "poplar": _poplar,
    "cypress": _cypress,
    "conifer": _conifer,
    "pine": _pine,
    "palm": _palm,
    "jungle": _jungle,
    "banana": _banana,
    "bamboo": _bamboo,
    "acacia": _acacia,
    "baobab": _baobab,
    "cactus": _cactus,
    "shrub": _shrub,
    "olive": _olive,
    "eucalypt": _eucalypt,
    "agave": _agave,
}
