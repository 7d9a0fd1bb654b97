"""Locks of jobs that take longer than a transaction: one row each, changed under the lock of all writers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from matcher.domain.nights import JobLock
from matcher.store.night_tables import job_locks
from matcher.store.part import Part


class LockReading(Part):
    """Who holds which lock."""

    __slots__ = ()

    def get(self, name: str) -> JobLock | None:
        """The lock of this name, if anybody holds it, alive or not."""
        row = self._connection.execute(select(job_locks).where(job_locks.c.name == name)).mappings().one_or_none()
        return None if row is None else JobLock(**row)

    def list(self) -> list[JobLock]:
        """All locks that somebody holds, by name."""
        rows = self._connection.execute(select(job_locks).order_by(job_locks.c.name)).mappings()
        return [JobLock(**row) for row in rows]


class LockWriting(LockReading):
    """Locks, with their changes."""

    __slots__ = ()

    def acquire(self, lock: JobLock, *, over: str | None = None) -> JobLock | None:
        """Take a lock that is free, or whose present token is `over`; `None`, or who holds it: then nothing changes."""
        present = self.get(lock.name)
        if present is not None and present.token != over:
            return present
        self._connection.execute(delete(job_locks).where(job_locks.c.name == lock.name))
        self._connection.execute(insert(job_locks).values(asdict(lock)))
        return None

    def renew(self, name: str, token: str, now: datetime, expires_at: datetime) -> bool:
        """A sign of life; false, and nothing changes, if the lock is no longer held under this token."""
        values = {"heartbeat_at": now, "expires_at": expires_at}
        return bool(self._connection.execute(update(job_locks).where(_mine(name, token)).values(values)).rowcount)

    def release(self, name: str, token: str) -> bool:
        """Give a lock back; false, and nothing changes, if it is no longer held under this token."""
        return bool(self._connection.execute(delete(job_locks).where(_mine(name, token))).rowcount)


def _mine(name: str, token: str) -> ColumnElement[bool]:
    return and_(job_locks.c.name == name, job_locks.c.token == token)
