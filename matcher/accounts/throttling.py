"""How long a name or an address has to wait after failed sign-ins."""

from __future__ import annotations

from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)  # failures are forgotten after as long a rest
_FREE_NAME, _FREE_ADDRESS = 4, 29
_FIRST, _LONGEST = timedelta(seconds=30), timedelta(minutes=15)


def blocked_by_name(failures: int, now: datetime) -> datetime | None:
    """Until when a name is blocked by so many failures: from the fifth on, 30 s, doubled each time up to 15 min."""
    over = failures - _FREE_NAME
    if over <= 0:
        return None
    doubled: int = 2 ** min(over - 1, 10)
    return now + min(_FIRST * doubled, _LONGEST)


def blocked_by_address(failures: int, now: datetime) -> datetime | None:
    """Until when an address is blocked by so many failures: from the thirtieth on, 15 min."""
    return now + WINDOW if failures > _FREE_ADDRESS else None


def counted(failures: int, last_at: datetime, now: datetime) -> int:
    """How many earlier failures still count."""
    return failures if now - last_at < WINDOW else 0
