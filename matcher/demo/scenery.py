"""What is around a child: backgrounds out of focus, clothes, and pictures without anybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.demo.identity import Colour, Scene
from matcher.demo.noise import noise
from matcher.demo.paint import linear
from matcher.demo.solids import Floats, smoothstep

# Top and bottom of the picture, and the colours of its blurred lights and shapes.
_SCENES: dict[Scene, tuple[Colour, Colour, tuple[Colour, ...]]] = {
    Scene.STUDIO: ((0.80, 0.83, 0.87), (0.62, 0.66, 0.72), ()),
    Scene.PARK: ((0.72, 0.84, 0.80), (0.34, 0.48, 0.26), ((0.62, 0.76, 0.38), (0.40, 0.56, 0.28), (0.92, 0.93, 0.72))),
    Scene.STREET: (
        (0.70, 0.74, 0.80),
        (0.46, 0.45, 0.46),
        ((0.62, 0.50, 0.44), (0.80, 0.79, 0.76), (0.38, 0.44, 0.54)),
    ),
    Scene.ROOM: ((0.86, 0.78, 0.68), (0.60, 0.48, 0.38), ((0.94, 0.86, 0.70), (0.52, 0.36, 0.28), (0.56, 0.64, 0.66))),
    Scene.DUSK: ((0.40, 0.40, 0.55), (0.30, 0.26, 0.30), ((0.98, 0.74, 0.42), (0.92, 0.50, 0.36), (0.55, 0.62, 0.90))),
}
_CLOTHES: tuple[tuple[Colour, str], ...] = (
    ((0.80, 0.22, 0.20), "red"),
    ((0.18, 0.34, 0.62), "blue"),
    ((0.94, 0.78, 0.30), "yellow"),
    ((0.25, 0.52, 0.38), "green"),
    ((0.92, 0.91, 0.88), "white"),
    ((0.22, 0.24, 0.30), "dark grey"),
    ((0.90, 0.55, 0.60), "pink"),
    ((0.90, 0.50, 0.22), "orange"),
    ((0.46, 0.34, 0.60), "purple"),
    ((0.36, 0.62, 0.68), "teal"),
)


def background(scene: Scene, width: int, height: int, seed: int) -> Floats:
    """A blurred place, linear (height, width, 3)."""
    rng = np.random.Generator(np.random.PCG64([seed, 0xBAC]))
    top, bottom, spots = _SCENES[scene]
    x, y = np.meshgrid(
        (np.arange(width, dtype=np.float32) + 0.5) / height, (np.arange(height, dtype=np.float32) + 0.5) / height
    )
    part = smoothstep(0.15, 1.0, y + np.float32(0.12) * noise(seed % 4096, x * 2.2, y * 1.5))[..., None]
    picture = np.asarray(linear(top), np.float32) * (1 - part) + np.asarray(linear(bottom), np.float32) * part
    picture *= 1 - 0.25 * ((x - width / height / 2) ** 2 + (y - 0.4) ** 2)[..., None]
    for _ in range(26 if spots else 0):
        colour = np.asarray(linear(spots[int(rng.integers(len(spots)))]), np.float32)
        cx, cy = float(rng.uniform(-0.1, width / height + 0.1)), float(rng.uniform(-0.1, 0.95))
        radius = float(rng.uniform(0.03, 0.13))
        r = np.hypot(x - cx, y - cy)
        disc = smoothstep(radius * 1.12, radius * 0.88, r) * (0.75 + 0.25 * smoothstep(radius * 0.6, radius, r))
        picture += (colour - picture) * (disc * float(rng.uniform(0.12, 0.5)))[..., None]
    return picture.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Clothes:
    """A top: two linear colours, how it is patterned, and words for a description."""

    main: Colour
    second: Colour
    pattern: str
    words: str


def clothes(seed: int) -> Clothes:
    """What is worn on the photos of this seed."""
    rng = np.random.Generator(np.random.PCG64([seed, 0xC107]))
    one, two = (int(i) for i in rng.permutation(len(_CLOTHES))[:2])
    pattern = ("plain", "striped", "dotted", "plain")[int(rng.integers(4))]
    (main, first), (second, other) = _CLOTHES[one], _CLOTHES[two]
    words = (
        f"{first} shirt"
        if pattern == "plain"
        else f"{first} shirt, {other} {'stripes' if pattern == 'striped' else 'dots'}"
    )
    return Clothes(linear(main), linear(second), pattern, words)


def cloth_colour(x: Floats, y: Floats, to_neck: Floats, what: Clothes, pixel: float) -> Floats:
    """Linear colours of cloth at body coordinates; `to_neck` is the distance to the neck, where the collar lies."""
    soft = max(pixel, 0.01)
    if what.pattern == "striped":
        wave = np.abs((y * 4.2) % 1 - 0.5)
        second = smoothstep(0.25 + soft * 4, 0.25 - soft * 4, wave)
    elif what.pattern == "dotted":
        column = x * 4.0
        row = y * 4.0 + 0.5 * (np.floor(column) % 2)
        second = smoothstep(0.24 + soft * 4, 0.24 - soft * 4, np.hypot(column % 1 - 0.5, row % 1 - 0.5))
    else:
        second = np.zeros_like(x)
    collar = smoothstep(0.085 + soft, 0.085 - soft, to_neck)
    second = np.maximum(second * (1 - collar), collar)[..., None]
    weave = 1 + np.float32(0.05) * noise(11, x * 40, y * 40)
    colour = np.asarray(what.main, np.float32) * (1 - second) + np.asarray(what.second, np.float32) * second
    return np.asarray(colour * weave[..., None], np.float32)


def toys(width: int, height: int, seed: int) -> Floats:
    """A place with coloured balls on the ground and nobody in sight, linear (height, width, 3)."""
    rng = np.random.Generator(np.random.PCG64([seed, 0xBA11]))
    picture = background((Scene.PARK, Scene.ROOM, Scene.STREET)[seed % 3], width, height, seed)
    x, y = np.meshgrid(
        (np.arange(width, dtype=np.float32) + 0.5) / height, (np.arange(height, dtype=np.float32) + 0.5) / height
    )
    for depth in sorted(rng.uniform(0.62, 0.92, 6)):
        radius = float(0.05 + 0.18 * (depth - 0.55))
        cx, cy = float(rng.uniform(0.1, width / height - 0.1)), float(depth) - radius
        shadow = np.exp(-(((x - cx - 0.3 * radius) / (1.3 * radius)) ** 2) - ((y - depth) / (0.28 * radius)) ** 2)
        picture *= (1 - 0.65 * shadow)[..., None]
        one, two = (int(i) for i in rng.permutation(len(_CLOTHES))[:2])
        _ball(
            picture,
            (x - cx, cy - y),
            radius,
            (linear(_CLOTHES[one][0]), linear(_CLOTHES[two][0])),
            float(rng.uniform(0, 3)),
        )
    return picture


def _ball(
    picture: Floats, at: tuple[Floats, Floats], radius: float, colours: tuple[Colour, Colour], turn: float
) -> None:
    u, v = at[0] / np.float32(radius), at[1] / np.float32(radius)
    r2 = u * u + v * v
    depth = np.sqrt(np.clip(1 - r2, 0, 1))
    across = u * np.cos(turn) + v * np.sin(turn)
    stripe = smoothstep(0.36, 0.28, np.abs(across))[..., None]
    colour = np.asarray(colours[0], np.float32) * (1 - stripe) + np.asarray(colours[1], np.float32) * stripe
    facing = np.clip(0.25 + 0.75 * (-0.45 * u + 0.65 * v + 0.6 * depth), 0.08, 1.2)
    spark = np.clip(-0.28 * u + 0.42 * v + 0.86 * depth, 0, 1) ** 40
    edge = smoothstep(1.02, 0.97, np.sqrt(r2))
    picture += (colour * facing[..., None] + np.float32(0.35) * spark[..., None] - picture) * edge[..., None]
