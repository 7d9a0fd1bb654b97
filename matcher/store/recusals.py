"""Who knows more of a case or a sighting than its photos, and is therefore not asked about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, exists, insert, or_, select, true

from matcher.domain.ids import CaseId, SightingId
from matcher.domain.people import PersonId
from matcher.domain.reviews import RecusedBy, Task, TaskKind
from matcher.store.desk_tables import case_recusals, people, sighting_recusals, tasks
from matcher.store.part import Part, batches
from matcher.store.tables import candidates


class RecusalReading(Part):
    """What people know, whenever it was that they learned it: most learn it before the sighting comes in."""

    __slots__ = ()

    def from_task(self, person: PersonId, task: Task) -> bool:
        """Whether a person is recused from a pair or a list."""
        condition = pair_recusal if task.kind is TaskKind.PAIR else list_recusal
        return bool(self._connection.scalar(select(condition(person, task))))


class RecusalWriting(RecusalReading):
    """The same, with adding: nobody forgets. Nothing happens for the name of an actor without an account."""

    __slots__ = ()

    def from_cases(self, actor: str, case_ids: Iterable[CaseId], because: RecusedBy, at: datetime) -> None:
        """Recuse somebody from cases."""
        told = case_recusals.c.because == because
        self._add(actor, case_recusals.c.case_id, case_ids, {"because": because, "at": at}, told)

    def from_sightings(self, actor: str, sighting_ids: Iterable[SightingId], because: RecusedBy, at: datetime) -> None:
        """Recuse somebody from sightings."""
        self._add(actor, sighting_recusals.c.sighting_id, sighting_ids, {"because": because, "at": at}, true())

    def from_both(self, actor: str, of: Task, because: RecusedBy, at: datetime) -> None:
        """Recuse somebody from the sighting of a pair and from its case."""
        self.from_sightings(actor, [of.sighting_id], because, at)
        self.from_cases(actor, [] if of.case_id is None else [of.case_id], because, at)

    def _add(
        self, actor: str, column: Column[int], ids: Iterable[int], values: dict[str, Any], known: ColumnElement[bool]
    ) -> None:
        person = self._connection.scalar(select(people.c.id).where(people.c.name == actor))
        if person is None:
            return
        table = column.table
        assert isinstance(table, Table)  # noqa: S101 - a type narrowing, not a check
        for some in batches(sorted(set(ids))):
            query = select(column).where(table.c.person_id == person, column.in_(some), known)
            new = set(some) - set(self._connection.execute(query).scalars())
            if new:
                rows = [{"person_id": person, column.name: one, **values} for one in sorted(new)]
                self._connection.execute(insert(table), rows)


def pair_recusal(person: Any, of: Any = tasks.c) -> ColumnElement[bool]:
    """Pairs whose case or sighting a person knows: those of a query's `tasks`, or whether it is so of one task."""
    return or_(_knows_case(person, of.case_id), _knows_sighting(person, of.sighting_id))


def list_recusal(person: Any, of: Any = tasks.c) -> ColumnElement[bool]:
    """Lists whose sighting a person knows, or one of whose cases it has read or searched for.

    A search tells ranks, and after a call it is the photo of the call that was searched. What the reveal of a pair told
    of a case keeps from that case's pairs only: on a list of another sighting nothing is named, and reviewers, who
    learn of cases in no other way, would lose with each reveal every list on which that child is one of many, until
    none is left. Whoever reads many cases loses many lists: their work is to decide, not to look first.
    """
    # One inside the other: as a join, SQLite would go through all that the person knows for each list. Without the
    # offset, PostgreSQL would first look for all candidates of all lists whose cases are known.
    on_list = and_(candidates.c.face_id == of.face_id, candidates.c.space == of.space, candidates.c.round >= of.round)
    known = _knows_case(person, candidates.c.case_id, case_recusals.c.because != RecusedBy.REVEAL)
    return or_(_knows_sighting(person, of.sighting_id), select(true()).where(on_list, known).offset(0).exists())


# The person may be a column of the query around it, however far out: left alone, the inner query would take that table
# for its own, and what one person knows would keep everybody away.
def _knows_case(person: Any, case: Any, how: ColumnElement[bool] | None = None) -> ColumnElement[bool]:
    known = and_(case_recusals.c.person_id == person, case_recusals.c.case_id == case)
    return exists().where(known if how is None else and_(known, how)).correlate_except(case_recusals)


def _knows_sighting(person: Any, sighting: Any) -> ColumnElement[bool]:
    known = sighting_recusals.c.person_id == person, sighting_recusals.c.sighting_id == sighting
    return exists().where(*known).correlate_except(sighting_recusals)
