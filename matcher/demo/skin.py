"""The painted face: skin with its blushes and marks, nose and mouth; brows and eyes come from `eyes`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.demo.eyes import paint_brow, paint_eye
from matcher.demo.noise import noise
from matcher.demo.paint import Paint, Surface, Where, bell, linear, skin_colour
from matcher.demo.solids import Floats, smoothstep


def paint_face(face: Surface) -> Paint:
    """Everything that is painted on the surface of a head."""
    who = face.who
    mottle = 1 + np.float32(0.035) * noise(who.texture, face.x * 5 + 20, face.y * 5 + 20)
    paint = Paint.plain(mottle[:, None] * np.asarray(skin_colour(who), np.float32))
    _blush(paint, face)
    for side in (-1, 1):
        paint_brow(paint, face, side)
        paint_eye(paint, face, side)
    _mouth(paint, face)
    _nostrils(paint, face)
    _mole(paint, face)
    _freckles(paint, face)
    return paint


def _blush(paint: Paint, face: Surface) -> None:
    b, who = face.build, face.who
    where = np.flatnonzero(face.z > 0.05)
    side, y = np.abs(face.x[where]), face.y[where]
    amount = 0.75 * bell(side, y, (0.43, -0.30), (0.20, 0.16)) + 0.45 * bell(side, y, (0, b.nose_y), (0.13, 0.10))
    amount += 0.22 * bell(side, y, (0, b.chin_y + 0.1), (0.2, 0.13))
    pale = 0.12 * who.skin
    paint.tint(where, amount * (0.75 + 0.25 * who.warmth), (1.04, 0.74 + pale, 0.72 + pale))
    # thin skin around the eyes, and shades under the lower lip and beside the nose
    shade = 0.5 * bell(side, y, (b.eye_x - 0.07, 0.01), (0.19, 0.12))
    shade += 0.40 * bell(side, y, (0, b.mouth_y - 0.17), (0.13, 0.035))
    shade += 0.30 * bell(side, y, (b.nose_width + 0.075, b.nose_y + 0.01), (0.03, 0.06))
    paint.tint(where, shade, (0.82, 0.68, 0.66))


@dataclass(frozen=True, slots=True, eq=False)
class _Lips:
    """The points around the mouth: `u` in half widths, heights of both contours and of both rims of the opening."""

    where: Where
    x: Floats
    y: Floats
    u: Floats
    arc: Floats
    top: Floats
    line: Floats
    rim: Floats
    bottom: Floats


def _mouth(paint: Paint, face: Surface) -> None:
    lips = _lips(face)
    _lip_colour(paint, face, lips)
    _between_lips(paint, face, lips)


def _lips(face: Surface) -> _Lips:
    b, who = face.build, face.who
    half = b.mouth_half
    where, x, y = face.near((-half * 1.35, half * 1.35, b.mouth_y - 0.24, b.mouth_y + 0.22))
    u = x / half
    arc = np.clip(1 - u * u, 0, 1)
    bend = 0.02 + 0.105 * b.smile + 0.018 * who.mouth_curve
    line = b.mouth_y + bend * (u * u - 0.35) - 0.012 * np.exp(-((u / 0.2) ** 2))
    rim = line - max(b.smile - 0.55, 0) * 0.20 * arc**0.9
    bow = 1 - 0.28 * np.exp(-((u / 0.13) ** 2)) + 0.06 * np.exp(-(((np.abs(u) - 0.22) / 0.12) ** 2))
    top = line + (0.062 + 0.026 * who.upper_lip) * (1 - 0.25 * b.joy) * arc**0.75 * bow
    bottom = rim - (0.078 + 0.030 * who.lower_lip) * (1 - 0.15 * b.joy) * arc**0.62
    return _Lips(where, x, y, u, arc, top, line, rim, bottom)


def _lip_colour(paint: Paint, face: Surface, lips: _Lips) -> None:
    who = face.who
    soft = 0.010 + face.pixel * 0.7
    alpha = smoothstep(-soft, soft, np.minimum(lips.top - lips.y, lips.y - lips.bottom)) * (np.abs(lips.u) < 1.02)
    red, green, blue = skin_colour(who)
    depth = 0.92 - 0.06 * who.lip_red
    tone = (
        red * depth,
        green * (depth * (0.52 + 0.10 * who.skin) - 0.07 * who.lip_red),
        blue * (depth * (0.52 + 0.12 * who.skin) - 0.07 * who.lip_red),
    )
    paint.cover(lips.where, alpha * (0.82 + 0.12 * who.lip_red), tone)
    above = np.exp(-(((lips.y - (lips.line + lips.top) / 2) / 0.030) ** 2)) * lips.arc
    below = np.exp(-(((lips.y - (lips.rim + lips.bottom) / 2) / 0.036) ** 2)) * lips.arc
    paint.relief[lips.where] += 0.016 * above + 0.030 * below
    paint.gloss[lips.where] += alpha * 0.45
    paint.tint(lips.where, 0.35 * above * alpha, (0.74, 0.66, 0.66))


def _between_lips(paint: Paint, face: Surface, lips: _Lips) -> None:
    """The dark line between the lips, or teeth in a broad smile, and the shaded corners."""
    b = face.build
    width = 0.0065 + face.pixel * 0.5
    gap = np.minimum(lips.line + width * 0.6 - lips.y, lips.y - lips.rim + width * 0.6)
    open_ = smoothstep(-width, width, gap) * (np.abs(lips.u) < 1)
    teeth = b.smile > 0.55
    paint.cover(lips.where, open_ * (0.95 if teeth else 0.80), (0.075, 0.018, 0.016))
    if teeth:
        tooth = smoothstep(-width, width, np.minimum(lips.line - lips.y, lips.y - lips.rim - 0.012))
        tooth *= smoothstep(0.92, 0.70, np.abs(lips.u))
        paint.cover(lips.where, tooth * 0.93, linear((0.93, 0.90, 0.86)))
        paint.gloss[lips.where] += tooth * 0.3
    height = b.mouth_y + (0.02 + 0.105 * b.smile) * 0.65
    corner = bell(np.abs(lips.x), lips.y, (b.mouth_half * 1.03, height), (0.035, 0.035))
    paint.tint(lips.where, 0.55 * corner, (0.6, 0.45, 0.43))


def _nostrils(paint: Paint, face: Surface) -> None:
    b, pixel = face.build, face.pixel
    where, x, y = face.near((-0.3, 0.3, b.nose_y - 0.16, b.nose_y + 0.12))
    side = np.abs(x)
    u = (side - b.nose_width * 0.56) / (0.046 + pixel * 0.3)
    v = (y - (b.nose_y - 0.062) - 0.10 * (side - b.nose_width * 0.5)) / (0.022 + pixel * 0.3)
    paint.tint(where, 0.92 * np.exp(-((u * u + v * v) ** 1.5)), (0.16, 0.08, 0.07))
    paint.tint(where, 0.45 * bell(side, y, (0, b.nose_y - 0.085), (0.12, 0.03)), (0.70, 0.58, 0.56))


def _mole(paint: Paint, face: Surface) -> None:
    if face.who.mole is None:
        return
    left, low = face.who.mole
    where, x, y = face.near((left - 0.1, left + 0.1, low - 0.1, low + 0.1))
    spot = smoothstep(0.026 + face.pixel, 0.026 - face.pixel * 0.5, np.hypot(x - left, y - low))
    paint.cover(where, spot * 0.85, linear((0.20, 0.11, 0.08)))


def _freckles(paint: Paint, face: Surface) -> None:
    who = face.who
    if who.freckles <= 0.05:
        return
    where, x, y = face.near((-0.62, 0.62, face.build.nose_y - 0.12, 0.02))
    dots = noise(who.texture + 31, x * 34 + 32, y * 34 + 32)
    zone = bell(np.abs(x), y, (0.28, -0.17), (0.28, 0.13))
    paint.tint(where, 0.9 * smoothstep(0.45, 0.70, dots) * zone * who.freckles, (0.60, 0.46, 0.34))
