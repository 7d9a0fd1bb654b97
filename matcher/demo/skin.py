"""The painted face: colours, gloss and fine relief of skin, eyes, brows and lips at points of the head's surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.demo.head import Build
from matcher.demo.identity import SKINS, Colour, Identity
from matcher.demo.noise import noise, strands
from matcher.demo.solids import Floats, smoothstep


@dataclass(slots=True, eq=False)
class Paint:
    """Layers over the picture: linear `colour` (h, w, 3), and (h, w) each: `gloss` 0 … 1, `relief` in head units, `glow` added light."""

    colour: Floats
    gloss: Floats
    relief: Floats
    glow: Floats

    def cover(self, where: NDArray[np.intp], alpha: Floats, colour: Colour | Floats) -> None:
        """Mix a linear colour over the flat pixel indices `where`."""
        flat = self.colour.reshape(-1, 3)
        over = np.asarray(colour, np.float32)
        flat[where] += (over - flat[where]) * alpha[:, None]

    def tint(self, where: NDArray[np.intp], alpha: Floats, factor: Colour) -> None:
        """Multiply the colour by `factor`, as far as `alpha` says."""
        flat = self.colour.reshape(-1, 3)
        flat[where] *= 1 + (np.asarray(factor, np.float32) - 1) * alpha[:, None]


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
    return np.exp(-(a * a + b * b))


def paint_skin(x: Floats, y: Floats, z: Floats, b: Build, who: Identity, pixel: float) -> Paint:
    """All of the face at surface points (h, w) in head coordinates; `pixel` is a pixel's side there."""
    base = np.asarray(skin_colour(who), np.float32)
    paint = Paint(
        colour=np.empty((*x.shape, 3), np.float32),
        gloss=np.full(x.shape, 0.35, np.float32),
        relief=np.zeros(x.shape, np.float32),
        glow=np.zeros(x.shape, np.float32),
    )
    mottle = 1 + np.float32(0.035) * noise(who.texture, x * 5 + 20, y * 5 + 20)
    paint.colour[:] = base * mottle[..., None]
    front = np.flatnonzero(z > 0.05)
    fx, fy = x.ravel()[front], y.ravel()[front]
    _blush(paint, front, fx, fy, b, who)
    for side in (-1, 1):
        _brow(paint, x, y, z, b, who, side, pixel)
        _eye(paint, x, y, z, b, who, side, pixel)
    _mouth(paint, x, y, z, b, who, pixel)
    _nostrils(paint, x, y, z, b, pixel)
    _marks(paint, x, y, z, b, who, pixel)
    return paint


def _near(x: Floats, y: Floats, z: Floats, box: tuple[float, float, float, float]) -> NDArray[np.intp]:
    left, right, low, high = box
    return np.flatnonzero((x > left) & (x < right) & (y > low) & (y < high) & (z > 0))


def _blush(paint: Paint, where: NDArray[np.intp], x: Floats, y: Floats, b: Build, who: Identity) -> None:
    rosy: Colour = (1.04, 0.74 + 0.12 * who.skin, 0.72 + 0.12 * who.skin)
    side = np.abs(x)
    amount = 0.75 * bell(side, y, (0.43, -0.30), (0.20, 0.16))
    amount += 0.45 * bell(side, y, (0, b.nose_y), (0.13, 0.10)) + 0.22 * bell(side, y, (0, b.chin_y + 0.1), (0.2, 0.13))
    paint.tint(where, np.clip(amount * (0.75 + 0.25 * who.warmth), 0, 1), rosy)
    # thin skin: darker around the eyes, a shade under the lower lip and beside the nose
    shade = 0.5 * bell(side, y, (b.eye_x - 0.07, 0.01), (0.19, 0.12))
    shade += 0.40 * bell(side, y, (0, b.mouth_y - 0.17), (0.13, 0.035))
    shade += 0.30 * bell(side, y, (b.nose_width + 0.075, b.nose_y + 0.01), (0.03, 0.06))
    paint.tint(where, np.clip(shade, 0, 1), (0.82, 0.68, 0.66))


