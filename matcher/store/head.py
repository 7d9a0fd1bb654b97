"""The one row that every writer locks: how far the gallery and the audit chain have come, and whether they may."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from matcher.errors import StoreProblem
from matcher.store import tables


@dataclass(slots=True)
class Head:
    """The row as this transaction sees it; a writer counts on here and saves once, just before the commit."""

    change_counter: int
    trimmed_through: int
    audit_number: int
    audit_hash: str
    stopped_at: datetime | None
    stopped_by: str | None

    @classmethod
    def read(cls, connection: Connection, *, lock: bool) -> Head:
        """The present row; with `lock`, other writers wait from here (on SQLite, since BEGIN IMMEDIATE)."""
        columns = [tables.head.c[name] for name in cls.__slots__]
        query = select(*columns)
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise StoreProblem("The database has lost its head row: restore a backup.")
        return cls(**row._mapping)

    def save(self, connection: Connection) -> None:
        connection.execute(update(tables.head).values(asdict(self)))
