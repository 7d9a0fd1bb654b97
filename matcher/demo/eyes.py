"""Brows and eyes: lids, lashes, iris."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.demo.noise import strands
from matcher.demo.paint import Paint, Surface, Where, linear
from matcher.demo.solids import Floats, smoothstep


def paint_brow(paint: Paint, face: Surface, side: int) -> None:
    """The brow on one side (−1 or 1): a tapering arch of hairs."""
    b, who, pixel = face.build, face.who, face.pixel
    inner, outer = b.eye_x - 0.185 + 0.03 * who.brow_gap, b.eye_x + 0.215
    where, x, y = face.near((inner - 0.1, outer + 0.1, b.brow_y - 0.2, b.brow_y + 0.2), side)
    t = (x - inner) / (outer - inner)
    tc = np.clip(t, 0, 1)
    line = (
        b.brow_y
        + 0.03 * b.joy
        + 0.055 * (0.75 + 0.75 * who.brow_arch) * np.sin(np.pi * np.minimum(tc * 0.82 + 0.05, 1))
    )
    line += 0.065 * who.brow_slant * (tc - 0.4) - 0.05 * np.maximum(tc - 0.7, 0) / 0.3 - 0.02
    thick = (0.028 + 0.020 * b.growth + 0.020 * who.brow_thick) * (1 - 0.72 * tc**2)
    thick *= smoothstep(-0.08, 0.14, t)
    hairs = strands(who.texture + 5, x * 0.8 - y * 1.4, y * 4, 26)
    edge = thick * (1 + 0.30 * hairs) - np.abs(y - line)
    soft = 0.012 + pixel * 0.6
    alpha = smoothstep(-soft, soft, edge) * smoothstep(1.06, 0.92, t) * smoothstep(-0.06, 0.10, t)
    alpha *= 0.80 + 0.15 * hairs
    red, green, blue = (0.85 * min(v, most) for v, most in zip(who.hair_colour, (0.42, 0.30, 0.2), strict=True))
    paint.cover(where, np.clip(alpha * (0.80 + 0.15 * who.brow_thick), 0, 1), linear((red, green, blue)))
    paint.gloss[where] *= 1 - 0.7 * alpha


@dataclass(frozen=True, slots=True, eq=False)
class _Opening:
    """The points around one eye: `x` outwards and `y` up from its middle, the lids' rims there, and 0 … 1 `inside`."""

    where: Where
    x: Floats
    y: Floats
    u: Floats  # x in half widths
    upper: Floats
    lower: Floats
    inside: Floats


def paint_eye(paint: Paint, face: Surface, side: int) -> None:
    """The eye on one side (−1 or 1)."""
    eye = _opening(face, side)
    _eyeball(paint, face, eye)
    _lids(paint, face, eye)
    _lashes(paint, face, eye)


def _opening(face: Surface, side: int) -> _Opening:
    b, who = face.build, face.who
    half = b.eye_half
    where, x, y = face.near((b.eye_x - half * 1.7, b.eye_x + half * 1.8, -0.2, 0.24), side)
    x = x - b.eye_x
    y = y - 0.19 * who.eye_slant * x - 0.012 * who.eye_slant
    u = x / half
    squint = 1 - 0.20 * b.joy
    arc = np.clip(1 - u * u, 0, 1)
    upper = 0.94 * b.eye_open * squint * (1 - 0.10 * u) * arc ** (0.62 + 0.12 * who.lid)
    lower = -0.70 * b.eye_open * squint**1.3 * (1 + 0.12 * u) * arc**0.85
    soft = max(face.pixel * 0.75, 0.006)
    inside = smoothstep(-soft, soft, np.minimum(upper - y, y - lower)) * (np.abs(u) < 1)
    return _Opening(where, x, y, u, upper, lower, inside)


