"""Hair and hats: a shell around the cranium with a soft hairline, and locks, tails or curls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.demo.head import Build
from matcher.demo.identity import Fringe, Hair, Identity
from matcher.demo.light import Lamp, Normals
from matcher.demo.noise import noise, strands
from matcher.demo.paint import linear
from matcher.demo.solids import Floats, Vector, blend, capsule, ellipsoid, smoothstep

_THICK = {
    Hair.CROP: 0.045,
    Hair.TOUSLED: 0.10,
    Hair.BOWL: 0.10,
    Hair.BOB: 0.11,
    Hair.LONG: 0.085,
    Hair.PONYTAIL: 0.055,
    Hair.PIGTAILS: 0.06,
    Hair.BUN: 0.055,
    Hair.CURLS: 0.17,
}
_COVERS_EARS = {Hair.BOWL, Hair.BOB, Hair.LONG, Hair.CURLS}


@dataclass(frozen=True, slots=True)
class Style:
    """The measures of one hairdo on one head."""

    who: Identity
    centre: Vector
    radii: Vector
    hairline: float
    side_edge: float
    side_low: float


def style(who: Identity, b: Build) -> Style:
    """The hairdo of `who`."""
    thick = _THICK[who.hair]
    rx, ry, rz = b.cranium_radii
    x, y, z = b.cranium
    covers = who.hair in _COVERS_EARS
    return Style(
        who=who,
        centre=(x, y + 0.02, z - 0.02),
        radii=(rx + thick, ry + thick, rz + thick * 0.8),
        hairline=y + 0.50 * ry + 0.05 * who.forehead,
        side_edge=rx * (0.82 if covers else 0.87),
        side_low=-0.34 if covers else -0.06,
    )


def shell(x: Floats, y: Floats, z: Floats, s: Style) -> Floats:
    """Distance to the hair on the head."""
    d = ellipsoid(x, y, z, s.centre, s.radii)
    seed = s.who.texture
    if s.who.hair is Hair.CURLS:
        d -= np.float32(0.035) * noise(seed, x * 5.5 + 9, y * 5.5 + z * 4) + np.float32(0.03)
    elif s.who.hair is Hair.TOUSLED:
        d -= np.float32(0.030) * noise(seed, x * 4.5 + 9, z * 3 + y * 2.5)
    return d


def locks(x: Floats, y: Floats, z: Floats, s: Style) -> Floats:
    """Distance to what hangs or is tied; far away for short hair."""
    side = np.abs(x)
    kind = s.who.hair
    edge = s.radii[0]
    if kind is Hair.LONG:
        d = capsule(side, y, z, (edge - 0.12, 0.25, -0.02), (edge - 0.02, -1.50, 0.08), (0.15, 0.20))
        return blend(d, ellipsoid(side, y, z, (0, -0.45, -0.48), (edge + 0.02, 1.35, 0.36)), 0.15)
    if kind is Hair.BOB:
        low = -0.62 - 0.12 * s.who.parting
        d = capsule(side, y, z, (edge - 0.13, 0.25, -0.05), (edge - 0.10, low, 0.0), (0.16, 0.21))
        return blend(d, ellipsoid(side, y, z, (0, -0.20, -0.42), (edge, 0.72, 0.42)), 0.15)
    if kind is Hair.PIGTAILS:
        d = capsule(side, y, z, (edge + 0.10, -0.22, -0.22), (edge + 0.20, -1.05, -0.02), (0.20, 0.05))
        return blend(d, ellipsoid(side, y, z, (edge - 0.02, -0.08, -0.25), (0.12, 0.12, 0.12)), 0.06)
    if kind is Hair.PONYTAIL:
        turn = np.float32(1 if s.who.parting >= 0 else -1)
        d = capsule(x * turn, y, z, (0.35, 0.85, -0.85), (edge + 0.08, 0.15, -0.75), (0.20, 0.21))
        return blend(
            d, capsule(x * turn, y, z, (edge + 0.08, 0.15, -0.75), (edge + 0.10, -1.05, -0.5), (0.21, 0.05)), 0.15
        )
    if kind is Hair.BUN:
        return ellipsoid(x, y, z, (0, s.centre[1] + s.radii[1] + 0.13, -0.22), (0.31, 0.27, 0.30))
    return np.full_like(x, 9)


def ends(x: Floats, y: Floats, z: Floats, s: Style) -> Floats:
    """How far above its uneven cut end a hanging lock still is; negative where the hair is over."""
    cut = {Hair.LONG: -1.50, Hair.BOB: -0.66 - 0.12 * s.who.parting}.get(s.who.hair)
    if cut is None:
        return np.ones_like(x)
    ragged = strands(s.who.texture + 8, x + np.float32(0.5) * z, y * np.float32(0.3), 13)
    return np.asarray(y - np.float32(cut) + np.float32(0.10) * ragged)


def reach(x: Floats, y: Floats, z: Floats, s: Style) -> Floats:
    """How far inside the hairline a point of the head lies; negative on the bare face, in head units."""
    who = s.who
    side = np.abs(x)
    strand = strands(who.texture + 3, x - np.float32(0.35 * who.parting) * y, y * 0.6, 9)
    line = s.hairline - np.float32(1.05) * side ** np.float32(2.2) + np.float32(0.012) * strand
    line = np.minimum(line, _fringe(x, strand, s))
    top = y - line
    jag = np.float32(0.020) * strand
    # the edge follows the face: inwards at the temples, outwards at the cheekbones
    edge = s.side_edge - np.float32(0.30) * np.clip(y - np.float32(0.05), -0.25, 0.5) + jag
    covers = who.hair in _COVERS_EARS
    ragged = np.float32(0.05 if covers else 0.02) * strands(who.texture + 6, z * 2 + side, y * 0.5, 14)
    flank = np.minimum(side - edge, y - np.float32(s.side_low) + ragged)
    if not covers:
        # in front of the ear only, so that the ear stays free
        flank = np.minimum(flank, np.maximum(z - np.float32(0.02), y - np.float32(0.12)))
    # behind the ears hair grows down to the neck
    back = np.minimum(np.minimum(np.float32(-0.25) - z, y + np.float32(0.62)), np.float32(0.92 * s.radii[0]) - side)
    return np.asarray(np.maximum(np.maximum(top, flank), back))


def _fringe(x: Floats, strand: Floats, s: Style) -> Floats:
    """The height down to which a fringe hangs."""
    who, one = s.who, np.float32
    line = np.full_like(x, 9)
    if who.fringe is Fringe.STRAIGHT:
        line = one(0.345 + 0.03 * who.parting) + one(0.035) * strand - one(0.10) * x * x
    elif who.fringe is Fringe.SWEPT:
        turn = one(0.30 if who.parting >= 0 else -0.30)
        line = one(0.47) + turn * x - one(0.20) * x * x + one(0.03) * strand
    elif who.fringe is Fringe.PARTED:
        away = np.abs(x - one(0.18 * who.parting))
        line = one(s.hairline + 0.02) - one(0.92) * away ** one(1.15) + one(0.015) * strand
    elif who.fringe is Fringe.WISPS:
        line = one(s.hairline - 0.17) + one(0.16) * strand
    return line


def hair_light(
    at: tuple[Floats, Floats, Floats], facing_: tuple[Normals, Normals], s: Style, lamp: Lamp, loose: Floats
) -> Floats:
    """Linear light of hair at head coordinates `at`, normals in picture and head; `loose` 0 … 1 marks hanging locks."""
    (x, y, z), (n, own_n) = at, facing_
    who = s.who
    crown = (0.25 * who.parting, s.centre[1] + s.radii[1] * 1.12)
    fan = np.arctan2(x - np.float32(crown[0]), np.float32(crown[1] + 0.12) - y)
    away = np.hypot(x - np.float32(crown[0]), y - np.float32(crown[1]))
    across = fan * (1 - loose) * np.float32(0.55) + loose * (x + np.float32(0.6) * z)
    wave = np.float32(0.05) * noise(who.texture + 4, away * 2, across * 3)
    curly = who.hair is Hair.CURLS
    fibre = strands(who.texture + 2, across + wave, away * (6 if curly else 1.2), 13 if curly else 24)
    base = np.asarray(linear(who.hair_colour), np.float32)
    tone = (1 + np.float32(0.42) * fibre)[:, None] * base
    nx, ny, nz = n
    if curly:
        fibre, nx, ny = _curled(x, y, z, fibre, (nx, ny), who.texture)
        tone = (1 + np.float32(0.42) * fibre)[:, None] * base
    facing = nx * lamp.to[0] + ny * lamp.to[1] + nz * lamp.to[2]
    key = np.clip(0.28 + 0.72 * facing, 0, 1) * (1 + np.float32(0.15) * fibre)
    up = 0.5 + 0.5 * ny
    deep = np.float32(0.40) + np.float32(0.60) * smoothstep(-0.75, 0.15, z)
    out = np.empty((*x.shape, 3), np.float32)
    for c in range(3):
        around = lamp.sky[c] * up + lamp.ground[c] * (1 - up) + 0.10 * np.clip(nz, 0, 1)
        out[:, c] = tone[:, c] * (key * lamp.key[c] + around) * deep
    # the ring of light across the strands: strongest where the strand's own slope mirrors the lamp
    slope = own_n[1] * (1 - loose * 0.5) + np.float32(0.06) * fibre
    ring = np.exp(-(((slope - np.float32(0.55 + 0.12 * lamp.to[1])) / np.float32(0.15)) ** 2))
    ring = ring * np.clip(0.2 + facing, 0, 1) * (0.65 + 0.5 * fibre) * (0.45 if curly else 1.0) * deep
    ring += np.float32(0.30) * np.clip(facing, 0, 1) ** 5 * (1 + fibre)
    sheen = np.float32(0.55) * base + np.float32(0.055)
    out += np.clip(ring, 0, 1)[:, None] * sheen * np.asarray(lamp.key, np.float32) * np.float32(0.75)
    return out


def _curled(
    x: Floats, y: Floats, z: Floats, fibre: Floats, tilt: tuple[Floats, Floats], seed: int
) -> tuple[Floats, Floats, Floats]:
    """Ringlets: light and dark rolls that swirl around wandering lines, and how they tilt the surface."""
    u, v = (
        x * 7 + np.float32(1.2) * noise(seed + 7, x * 4, y * 4 + z),
        y * 7 + z * 5 + np.float32(1.2) * noise(seed + 8, x * 4 + z, y * 4),
    )
    roll = np.sin(u * np.float32(2.1) + np.float32(2.4) * noise(seed + 9, u, v)) * np.cos(v * np.float32(1.9))
    rolled = np.float32(0.65) * roll + np.float32(0.35) * fibre
    return rolled, tilt[0] + np.float32(0.35) * noise(seed + 10, u, v), tilt[1] + np.float32(0.35) * roll
