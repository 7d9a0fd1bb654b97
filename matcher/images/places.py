"""Places for work that takes much memory: who finds none free waits."""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Places:
    """So many threads of a process may be in its block at once. In a forked child all places are free."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.all_free()
        _known.add(self)

    def all_free(self) -> None:
        """Forget who is inside."""
        self._free = threading.Semaphore(self.most)

    def __enter__(self) -> None:
        self._free.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._free.release()


_known: weakref.WeakSet[Places] = weakref.WeakSet()


def _in_child() -> None:
    """After a fork, a thread that had a place is not there to give it back."""
    for places in tuple(_known):
        places.all_free()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_in_child)
