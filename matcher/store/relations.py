"""Relations that people declared between cases; each unordered pair has at most one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, union

from matcher.domain.cases import CaseStatus
from matcher.domain.ids import CaseId
from matcher.domain.relations import CaseRelation, RelationKind, ordered
from matcher.store.part import Part, batches
from matcher.store.tables import case_relations, cases

_ALIKE = tuple(kind for kind in RelationKind if kind.alike)
_SIDES = (
    (case_relations.c.first, case_relations.c.second),
    (case_relations.c.second, case_relations.c.first),
)


class RelationReading(Part):
    """Relations, by pair or case."""

    __slots__ = ()

    def between(self, one: CaseId, other: CaseId) -> CaseRelation | None:
        """The relation of two cases, in whichever order they are named."""
        found = self._where(_pair(one, other))
        return found[0] if found else None

    def of_case(self, case_id: CaseId) -> list[CaseRelation]:
        """All relations of a case, first declared first."""
        return self._where(or_(case_relations.c.first == case_id, case_relations.c.second == case_id))

    def pairs(self) -> list[tuple[CaseId, CaseId, RelationKind]]:
        """All related pairs, the smaller id of each first, in the order of their ids."""
        columns = case_relations.c.first, case_relations.c.second, case_relations.c.kind
        query = select(*columns).order_by(*columns[:2])
        return [(row.first, row.second, row.kind) for row in self._connection.execute(query)]

    def with_open_alike(self, case_ids: Iterable[CaseId]) -> set[CaseId]:
        """Those of the cases that have a declared sibling or twin among the open cases."""
        found: set[CaseId] = set()
        for some in batches(sorted(set(case_ids))):
            # Not a join, which SQLite would walk from the open cases: there are many.
            sides = [
                select(mine).where(
                    mine.in_(some),
                    case_relations.c.kind.in_(_ALIKE),
                    exists().where(cases.c.id == theirs, cases.c.status == CaseStatus.OPEN),
                )
                for mine, theirs in _SIDES
            ]
            found.update(self._connection.scalars(union(*sides)))
        return found

    def _where(self, condition: ColumnElement[bool]) -> list[CaseRelation]:
        query = select(case_relations).where(condition)
        rows = self._connection.execute(
            query.order_by(case_relations.c.at, case_relations.c.first, case_relations.c.second)
        )
        return [CaseRelation(**row) for row in rows.mappings()]


class RelationWriting(RelationReading):
    """Relations, with their changes."""

    __slots__ = ()

    def put(self, relation: CaseRelation) -> None:
        """Keep a relation of two kept cases, instead of any other of the same pair."""
        self.remove(relation.first, relation.second)
        self._connection.execute(insert(case_relations), _columns(relation))

    def remove(self, one: CaseId, other: CaseId) -> bool:
        """Forget the relation of two cases; whether there was one."""
        return bool(self._connection.execute(delete(case_relations).where(_pair(one, other))).rowcount)


def _pair(one: CaseId, other: CaseId) -> ColumnElement[bool]:
    first, second = ordered(one, other)
    return and_(case_relations.c.first == first, case_relations.c.second == second)


def _columns(relation: CaseRelation) -> dict[str, Any]:
    return {name: getattr(relation, name) for name in CaseRelation.__dataclass_fields__}
