"""Glasses and woollen hats: what photos of the same child differ by."""

from __future__ import annotations

import numpy as np

from matcher.demo.hair import Style
from matcher.demo.identity import Colour
from matcher.demo.light import CLOTH, Lamp, Normals, shade
from matcher.demo.noise import noise
from matcher.demo.paint import Paint, Surface, linear
from matcher.demo.scenery import clothes
from matcher.demo.solids import Floats, ellipsoid, smoothstep

_FRAMES: tuple[Colour, ...] = ((0.10, 0.09, 0.10), (0.42, 0.16, 0.14), (0.16, 0.24, 0.42), (0.45, 0.30, 0.16))


def wear_glasses(paint: Paint, face: Surface, seed: int) -> None:
    """Paint frames, bridge and temples onto the face, and a faint mirror on the lenses."""
    b, pixel = face.build, face.pixel
    where = np.flatnonzero((np.abs(face.y + 0.01) < 0.26) & (face.z > -0.1) & (np.abs(face.x) < 0.95))
    side, y, front = np.abs(face.x[where]), face.y[where], face.z[where] > 0.1
    wide, high, corner = 0.235, 0.175, 0.13
    soft, thick = max(pixel, 0.006), 0.017
    rim = np.hypot(
        np.maximum(np.abs(side - b.eye_x) - (wide - corner), 0), np.maximum(np.abs(y + 0.01) - (high - corner), 0)
    )
    rim -= corner
    inner = b.eye_x - wide
    frame = smoothstep(thick + soft, thick - soft, np.abs(rim)) * front
    bridge = smoothstep(thick + soft, thick - soft, np.abs(y - 0.035 - 0.04 * (1 - (side / inner) ** 2))) * (
        side < inner
    )
    temple = smoothstep(thick + soft, thick - soft, np.abs(y - 0.03)) * (side > b.eye_x + wide)
    # the frame's shadow, the frame, and what the glass mirrors
    paint.tint(where, 0.5 * smoothstep(0.06, 0.0, rim) * (rim > 0) * front, (0.6, 0.5, 0.48))
    paint.cover(where, np.maximum(np.maximum(frame, bridge), temple), linear(_FRAMES[seed % len(_FRAMES)]))
    streak = smoothstep(0.10, 0.0, np.abs(side - b.eye_x + 0.9 * y - 0.10)) * 0.07
    paint.cover(where, smoothstep(soft, -soft, rim) * front * (0.03 + streak), (1.0, 1.0, 1.0))


def hat_solid(x: Floats, y: Floats, z: Floats, s: Style) -> Floats:
    """Distance to a woollen hat; its rolled brim is `brim`."""
    rx, ry, rz = s.radii
    grown = 0.03 + max(0.0, 0.10 - (rx - 0.75)) * 0.3
    d = ellipsoid(x, y, z, (s.centre[0], s.centre[1] + 0.05, s.centre[2]), (rx + grown, ry + grown + 0.04, rz + grown))
    band = smoothstep(0.27, 0.22, brim(y, z))
    return d - np.float32(0.022) * band


def brim(y: Floats, z: Floats) -> Floats:
    """Height above the lower edge of a hat that sits a little tilted backwards."""
    return y - np.float32(0.30) - np.float32(0.16) * (z + np.float32(0.1))


def hat_light(at: tuple[Floats, Floats, Floats], n: Normals, lamp: Lamp, seed: int) -> Floats:
    """Linear light of knitted wool: ribs around the head, another colour for the brim."""
    x, y, z = at
    what = clothes(seed + 77)
    rib = np.cos(np.arctan2(x, z + np.float32(0.1)) * 46)
    edge = brim(y, z)
    band = smoothstep(0.27, 0.25, edge)[:, None]
    colour = np.asarray(what.main, np.float32) * (1 - band) + np.asarray(what.second, np.float32) * band
    rows = 1 + np.float32(0.10) * noise(5, x * 30, y * 42)
    colour = colour * (rows * (0.86 + 0.14 * rib) * (0.6 + 0.4 * smoothstep(0.0, 0.03, np.abs(edge - 0.26))))[:, None]
    return shade(Paint.plain(colour), n, lamp, CLOTH, (np.ones_like(x), np.ones_like(x)))
