"""Many threads at one thing: how many are at it at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any

from matcher.errors import MatcherError


class Crowd:
    """Counts who is in a function at the same time; whoever is stays there for a moment."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self._changed = threading.Condition()

    def watch(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, counted."""

        @wraps(function)
        def watched(*args: Any, **how: Any) -> Any:
            with self._changed:
                self._now += 1
                self.most = max(self.most, self._now)
                self._changed.notify_all()
            try:
                self.stay()
                return function(*args, **how)
            finally:
                with self._changed:
                    self._now -= 1

        return watched

    def stay(self) -> None:
        time.sleep(0.05)


class Rush(Crowd):
    """A crowd in which whoever is in stays until each of the others is in as well, or has been turned away."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count, self._ended = count, 0

    def stay(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._now + self._ended >= self._count, 60)

    def together(self, work: Callable[[], Any]) -> list[Any]:
        """As the function `together`, of that many threads."""

        def one() -> Any:
            try:
                return work()
            finally:
                with self._changed:
                    self._ended += 1
                    self._changed.notify_all()

        return together(self._count, one)


def together(count: int, work: Callable[[], Any]) -> list[Any]:
    """What so many threads got that did the same at once; our own errors are given back, not raised."""

    def one(_: int) -> Any:
        try:
            return work()
        except MatcherError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
