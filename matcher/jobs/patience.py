"""A night is in no hurry: what finds the database locked by others is tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from matcher.errors import Busy

_ATTEMPTS = 3  # each waits 30 seconds for the database

T = TypeVar("T")


def patiently(work: Callable[[], T]) -> T:
    """The result of work that may be repeated; `Busy` if it was that each time."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return work()
        except Busy:
            continue
    return work()
