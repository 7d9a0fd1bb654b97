"""Who a synthetic child is, and how one photo shows it. Every number is invented; no real face was measured."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import Enum

import numpy as np

from matcher.errors import WrongUse

Colour = tuple[float, float, float]


class Hair(str, Enum):
    """How the hair is worn."""

    CROP = "crop"
    TOUSLED = "tousled"
    BOWL = "bowl"
    BOB = "bob"
    LONG = "long"
    PONYTAIL = "ponytail"
    PIGTAILS = "pigtails"
    BUN = "bun"
    CURLS = "curls"


class Fringe(str, Enum):
    """What the hair does on the forehead."""

    NONE = "none"
    STRAIGHT = "straight"
    SWEPT = "swept"
    PARTED = "parted"
    WISPS = "wisps"


class Scene(str, Enum):
    """What is behind the child, out of focus."""

    STUDIO = "studio"
    PARK = "park"
    STREET = "street"
    ROOM = "room"
    DUSK = "dusk"


# sRGB of skin from fair to dark, and of hair; neighbours are mixed.
SKINS: tuple[Colour, ...] = (
    (0.98, 0.84, 0.735),
    (0.95, 0.79, 0.67),
    (0.89, 0.69, 0.54),
    (0.77, 0.55, 0.40),
    (0.58, 0.39, 0.27),
    (0.42, 0.27, 0.19),
)
HAIRS: tuple[Colour, ...] = (
    (0.075, 0.06, 0.06),
    (0.16, 0.10, 0.07),
    (0.29, 0.175, 0.10),
    (0.46, 0.29, 0.15),
    (0.78, 0.60, 0.34),
    (0.60, 0.25, 0.10),
)
IRISES: tuple[Colour, ...] = (
    (0.15, 0.08, 0.045),
    (0.30, 0.17, 0.08),
    (0.42, 0.33, 0.14),
    (0.25, 0.42, 0.27),
    (0.25, 0.45, 0.68),
    (0.42, 0.50, 0.55),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What stays the same in a child's face. Shape numbers are offsets −1 … 1 from an average face of the age.

    `skin` 0 (fair) … 1 (dark); colours are sRGB 0 … 1; `freckles` 0 … 1; `mole` is its place in head units.
    """

    skin: float
    warmth: float
    hair: Hair
    fringe: Fringe
    hair_colour: Colour
    parting: float
    head_width: float
    jaw: float
    chin: float
    chin_width: float
    cheeks: float
    forehead: float
    ears: float
    ear_angle: float
    eye_gap: float
    eye_size: float
    eye_height: float
    eye_slant: float
    eye_depth: float
    lid: float
    iris: Colour
    brow_height: float
    brow_thick: float
    brow_arch: float
    brow_slant: float
    brow_gap: float
    nose_length: float
    nose_width: float
    nose_bridge: float
    nose_tilt: float
    mouth_width: float
    mouth_height: float
    upper_lip: float
    lower_lip: float
    mouth_curve: float
    lip_red: float
    lashes: float
    freckles: float
    mole: tuple[float, float] | None
    texture: int

    @classmethod
    def random(cls, seed: int, girl: bool | None = None) -> Identity:
        """The child of this seed; the same seed always gives the same child. `girl` only chooses among hair styles."""
        if seed < 0:
            raise WrongUse(f"A seed is a whole number from 0, not {seed}.")
        rng = np.random.Generator(np.random.PCG64([seed, 0xFACE]))
        skin = float(rng.uniform(0, 1))
        values: dict[str, object] = {name: _offset(rng) for name in _OFFSETS}
        values |= {
            "skin": skin,
            "hair": _style(rng, girl),
            "fringe": tuple(Fringe)[int(rng.integers(len(Fringe)))],
            "hair_colour": _mixed(HAIRS, _pigment(rng, skin, (0.8, 0.7, 1.4, 2.2, 3.2, 4.6)), rng),
            "iris": _mixed(IRISES, _pigment(rng, skin, (0.5, 0.5, 1.6, 3.2, 3.4, 4.5)), rng),
            "freckles": float(max(0.0, rng.uniform(-1.5, 1))) * (skin < 0.45),
            "mole": _mole(rng),
            "texture": int(rng.integers(2**31)),
        }
        return cls(**values)  # type: ignore[arg-type]

    def sibling(self, seed: int, likeness: float = 0.7) -> Identity:
        """Another child who shares `likeness` (0 … 1) of every shape and nearly all colours with this one."""
        if not 0 <= likeness <= 1:
            raise WrongUse(f"The likeness of a sibling is {likeness}: expected 0 … 1.")
        other = Identity.random(seed)
        mixed = {
            name: likeness * getattr(self, name) + (1 - likeness) * getattr(other, name)
            for name in (*_OFFSETS, "freckles")
        }
        return replace(self, **mixed, hair=other.hair, fringe=other.fringe, mole=other.mole, texture=other.texture)

    def grown(self, age: float) -> Identity:
        """This child at an age: each shape drifts in its own way over years, by up to `DRIFT` either side."""
        table = np.random.Generator(np.random.PCG64([self.texture, 0xA6E])).uniform(-1, 1, (len(_OFFSETS), 5))
        place = float(np.clip(age / 6, 0, 3.999))
        part = (1 - np.cos(np.pi * (place % 1))) / 2
        drift = table[:, int(place)] * (1 - part) + table[:, int(place) + 1] * part
        return replace(
            self, **{name: getattr(self, name) + DRIFT * float(d) for name, d in zip(_OFFSETS, drift, strict=True)}
        )


