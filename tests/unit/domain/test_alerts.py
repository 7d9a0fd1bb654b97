"""Areas that grow by a schedule, and the moves of an alert."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import product

import pytest

from matcher.domain.alerts import MOVES, NEAR, TUANYUAN, AlertState, Growth, check_move
from matcher.errors import MoveNotAllowed, WrongUse

GONE = datetime(2026, 1, 2, 8, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("minutes", "radius", "next_hour"),
    [(-600, 100, 1), (0, 100, 1), (59, 100, 1), (60, 200, 2), (119, 200, 2), (120, 300, 3), (180, 500, None)],
)
def test_the_area_grows_by_its_schedule(minutes: int, radius: float, next_hour: int | None) -> None:
    now = GONE + timedelta(minutes=minutes)
    assert TUANYUAN.radius_km(GONE, now) == radius
    change = None if next_hour is None else GONE + timedelta(hours=next_hour)
    assert TUANYUAN.next_change(GONE, now) == change


def test_a_fixed_area_never_changes() -> None:
    assert (NEAR.radius_km(GONE, GONE), NEAR.next_change(GONE, GONE)) == (10, None)


@pytest.mark.parametrize(
    "steps",
    [
        (),
        ((1, 100),),
        ((0, 100), (0, 200)),
        ((0, 100), (2, 200), (1, 300)),
        ((0, 100), (1, 50)),
        ((0, 0),),
        ((0, -1),),
        ((0, float("nan")),),
        ((0, 2001),),
        ((0, 1), (float("inf"), 2)),
        ((0, 1), (float("nan"), 2)),
        ((0, 1), (8761, 2)),
        tuple((hour, 10.0 + hour) for hour in range(25)),
    ],
)
def test_what_is_no_growing_area_is_refused(steps: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(WrongUse):
        Growth(steps)


def test_a_cancelled_alert_stays_cancelled() -> None:
    allowed = {("draft", "issued"), ("draft", "cancelled"), ("issued", "cancelled")}
    assert set(MOVES) == set(AlertState)
    for old, new in product(AlertState, AlertState):
        if (old.value, new.value) in allowed:
            check_move(old, new)
        else:
            with pytest.raises(MoveNotAllowed, match=f"'{old.value}' and cannot become '{new.value}'"):
                check_move(old, new)
