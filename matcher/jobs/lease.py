"""The lock of a job: taken once, kept by signs of life, and taken over from whoever gives none any more.

No clock is trusted for it: the clocks of two hosts differ, and one clock may jump. A holder on this machine is looked
up. Of one elsewhere whose last sign of life is not a recent one, the next is awaited, for as long as its holder said
that it may be silent.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType

from matcher.domain.nights import JobLock
from matcher.errors import Busy, MatcherError
from matcher.jobs import processes
from matcher.jobs.patience import patiently
from matcher.services.context import Context
from matcher.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds between two signs of life, and seconds of silence after which a holder may be taken for dead.

    A writer may wait 30 seconds for the database: several signs may be late before one is missed.
    """

    beat: float = 15.0
    silence: float = 180.0


class Lease:
    """A context manager that holds the lock `name` of a home.

    Entering raises `Busy`, naming who holds it, where and since when, while that process lives or may live. `note` says
    from whom the lock was taken over.
    """

    def __init__(self, context: Context, name: str, holder: str, rhythm: Rhythm = Rhythm()) -> None:
        self._context, self._name, self._holder, self._rhythm = context, name, holder, rhythm
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._give_signs, name=f"lock of {name}", daemon=True)
        self.note: str | None = None

    def __enter__(self) -> Lease:
        self._lock = self._acquired()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        # Where even that cannot be written, the next run finds this process dead, or silent.
        with suppress(MatcherError), self._context.store.write() as transaction:
            transaction.locks.release(self._name, self._lock.token)

    def renew(self, transaction: Transaction) -> None:
        """A sign of life in the transaction of a change, which is undone by `Busy` if the lock was lost meanwhile."""
        now = self._context.clock()
        expires_at = now + timedelta(seconds=self._rhythm.silence)
        if transaction.locks.renew(self._name, self._lock.token, now, expires_at):
            return
        other = transaction.locks.get(self._name)
        by = f" by {_described(other)}" if other else ""
        raise Busy(
            f"The lock of this {self._name} run was taken over{by}: this run has stopped, and changes nothing further. "
            f"See what became of it with `matcher {self._name} --last`."
        )

    def _give_signs(self) -> None:
        while not self._stop.wait(self._rhythm.beat):
            try:
                with self._context.store.write() as transaction:
                    self.renew(transaction)
            except Busy:
                continue  # of the database: the next beat tries again; of the lock: the run asks before its next step
            except MatcherError:
                continue

    def _acquired(self) -> JobLock:
        over: str | None = None
        while True:
            mine = self._new()
            present = patiently(lambda mine=mine, over=over: self._try(mine, over))  # type: ignore[misc]
            if present is None:
                return mine
            self.note = self._why_it_ended(present)
            over = present.token

    def _try(self, mine: JobLock, over: str | None) -> JobLock | None:
        with self._context.store.write() as transaction:
            return transaction.locks.acquire(mine, over=over)

    def _new(self) -> JobLock:
        now, pid = self._context.clock(), os.getpid()
        return JobLock(
            name=self._name,
            holder=self._holder,
            host=processes.host(),
            machine=processes.machine(),
            pid=pid,
            born=processes.born(pid),
            token=secrets.token_hex(16),
            acquired_at=now,
            heartbeat_at=now,
            expires_at=now + timedelta(seconds=self._rhythm.silence),
        )

    def _why_it_ended(self, present: JobLock) -> str | None:
        """What to say of a holder that is dead, nothing of one that gave the lock back; `Busy` if it lives."""
        living = processes.alive(present)
        if living is False:
            return f"The lock was taken over: {_described(present)} is not running any more."
        if living or abs(self._context.clock() - present.heartbeat_at) <= present.patience:
            raise self._busy(present)
        later = self._after_silence(present)
        if later is None or later.token != present.token:
            return None
        if later.heartbeat_at != present.heartbeat_at:
            raise self._busy(later)
        return f"The lock was taken over: {_described(present)} gave no sign of life any more."

    def _busy(self, present: JobLock) -> Busy:
        last = f"last sign of life {_minute(present.heartbeat_at)}"
        return Busy(
            f"A {self._name} run is under way, by {_described(present)}, {last}: wait for it, or end that process if "
            "it hangs."
        )

    def _after_silence(self, present: JobLock) -> JobLock | None:
        """The lock when its holder has given a sign of life, or could have for long; by a clock that cannot jump."""
        end, later = time.monotonic() + present.patience.total_seconds(), None
        while time.monotonic() < end:
            self._stop.wait(min(1.0, self._rhythm.beat))
            with self._context.store.read() as reading:
                later = reading.locks.get(self._name)
            if later != present:
                break
        return later


def _described(lock: JobLock) -> str:
    return f"'{lock.holder}' on host '{lock.host}' (process {lock.pid}, since {_minute(lock.acquired_at)})"


def _minute(time: object) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
