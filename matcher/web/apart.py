"""Work that takes long has threads of its own: it waits for them without holding one that a page needs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

from matcher.accounts.attempts import MOST

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Apart:
    """A decorator for handlers of one kind: so many of them have a thread at one time in an application."""

    def __init__(self, kind: str, threads: int) -> None:
        self._limiter: RunVar[CapacityLimiter] = RunVar(f"matcher-{kind}")  # one per event loop, as AnyIO's own
        self._threads = threads

    def __call__(self, handler: Callable[_P, _T]) -> Callable[_P, Coroutine[Any, Any, _T]]:
        """The handler, which waits for its thread as long as it takes."""

        @wraps(handler)
        async def waits(*args: _P.args, **how: _P.kwargs) -> _T:
            return await run_sync(partial(handler, *args, **how), limiter=self._of_this_loop())

        return waits

    def _of_this_loop(self) -> CapacityLimiter:
        try:
            return self._limiter.get()
        except LookupError:
            self._limiter.set(CapacityLimiter(self._threads))
            return self._limiter.get()


# How many photos are decoded and searched at one time is bounded where that is done: these only keep what waits there
# from taking all forty threads that handlers share.
models = Apart("models", 8)
pictures = Apart("pictures", 8)
passwords = Apart("passwords", MOST + 8)  # the others refuse at once what is too much