def _brow(
    paint: Paint, x: Floats, y: Floats, z: Floats, b: Build, who: Identity, side: int, pixel: float
) -> None:
    inner, outer = b.eye_x - 0.185 + 0.03 * who.brow_gap, b.eye_x + 0.215
    where = _near(x * side, y, z, (inner - 0.1, outer + 0.1, b.brow_y - 0.2, b.brow_y + 0.2))
    px, py = x.ravel()[where] * side, y.ravel()[where]
    t = (px - inner) / (outer - inner)
    tc = np.clip(t, 0, 1)
    lift = 0.03 * max(paint_smile(b), 0)
    line = b.brow_y + lift + 0.055 * (0.75 + 0.75 * who.brow_arch) * np.sin(np.pi * np.minimum(tc * 0.82 + 0.05, 1))
    line += 0.065 * who.brow_slant * (tc - 0.4) - 0.05 * np.maximum(tc - 0.7, 0) / 0.3 - 0.02
    thick = (0.028 + 0.020 * b.growth + 0.020 * who.brow_thick) * (1 - 0.72 * tc**2)
    thick *= smoothstep(-0.08, 0.14, t)
    hairs = strands(who.texture + 5, px * 0.8 - py * 1.4, py * 4, 26)
    edge = thick * (1 + 0.30 * hairs) - np.abs(py - line)
    soft = 0.012 + pixel * 0.6
    alpha = smoothstep(-soft, soft, edge) * smoothstep(1.06, 0.92, t) * smoothstep(-0.06, 0.10, t) * (0.80 + 0.15 * hairs)
    dark = np.minimum(np.asarray(who.hair_colour), (0.42, 0.30, 0.2)) * 0.85
    paint.cover(where, np.clip(alpha * (0.80 + 0.15 * who.brow_thick), 0, 1), linear((dark[0], dark[1], dark[2])))
    paint.gloss.ravel()[where] *= 1 - 0.7 * alpha


def paint_smile(b: Build) -> float:
    """The smile of a build, 0 for a serious face."""
    return max(b.smile, 0.0)


def _eye(paint: Paint, x: Floats, y: Floats, z: Floats, b: Build, who: Identity, side: int, pixel: float) -> None:
    half = b.eye_half
    where = _near(x * side, y, z, (b.eye_x - half * 1.7, b.eye_x + half * 1.8, -0.2, 0.24))
    px, py = x.ravel()[where] * side - b.eye_x, y.ravel()[where]
    v = py - 0.19 * who.eye_slant * px - 0.012 * who.eye_slant
    u = px / half
    squint = 1 - 0.20 * paint_smile(b)
    arc = np.clip(1 - u * u, 0, 1)
    peak = 1 - 0.10 * u
    upper = 0.94 * b.eye_open * squint * peak * arc ** (0.62 + 0.12 * who.lid)
    lower = -b.eye_open * 0.70 * (squint**1.3) * arc**0.85 * (1 + 0.12 * u)
    soft = max(pixel * 0.75, 0.006)
    inside = smoothstep(-soft, soft, np.minimum(upper - v, v - lower)) * (np.abs(u) < 1)

    relief = paint.relief.ravel()
    _eyeball(paint, where, (px, v), (upper, inside), (b, who), pixel)
    # lid fold: a line above the lashes, faint for a single lid
    fold = b.eye_open * squint * (peak * arc**0.5) + 0.034 + 0.014 * who.lid
    wide = smoothstep(1.35, 0.9, np.abs(u))
    crease = np.exp(-(((v - fold) / 0.011) ** 2)) * wide * np.clip(0.38 + 0.42 * who.lid, 0, 1)
    paint.tint(where, np.clip(crease, 0, 1) * (1 - inside), (0.50, 0.36, 0.33))
    pouch = np.exp(-(((v - lower + 0.038) / 0.014) ** 2)) * wide * (0.22 + 0.2 * paint_smile(b))
    paint.tint(where, np.clip(pouch, 0, 1) * (1 - inside), (0.70, 0.55, 0.53))
    relief[where] += 0.020 * np.exp(-(((v - upper - 0.014) / 0.024) ** 2)) * wide
    relief[where] += 0.006 * np.exp(-(((v - lower + 0.016) / 0.016) ** 2)) * wide
    # lashes: a dark band on the upper rim, thicker outwards, with a short wing
    band = (0.013 + 0.006 * who.lashes) * (0.8 + 0.5 * np.clip(u, -1, 1.2)) + 0.003
    wing = np.where(u > 0.9, (u - 0.9) * 0.10 * (0.4 + 0.3 * who.lashes), 0)
    ridge = np.where(np.abs(u) < 1, upper, 0) + wing
    lash = smoothstep(-soft, soft, band - np.abs(v - ridge - band * 0.4)) * smoothstep(1.18, 1.0, np.abs(u - 0.05))
    paint.cover(where, lash * 0.92, (0.012, 0.008, 0.007))
    under = np.exp(-(((v - lower) / (0.007 + pixel * 0.4)) ** 2)) * (np.abs(u) < 1) * (0.28 + 0.2 * np.clip(u, 0, 1))
    paint.tint(where, under, (0.35, 0.22, 0.2))


