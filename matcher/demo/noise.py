"""Smooth random textures, looked up at any coordinates."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from matcher.demo.solids import Floats

_SIDE = 64


@lru_cache(maxsize=64)
def _table(seed: int) -> Floats:
    return np.random.Generator(np.random.PCG64([seed, 0x401])).uniform(-1, 1, (_SIDE, _SIDE)).astype(np.float32)


def noise(seed: int, x: Floats, y: Floats) -> Floats:
    """Value noise −1 … 1 with one random value per unit cell, repeated every 64 units."""
    table = _table(seed)
    column, row = np.floor(x), np.floor(y)
    fx, fy = x - column, y - row
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    c0, r0 = column.astype(np.int32) & (_SIDE - 1), row.astype(np.int32) & (_SIDE - 1)
    c1, r1 = (c0 + 1) & (_SIDE - 1), (r0 + 1) & (_SIDE - 1)
    top = table[r0, c0] * (1 - fx) + table[r0, c1] * fx
    bottom = table[r1, c0] * (1 - fx) + table[r1, c1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, np.float32)


def strands(seed: int, across: Floats, along: Floats, fineness: float) -> Floats:
    """A hair-like texture −1 … 1: fast across, slow along, on two scales."""
    coarse = noise(seed, across * np.float32(fineness), along * np.float32(1.3))
    fine = noise(seed + 1, across * np.float32(3.1 * fineness), along * np.float32(2.1))
    return np.float32(0.55) * coarse + np.float32(0.45) * fine
