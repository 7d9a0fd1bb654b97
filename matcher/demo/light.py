"""One lamp, an open sky, the glow of thin skin: from colour and normals to linear light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from matcher.demo.identity import Colour, View
from matcher.demo.paint import Paint
from matcher.demo.solids import Floats, Solid, Vector

Normals = tuple[Floats, Floats, Floats]


@dataclass(frozen=True, slots=True)
class Lamp:
    """Where the main light stands (unit vector, picture coordinates), its colour, and those of sky and ground."""

    to: Vector
    key: Colour
    sky: Colour
    ground: Colour

    @classmethod
    def of(cls, view: View) -> Lamp:
        """The lamp of a view."""
        side, high = math.radians(view.light_side), math.radians(view.light_height)
        warm = view.lamp_warmth
        power = 0.86 * view.light
        return cls(
            to=(math.sin(side) * math.cos(high), math.sin(high), math.cos(side) * math.cos(high)),
            key=(power * (1 + 0.10 * warm), power, power * (1 - 0.20 * warm)),
            sky=(0.40 - 0.03 * warm, 0.41, 0.44 + 0.02 * warm),
            ground=(0.27, 0.235, 0.21),
        )


@dataclass(frozen=True, slots=True)
class Matter:
    """How a material takes light: `wrap` takes each colour past the shadow's edge, the others make the highlight."""

    wrap: Colour
    shine: float
    tightness: float


SKIN = Matter((0.42, 0.22, 0.16), 0.22, 14.0)
CLOTH = Matter((0.15, 0.15, 0.15), 0.03, 6.0)


def shade(paint: Paint, n: Normals, lamp: Lamp, matter: Matter, open_: tuple[Floats, Floats]) -> Floats:
    """Linear light (n, 3) of a painted surface; `open_` = (towards the lamp, towards the sky), each (n,) 0 … 1."""
    colour = paint.colour
    nx, ny, nz = n
    lit, sky_open = open_
    facing = nx * lamp.to[0] + ny * lamp.to[1] + nz * lamp.to[2]
    up = 0.5 + 0.5 * ny
    front = 0.20 * np.clip(nz, 0, 1)
    rim = 0.16 * np.clip(1 - nz, 0, 1) ** 3 * (0.4 + 0.6 * up)
    out = np.empty_like(colour)
    for c in range(3):
        wrap = matter.wrap[c]
        key = np.clip((facing + wrap) / (1 + wrap), 0, 1)
        # the shadow is softer in red, where light has wandered through the skin
        key = key * lit ** (1 - 0.45 * wrap) * lamp.key[c]
        around = lamp.sky[c] * up + lamp.ground[c] * (1 - up) + front + rim
        out[..., c] = colour[..., c] * (key + around * sky_open ** (1 - 0.5 * wrap))
    hx, hy, hz = lamp.to[0], lamp.to[1], lamp.to[2] + 1
    length = math.sqrt(hx * hx + hy * hy + hz * hz)
    spark = np.clip((nx * hx + ny * hy + nz * hz) / length, 0, 1)
    shine = matter.shine * paint.gloss * lit * (0.5 * spark**matter.tightness + 0.5 * spark ** (5 * matter.tightness))
    out += shine[:, None] * np.asarray(lamp.key, np.float32)
    return out


def openness(solid: Solid, at: tuple[Floats, Floats, Floats], n: Normals, lamp: Lamp) -> tuple[Floats, Floats]:
    """How free the way is to the lamp and to the sky, 0 … 1, from distances along both."""
    x, y, z = at
    nx, ny, nz = n
    sky = np.ones_like(x)
    for step, weight in ((0.06, 1.6), (0.16, 1.0)):
        d = solid(x + nx * np.float32(step), y + ny * np.float32(step), z + nz * np.float32(step))
        sky -= np.clip(step - d, 0, step) * np.float32(weight)
    lx, ly, lz = (np.float32(v) for v in lamp.to)
    lit = np.ones_like(x)
    for step in (0.07, 0.16, 0.30, 0.52):
        s = np.float32(step)
        d = solid(
            x + nx * np.float32(0.03) + lx * s, y + ny * np.float32(0.03) + ly * s, z + nz * np.float32(0.03) + lz * s
        )
        lit = np.minimum(lit, np.clip(0.55 + 5.0 * d / s, 0, 1))
    return lit, np.clip(sky, 0, 1) ** 2


def film(linear: Floats, exposure: float) -> Floats:
    """sRGB-like values 0 … 1 with a soft shoulder, so that highlights do not clip hard."""
    v = np.maximum(linear * np.float32(exposure), 0)
    v = v * (1 + v * np.float32(0.16)) / (1 + v * np.float32(0.42))
    return np.asarray(np.clip(v * np.float32(1.12), 0, 1) ** np.float32(1 / 2.2), np.float32)
