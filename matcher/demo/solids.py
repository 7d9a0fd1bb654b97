"""Soft solids and the rays that find them: signed distances on plain arrays, seen along −z.

Coordinates are in head units: x to the viewer's right, y up, z towards the viewer; half of an eye distance is about a
third. A distance is negative inside. Distances may be too small (an ellipsoid has no simple exact one) but hardly ever
too large, so a ray that walks by them does not pass through a wall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]  # float32 in fact; arithmetic with plain numbers keeps it
Vector = tuple[float, float, float]
Solid = Callable[[Floats, Floats, Floats], Floats]

NEAR, FAR = 1.9, -1.7
_COARSE = ((8, 16), (4, 7), (2, 5))  # stride and steps of the first walks
_TOUCH = 2e-3  # a ray this close has arrived
_SHORTEST = 0.010  # rays that graze a surface still get on, faster and faster


def ellipsoid(x: Floats, y: Floats, z: Floats, centre: Vector, radii: Vector) -> Floats:
    """Distance to an ellipsoid, exact on its surface."""
    a = (x - np.float32(centre[0])) * np.float32(1 / radii[0])
    b = (y - np.float32(centre[1])) * np.float32(1 / radii[1])
    c = (z - np.float32(centre[2])) * np.float32(1 / radii[2])
    return np.asarray((np.sqrt(a * a + b * b + c * c) - np.float32(1)) * np.float32(min(radii)))


def capsule(x: Floats, y: Floats, z: Floats, start: Vector, end: Vector, radii: tuple[float, float]) -> Floats:
    """Distance to a line from `start` to `end` with a thickness that goes from one radius to the other."""
    dx, dy, dz = (np.float32(e - s) for s, e in zip(start, end, strict=True))
    px, py, pz = x - np.float32(start[0]), y - np.float32(start[1]), z - np.float32(start[2])
    along = np.clip((px * dx + py * dy + pz * dz) / (dx * dx + dy * dy + dz * dz), 0, 1)
    px, py, pz = px - along * dx, py - along * dy, pz - along * dz
    thickness = np.float32(radii[0]) + along * np.float32(radii[1] - radii[0])
    return np.asarray(np.sqrt(px * px + py * py + pz * pz) - thickness)


def blend(a: Floats, b: Floats, width: float) -> Floats:
    """The union of two solids with a fillet of about `width` (quadratic smooth minimum)."""
    near = np.maximum(np.float32(width) - np.abs(a - b), 0)
    return np.minimum(a, b) - near * near * np.float32(0.25 / width)


def carve(a: Floats, b: Floats, width: float) -> Floats:
    """`a` without `b`, with rounded rims."""
    return -blend(-a, b, width)


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """0 below `low`, 1 above `high`, smooth between; falls instead of rising when `high < low`."""
    t = np.clip((value - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return np.asarray(t * t * (np.float32(3) - np.float32(2) * t))


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Pixel centres in head units: `x` rising, shape (w,), `y` falling, shape (h,); `pixel` is the side of a pixel."""

    x: Floats
    y: Floats
    pixel: float

    def mesh(self, stride: int = 1) -> tuple[Floats, Floats]:
        """x and y of every `stride`-th pixel, each of shape (rows, columns)."""
        x, y = np.meshgrid(self.x[::stride], self.y[::stride])
        return x, y


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the rays found: depth `z` and `cover` 0 … 1 (soft along outlines), both (h, w)."""

    z: Floats
    cover: Floats


def trace(solid: Solid, grid: Grid) -> Seen:
    """Walk one ray per pixel, coarse grids first so that fine rays start close to the surface."""
    depth: Floats | None = None
    for stride, steps in _COARSE:
        x, y = grid.mesh(stride)
        start = np.full(x.shape, NEAR, np.float32) if depth is None else _closer(depth, x.shape)
        depth = _walk(solid, (x, y, start), steps, lost=2 * stride * grid.pixel).z
    x, y = grid.mesh()
    start = np.full(x.shape, NEAR, np.float32) if depth is None else _closer(depth, x.shape)
    seen = _walk(solid, (x, y, start), 32)
    return Seen(seen.z, np.clip(1.25 - seen.cover / np.float32(grid.pixel), 0, 1).astype(np.float32))


def _walk(solid: Solid, rays: tuple[Floats, Floats, Floats], steps: int, lost: float | None = None) -> Seen:
    """Follow rays for some steps: where each came closest, with the distance there as `cover`.

    With `lost`, for finer rays to start from: a ray still on its way gives its present place, one that left without
    coming closer than `lost` is behind everything.
    """
    x, y, z = (a.ravel() for a in rays)
    z = z.copy()
    best, where = np.full(z.size, 9, np.float32), z.copy()
    active = np.flatnonzero(z > FAR + 0.05)
    for step in range(steps):
        if not active.size:
            break
        at = z[active]
        d = solid(x[active], y[active], at)
        nearer = active[d < best[active]]
        best[active] = np.minimum(best[active], d)
        where[nearer] = z[nearer]
        moved = at - np.where(d > _TOUCH, np.maximum(d, np.float32(_SHORTEST * (1 + step / 5))), d)
        z[active] = moved
        arrived = np.abs(d) <= _TOUCH
        where[active[arrived]] = moved[arrived]
        active = active[~arrived & (moved > FAR)]
    if lost is not None:
        where[active] = z[active]
        where[(z <= FAR) & (best > lost)] = FAR
    return Seen(where.reshape(rays[0].shape), best.reshape(rays[0].shape))


def _closer(depth: Floats, shape: tuple[int, ...]) -> Floats:
    """Starting depths on a grid twice as fine: the nearest of the surrounding coarse depths, a little before it."""
    padded = np.pad(depth, 1, mode="edge")
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    best = np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
    fine = np.repeat(np.repeat(best, 2, axis=0), 2, axis=1)
    return np.minimum(fine[: shape[0], : shape[1]] + np.float32(0.02), np.float32(NEAR))


def normals(solid: Solid, x: Floats, y: Floats, z: Floats, step: float = 0.012) -> tuple[Floats, Floats, Floats]:
    """Unit normals at surface points, from four samples on a tetrahedron."""
    e = np.float32(step)
    a, b = solid(x + e, y - e, z - e), solid(x - e, y - e, z + e)
    c, d = solid(x - e, y + e, z - e), solid(x + e, y + e, z + e)
    nx, ny, nz = a - b - c + d, c + d - a - b, b + d - a - c
    length = np.sqrt(nx * nx + ny * ny + nz * nz) + np.float32(1e-9)
    return nx / length, ny / length, nz / length
