"""How long a name or an address has to wait after failed sign-ins.

Three counts stop guessing. A name at one address waits long, but only there: else whoever knows a name could keep its
owner out with one wrong password now and then. A name at all addresses together waits a minute at most, and an address
with many names a quarter of an hour. NIST SP 800-63B (section 5.2.2) asks for growing waits and names the address as a
sign to judge by; OWASP's cheat sheet on authentication warns of locks that anybody can turn.
"""

from __future__ import annotations

from datetime import datetime, timedelta

FORGOTTEN = timedelta(days=1)  # after as long a rest nothing is known of a failure
WINDOW = timedelta(minutes=15)  # how long an address is blocked, and in what time its failures drain away
_FREE_NAME, _FREE_ADDRESS = 4, 29
_DRAIN = WINDOW / (_FREE_ADDRESS + 1)
_FIRST, _LONGEST = timedelta(seconds=30), timedelta(minutes=15)
_FREE_EVERYWHERE = 19
_FIRST_EVERYWHERE, _LONGEST_EVERYWHERE = timedelta(seconds=1), timedelta(minutes=1)


def blocked_by_name(failures: int, now: datetime) -> datetime | None:
    """Until when a name is blocked at an address by so many failures there: from the fifth on, 30 s, doubled each time
    up to 15 min.
    """
    return _doubled(failures - _FREE_NAME, _FIRST, _LONGEST, now)


def blocked_everywhere(failures: int, now: datetime) -> datetime | None:
    """Until when a name is blocked by so many failures at all addresses: from the twentieth on, 1 s, doubled each time
    up to 1 min. So the right password gets through, and guessing from many places gains 1,440 attempts a day.
    """
    return _doubled(failures - _FREE_EVERYWHERE, _FIRST_EVERYWHERE, _LONGEST_EVERYWHERE, now)


def blocked_by_address(failures: int, now: datetime) -> datetime | None:
    """Until when an address is blocked by so many failures: from the thirtieth on, 15 min."""
    return now + WINDOW if failures > _FREE_ADDRESS else None


def counted_for_name(failures: int, last_at: datetime, now: datetime) -> int:
    """How many earlier failures of a name still count: all, for a day.

    Were they forgotten as soon as the longest wait is over, every wait would begin at 30 seconds again.
    """
    return failures if now - last_at < FORGOTTEN else 0


def counted_for_address(failures: int, last_at: datetime, now: datetime) -> int:
    """How many earlier failures of an address still count: one is forgotten per 30 seconds of rest.

    So thirty in 15 minutes block it, and the few of a large office that shares one address never do.
    """
    return max(0, failures - max(0, (now - last_at) // _DRAIN))


def _doubled(over: int, first: timedelta, longest: timedelta, now: datetime) -> datetime | None:
    if over <= 0:
        return None
    doubled: int = 2 ** min(over - 1, 10)
    return now + min(first * doubled, longest)
