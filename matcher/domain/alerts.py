"""Alerts: where they are heard, how that area grows with time, and how an alert goes on to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from matcher.domain.positions import Position
from matcher.errors import MoveNotAllowed, WrongUse
from matcher.wording import Wording

LARGEST_KM = 2000.0  # beyond that an area is no place any more
_MOST_STEPS = 24
_LONGEST_HOURS = 8760  # a year


class AlertState(str, Enum):
    """Where an alert stands. Only people move it; what ends on its own is none of them."""

    DRAFT = "draft"  # written, and told to nobody
    ISSUED = "issued"
    CANCELLED = "cancelled"


# The whole table of moves: a cancelled alert is not issued again, a new one is.
MOVES: dict[AlertState, frozenset[AlertState]] = {
    AlertState.DRAFT: frozenset({AlertState.ISSUED, AlertState.CANCELLED}),
    AlertState.ISSUED: frozenset({AlertState.CANCELLED}),
    AlertState.CANCELLED: frozenset(),
}


def check_move(old: AlertState, new: AlertState) -> None:
    """`MoveNotAllowed` unless an alert may go from `old` to `new`."""
    if new not in MOVES[old]:
        told = {"old": old.value, "new": new.value}
        raise MoveNotAllowed(Wording("The alert is '{old}' and cannot become '{new}': write a new one.", **told))


@dataclass(frozen=True, slots=True)
class Circle:
    """The area of an alert: everything within `radius_km` of its centre, measured on the ellipsoid."""

    centre: Position
    radius_km: float


@dataclass(frozen=True, slots=True)
class Growth:
    """How far an alert is heard: from so many hours after the disappearance on, within so many kilometres.

    The first step begins at 0 hours; hours rise, and no radius is smaller than the one before: whoever was told once
    is told of the end, too. `WrongUse` otherwise.
    """

    steps: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0][0] != 0:
            raise WrongUse(Wording("An area needs its first radius from hour 0 on."))
        if len(self.steps) > _MOST_STEPS:
            raise WrongUse(Wording("An area grows in {most} steps at most.", most=_MOST_STEPS))
        if not all(0 <= hour <= _LONGEST_HOURS for hour, _ in self.steps):
            raise WrongUse(Wording("An area grows within {most} hours.", most=_LONGEST_HOURS))
        for (hour, radius), (later, wider) in zip(self.steps, self.steps[1:], strict=False):
            if not (hour < later and radius <= wider):
                raise WrongUse(Wording("An area only grows: hours and kilometres rise from step to step."))
        if not all(0 < radius <= LARGEST_KM for _, radius in self.steps):
            raise WrongUse(Wording("A radius lies above 0 and up to {most} km.", most=f"{LARGEST_KM:g}"))

    def radius_km(self, since: datetime, now: datetime) -> float:
        """The radius at a time; before the beginning that of the first step, as where a clock was put back."""
        reached = [radius for hours, radius in self.steps if now >= since + timedelta(hours=hours)]
        return reached[-1] if reached else self.steps[0][1]

    def next_change(self, since: datetime, now: datetime) -> datetime | None:
        """When the area grows next; `None` if it does not any more."""
        times = (since + timedelta(hours=hours) for hours, _ in self.steps[1:])
        return next((time for time in times if time > now), None)


# As the police system "Tuanyuan" widens its alerts: 100 km within the first hour after a child is missed, 200 within
# the second, 300 within the third, 500 from then on.
TUANYUAN = Growth(((0, 100), (1, 200), (2, 300), (3, 500)))
NEAR = Growth(((0, 10),))
