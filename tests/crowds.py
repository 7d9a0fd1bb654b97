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

    def __init__(self, seconds: float = 0.05) -> None:
        self.most = self._now = 0
        self._seconds, self._lock = seconds, threading.Lock()

    def watch(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, counted."""

        @wraps(function)
        def watched(*args: Any, **how: Any) -> Any:
            with self._lock:
                self._now += 1
                self.most = max(self.most, self._now)
            try:
                time.sleep(self._seconds)
                return function(*args, **how)
            finally:
                with self._lock:
                    self._now -= 1

        return watched


def together(count: int, work: Callable[[], Any]) -> list[Any]:
    """What so many threads got that did the same at once; our own errors are given back, not raised."""

    def one(_: int) -> Any:
        try:
            return work()
        except MatcherError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
