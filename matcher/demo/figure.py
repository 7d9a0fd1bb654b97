"""One child on a grid of pixels: solids, paint and light put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.demo import hair as hairdo
from matcher.demo.accessories import brim, hat_light, hat_solid, wear_glasses
from matcher.demo.head import Build, Pose, body_solid, build, head_solid
from matcher.demo.identity import Identity, View
from matcher.demo.light import CLOTH, SKIN, Lamp, Normals, openness, shade
from matcher.demo.scenery import cloth_colour, clothes
from matcher.demo.skin import Paint, linear, paint_skin, skin_colour
from matcher.demo.solids import Floats, Grid, Seen, blend, normals, smoothstep, trace


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Linear `colour` (h, w, 3) with `alpha` (h, w) and the depth it lies at."""

    colour: Floats
    alpha: Floats
    z: Floats

    def over(self, picture: Floats, where: Floats | None = None) -> None:
        """Draw onto a linear picture, in place."""
        alpha = self.alpha if where is None else self.alpha * where
        picture += (self.colour - picture) * alpha[..., None]


class Figure:
    """A child posed on a grid; `draw` puts it over a picture of the grid's size."""

    def __init__(self, who: Identity, view: View, grid: Grid) -> None:
        who = who.grown(view.age)
        self._who, self._view, self._grid = who, view, grid
        self._build: Build = build(who, view)
        self._style = hairdo.style(who, self._build)
        lean = float((view.roll + 180) % 360 - 180)
        self._head = Pose.of(view.yaw, view.pitch, lean)
        self._body = Pose.of(view.yaw * 0.35, 0, lean - float(np.clip(lean, -14, 14)))
        self._lamp = Lamp.of(view)
        # heights above which there is no body and below which no head
        upright = abs(lean) < 30
        self._split = (self._build.chin_y - 0.35, -0.45) if upright else (-9.0, 9.0)

    def draw(self, picture: Floats) -> None:
        """Draw the child over a linear picture (h, w, 3), in place."""
        person = self._person()
        hair = self._hair()
        front = smoothstep(-0.02, 0.02, hair.z - person.z)
        front = np.where(person.alpha > 0.02, front, 0).astype(np.float32)
        hair.over(picture, 1 - front)
        person.over(picture)
        hair.over(picture, front)
        if self._view.hat:
            self._hat().over(picture)

    def _solid(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Distance to head, neck and clothes; each is asked only for points that it may be the nearest of."""
        high, low = np.flatnonzero(y > self._split[0]), np.flatnonzero(y < self._split[1])
        head, neck, shirt = (np.full(x.shape, 9, np.float32) for _ in range(3))
        head[high] = head_solid(*self._head.own(x[high], y[high], z[high]), self._build, self._who)
        neck[low], shirt[low] = body_solid(*self._body.own(x[low], y[low], z[low]), self._build)
        return np.minimum(blend(head, neck, 0.10), shirt)

    def _person(self) -> Layer:
        grid, lamp = self._grid, self._lamp
        seen = trace(self._solid, grid)
        x, y = grid.mesh()
        z = seen.z
        n = self._where_seen(seen, lambda px, py, pz: normals(self._solid, px, py, pz))
        lit, sky = self._where_seen(
            seen, lambda px, py, pz, *rest: openness(self._solid, (px, py, pz), (rest[0], rest[1], rest[2]), lamp), n
        )
        hx, hy, hz = self._head.own(x, y, z)
        paint = paint_skin(hx, hy, hz, self._build, self._who, grid.pixel)
        if self._view.glasses:
            wear_glasses(paint, (hx, hy, hz), self._build, self._who.texture, grid.pixel)
        self._hair_shadow(paint, (hx, hy, hz), seen.cover)
        light = shade(paint.colour, _bumped(n, paint.relief, grid.pixel), lamp, SKIN, (lit, sky), paint.gloss)
        self._catchlights(light, hx, hy, hz)
        bx, by, bz = self._body.own(x, y, z)
        neck, shirt = body_solid(bx, by, bz, self._build)
        head = head_solid(hx, hy, hz, self._build, self._who)
        skin = np.minimum(neck, head)
        cloth = smoothstep(grid.pixel, -grid.pixel, shirt - skin)
        colours = cloth_colour(bx, by, neck, clothes(self._view.seed), grid.pixel)
        fabric = shade(colours, n, lamp, CLOTH, (lit, sky), np.ones_like(x))
        light += (fabric - light) * cloth[..., None]
        return Layer(light, seen.cover, z)

    def _where_seen(self, seen: Seen, work, extra: Normals = ()) -> tuple[Floats, ...]:  # type: ignore[no-untyped-def, assignment]
        """Run `work` on covered pixels only and spread its arrays over the grid again."""
        x, y = self._grid.mesh()
        where = np.flatnonzero(seen.cover > 0)
        flat = [a.ravel()[where] for a in (x, y, seen.z, *extra)]
        results = []
        for values in work(*flat):
            full = np.zeros(x.size, np.float32)
            full[where] = values
            results.append(full.reshape(x.shape))
        return tuple(results)

    def _hair_shadow(self, paint: Paint, at: tuple[Floats, Floats, Floats], cover: Floats) -> None:
        """Hair darkens the skin just under its edge, on the side away from the lamp, and is stubble above it."""
        top = np.flatnonzero((at[1] > -0.5) & (cover > 0))
        x, y, z = (a.ravel()[top] for a in at)
        reach = hairdo.reach(x - 0.03 * self._lamp.to[0], y + 0.05, z, self._style)
        paint.tint(top, 0.60 * smoothstep(-0.13, 0.02, reach), (0.62, 0.45, 0.40))
        scalp = smoothstep(0.06, 0.11, reach) * (y > -0.3) * (np.abs(x) < self._build.cranium_radii[0] * 0.97)
        paint.cover(top, 0.9 * scalp, linear(self._who.hair_colour))

    def _catchlights(self, light: Floats, x: Floats, y: Floats, z: Floats) -> None:
        """The lamp mirrored in both eyes, and the sky more faintly below it."""
        b, lamp = self._build, self._lamp
        lx, ly, _ = self._head.own(*(np.float32(v) for v in lamp.to))  # type: ignore[arg-type]
        radius = 0.020 + self._grid.pixel * 0.35
        for side in (-1, 1):
            cx, cy = side * b.eye_x + 0.058 * float(lx), 0.014 + 0.055 * float(ly)
            spot = smoothstep(radius * 1.3, radius * 0.6, np.hypot(x - cx, y - cy)) * (z > 0)
            soft = 0.16 * np.exp(-(((x - side * b.eye_x + 0.03 * float(lx)) / 0.04) ** 2) - ((y + 0.045) / 0.022) ** 2) * (z > 0)
            light += (0.95 * spot + soft * 0.35)[..., None] * np.asarray(lamp.key, np.float32)

    def _hair(self) -> Layer:
        grid, s = self._grid, self._style

        def solid(x: Floats, y: Floats, z: Floats) -> Floats:
            own = self._head.own(x, y, z)
            return blend(hairdo.shell(*own, s), hairdo.locks(*own, s), 0.06)

        seen = trace(solid, grid)
        x, y = grid.mesh()
        n = self._where_seen(seen, lambda px, py, pz: normals(solid, px, py, pz))
        own = self._head.own(x, y, seen.z)
        own_n = self._head.own(*n)
        loose = smoothstep(0.05, -0.02, hairdo.locks(*own, s) - hairdo.shell(*own, s))
        reach = hairdo.reach(*own, s)
        soft = 0.012 + grid.pixel
        alpha = np.maximum(smoothstep(-soft, soft, reach), loose) * seen.cover
        alpha *= smoothstep(-soft, soft, hairdo.ends(*own, s))
        if self._view.hat:
            alpha = alpha * smoothstep(0.10, 0.04, brim(own[1], own[2]))
        colour = hairdo.hair_light(own, (n[0], n[1], n[2]), own_n, s, self._lamp, loose)
        # thin ends let the skin shine through
        return Layer(colour, alpha.astype(np.float32), seen.z + np.float32(0.03))


    def _hat(self) -> Layer:
        def solid(x: Floats, y: Floats, z: Floats) -> Floats:
            return hat_solid(*self._head.own(x, y, z), self._style)

        seen = trace(solid, self._grid)
        n = self._where_seen(seen, lambda px, py, pz: normals(solid, px, py, pz))
        x, y = self._grid.mesh()
        own = self._head.own(x, y, seen.z)
        alpha = smoothstep(-self._grid.pixel, self._grid.pixel, brim(own[1], own[2])) * seen.cover
        return Layer(hat_light(own, (n[0], n[1], n[2]), self._lamp, self._view.seed), alpha, seen.z)


def _bumped(n: tuple[Floats, ...], relief: Floats, pixel: float) -> Normals:
    """Normals tilted by the slope of a fine relief."""
    down, right = np.gradient(relief, pixel)
    nx, ny, nz = n[0] - right, n[1] + down, n[2]
    length = np.sqrt(nx * nx + ny * ny + nz * nz) + np.float32(1e-9)
    return nx / length, ny / length, nz / length


__all__ = ["Figure", "skin_colour"]
