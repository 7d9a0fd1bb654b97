"""Attempts to sign in that are being looked at now. They count before they have failed: however many come at one time,
few passwords are hashed.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from matcher.errors import TooMany

MOST = 16  # in one process, at 50 ms to 100 ms each and four at a time: nobody waits longer than half a second
SOON = 2  # seconds after which those that are under way now have ended


class Attempts:
    """The attempts under way in this process, by what they are counted for. Safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._all = 0

    @contextmanager
    def one_more(self, subjects: Sequence[str]) -> Iterator[list[int]]:
        """Count an attempt for as long as the block lasts; how many others there were of each subject as it began.

        `TooMany` at once, with nothing counted, while `MOST` are under way.
        """
        with self._lock:
            if self._all >= MOST:
                raise too_many(SOON)
            others = [self._running[key] for key in subjects]
            self._all += 1
            self._running.update(subjects)
        try:
            yield others
        finally:
            with self._lock:
                self._all -= 1
                self._running.subtract(subjects)
                for key in subjects:
                    if not self._running[key]:
                        del self._running[key]


def too_many(seconds: int) -> TooMany:
    """The error that tells how long to wait."""
    return TooMany(f"Too many attempts to sign in: try again in {seconds} seconds.", seconds=seconds)


running = Attempts()


def _after_fork() -> None:
    global running  # noqa: PLW0603 - the threads of these attempts are not there to end them
    running = Attempts()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
