"""What stops a night before it removes anything, until a person has said that it is meant."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from matcher.services.context import Clock


class ClockBrake:
    """Whether the clock can be trusted to say what is old enough to be removed.

    It is compared with the start of the last run whose clock was trusted, and throughout the run with a clock that
    cannot jump. `accepted` trusts the clock as it is at the start; a jump after that is one all the same.
    """

    def __init__(self, clock: Clock, last: datetime | None, days: float, *, accepted: bool) -> None:
        self._clock, self._limit = clock, timedelta(days=days)
        self._began, self._began_steady = clock(), time.monotonic()
        apart = timedelta(0) if last is None or accepted else self._began - last
        self._at_start = None
        if last is not None and abs(apart) > self._limit:
            way = "after" if apart > timedelta(0) else "before"
            self._at_start = (
                f"The clock shows {self._began:%Y-%m-%d %H:%M} UTC, {_days(apart)} {way} the last run "
                f"({last:%Y-%m-%d %H:%M} UTC): nothing is removed."
            )

    @property
    def off_at_start(self) -> bool:
        """Whether the clock cannot be trusted since the run began."""
        return self._at_start is not None

    def problem(self) -> str | None:
        """Why the clock cannot be trusted now; `None` if it can."""
        if self._at_start is not None:
            return self._at_start
        now = self._clock()
        jumped = now - self._began - timedelta(seconds=time.monotonic() - self._began_steady)
        if abs(jumped) <= self._limit:
            return None
        way = "forward" if jumped > timedelta(0) else "back"
        return (
            f"The clock has jumped {_days(jumped)} {way} during this run, to {now:%Y-%m-%d %H:%M} UTC: "
            "nothing is removed."
        )


def _days(apart: timedelta) -> str:
    return f"{abs(apart) / timedelta(days=1):.1f} days"
