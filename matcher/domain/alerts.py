"""Alerts: where they are heard, how that area grows with time, and how an alert goes on to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NewType

from matcher.domain.ids import CaseId
from matcher.domain.positions import Position
from matcher.domain.publications import CardId
from matcher.errors import MoveNotAllowed, WrongUse
from matcher.wording import Wording

AlertId = NewType("AlertId", int)

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


class Meant(str, Enum):
    """How an issued alert is meant. Only an actual one reaches the public, and it takes two people."""

    TEST = "test"
    EXERCISE = "exercise"
    ACTUAL = "actual"


class AlertEnd(str, Enum):
    """Why an alert was cancelled."""

    OFFICER = "officer"
    CASE = "case"  # it ended, is disputed, or was erased
    CONSENT = "consent"  # nobody allows it any more
    CARD = "card"  # the card that it shows was withdrawn


class BulletinKind(str, Enum):
    """What was told of an alert: its first words, newer ones, or that it is over."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an officer decides about an alert: where it is heard, how far by when, until when, in which words.

    The area grows from `since` on; `place` says in words where the centre lies. `note` is for the public, at most a few
    sentences, such as what changed.
    """

    centre: Position
    place: str
    growth: Growth
    since: datetime
    expires_at: datetime
    note: str | None = None

    def circle(self, now: datetime) -> Circle:
        """The area at a time."""
        return Circle(self.centre, self.growth.radius_km(self.since, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one officer wants of an actual alert, until another agrees: these terms, meant so."""

    terms: Terms
    meant: Meant
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert about a case. `terms` are those in force, or of a draft those that it would be issued with.

    `proposal` waits for a second person. `grows_at` is when its area grows next. `bulletin` is the number of the newest
    thing that was told of it; `issued_by` names both people of an actual alert.
    """

    id: AlertId
    case_id: CaseId
    card_id: CardId
    state: AlertState
    terms: Terms
    meant: Meant | None = None
    proposal: Proposal | None = None
    grows_at: datetime | None = None
    bulletin: int | None = None
    drafted_by: str
    drafted_at: datetime
    issued_by: tuple[str, ...] = ()
    issued_at: datetime | None = None
    updated_at: datetime
    ended_at: datetime | None = None
    ended_because: AlertEnd | None = None
    ended_by: str | None = None

    def active(self, now: datetime) -> bool:
        """Whether it is told to anybody at a time."""
        return self.state is AlertState.ISSUED and now < self.terms.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What was told of an alert at one moment, word for word as it stays. Later numbers were told later.

    `content` is what only its child's card and area say, as JSON; `None` in a cancellation, and in all bulletins of an
    alert whose case was erased, as are `circle` and `expires_at`.
    """

    number: int
    alert_id: AlertId
    kind: BulletinKind
    meant: Meant
    at: datetime
    expires_at: datetime | None = None
    circle: Circle | None = None
    content: Mapping[str, Any] | None = None


# As the police system "Tuanyuan" widens its alerts: 100 km within the first hour after a child is missed, 200 within
# the second, 300 within the third, 500 from then on.
TUANYUAN = Growth(((0, 100), (1, 200), (2, 300), (3, 500)))
NEAR = Growth(((0, 10),))
