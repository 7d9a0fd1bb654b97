"""The shape of a head: proportions of an identity at an age, and the solid they make.

The origin lies between the eyes' planes, one unit is about half a teenager's face. Children differ from teenagers by a
larger cranium over lower eyes, larger eyes, fuller cheeks, a shorter nose and a smaller jaw; `growth` goes from 0 to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from matcher.demo.identity import Identity, View
from matcher.demo.solids import Floats, Vector, blend, capsule, ellipsoid


@dataclass(frozen=True, slots=True)
class Build:
    """Lengths in head units; feature places are those of the right half of the picture (x > 0)."""

    growth: float
    cranium: Vector
    cranium_radii: Vector
    jaw_y: float
    jaw_width: float
    chin_y: float
    chin_width: float
    cheek: float
    eye_x: float
    eye_half: float
    eye_open: float
    eye_z: float
    brow_y: float
    nose_y: float
    nose_width: float
    nose_bridge: float
    nose_out: float
    mouth_y: float
    mouth_half: float
    neck: float
    smile: float

    @property
    def joy(self) -> float:
        """The smile, 0 for a serious face."""
        return max(self.smile, 0.0)


def build(who: Identity, view: View) -> Build:
    """The proportions of `who` at the age and with the smile of `view`."""
    growth = float(np.clip((view.age - 1) / 16, 0, 1)) ** 0.85
    young = 1 - growth
    chin_y = -0.83 - 0.25 * growth - 0.09 * who.chin
    nose_y = -0.245 - 0.125 * growth - 0.075 * who.nose_length
    room = chin_y - nose_y
    return Build(
        growth=growth,
        cranium=(0.0, 0.27 + 0.07 * young, -0.10),
        cranium_radii=(0.775 + 0.06 * who.head_width + 0.035 * young, 0.84 + 0.07 * who.forehead + 0.02 * young, 0.90),
        jaw_y=-0.34 - 0.07 * growth - 0.03 * who.chin,
        jaw_width=0.625 + 0.02 * growth + 0.065 * who.jaw + 0.03 * who.head_width,
        chin_y=chin_y,
        chin_width=0.15 + 0.035 * growth + 0.06 * who.chin_width,
        cheek=0.30 + 0.055 * young + 0.05 * who.cheeks,
        eye_x=0.335 + 0.046 * who.eye_gap + 0.01 * young,
        eye_half=0.170 + 0.038 * young + 0.026 * who.eye_size,
        eye_open=max(0.083 + 0.034 * young + 0.020 * who.eye_height + 0.008 * who.eye_size, 0.075),
        eye_z=0.665 - 0.03 * who.eye_depth,
        brow_y=0.235 + 0.05 * who.brow_height,
        nose_y=nose_y,
        nose_width=0.112 + 0.03 * growth + 0.040 * who.nose_width,
        nose_bridge=0.5 + 0.35 * growth + 0.4 * who.nose_bridge,
        nose_out=0.845 + 0.055 * growth + 0.035 * who.nose_bridge + 0.02 * who.nose_tilt,
        mouth_y=nose_y + room * (0.44 + 0.055 * who.mouth_height),
        mouth_half=(0.255 + 0.03 * growth + 0.05 * who.mouth_width) * (1 + 0.22 * max(view.smile, 0)),
        neck=0.27 + 0.085 * growth,
        smile=view.smile,
    )


def head_solid(x: Floats, y: Floats, z: Floats, b: Build, who: Identity) -> Floats:
    """Distance to cranium, face, nose, lips and ears, in the head's own coordinates."""
    side = np.abs(x)
    d = ellipsoid(side, y, z, b.cranium, b.cranium_radii)
    d = blend(d, ellipsoid(side, y, z, (0, b.jaw_y, 0.10), (b.jaw_width, b.jaw_y - b.chin_y + 0.06, 0.62)), 0.30)
    d = blend(d, ellipsoid(side, y, z, (0, b.chin_y + 0.15, 0.43), (b.chin_width + 0.06, 0.15, 0.20)), 0.22)
    lift = 0.05 * b.joy
    d = blend(d, ellipsoid(side, y, z, (0.34, -0.30 + lift, 0.38), (b.cheek, b.cheek, b.cheek)), 0.20)
    # the brow ridge gives the eyes a shelf, the socket a hollow
    d = blend(d, ellipsoid(side, y, z, (0.28, b.brow_y, 0.56), (0.27, 0.08, 0.14 + 0.03 * b.growth)), 0.16)
    hollow = ellipsoid(side, y, z, (b.eye_x - 0.02, 0.0, b.eye_z + 0.22), (0.20, 0.13, 0.16))
    d = -blend(-d, hollow, 0.12)
    d = blend(d, ellipsoid(side, y, z, (b.eye_x, -0.005, b.eye_z - 0.11), (0.17, 0.13, 0.15)), 0.06)
    # the muzzle carries the lips
    d = blend(d, ellipsoid(side, y, z, (0, b.mouth_y, 0.50), (0.27, 0.20, 0.22)), 0.16)
    d = blend(d, _nose(side, y, z, b, who), 0.16)
    return blend(d, _ear(side, y, z, b, who), 0.05)


