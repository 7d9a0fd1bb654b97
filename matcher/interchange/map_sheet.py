"""What a map of a case says: where a child was last seen, its sightings in the order of time, and areas of alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from matcher.domain.alerts import Circle
from matcher.domain.geodesy import distance_km
from matcher.domain.positions import Position
from matcher.interchange.markup import require_zone
from matcher.wording import ENGLISH, Reader, Wording

_NO_SPEED = 100_000  # km/h; times are known by the minute, so that this is no speed but one moment


@dataclass(frozen=True, slots=True)
class Seen:
    """One place and time of the map, in words of the one who asks for it; what is not known is `None`."""

    label: str
    at: datetime | None = None
    position: Position | None = None

    def __post_init__(self) -> None:
        if self.at is not None:
            require_zone(self.at)

    @property
    def moment(self) -> str | None:
        """The time in UTC, to the minute."""
        return None if self.at is None else f"{self.at.astimezone(timezone.utc):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Area:
    """A circle of an alert and what is written at its rim, such as `300 km`."""

    circle: Circle
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSheet:
    """All that a map shows. Sightings are numbered by time, those without one last; no field holds a score.

    `title` and `notice` are in the reader's language; labels are as people wrote them.
    """

    title: str
    notice: str
    last_seen: Seen | None = None
    sightings: tuple[Seen, ...] = ()
    areas: tuple[Area, ...] = ()
    reader: Reader = ENGLISH

    @property
    def numbered(self) -> tuple[tuple[int, Seen], ...]:
        """The sightings with their numbers; those of one time stay in their order."""
        known = sorted((one for one in self.sightings if one.at is not None), key=_time)
        return tuple(enumerate([*known, *(one for one in self.sightings if one.at is None)], 1))

    @property
    def lines(self) -> tuple[Line, ...]:
        """Where the child was last seen, if that is told, then each sighting with the ways to it."""
        found = [] if self.last_seen is None else [Line(None, self.last_seen)]
        before: Seen | None = None
        for number, seen in self.numbered:
            between = None if seen.at is None else way(before, seen)
            found.append(Line(number, seen, way(self.last_seen, seen), between))
            before = before if seen.position is None else seen
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Line:
    """One place in words; `number` is `None` where the child was last seen.

    `from_start` is the way from there, `from_before` that from the last position before; `None` where it is not known.
    """

    number: int | None
    seen: Seen
    from_start: str | None = None
    from_before: str | None = None


def way(start: Seen | None, end: Seen) -> str | None:
    """What getting from one to the other takes at least, straight over the ground, as a wording.

    `None` where a position is not known; the distance alone where a time is not.
    """
    if start is None or start.position is None or end.position is None:
        return None
    km = distance_km(start.position, end.position)
    if start.at is None or end.at is None:
        return _length(km)
    spent = end.at - start.at
    if spent < timedelta(0):
        return Wording("{distance}, {time} earlier", distance=_length(km), time=_span(-spent))
    hours = spent / timedelta(hours=1)
    if hours == 0 or km / hours >= _NO_SPEED:
        return Wording("{distance} at the same time", distance=_length(km))
    told = {"distance": _length(km), "time": _span(spent)}
    speed = km / hours
    if speed < 0.05:
        return Wording("{distance} in {time}", **told)
    return Wording(
        "{distance} in {time}: {speed} km/h", **told, speed=f"{speed:.1f}" if speed < 9.95 else f"{speed:.0f}"
    )


def _time(seen: Seen) -> datetime:
    assert seen.at is not None  # noqa: S101 - those without a time were left out
    return seen.at


def _length(km: float) -> Wording:
    if km < 0.9995:
        return Wording("{metres} m", metres=f"{1000 * km:.0f}")
    return Wording("{km} km", km=f"{km:.1f}" if km < 9.95 else f"{km:.0f}")


def _span(spent: timedelta) -> Wording:
    minutes = spent / timedelta(minutes=1)
    if minutes < 119.5:
        return Wording("{minutes} min", minutes=f"{minutes:.0f}")
    hours = minutes / 60
    if hours < 47.5:
        return Wording("{hours} h", hours=f"{hours:.1f}".removesuffix(".0") if hours < 9.95 else f"{hours:.0f}")
    return Wording("{days} days", days=f"{hours / 24:.1f}".removesuffix(".0") if hours < 240 else f"{hours / 24:.0f}")
