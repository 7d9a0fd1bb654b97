"""What the figures of reviewers are made of: few columns of sealed answers, never what was noted in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, func, select, text, true

from matcher.domain.people import PersonId
from matcher.domain.reviews import Outcome, TaskKind, TaskState, Truth
from matcher.store.desk_tables import list_answers, tasks, verdicts
from matcher.store.part import Part

# A person's first verdict under a claim, which was blind, unlike those that revise it; written as the index has it.
_FIRST = text("coalesce(verdicts.revises, 0) = 0")
_TABLES: dict[TaskKind, tuple[Table, ColumnElement[bool]]] = {
    TaskKind.PAIR: (verdicts, and_(_FIRST)),
    TaskKind.LIST: (list_answers, true()),
}
_KNOWN = {TaskState.CONFIRMED: Truth.SAME, TaskState.EXCLUDED: Truth.DIFFERENT}
Spans = list[tuple[datetime, datetime]]


class FigureReading(Part):
    """Counts and times of persons; revisions count nowhere."""

    __slots__ = ()

    def counts(self, kind: TaskKind) -> dict[PersonId, int]:
        """How many lists or pairs everybody has sealed, of those who have sealed any."""
        table, first = _TABLES[kind]
        query = select(table.c.person_id, func.count()).where(first).group_by(table.c.person_id)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def count(self, kind: TaskKind, person: PersonId) -> int:
        """How many lists or pairs a person has sealed."""
        table, first = _TABLES[kind]
        return self._connection.scalar(select(func.count()).where(table.c.person_id == person, first)) or 0

    def latest_spans(self, kind: TaskKind, person: PersonId, limit: int) -> Spans:
        """When a person opened and sealed its latest lists or pairs, the last one first."""
        table, first = _TABLES[kind]
        query = select(table.c.opened_at, table.c.sealed_at).where(table.c.person_id == person, first)
        rows = self._connection.execute(query.order_by(table.c.sealed_at.desc()).limit(limit))
        return [(row.opened_at, row.sealed_at) for row in rows]

    def spans_since(self, person: PersonId, at: datetime) -> Spans:
        """When a person opened and sealed what it sealed from a time on, lists and pairs."""
        found: Spans = []
        for table, first in _TABLES.values():
            asked = and_(table.c.person_id == person, table.c.sealed_at >= at, first)
            rows = self._connection.execute(select(table.c.opened_at, table.c.sealed_at).where(asked))
            found += [(row.opened_at, row.sealed_at) for row in rows]
        return found

    def agreement(self, person: PersonId, limit: int) -> Sequence[tuple[Outcome, Outcome]]:
        """A person's latest pairs: what it said first, beside what each other person said first in the same round."""
        mine = (
            select(verdicts.c.task_id, verdicts.c.round, verdicts.c.outcome)
            .where(verdicts.c.person_id == person, _FIRST, verdicts.c.round > 0)
            .order_by(verdicts.c.sealed_at.desc())
            .limit(limit)
            .subquery()
        )
        # The other's live verdict is found by an index, and by its claim the first one that it may revise.
        other, first = verdicts.alias("other"), verdicts.alias("first")
        same = and_(
            text("NOT other.superseded"),
            other.c.task_id == mine.c.task_id,
            other.c.round == mine.c.round,
            other.c.person_id != person,
        )
        begun = and_(first.c.claim_id == other.c.claim_id, text("coalesce(first.revises, 0) = 0"))
        query = select(mine.c.outcome, first.c.outcome).join(other, same).join(first, begun)
        return [(row[0], row[1]) for row in self._connection.execute(query)]

    def controls(self, person: PersonId) -> Sequence[tuple[Truth, Outcome]]:
        """What is known now of each control pair that a person has judged, and what it said.

        A pair that is asked again, or of which reviewers think otherwise by now, is not known and left out.
        """
        known = tasks.c.state.in_(_KNOWN)
        query = select(tasks.c.state, verdicts.c.outcome).join(tasks, tasks.c.id == verdicts.c.task_id)
        query = query.where(verdicts.c.person_id == person, verdicts.c.truth.is_not(None), known)
        return [(_KNOWN[row[0]], row[1]) for row in self._connection.execute(query)]