def _eyeball(
    paint: Paint,
    where: NDArray[np.intp],
    place: tuple[Floats, Floats],
    opening: tuple[Floats, Floats],
    child: tuple[Build, Identity],
    pixel: float,
) -> None:
    (px, v), (upper, inside), (b, who) = place, opening, child
    radius = 0.104 + 0.006 * (1 - b.growth)
    iy = 0.012
    r = np.sqrt(px * px + (v - iy) ** 2) / radius
    soft = max(pixel / radius, 0.05)
    white = np.asarray(linear((0.90, 0.88, 0.87)), np.float32) * (1 - 0.45 * np.clip(np.abs(px) / b.eye_half, 0, 1)[:, None] ** 3)
    white = white * np.asarray((1.0, 0.96, 0.95), np.float32)
    colour = np.asarray(linear(who.iris), np.float32)
    spokes = strands(who.texture + 9, np.arctan2(v - iy, px) * 2, r, 7)
    ring = (0.62 + 0.75 * np.clip(r, 0, 1) ** 2 * smoothstep(0.2, 0.9, iy - v + 0.05) + 0.25 * spokes)[:, None]
    iris = colour * ring * (1.35 - 1.0 * smoothstep(0.72, 1.0, r))[:, None]
    mixed = white + (iris - white) * smoothstep(1 + soft, 1 - soft, r)[:, None]
    mixed = mixed * (1 - 0.97 * smoothstep(0.44 + soft, 0.44 - soft, r))[:, None]
    lid_shade = 0.45 + 0.55 * smoothstep(0.0, 0.055, upper - v)
    paint.cover(where, inside, mixed * lid_shade[:, None])
    gloss, glow, relief = paint.gloss.ravel(), paint.glow.ravel(), paint.relief.ravel()
    gloss[where] += (0.25 - gloss[where]) * inside
    relief[where] *= 1 - inside
    del glow