def _nose(side: Floats, y: Floats, z: Floats, b: Build, who: Identity) -> Floats:
    tip = 0.085 + 0.02 * who.nose_width
    root = 0.60 + 0.07 * b.nose_bridge
    d = capsule(side, y, z, (0, 0.06, root), (0, b.nose_y + 0.07, b.nose_out - 0.05), (0.055, 0.075))
    ball = ellipsoid(side, y, z, (0, b.nose_y + 0.02 + 0.02 * who.nose_tilt, b.nose_out), (tip, tip * 0.9, tip))
    d = blend(d, ball, 0.08)
    wing = ellipsoid(
        side,
        y,
        z,
        (b.nose_width * 0.92, b.nose_y - 0.005, b.nose_out - 0.12),
        (0.055 + 0.012 * who.nose_width, 0.052, 0.09),
    )
    return blend(d, wing, 0.09)


def _ear(side: Floats, y: Floats, z: Floats, b: Build, who: Identity) -> Floats:
    out, size = 0.035 + 0.035 * who.ear_angle, 0.20 + 0.035 * who.ears
    centre = (b.cranium_radii[0] * 0.985 + out, -0.09, -0.16)
    shell = ellipsoid(side + np.float32(0.22) * (z + np.float32(0.16)), y, z, centre, (0.06, size, 0.125))
    dent = ellipsoid(side, y, z, (centre[0] + 0.01, -0.06, -0.03), (0.05 + 0.02 * who.ear_angle, size * 0.62, 0.06))
    return -blend(-shell, dent, 0.04)


def body_solid(x: Floats, y: Floats, z: Floats, b: Build) -> tuple[Floats, Floats]:
    """Distances to the neck and to the clothed shoulders, in the body's coordinates."""
    side = np.abs(x)
    g = b.growth
    throat = b.chin_y - 0.10
    neck = capsule(x, y, z, (0, -0.45, -0.22), (0, throat - 0.55, -0.30), (b.neck, b.neck + 0.05))
    slope = capsule(side, y, z, (0.10, throat - 0.10, -0.36), (0.62, throat - 0.52, -0.38), (0.15, 0.16))
    neck = blend(neck, slope, 0.22)
    wide = 0.74 + 0.30 * g
    # below its widest place the trunk goes straight down, out of every picture
    chest = ellipsoid(
        side, np.maximum(y, np.float32(throat - 1.30)), z, (0, throat - 1.30, -0.34), (wide * 0.98, 1.16, 0.56)
    )
    shoulder = capsule(
        side, y, z, (0.22, throat - 0.34, -0.35), (wide * 0.92, throat - 0.60, -0.36), (0.20, 0.22 + 0.05 * g)
    )
    arm = capsule(side, y, z, (wide * 0.92, throat - 0.60, -0.36), (wide * 1.10, throat - 6.0, -0.30), (0.24, 0.23))
    return neck, blend(blend(chest, shoulder, 0.25), arm, 0.15)


@dataclass(frozen=True, slots=True)
class Pose:
    """Rotation of the head in the picture: `rows` takes picture coordinates to the head's own."""

    rows: tuple[Vector, Vector, Vector]

    @classmethod
    def of(cls, yaw: float, pitch: float, roll: float) -> Pose:
        """From degrees, as in `View`."""
        a, p, r = (math.radians(v) for v in (yaw, pitch, roll))
        turn = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
        nod = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
        lean = np.array([[math.cos(r), math.sin(r), 0], [-math.sin(r), math.cos(r), 0], [0, 0, 1]])
        inverse = (lean @ turn @ nod).T
        one, two, three = ((float(row[0]), float(row[1]), float(row[2])) for row in inverse)
        return cls((one, two, three))

    def own(self, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Picture to head coordinates (also directions)."""
        one, two, three = (
            np.float32(row[0]) * x + np.float32(row[1]) * y + np.float32(row[2]) * z for row in self.rows
        )
        return one, two, three
