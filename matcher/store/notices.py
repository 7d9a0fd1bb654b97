"""What people are to hear of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from matcher.domain.ids import new_id
from matcher.domain.people import PersonId, Role
from matcher.domain.reviews import TaskId
from matcher.store.desk_tables import notices, people
from matcher.store.part import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One line of an inbox: a word for what happened, and the task that it is about; nothing identifies a child."""

    id: int
    person_id: PersonId
    kind: str
    task_id: TaskId
    created_at: datetime
    read_at: datetime | None = None


class NoticeReading(Part):
    """Notices of a person."""

    __slots__ = ()

    def of(self, person: PersonId, limit: int | None = None) -> Sequence[Notice]:
        """A person's notices, newest first."""
        order = notices.c.created_at.desc(), notices.c.id
        query = select(notices).where(notices.c.person_id == person).order_by(*order).limit(limit)
        return [Notice(**row) for row in self._connection.execute(query).mappings()]


class NoticeWriting(NoticeReading):
    """Notices, with their changes."""

    __slots__ = ()

    def tell(self, role: Role, kind: str, task_id: TaskId, at: datetime) -> list[PersonId]:
        """Give a notice to every active account of a role; returns who they are."""
        rows = self._connection.execute(select(people.c.id, people.c.roles).where(people.c.active))
        told = sorted(row.id for row in rows if role.value in row.roles)
        new = [
            {"id": new_id(), "person_id": person, "kind": kind, "task_id": task_id, "created_at": at} for person in told
        ]
        if new:
            self._connection.execute(insert(notices), new)
        return told

    def read(self, person: PersonId, notice_ids: Iterable[int], at: datetime) -> None:
        """Note that a person has read notices; those of others stay as they are."""
        mine = (notices.c.person_id == person) & notices.c.id.in_(list(notice_ids)) & notices.c.read_at.is_(None)
        self._connection.execute(update(notices).where(mine).values(read_at=at))

    def forget_read(self, before: datetime) -> int:
        """Delete the notices that were read before a time; how many there were."""
        return self._connection.execute(delete(notices).where(notices.c.read_at < before)).rowcount