# Real children change more than in size: of 40 drawn ones, 3 are not found first five years later.
DRIFT = 0.8
_PLAIN = ("skin", "hair", "fringe", "hair_colour", "iris", "freckles", "mole", "texture")
_OFFSETS = tuple(field.name for field in fields(Identity) if field.name not in _PLAIN)


def _offset(rng: np.random.Generator) -> float:
    """−1 … 1, with the ends likelier than the middle: faces that are far apart can be told apart."""
    value = float(rng.uniform(-1, 1))
    return float(np.sign(value) * abs(value) ** 0.7)


def _pigment(rng: np.random.Generator, skin: float, cost: tuple[float, ...]) -> int:
    """An index into a palette; unusual colours get rarer as the skin gets darker."""
    weights = np.exp(-np.asarray(cost) * (0.2 + 3.2 * skin))
    return int(np.searchsorted(np.cumsum(weights / weights.sum())[:-1], rng.uniform()))


def _mixed(palette: tuple[Colour, ...], index: int, rng: np.random.Generator) -> Colour:
    other = palette[int(np.clip(index + rng.choice((-1, 1)), 0, len(palette) - 1))]
    part = float(rng.uniform(0, 0.3))
    red, green, blue = ((1 - part) * a + part * b for a, b in zip(palette[index], other, strict=True))
    return red, green, blue


def _style(rng: np.random.Generator, girl: bool | None) -> Hair:
    if girl is None:
        girl = bool(rng.uniform() < 0.5)
    styles = (Hair.BOB, Hair.LONG, Hair.PONYTAIL, Hair.PIGTAILS, Hair.BUN, Hair.CURLS)
    if not girl:
        styles = (Hair.CROP, Hair.TOUSLED, Hair.BOWL, Hair.CURLS, Hair.CROP, Hair.TOUSLED)
    return styles[int(rng.integers(len(styles)))]


def _mole(rng: np.random.Generator) -> tuple[float, float] | None:
    side, there = float(rng.choice((-1, 1))), rng.uniform() < 0.35
    place = (side * float(rng.uniform(0.18, 0.5)), float(rng.uniform(-0.62, -0.14)))
    return place if there else None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How one photo shows a child.

    `age` 1 … 17 years. Angles in degrees: `yaw` −35 … 35 (positive looks to the viewer's right), `pitch` −25 … 25
    (positive looks up), any `roll` (positive leans clockwise). `light_side` −90 … 90 and `light_height` −20 … 80 say
    where the lamp is. `light` and `exposure` multiply (0.2 … 3), `lamp_warmth` −1 (blue) … 1 (amber). `blur` is a
    Gaussian's sigma in thousandths of the photo's side, `noise` a standard deviation in grey levels. `smile` −0.4 … 1;
    above 0.55 teeth are seen. `seed` draws clothes, background and noise.
    """

    age: float = 8.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    light_side: float = -30.0
    light_height: float = 35.0
    light: float = 1.0
    lamp_warmth: float = 0.1
    exposure: float = 1.0
    blur: float = 0.0
    noise: float = 1.5
    smile: float = 0.3
    scene: Scene = Scene.STUDIO
    glasses: bool = False
    hat: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise WrongUse(f"A view's {name} is {value:g}: expected {low:g} … {high:g}.")


_RANGES = {
    "age": (1, 17),
    "yaw": (-35, 35),
    "pitch": (-25, 25),
    "roll": (-360, 360),
    "light_side": (-90, 90),
    "light_height": (-20, 80),
    "light": (0.2, 3),
    "lamp_warmth": (-1, 1),
    "exposure": (0.2, 3),
    "blur": (0, 30),
    "noise": (0, 60),
    "smile": (-0.4, 1),
    "seed": (0, 2**31),
}


def random_view(seed: int, age: float, *, hard: float = 0.5) -> View:
    """An everyday photo of a child of this age; `hard` 0 (a studio) … 1 (a snapshot in bad light)."""
    rng = np.random.Generator(np.random.PCG64([seed, 0x71E3]))
    return View(
        age=age,
        yaw=float(rng.uniform(-22, 22) * hard),
        pitch=float(rng.uniform(-9, 9) * hard),
        roll=float(rng.uniform(-12, 12) * hard),
        light_side=float(rng.uniform(-60, 60) * (0.4 + 0.6 * hard)),
        light_height=float(rng.uniform(15, 55)),
        light=float(rng.uniform(0.85, 1.15)),
        lamp_warmth=float(rng.uniform(-0.5, 0.7) * (0.3 + 0.7 * hard)),
        exposure=float(2 ** (rng.uniform(-0.7, 0.45) * hard)),
        blur=float(rng.uniform(0, 5) * hard),
        noise=float(1 + rng.uniform(0, 6) * hard),
        smile=float(rng.uniform(0.0, 1.0)),
        scene=tuple(Scene)[int(rng.integers(len(Scene)))],
        seed=seed % 2**31,
    )
