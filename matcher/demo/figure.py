"""One child on a grid of pixels: solids, paint and light put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.demo import hair
from matcher.demo.accessories import brim, hat_light, hat_solid, wear_glasses
from matcher.demo.head import Pose, body_solid, build, head_solid
from matcher.demo.identity import Identity, View
from matcher.demo.light import CLOTH, SKIN, Lamp, Normals, openness, shade
from matcher.demo.paint import Paint, Surface, Where, linear
from matcher.demo.scenery import cloth_colour, clothes
from matcher.demo.skin import paint_face
from matcher.demo.solids import Floats, Grid, Solid, blend, normals, smoothstep, trace


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The pixels that show a solid: flat indices, picture coordinates, unit normals and cover 0 … 1."""

    where: Where
    at: tuple[Floats, Floats, Floats]
    normal: Normals
    cover: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Linear `colour` (n, 3) and `alpha` (n,) of the pixels `where`, and the depth (h · w,) of all."""

    where: Where
    colour: Floats
    alpha: Floats
    depth: Floats

    def over(self, picture: Floats, part: Floats | None = None) -> None:
        """Draw onto a linear picture (h, w, 3), in place; `part` (h · w,) says how much of each pixel."""
        flat = picture.reshape(-1, 3)
        alpha = self.alpha if part is None else self.alpha * part[self.where]
        flat[self.where] += (self.colour - flat[self.where]) * alpha[:, None]


class Figure:
    """A child posed on a grid; `draw` puts it over a picture of the grid's size."""

    def __init__(self, who: Identity, view: View, grid: Grid) -> None:
        who = who.grown(view.age)
        self._who, self._view, self._grid = who, view, grid
        self._build = build(who, view)
        self._style = hair.style(who, self._build)
        lean = float((view.roll + 180) % 360 - 180)
        self._head = Pose.of(view.yaw, view.pitch, lean)
        self._body = Pose.of(view.yaw * 0.35, 0, lean - float(np.clip(lean, -14, 14)))
        self._lamp = Lamp.of(view)
        # heights above which there is no body and below which no head
        self._split = (self._build.chin_y - 0.35, -0.45) if abs(lean) < 30 else (-9.0, 9.0)

    def draw(self, picture: Floats) -> None:
        """Draw the child over a linear picture (h, w, 3), contiguous, in place."""
        person, locks = self._person(), self._hair()
        before = smoothstep(-0.02, 0.02, locks.depth - person.depth)
        locks.over(picture, 1 - before)
        person.over(picture)
        locks.over(picture, before)
        if self._view.hat:
            self._hat().over(picture)

    def _solid(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Distance to head, neck and clothes; each is asked only for points that it may be the nearest of."""
        high, low = np.flatnonzero(y > self._split[0]), np.flatnonzero(y < self._split[1])
        head, neck, shirt = (np.full(x.shape, 9, np.float32) for _ in range(3))
        head[high] = head_solid(*self._head.own(x[high], y[high], z[high]), self._build, self._who)
        neck[low], shirt[low] = body_solid(*self._body.own(x[low], y[low], z[low]), self._build)
        return np.minimum(blend(head, neck, 0.10), shirt)

    def _hair_solid(self, x: Floats, y: Floats, z: Floats) -> Floats:
        own = self._head.own(x, y, z)
        return blend(hair.shell(*own, self._style), hair.locks(*own, self._style), 0.06)

    def _hat_solid(self, x: Floats, y: Floats, z: Floats) -> Floats:
        return hat_solid(*self._head.own(x, y, z), self._style)

    def _look(self, solid: Solid) -> tuple[_Seen, Floats]:
        """The visible part of a solid, and the depth of every pixel (far away where there is none)."""
        seen = trace(solid, self._grid)
        where = np.flatnonzero(seen.cover > 0)
        x, y = (a.ravel()[where] for a in self._grid.mesh())
        z = seen.z.ravel()
        depth = np.full(z.size, -9, np.float32)
        depth[where] = z[where]
        at = (x, y, z[where])
        return _Seen(where, at, normals(solid, *at), seen.cover.ravel()[where]), depth

    def _person(self) -> _Layer:
        seen, depth = self._look(self._solid)
        face = Surface(*self._head.own(*seen.at), self._build, self._who, self._grid.pixel)
        paint = paint_face(face)
        if self._view.glasses:
            wear_glasses(paint, face, self._who.texture)
        self._hair_shadow(paint, face)
        open_ = openness(self._solid, seen.at, seen.normal, self._lamp)
        light = shade(paint, self._bumped(seen, paint.relief), self._lamp, SKIN, open_)
        self._catchlights(light, face)
        self._dress(light, face, seen, open_)
        return _Layer(seen.where, light, seen.cover, depth)

    def _dress(self, light: Floats, face: Surface, seen: _Seen, open_: tuple[Floats, Floats]) -> None:
        """Replace the light of points that lie on clothes."""
        own = self._body.own(*seen.at)
        neck, shirt = body_solid(*own, self._build)
        skin = np.minimum(neck, head_solid(face.x, face.y, face.z, self._build, self._who))
        on = smoothstep(face.pixel, -face.pixel, shirt - skin)[:, None]
        cloth = cloth_colour(own[0], own[1], neck, clothes(self._view.seed), face.pixel)
        light += (shade(Paint.plain(cloth), seen.normal, self._lamp, CLOTH, open_) - light) * on

    def _bumped(self, seen: _Seen, relief: Floats) -> Normals:
        """Normals tilted by the slope of a fine relief."""
        shape = (len(self._grid.y), len(self._grid.x))
        full = np.zeros(shape, np.float32)
        full.ravel()[seen.where] = relief
        down, right = (slope.ravel()[seen.where] for slope in np.gradient(full, self._grid.pixel))
        nx, ny, nz = seen.normal[0] - right, seen.normal[1] + down, seen.normal[2]
        length = np.sqrt(nx * nx + ny * ny + nz * nz) + np.float32(1e-9)
        return nx / length, ny / length, nz / length

    def _hair_shadow(self, paint: Paint, face: Surface) -> None:
        """Hair darkens the skin just under its edge, on the side away from the lamp, and covers the scalp."""
        top = np.flatnonzero(face.y > -0.5)
        x, y, z = face.x[top], face.y[top], face.z[top]
        reach = hair.reach(x - np.float32(0.03 * self._lamp.to[0]), y + np.float32(0.05), z, self._style)
        paint.tint(top, 0.60 * smoothstep(-0.13, 0.02, reach), (0.62, 0.45, 0.40))
        scalp = smoothstep(0.06, 0.11, reach) * (y > -0.3) * (np.abs(x) < self._build.cranium_radii[0] * 0.97)
        paint.cover(top, 0.9 * scalp, linear(self._who.hair_colour))

    def _catchlights(self, light: Floats, face: Surface) -> None:
        """The lamp mirrored in both eyes, and the sky more faintly below it."""
        b, lamp = self._build, self._lamp
        tx, ty, tz = (np.full(1, v, np.float32) for v in lamp.to)
        lx, ly, _ = (float(v[0]) for v in self._head.own(tx, ty, tz))
        radius = 0.020 + face.pixel * 0.35
        for side in (-1, 1):
            where, x, y = face.near((side * b.eye_x - 0.2, side * b.eye_x + 0.2, -0.15, 0.15))
            x = x - side * b.eye_x
            spot = smoothstep(radius * 1.3, radius * 0.6, np.hypot(x - 0.058 * lx, y - 0.014 - 0.055 * ly))
            sky = np.exp(-(((x + 0.03 * lx) / 0.04) ** 2) - ((y + 0.045) / 0.022) ** 2)
            light[where] += (0.95 * spot + 0.055 * sky)[:, None] * np.asarray(lamp.key, np.float32)

    def _hair(self) -> _Layer:
        s = self._style
        seen, depth = self._look(self._hair_solid)
        own = self._head.own(*seen.at)
        loose = smoothstep(0.05, -0.02, hair.locks(*own, s) - hair.shell(*own, s))
        soft = 0.012 + self._grid.pixel
        alpha = np.maximum(smoothstep(-soft, soft, hair.reach(*own, s)), loose) * seen.cover
        alpha *= smoothstep(-soft, soft, hair.ends(*own, s))
        if self._view.hat:
            alpha *= smoothstep(0.10, 0.04, brim(own[1], own[2]))
        colour = hair.hair_light(own, (seen.normal, self._head.own(*seen.normal)), s, self._lamp, loose)
        # the strands of a fringe lie on the skin that they hide
        return _Layer(seen.where, colour, alpha, depth + np.float32(0.03))

    def _hat(self) -> _Layer:
        seen, depth = self._look(self._hat_solid)
        own = self._head.own(*seen.at)
        pixel = self._grid.pixel
        alpha = smoothstep(-pixel, pixel, brim(own[1], own[2])) * seen.cover
        return _Layer(seen.where, hat_light(own, seen.normal, self._lamp, self._view.seed), alpha, depth)