def _mouth(paint: Paint, x: Floats, y: Floats, z: Floats, b: Build, who: Identity, pixel: float) -> None:
    half = b.mouth_half
    where = _near(x, y, z, (-half * 1.35, half * 1.35, b.mouth_y - 0.24, b.mouth_y + 0.22))
    px, py = x.ravel()[where], y.ravel()[where]
    u = px / half
    smile = paint_smile(b)
    arc = np.clip(1 - u * u, 0, 1)
    line = b.mouth_y + (0.02 + 0.105 * b.smile + 0.018 * who.mouth_curve) * (u * u - 0.35) - 0.012 * np.exp(-((u / 0.2) ** 2))
    gap = max(b.smile - 0.55, 0) * 0.20 * arc**0.9
    bow = 1 - 0.28 * np.exp(-((u / 0.13) ** 2)) + 0.06 * np.exp(-(((np.abs(u) - 0.22) / 0.12) ** 2))
    top = line + (0.062 + 0.026 * who.upper_lip) * (1 - 0.25 * smile) * arc**0.75 * bow
    rim = line - gap
    bottom = rim - (0.078 + 0.030 * who.lower_lip) * (1 - 0.15 * smile) * arc**0.62
    soft = 0.010 + pixel * 0.7
    lips = smoothstep(-soft, soft, np.minimum(top - py, py - bottom)) * (np.abs(u) < 1.02)
    skin = np.asarray(skin_colour(who))
    red = np.asarray((1.0, 0.52 + 0.10 * who.skin, 0.52 + 0.12 * who.skin)) * (0.92 - 0.06 * who.lip_red)
    red[1:] -= 0.07 * who.lip_red
    tone = skin * red
    paint.cover(where, lips * (0.82 + 0.12 * who.lip_red), (tone[0], tone[1], tone[2]))
    relief, gloss = paint.relief.ravel(), paint.gloss.ravel()
    swell_up = np.exp(-(((py - (line + top) / 2) / 0.030) ** 2)) * arc
    swell_low = np.exp(-(((py - (rim + bottom) / 2) / 0.036) ** 2)) * arc
    relief[where] += 0.016 * swell_up + 0.030 * swell_low
    gloss[where] += lips * 0.45
    paint.tint(where, 0.35 * swell_up * lips, (0.74, 0.66, 0.66))
    # the opening: dark, with teeth in a broad smile
    width = 0.0065 + pixel * 0.5
    inner = smoothstep(-width, width, np.minimum(line + width * 0.6 - py, py - rim + width * 0.6)) * (np.abs(u) < 1)
    paint.cover(where, inner * (0.80 if smile < 0.55 else 0.95), (0.075, 0.018, 0.016))
    if smile > 0.55:
        tooth = smoothstep(-width, width, np.minimum(line - py, py - rim - 0.012)) * smoothstep(0.92, 0.70, np.abs(u))
        paint.cover(where, tooth * 0.93, linear((0.93, 0.90, 0.86)))
        gloss[where] += tooth * 0.3
    corner = bell(np.abs(px), py, (half * 1.03, b.mouth_y + (0.02 + 0.105 * b.smile) * 0.65), (0.035, 0.035))
    paint.tint(where, np.clip(0.55 * corner, 0, 1), (0.6, 0.45, 0.43))


def _nostrils(paint: Paint, x: Floats, y: Floats, z: Floats, b: Build, pixel: float) -> None:
    where = _near(x, y, z, (-0.3, 0.3, b.nose_y - 0.16, b.nose_y + 0.12))
    side, py = np.abs(x.ravel()[where]), y.ravel()[where]
    u = (side - b.nose_width * 0.56) / (0.046 + pixel * 0.3)
    v = (py - (b.nose_y - 0.062) - 0.10 * (side - b.nose_width * 0.5)) / (0.022 + pixel * 0.3)
    hole = np.exp(-((u * u + v * v) ** 1.5))
    paint.tint(where, np.clip(0.92 * hole, 0, 1), (0.16, 0.08, 0.07))
    below = bell(side, py, (0, b.nose_y - 0.085), (0.12, 0.03))
    paint.tint(where, np.clip(0.45 * below, 0, 1), (0.70, 0.58, 0.56))


def _marks(paint: Paint, x: Floats, y: Floats, z: Floats, b: Build, who: Identity, pixel: float) -> None:
    if who.mole is not None:
        mx, my = who.mole
        where = _near(x, y, z, (mx - 0.1, mx + 0.1, my - 0.1, my + 0.1))
        r = np.hypot(x.ravel()[where] - mx, y.ravel()[where] - my)
        spot = smoothstep(0.026 + pixel, 0.026 - pixel * 0.5, r)
        paint.cover(where, spot * 0.85, linear((0.20, 0.11, 0.08)))
    if who.freckles > 0.05:
        where = _near(x, y, z, (-0.62, 0.62, b.nose_y - 0.12, 0.02))
        px, py = x.ravel()[where], y.ravel()[where]
        dots = noise(who.texture + 31, px * 34 + 32, py * 34 + 32)
        zone = bell(np.abs(px), py, (0.28, -0.17), (0.28, 0.13))
        alpha = smoothstep(0.45, 0.70, dots) * zone * who.freckles
        paint.tint(where, np.clip(alpha * 0.9, 0, 1), (0.60, 0.46, 0.34))
