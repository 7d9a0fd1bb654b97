"""What has been kept for how long: ended cases, unmatched sightings, faces of bystanders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from matcher.domain.cases import CaseStatus
from matcher.domain.ids import CaseId, SightingId
from matcher.domain.reports import ReportState
from matcher.domain.retention import Bystander, EndedCase, RefusedReport, UnmatchedSighting
from matcher.domain.reviews import TaskKind, TaskState
from matcher.store.desk_tables import tasks
from matcher.store.part import Part
from matcher.store.public_tables import reports
from matcher.store.tables import cases, embeddings, faces, photos, sightings, status_changes
from matcher.store.tasks import asked

# A pair in one of these is a question that is open, answered by a proof, or waits for its case to be opened again.
_MATCHED = (TaskState.WAITING, TaskState.DISPUTED, TaskState.ESCALATED, TaskState.CONFIRMED, TaskState.CLOSED)


class RetentionReading(Part):
    """What a rule may let go, the longest kept first."""

    __slots__ = ()

    def count(self) -> int:
        """How many cases and sightings there are."""
        counts = (select(func.count()).select_from(table) for table in (cases, sightings))
        return sum(self._connection.scalar(count) or 0 for count in counts)

    def ended(self, case_id: CaseId | None = None) -> list[EndedCase]:
        """All cases that have ended, or one of them. A corrected end does not begin the time anew, a reopening does.

        None ends while it is disputed: a person decides, no rule.
        """
        moves, again = status_changes.alias("moves"), status_changes.alias("again")
        reopened = (
            select(func.coalesce(func.max(again.c.number), 0))
            .where(again.c.case_id == moves.c.case_id, again.c.new == CaseStatus.OPEN)
            .correlate(moves)
            .scalar_subquery()
        )
        ended = select(func.min(moves.c.at)).where(
            moves.c.case_id == cases.c.id, moves.c.number > reopened, moves.c.new != CaseStatus.DISPUTED
        )
        since = func.coalesce(ended.scalar_subquery(), cases.c.updated_at)
        query = select(cases.c.id, cases.c.number, cases.c.status, since).where(
            cases.c.status.not_in((CaseStatus.OPEN, CaseStatus.DISPUTED))
        )
        if case_id is not None:
            query = query.where(cases.c.id == case_id)
        found = [EndedCase(*row) for row in self._connection.execute(query)]
        return sorted(found, key=lambda one: (one.since, one.id))

    def unmatched(self, before: datetime, sighting_id: SightingId | None = None) -> list[UnmatchedSighting]:
        """Sightings from before a time of which no pair is open, confirmed or ended with its case, or one of them."""
        waits = _has(TaskKind.LIST, and_(tasks.c.state == TaskState.WAITING, asked(TaskKind.LIST)))
        query = select(sightings.c.id, sightings.c.created_at, waits).where(
            sightings.c.created_at < before, ~_has(TaskKind.PAIR, tasks.c.state.in_(_MATCHED))
        )
        if sighting_id is not None:
            query = query.where(sightings.c.id == sighting_id)
        rows = self._connection.execute(query.order_by(sightings.c.created_at, sightings.c.id))
        return [UnmatchedSighting(row[0], row[1], bool(row[2])) for row in rows]

    def refused(self, before: datetime, sighting_id: SightingId | None = None) -> list[RefusedReport]:
        """Reports that people refused before a time, or one of them."""
        query = select(reports.c.sighting_id, reports.c.decided_at).where(
            reports.c.state == ReportState.REFUSED, reports.c.decided_at < before
        )
        if sighting_id is not None:
            query = query.where(reports.c.sighting_id == sighting_id)
        rows = self._connection.execute(query.order_by(reports.c.decided_at, reports.c.sighting_id))
        return [RefusedReport(row[0], row[1]) for row in rows]

    def bystanders(self, before: datetime) -> list[Bystander]:
        """Faces with a vector on sightings from before a time, of which people chose or picked another face, and not
        this one; a face whose own list still waits is none.
        """
        others, beside = faces.alias("others"), photos.alias("beside")
        pointed = exists().where(
            beside.c.sighting_id == photos.c.sighting_id,
            others.c.photo_id == beside.c.id,
            others.c.id != faces.c.id,
            or_(others.c.choice.is_not(None), _picked(others.c.id)),
        )
        waits = exists().where(
            tasks.c.face_id == faces.c.id,
            tasks.c.kind == TaskKind.LIST,
            tasks.c.state == TaskState.WAITING,
            asked(TaskKind.LIST),
        )
        query = (
            select(faces.c.id, sightings.c.id, sightings.c.created_at)
            .join(photos, photos.c.id == faces.c.photo_id)
            .join(sightings, sightings.c.id == photos.c.sighting_id)
            .where(sightings.c.created_at < before, faces.c.choice.is_(None), pointed)
            .where(exists().where(embeddings.c.face_id == faces.c.id), ~_picked(faces.c.id), ~waits)
            .order_by(sightings.c.created_at, faces.c.id)
        )
        return [Bystander(*row) for row in self._connection.execute(query)]


def _has(kind: TaskKind, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(and_(tasks.c.sighting_id == sightings.c.id, tasks.c.kind == kind, condition))


def _picked(face: ColumnElement[int]) -> ColumnElement[bool]:
    pairs = tasks.alias("pairs")
    return exists().where(pairs.c.face_id == face, pairs.c.kind == TaskKind.PAIR)
