"""Which alerts are heard at a place: kept up to date bit by bit, it is what it would be if it were made anew."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from matcher.config import Home
from matcher.domain.alerts import AlertId, Bulletin, BulletinKind, Circle, Meant
from matcher.domain.geodesy import distance_km
from matcher.domain.ids import new_id
from matcher.domain.positions import Position
from matcher.services.alert_map import AlertMap
from matcher.services.context import Context

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=timezone.utc)
PLACES = [Position(30.25, 120.16), Position(31.2, 121.5), Position(39.9, 116.4), Position(-36.8, -174.8)]


@dataclass
class Told:
    """A home, and what was told in it, kept as plainly as possible."""

    context: Context
    last: dict[int, tuple[int, Circle | None, datetime | None]] = field(default_factory=dict)

    def tell(self, kind: BulletinKind, alert: int, circle: Circle | None, **more: object) -> int:
        over = kind is BulletinKind.CANCEL
        given = {"meant": Meant.ACTUAL, "expires_at": None if over else NOW + timedelta(days=1), **more}
        told = Bulletin(
            number=0,
            alert_id=AlertId(alert),
            kind=kind,
            at=NOW,
            circle=circle,
            content=None if circle is None else {"a": 1},
            **given,
        )
        with self.context.store.write() as transaction:
            number = transaction.alerts.tell(told)
        if told.meant is Meant.ACTUAL:
            self.last[alert] = number, circle or Circle(Position(0, 0), math.inf), told.expires_at
        return number

    def heard_at(self, place: Position, after: int) -> list[int]:
        return sorted(
            number
            for number, circle, ends in self.last.values()
            if number > after
            and (after > 0 or (ends is not None and ends > NOW))
            and distance_km(circle.centre, place) <= circle.radius_km
        )


@pytest.fixture
def told(home: Path) -> Iterator[Told]:
    context = Context(Home(home))
    yield Told(context)
    context.close()


def heard(areas: AlertMap, place: Position, after: int = 0, limit: int = 1000) -> list[int]:
    return areas.heard_at(place, after=after, now=NOW, limit=limit)


def test_bit_by_bit_it_is_what_it_would_be_made_anew(told: Told) -> None:
    rng, areas = random.Random(7), AlertMap(told.context)
    alerts, numbers = [new_id() for _ in range(12)], [0]
    assert heard(areas, PLACES[0]) == []
    for _ in range(40):
        for _ in range(rng.randint(1, 4)):
            kind = rng.choice([BulletinKind.ALERT, BulletinKind.UPDATE, BulletinKind.UPDATE, BulletinKind.CANCEL])
            circle = None if kind is BulletinKind.CANCEL else Circle(rng.choice(PLACES), rng.choice([10, 200, 1500]))
            meant = rng.choice([Meant.ACTUAL, Meant.ACTUAL, Meant.TEST])
            expires = {} if circle is None or rng.random() < 0.7 else {"expires_at": NOW - timedelta(minutes=1)}
            numbers.append(told.tell(kind, rng.choice(alerts), circle, meant=meant, **expires))
        place, after = rng.choice(PLACES), rng.choice([0, *numbers[-5:]])
        expected = told.heard_at(place, after)
        assert heard(areas, place, after) == heard(AlertMap(told.context), place, after) == expected
        assert heard(areas, place, after, limit=2) == expected[:2]


def test_everybody_hears_of_an_end_so_that_nobody_finds_out_where_the_alert_was(told: Told) -> None:
    first = told.tell(BulletinKind.ALERT, 1, Circle(PLACES[0], 10))
    running = AlertMap(told.context)
    assert (heard(running, PLACES[0]), heard(running, PLACES[2])) == ([first], [])
    end = told.tell(BulletinKind.CANCEL, 1, None)
    assert (heard(running, PLACES[0], first), heard(running, PLACES[2], first)) == ([end], [end])
    with told.context.store.write() as transaction:
        transaction.alerts.empty_bulletins([AlertId(1)])
    anew = AlertMap(told.context)
    assert (heard(anew, PLACES[0], first), heard(anew, PLACES[2], first)) == ([end], [end])
    assert heard(anew, PLACES[0]) == []


def test_threads_ask_while_areas_change(told: Told) -> None:
    areas, stop, wrong = AlertMap(told.context), threading.Event(), []
    told.tell(BulletinKind.ALERT, 1, Circle(PLACES[0], 10))

    def ask() -> None:
        while not stop.is_set():
            found = heard(areas, PLACES[0])
            if len(found) != 1:
                wrong.append(found)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for one in askers:
        one.start()
    for step in range(30):
        told.tell(BulletinKind.UPDATE, 1, Circle(PLACES[0], 10 + step))
    stop.set()
    for one in askers:
        one.join()
    assert wrong == []
    assert heard(areas, PLACES[0]) == [31]
