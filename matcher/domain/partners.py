"""Partners: services that show cards and alerts to their own users, and hand in what those report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType

PartnerId = NewType("PartnerId", int)

FAREWELL = "partner.ended"  # the last message to a partner: it shows nothing of ours any more
TURN = timedelta(minutes=2)  # for one attempt to tell a partner, which is cut off long before
LONGEST_REST = timedelta(hours=8)  # of one that fails: a longer one was given by a clock that was wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """One receiver of signed events. Where its users are, only it knows.

    `tests`: it is told of tests and exercises too. `failures` counts attempts at which it failed itself since the last
    that had success, which was before `failing_since`; until `retry_at` nothing is sent to it, so that one that hangs
    holds up nobody else. Until `engaged_until` somebody tells it something, and nobody else does.
    """

    id: PartnerId
    name: str
    url: str
    tests: bool = False
    created_at: datetime
    ended_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    engaged_until: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether it is told anything but that it has ended."""
        return self.ended_at is None
