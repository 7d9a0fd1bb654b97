"""How the globe comes onto a sheet: a projection, the part of it that is shown, its graticule and its scale.

Azimuthal equidistant: distances and directions from the centre are true at any scale and latitude, and circles around
it are circles, which is what a map of where a child may be is read for. Elsewhere on a map of 2,000 km across
lengths are true to a hundredth, and neither the date line nor a pole is anything special.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matcher.domain.geodesy import bearing, destination
from matcher.domain.positions import Position

Point = tuple[float, float]
Line = list[Point]

_LEAST_KM = 1.0  # across a map; nearer, positions are not known anyway
_AROUND = 0.09  # of the extent is left free on each side
_FARTHEST_KM = 19_900.0  # the antipode is no point of the projection
_WORLD_KM = 9000.0  # across a map, from which on it shows half the globe
_SECOND, _MINUTE, _DEGREE = 1, 60, 3600  # graticules are counted in seconds of arc, so that lines meet their labels
_STEPS = [unit * many for unit in (_SECOND, _MINUTE) for many in (1, 2, 5, 10, 20, 30)]
_STEPS += [_DEGREE * many for many in (1, 2, 5, 10, 20, 30)]
_APART = 105.0  # px between lines of the graticule, at least
_PIECES = 20  # that a line of it is drawn of


@dataclass(frozen=True, slots=True)
class Projection:
    """Kilometres east and north of a centre."""

    centre: Position

    def point(self, place: Position) -> Point:
        """Where a place is."""
        km, azimuth = bearing(self.centre, place)
        return km * math.sin(math.radians(azimuth)), km * math.cos(math.radians(azimuth))

    def place(self, east: float, north: float) -> Position:
        """What is there."""
        km = min(math.hypot(east, north), _FARTHEST_KM)
        return destination(self.centre, math.degrees(math.atan2(east, north)), km)


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of the sheet, px from its upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def holds(self, point: Point) -> bool:
        """Whether a point lies in it, rim included."""
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom

    def cut(self, line: Sequence[Point]) -> Iterator[Line]:
        """The parts of a line that lie in it."""
        part: Line = []
        for start, end in pairwise(line):
            piece = self._piece(start, end)
            if piece is None:
                continue
            if part and part[-1] != piece[0]:
                yield part
                part = []
            part += piece if not part else piece[1:]
        if part:
            yield part

    def _piece(self, start: Point, end: Point) -> Line | None:
        """The part of a segment inside, by Liang and Barsky; `None` if it has none."""
        (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
        if math.hypot(dx, dy) > max(self.width, self.height):
            return None  # around the antipode of the centre
        enter, leave = 0.0, 1.0
        for step, room in ((-dx, x - self.left), (dx, self.right - x), (-dy, y - self.top), (dy, self.bottom - y)):
            if step == 0:
                if room < 0:
                    return None
            elif step < 0:
                enter = max(enter, room / step)
            else:
                leave = min(leave, room / step)
        if enter >= leave:
            return None
        return [start if enter == 0 else self._held(x + enter * dx, y + enter * dy),
                end if leave == 1 else self._held(x + leave * dx, y + leave * dy)]  # fmt: skip

    def _held(self, x: float, y: float) -> Point:
        """A point of the rim, which rounding may have moved off it."""
        return min(max(x, self.left), self.right), min(max(y, self.top), self.bottom)


@dataclass(frozen=True, slots=True)
class GridLine:
    """A line of the graticule with its name, and where it leaves the frame."""

    name: str
    parts: tuple[Line, ...]
    parallel: bool


@dataclass(frozen=True, slots=True)
class View:
    """A part of a projection in a frame: `middle` in km is the frame's middle."""

    projection: Projection
    frame: Frame
    middle: Point
    px_per_km: float

    def at(self, place: Position) -> Point:
        """Where a place is on the sheet."""
        return self.on_sheet(self.projection.point(place))

    def on_sheet(self, point: Point) -> Point:
        """Where a point of the projection is on the sheet."""
        x = self.frame.left + self.frame.width / 2 + (point[0] - self.middle[0]) * self.px_per_km
        y = self.frame.top + self.frame.height / 2 - (point[1] - self.middle[1]) * self.px_per_km
        return x, y

    def place(self, x: float, y: float) -> Position:
        """What is there."""
        east = self.middle[0] + (x - self.frame.left - self.frame.width / 2) / self.px_per_km
        north = self.middle[1] - (y - self.frame.top - self.frame.height / 2) / self.px_per_km
        return self.projection.place(east, north)

    def scale(self, longest_px: float) -> tuple[float, float]:
        """A round number of kilometres (1, 2 or 5 × 10ⁿ) that is at most so long on the sheet, and how long."""
        most = longest_px / self.px_per_km
        power = 10.0 ** math.floor(math.log10(most))
        km = max(many * power for many in (1, 2, 5) if many * power <= most * (1 + 1e-9))
        return km, km * self.px_per_km

    def graticule(self) -> Iterator[GridLine]:
        """Meridians and parallels at round degrees, minutes or seconds, cut to the frame.

        There are none on a map of half the globe, where they would run into each other.
        """
        if max(self.frame.width, self.frame.height) / self.px_per_km > _WORLD_KM:
            return
        south, north, west, east = self._bounds()
        step = _step(_APART / self.px_per_km / 111.2)
        ends = max(-90.0, south), min(90.0, north)
        pieces = _PIECES if east - west < 60 else 3 * _PIECES
        for seconds in _multiples(*ends, step):
            lons = [west + (east - west) * piece / pieces for piece in range(pieces + 1)]
            yield self._line([Position(seconds / _DEGREE, _wrapped(lon)) for lon in lons], seconds, parallel=True)
        shrunk = max(math.cos(math.radians((south + north) / 2)), 0.01)
        step = _step(_APART / self.px_per_km / 111.2 / shrunk)
        lats = [ends[0] + (ends[1] - ends[0]) * piece / _PIECES for piece in range(_PIECES + 1)]
        whole = 360 * _DEGREE if east - west >= 360 else None
        for seconds in _multiples(west, east, step):
            if whole is None or seconds < west * _DEGREE + whole:
                lon = _wrapped(seconds / _DEGREE)
                yield self._line([Position(lat, lon) for lat in lats], seconds, parallel=False)

    def _line(self, places: Sequence[Position], seconds: int, *, parallel: bool) -> GridLine:
        parts = tuple(self.frame.cut([self.at(place) for place in places]))
        return GridLine(_degrees(seconds, parallel=parallel), parts, parallel)

    def _bounds(self) -> tuple[float, float, float, float]:
        """South, north, west and east of what is shown, degrees; west and east may lie beyond ±180."""
        frame = self.frame
        steps = [part / 8 for part in range(9)]
        found = [self.place(frame.left + x * frame.width, frame.top + y * frame.height) for x in steps for y in steps]
        lats = [place.lat for place in found]
        middle = found[len(found) // 2].lon
        for pole in (Position(90, middle), Position(-90, middle)):
            if frame.holds(self.at(pole)):
                return min(*lats, pole.lat), max(*lats, pole.lat), middle - 180, middle + 180
        lons = [middle + (place.lon - middle + 180) % 360 - 180 for place in found]
        return min(lats), max(lats), min(lons), max(lons)


@dataclass(frozen=True, slots=True)
class Extent:
    """The rectangle around some points of a projection, km; a point alone has some room."""

    middle: Point
    wide: float
    high: float

    @classmethod
    def of(cls, points: Sequence[Point]) -> Extent:
        """The rectangle around them."""
        east, north = [x for x, _ in points], [y for _, y in points]
        middle = (min(east) + max(east)) / 2, (min(north) + max(north)) / 2
        return cls(middle, max(max(east) - min(east), _LEAST_KM), max(max(north) - min(north), _LEAST_KM))

    def view(self, projection: Projection, frame: Frame) -> View:
        """The view that shows all of it, with some room around."""
        room = 1 + 2 * _AROUND
        scale = min(frame.width / (self.wide * room), frame.height / (self.high * room))
        return View(projection, frame, self.middle, scale)


def _step(degrees: float) -> int:
    """The round number of seconds of arc that is at least so large."""
    return next((step for step in _STEPS if step >= degrees * _DEGREE), _STEPS[-1])


def _multiples(low: float, high: float, step: int) -> range:
    """All multiples of a step from `low` to `high` degrees, in seconds."""
    return range(math.ceil(low * _DEGREE / step) * step, math.ceil(high * _DEGREE), step)


def _wrapped(lon: float) -> float:
    return (lon + 180) % 360 - 180


def _degrees(seconds: int, *, parallel: bool) -> str:
    """The name of a line, such as 30°15′N: minutes and seconds only where they count."""
    if not parallel:
        seconds = (seconds + 180 * _DEGREE) % (360 * _DEGREE) - 180 * _DEGREE
    letter = ("NS" if parallel else "EW")[seconds < 0]
    whole, rest = divmod(abs(seconds), _DEGREE)
    minutes, rest = divmod(rest, _MINUTE)
    told = f"{whole}°"
    if minutes or rest:
        told += f"{minutes:02d}′"
    if rest:
        told += f"{rest:02d}″"
    return told + (letter if seconds % (180 * _DEGREE) or (parallel and seconds) else "")
