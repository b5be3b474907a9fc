"""Data stage, made world: a canvas that knows perspective and light. It knows no place.

Metres: x to the right of the camera, y up from the ground, z into the picture. Shapes are drawn at
twice the size and reduced; a fourth channel says how rough a surface is, so that one pass can
give every surface its grain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour = tuple[float, float, float]
Point = tuple[float, float]
Point3 = tuple[float, float, float]
Ink = tuple[int, int, int]
# One row of `circumstances.plan_scenes`, its columns as attributes.
Scene = Any
SNOW: Colour = (232, 238, 246)
OVERSAMPLING = 2
MODE = "RGBX"  # red, green, blue and roughness
_NEAREST_M = 0.35


@cache
def colour(code: str) -> Colour:
    """Red, green and blue of six hexadecimal digits."""
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)


def colours(codes: str) -> list[Colour]:
    """Several colours, divided by blanks."""
    return [colour(code) for code in codes.split()]


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """A colour between two; share 0 gives the first."""
    rest = 1 - share
    return (
        first[0] * rest + second[0] * share,
        first[1] * rest + second[1] * share,
        first[2] * rest + second[2] * share,
    )


def toned(base: Colour, light: float = 1.0, warm: float = 0.0, green: float = 0.0) -> Colour:
    """A colour made lighter (factor), warmer or greener (steps of up to about one)."""
    return (
        base[0] * light + 22 * warm,
        base[1] * light + 18 * green,
        base[2] * light - 22 * warm,
    )


@dataclass(frozen=True, kw_only=True)
class Light:
    """How a scene is lit.

    Attributes:
        tint: colour of the light, 1 being neutral white.
        direct: how strong the sun is against the sky, 0 (overcast) to 1.
        right: where the sun stands, as seen by the camera: its direction's part to the right,
        towards: and away from the camera (positive: the sun shines into the lens).
        up: sine of the sun's height.
        haze: colour in which distance is lost.
        sight_m: distance over which two thirds of a colour are lost.
    """

    tint: Colour
    direct: float
    right: float
    towards: float
    up: float
    haze: Colour
    sight_m: float


def _byte(value: float) -> int:
    return 255 if value > 255 else 0 if value < 0 else int(value)


class Canvas:
    """A picture in the making.

    Args:
        size_px: width and height of the finished picture.
        view_deg: horizontal angle of view.
        horizon: height of the horizon, 0 at the picture's top, 1 at its bottom.
        eye_m: height of the camera above the ground.
        light: how the scene is lit.
        random: where the painter takes chance from.
    """

    def __init__(
        self,
        size_px: tuple[int, int],
        view_deg: float,
        horizon: float,
        eye_m: float,
        light: Light,
        random: Random,
    ) -> None:
        self.width, self.height = size_px[0] * OVERSAMPLING, size_px[1] * OVERSAMPLING
        self.unit = max(size_px) * OVERSAMPLING / 640
        self.focal = self.width / 2 / float(np.tan(np.radians(view_deg) / 2))
        if size_px[1] > size_px[0]:
            self.focal *= size_px[1] / size_px[0]
        self.middle, self.level = self.width / 2, self.height * horizon
        self.eye_m, self.light, self.random = eye_m, light, random
        self.image = Image.new(MODE, (self.width, self.height))
        self.draw = ImageDraw.Draw(self.image)

    def lay(self, pixels: NDArray[np.uint8]) -> None:
        """Lay a background of the finished size, (height, width, 4), under everything."""
        small = Image.fromarray(pixels, MODE)
        self.image = small.resize((self.width, self.height), Image.Resampling.NEAREST)
        self.draw = ImageDraw.Draw(self.image)

    def at(self, x: float, y: float, z: float) -> Point:
        """Where a point in space is seen, in pixels of the canvas."""
        scale = self.focal / max(z, _NEAREST_M)
        return self.middle + x * scale, self.level + (self.eye_m - y) * scale

    def lit(self, base: Colour, z: float, shade: float = 1.0) -> Ink:
        """A surface's colour in this light at a distance; shade 1 is a surface in full light."""
        light = self.light
        kept = exp(-z / light.sight_m)
        share, lost = kept * shade, 1 - kept
        red = base[0] * light.tint[0] * share + light.haze[0] * lost
        green = base[1] * light.tint[1] * share + light.haze[1] * lost
        blue = base[2] * light.tint[2] * share + light.haze[2] * lost
        return _byte(red), _byte(green), _byte(blue)

    def shade(self, right: float, towards: float) -> float:
        """How bright a wall is that faces right (1), left (-1) or the camera (towards -1)."""
        light = self.light
        facing = max(0.0, right * light.right + towards * light.towards)
        return 1 - light.direct * (0.34 - 0.5 * facing * (1 - 0.5 * light.up))

    def polygon(self, points: Sequence[Point], ink: Ink, rough: float = 0.0) -> None:
        """Fill a shape given in pixels."""
        self.draw.polygon(points, fill=(*ink, int(rough * 255)))

    def face(self, corners: Sequence[Point3], ink: Ink, rough: float = 0.0) -> None:
        """Fill a flat shape given in metres."""
        self.polygon([self.at(*corner) for corner in corners], ink, rough)

    def front(
        self,
        ends: tuple[float, float],
        heights: tuple[float, float],
        z: float,
        ink: Ink,
        rough: float = 0.0,
    ) -> None:
        """Fill an upright rectangle that faces the camera."""
        (left, high), (right, low) = (
            self.at(ends[0], heights[1], z),
            self.at(ends[1], heights[0], z),
        )
        self.polygon([(left, low), (left, high), (right, high), (right, low)], ink, rough)

    def side(
        self,
        x: float,
        depths: tuple[float, float],
        heights: tuple[float, float],
        ink: Ink,
        rough: float = 0.0,
    ) -> None:
        """Fill an upright rectangle that runs away from the camera."""
        (near, far), (low, high) = depths, heights
        self.face([(x, low, near), (x, high, near), (x, high, far), (x, low, far)], ink, rough)

    def strip(
        self,
        left: float,
        right: float,
        near: float,
        far: float,
        ink: Ink,
        rough: float = 0.0,
    ) -> None:
        """Fill a strip of the ground that runs away from the camera."""
        self.face([(left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far)], ink, rough)

    def line(self, points: Sequence[Point], ink: Ink, width_px: float) -> None:
        """Draw a line given in pixels."""
        self.draw.line(points, fill=(*ink, 0), width=max(1, round(width_px)))

    def disc(self, middle: Point, radius: float, ink: Ink, rough: float = 0.0) -> None:
        """Fill a circle given in pixels."""
        (x, y), r = middle, radius
        self.draw.ellipse((x - r, y - r, x + r, y + r), fill=(*ink, int(rough * 255)))

    def stamp(self, mask: Image.Image, corner: Point, ink: Ink, rough: float) -> None:
        """Lay a colour through a mask (mode L) whose upper left corner is given."""
        self.image.paste((*ink, int(rough * 255)), (int(corner[0]), int(corner[1])), mask)

    def shadow(self, x: float, z: float, width_m: float, height_m: float) -> None:
        """Darken the ground where something that stands there keeps the sun off."""
        light = self.light
        if light.direct < 0.3 or z < 2:
            return
        reach = min(height_m * 0.8 / max(light.up, 0.12), 18.0)
        end_x, end_z = x - light.right * reach, max(z - light.towards * reach, 1.2)
        half = width_m / 2
        base, end = self.at(x, 0, z), self.at(end_x, 0, end_z)
        near, far = half * self.focal / z, half * self.focal / end_z
        spot = self._ground_at(base)
        ink = tuple(int(value * (1 - 0.38 * light.direct)) for value in spot)
        self.polygon(
            [
                (base[0] - near, base[1]),
                (base[0] + near, base[1]),
                (end[0] + far, end[1]),
                (end[0] - far, end[1]),
            ],
            ink,  # type: ignore[arg-type]
            0.4,
        )

    def _ground_at(self, point: Point) -> tuple[int, ...]:
        x = min(max(int(point[0]), 0), self.width - 1)
        y = min(max(int(point[1]) + 2, 0), self.height - 1)
        return self.image.getpixel((x, y))[:3]  # type: ignore[index]
