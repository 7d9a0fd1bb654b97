"""Layers of paint over the surface of a head, and the colours that go into them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.demo.head import Build
from matcher.demo.identity import SKINS, Colour, Identity
from matcher.demo.solids import Floats

Where = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The visible points of a head in its own coordinates, each (n,), with whose head it is and a pixel's side."""

    x: Floats
    y: Floats
    z: Floats
    build: Build
    who: Identity
    pixel: float

    def near(self, box: tuple[float, float, float, float], side: int = 1) -> tuple[Where, Floats, Floats]:
        """Points on the front within (left, right, low, high): indices, x (mirrored if `side` is −1) and y."""
        left, right, low, high = box
        x = self.x * np.float32(side)
        where = np.flatnonzero((x > left) & (x < right) & (self.y > low) & (self.y < high) & (self.z > 0))
        return where, x[where], self.y[where]


@dataclass(slots=True, eq=False)
class Paint:
    """Linear `colour` (n, 3); `gloss` 0 … 1 and `relief` in head units, each (n,)."""

    colour: Floats
    gloss: Floats
    relief: Floats

    @classmethod
    def plain(cls, colour: Floats) -> Paint:
        """Dry, smooth paint."""
        return cls(colour, np.full(len(colour), 0.35, np.float32), np.zeros(len(colour), np.float32))

    def cover(self, where: Where, alpha: Floats, colour: Colour | Floats) -> None:
        """Mix a linear colour over some points."""
        self.colour[where] += (np.asarray(colour, np.float32) - self.colour[where]) * alpha[:, None]

    def tint(self, where: Where, alpha: Floats, factor: Colour) -> None:
        """Multiply the colour by `factor`, as far as `alpha` says."""
        self.colour[where] *= 1 + (np.asarray(factor, np.float32) - 1) * np.clip(alpha, 0, 1)[:, None]


def linear(colour: Colour) -> Colour:
    """sRGB to linear light (gamma 2.2)."""
    red, green, blue = (float(max(v, 0.0)) ** 2.2 for v in colour)
    return red, green, blue


def skin_colour(who: Identity) -> Colour:
    """Linear skin colour."""
    place = who.skin * (len(SKINS) - 1)
    low = min(int(place), len(SKINS) - 2)
    part = place - low
    red, green, blue = ((1 - part) * a + part * b for a, b in zip(SKINS[low], SKINS[low + 1], strict=True))
    return linear((red * (1 + 0.02 * who.warmth), green * (1 - 0.01 * who.warmth), blue * (1 - 0.06 * who.warmth)))


def bell(x: Floats, y: Floats, centre: tuple[float, float], size: tuple[float, float]) -> Floats:
    """A soft spot, 1 in its centre."""
    a, b = (x - np.float32(centre[0])) / np.float32(size[0]), (y - np.float32(centre[1])) / np.float32(size[1])
    return np.asarray(np.exp(-(a * a + b * b)))