def _eyeball(paint: Paint, face: Surface, eye: _Opening) -> None:
    b, who = face.build, face.who
    radius, middle = 0.104 + 0.006 * (1 - b.growth), 0.012
    up = eye.y - middle
    r = np.hypot(eye.x, up) / radius
    soft = max(face.pixel / radius, 0.05)
    corner = np.clip(np.abs(eye.x) / b.eye_half, 0, 1)[:, None] ** 3
    white = np.asarray(linear((0.90, 0.865, 0.85)), np.float32) * (1 - 0.45 * corner)
    spokes = strands(who.texture + 9, np.arctan2(up, eye.x) * 2, r, 7)
    # light falls through the cornea onto the lower half of the iris; its rim is dark
    lit = 0.62 + 0.75 * np.clip(r, 0, 1) ** 2 * smoothstep(0.2, 0.9, 0.05 - up) + 0.25 * spokes
    iris = np.asarray(linear(who.iris), np.float32) * (lit * (1.35 - smoothstep(0.72, 1.0, r)))[:, None]
    ball = white + (iris - white) * smoothstep(1 + soft, 1 - soft, r)[:, None]
    ball = ball * (1 - 0.97 * smoothstep(0.44 + soft, 0.44 - soft, r))[:, None]
    lid_shadow = 0.45 + 0.55 * smoothstep(0.0, 0.055, eye.upper - eye.y)
    paint.cover(eye.where, eye.inside, ball * lid_shadow[:, None])
    paint.gloss[eye.where] += (0.25 - paint.gloss[eye.where]) * eye.inside
    paint.relief[eye.where] *= 1 - eye.inside


def _lids(paint: Paint, face: Surface, eye: _Opening) -> None:
    """The fold of the upper lid (faint for a single lid), the soft edge under the eye, and the lids' thickness."""
    b, who = face.build, face.who
    wide = smoothstep(1.35, 0.9, np.abs(eye.u))
    bare = 1 - eye.inside
    arc = np.clip(1 - eye.u * eye.u, 0, 1) ** 0.5
    fold = b.eye_open * (1 - 0.20 * b.joy) * (1 - 0.10 * eye.u) * arc + 0.034 + 0.014 * who.lid
    crease = np.exp(-(((eye.y - fold) / 0.011) ** 2)) * wide * float(np.clip(0.38 + 0.42 * who.lid, 0, 1))
    paint.tint(eye.where, crease * bare, (0.50, 0.36, 0.33))
    pouch = np.exp(-(((eye.y - eye.lower + 0.038) / 0.014) ** 2)) * wide * (0.22 + 0.2 * b.joy)
    paint.tint(eye.where, pouch * bare, (0.70, 0.55, 0.53))
    paint.relief[eye.where] += 0.020 * np.exp(-(((eye.y - eye.upper - 0.014) / 0.024) ** 2)) * wide
    paint.relief[eye.where] += 0.006 * np.exp(-(((eye.y - eye.lower + 0.016) / 0.016) ** 2)) * wide


def _lashes(paint: Paint, face: Surface, eye: _Opening) -> None:
    """A dark band on the upper rim, thicker outwards, with a short wing; a thin line below."""
    who, u = face.who, eye.u
    soft = max(face.pixel * 0.75, 0.006)
    band = (0.013 + 0.006 * who.lashes) * (0.8 + 0.5 * np.clip(u, -1, 1.2)) + 0.003
    wing = np.maximum(u - 0.9, 0) * (0.04 + 0.03 * who.lashes)
    ridge = np.where(np.abs(u) < 1, eye.upper, 0) + wing
    lash = smoothstep(-soft, soft, band - np.abs(eye.y - ridge - band * 0.4)) * smoothstep(1.18, 1.0, np.abs(u - 0.05))
    paint.cover(eye.where, lash * 0.92, (0.012, 0.008, 0.007))
    under = np.exp(-(((eye.y - eye.lower) / (0.007 + face.pixel * 0.4)) ** 2)) * (np.abs(u) < 1)
    paint.tint(eye.where, under * (0.28 + 0.2 * np.clip(u, 0, 1)), (0.35, 0.22, 0.2))
