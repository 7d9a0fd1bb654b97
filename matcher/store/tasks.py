"""What waits for reviewers, and for whom: lists and pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, insert, or_, select, text, true, tuple_, update

from matcher.domain.cases import CaseStatus
from matcher.domain.ids import CaseId, FaceId, SightingId
from matcher.domain.people import PersonId
from matcher.domain.reviews import DecisionKind, Task, TaskId, TaskKind, TaskState
from matcher.errors import NotFound
from matcher.store.claims import live
from matcher.store.desk_tables import claims, decisions, list_answers, people, tasks, verdicts
from matcher.store.part import Part, batches
from matcher.store.recusals import list_recusal, pair_recusal
from matcher.store.sightings import in_dispute
from matcher.store.tables import candidates, cases

# Written out, since SQLite uses an index over some rows only where a query repeats its very condition.
_IS_PAIR = text("tasks.kind = 'pair'")
_IS_LIST = text("tasks.kind = 'list'")
_SEALED = text("NOT verdicts.superseded")
_ANSWERED = and_(list_answers.c.task_id == tasks.c.id, list_answers.c.round == tasks.c.round)
_TURN = tasks.c.day, tasks.c.id
_FIELDS = tuple(field.name for field in fields(Task))
_STEP = 64  # tasks that are looked at together
_LANE = 5000  # tasks of the urgent lane that are put in order


class TaskReading(Part):
    """Tasks. Nothing orders them by likeness: ids are random."""

    __slots__ = ()

    def get(self, task_id: TaskId) -> Task | None:
        """The task of this id."""
        return next(iter(self._listed(select(tasks).where(tasks.c.id == task_id))), None)

    def pair(self, face_id: FaceId, case_id: CaseId) -> Task | None:
        """The pair of a sighting's face and a case, if it was ever picked."""
        wanted = and_(_IS_PAIR, tasks.c.face_id == face_id, tasks.c.case_id == case_id)
        return next(iter(self._listed(select(tasks).where(wanted))), None)

    def pairs_of(self, case_id: CaseId) -> dict[FaceId, Task]:
        """All pairs of a case by the sighting's face."""
        return {task.face_id: task for task in self._listed(select(tasks).where(_IS_PAIR, tasks.c.case_id == case_id))}

    def of_sighting(self, sighting_id: SightingId) -> list[Task]:
        """The lists and pairs of all faces of a sighting."""
        return self._listed(select(tasks).where(tasks.c.sighting_id == sighting_id))

    def list_of(self, face_id: FaceId) -> list[Task]:
        """The lists of a sighting's face, one per embedding space."""
        return self._listed(select(tasks).where(_IS_LIST, tasks.c.face_id == face_id))

    def lists_in(self, face_ids: Iterable[FaceId], space: str) -> dict[FaceId, Task]:
        """The list of each of these faces in a space."""
        found: dict[FaceId, Task] = {}
        for some in batches(sorted(set(face_ids))):
            wanted = and_(_IS_LIST, tasks.c.face_id.in_(some), tasks.c.space == space)
            found.update((task.face_id, task) for task in self._listed(select(tasks).where(wanted)))
        return found

    def paired(self, face_ids: Iterable[FaceId]) -> set[tuple[FaceId, CaseId]]:
        """All pairs of these faces, wherever they stand."""
        found: set[tuple[FaceId, CaseId]] = set()
        for some in batches(sorted(set(face_ids))):
            query = select(tasks.c.face_id, tasks.c.case_id).where(_IS_PAIR, tasks.c.face_id.in_(some))
            found.update((row[0], row[1]) for row in self._connection.execute(query))
        return found

    def opened(self, of: Sequence[TaskId], now: datetime) -> set[TaskId]:
        """Those of the tasks that somebody is looking at: the places of a list are fixed then."""
        found: set[TaskId] = set()
        for some in batches(of):
            held = and_(claims.c.task_id.in_(some), claims.c.opened_at.is_not(None), live(now))
            found.update(self._connection.scalars(select(claims.c.task_id).where(held)))
        return found

    def lists_of(self, face_ids: Iterable[FaceId]) -> dict[FaceId, Task]:
        """The list of each of these faces; of one that was listed in several embedding spaces, the latest."""
        wanted = and_(_IS_LIST, tasks.c.face_id.in_(list(face_ids)))
        return {task.face_id: task for task in self._listed(select(tasks).where(wanted).order_by(tasks.c.created_at))}

    def standing(
        self, state: TaskState, kind: TaskKind, *, after: TaskId | None = None, limit: int | None = None
    ) -> list[Task]:
        """Tasks in a state in the random order of their ids, beginning behind `after`; none that is disputed."""
        query = select(tasks).where(tasks.c.state == state, tasks.c.kind == kind, ~_in_dispute())
        query = query.order_by(tasks.c.id).limit(limit)
        return self._listed(query if after is None else query.where(tasks.c.id > after))

    def excluded(self, *, case_id: CaseId | None = None, other_than: str | None = None) -> list[Task]:
        """Pairs that looking has excluded, of cases that are searched: of one case, or of other embedding spaces than
        one.

        Those that an officer refuted are left out: what is known from outside, no other photo or model can change.
        """
        query = select(tasks).where(
            tasks.c.state == TaskState.EXCLUDED, tasks.c.kind == TaskKind.PAIR, _open_case(), ~_refuted()
        )
        if case_id is not None:
            query = query.where(tasks.c.case_id == case_id)
        if other_than is not None:
            query = query.where(tasks.c.space != other_than)
        return self._listed(query.order_by(tasks.c.id))

    def excluded_cases(self, face_id: FaceId) -> frozenset[CaseId]:
        """The cases whose pair with this face is excluded."""
        wanted = and_(_IS_PAIR, tasks.c.face_id == face_id, tasks.c.state == TaskState.EXCLUDED)
        return frozenset(self._connection.execute(select(tasks.c.case_id).where(wanted)).scalars())

    def free_for(self, person: PersonId, now: datetime, kind: TaskKind) -> Iterator[Task]:
        """Tasks that wait and that a person may be asked, by the day since when they do, within a day in the random
        order of their ids.

        Whether somebody else who picked a pair is at work on it is left to the caller.
        """
        after = (-1, 0)
        while True:
            query = (
                select(tasks)
                .where(tasks.c.state == TaskState.WAITING, tasks.c.kind == kind, tuple_(*_TURN) > after)
                .where(_free(kind, person, now))
                .order_by(*_TURN)
                .limit(_STEP)
            )
            found = self._listed(query)
            yield from found
            if len(found) < _STEP:
                return
            after = found[-1].day, found[-1].id

    def is_free(self, task: Task, person: PersonId, now: datetime) -> bool:
        """The same about one task."""
        free = and_(tasks.c.id == task.id, tasks.c.state == TaskState.WAITING, _free(task.kind, person, now))
        return bool(self._connection.scalar(select(exists().where(free))))

    def urgent_for(self, person: PersonId, now: datetime, kind: TaskKind | None = None) -> Iterator[Task]:
        """The same in the urgent lane, of one or both kinds: the latest sighting first, by the hour, so that within
        one the youngest child comes first; what is unknown comes last.

        The lane is put in order before anything else is asked of it, since that costs far more per task.
        """
        order = (
            tasks.c.seen_hour.is_(None),
            tasks.c.seen_hour.desc(),
            tasks.c.age.is_(None),
            tasks.c.age,
            tasks.c.id,
        )
        lane = select(tasks.c.id).where(tasks.c.state == TaskState.WAITING, tasks.c.urgent_until > now)
        if kind is not None:
            lane = lane.where(tasks.c.kind == kind)
        kinds = tuple(TaskKind) if kind is None else (kind,)
        ordered = list(self._connection.execute(lane.order_by(*order).limit(_LANE)).scalars())
        for start in range(0, len(ordered), _STEP):
            some = ordered[start : start + _STEP]
            free = or_(*(and_(tasks.c.kind == one, _free(one, person, now)) for one in kinds))
            found = {task.id: task for task in self._listed(select(tasks).where(tasks.c.id.in_(some), free))}
            yield from (found[task_id] for task_id in some if task_id in found)

    def overdue_for(self, person: PersonId, now: datetime, limit: int) -> list[Task]:
        """What left the urgent lane unanswered and still waits, the longest first."""
        free = or_(*(and_(tasks.c.kind == kind, _free(kind, person, now)) for kind in TaskKind))
        query = select(tasks).where(tasks.c.state == TaskState.WAITING, tasks.c.urgent_until <= now, free)
        return self._listed(query.order_by(tasks.c.urgent_until, tasks.c.id).limit(limit))

    def count_waiting(self, now: datetime) -> dict[TaskKind, tuple[int, int, int]]:
        """How many tasks of each kind wait for reviewers: all, those in the urgent lane, those that left it.

        Those of which nothing is asked any more, since their cases have ended, are not among them.
        """
        lane = tasks.c.urgent_until > now, tasks.c.urgent_until <= now
        urgent, overdue = (func.coalesce(func.sum(case((part, 1), else_=0)), 0) for part in lane)
        found = {}
        for kind in TaskKind:
            waiting = select(func.count(), urgent, overdue).where(tasks.c.state == TaskState.WAITING)
            row = self._connection.execute(waiting.where(tasks.c.kind == kind, asked(kind))).one()
            found[kind] = (row[0], row[1], row[2])
        return found

    def oldest(self, kind: TaskKind, limit: int) -> list[Task]:
        """The tasks of a kind that have waited longest, by day."""
        query = select(tasks).where(tasks.c.state == TaskState.WAITING, tasks.c.kind == kind, asked(kind))
        return self._listed(query.order_by(*_TURN).limit(limit))

    def closed_to(self, kind: TaskKind, of: Sequence[TaskId]) -> tuple[dict[TaskId, set[PersonId]], ...]:
        """Who has answered the present round of each of these tasks, and who is recused from it."""
        everybody = select(tasks.c.id, people.c.id).join(people, true())
        if kind is TaskKind.PAIR:
            sealed = and_(verdicts.c.task_id == tasks.c.id, verdicts.c.round == tasks.c.round, _SEALED)
            answered = select(tasks.c.id, verdicts.c.person_id).join(verdicts, sealed)
            recused = everybody.where(pair_recusal(people.c.id))
        else:
            answered = select(tasks.c.id, list_answers.c.person_id).join(list_answers, _ANSWERED)
            recused = everybody.where(list_recusal(people.c.id))
        found: tuple[dict[TaskId, set[PersonId]], ...] = defaultdict(set), defaultdict(set)
        for some in batches(of):
            for into, query in zip(found, (answered, recused), strict=True):
                for task_id, person in self._connection.execute(query.where(tasks.c.id.in_(some))):
                    into[task_id].add(person)
        return found

    def control_for(self, person: PersonId, state: TaskState, start: int) -> Task | None:
        """A pair in this state that a person never claimed, judged, picked or saw more of: one that is proved from
        outside before one that is not, from the random number `start` on.
        """
        judged = exists().where(verdicts.c.person_id == person, verdicts.c.task_id == tasks.c.id, _SEALED)
        held = exists().where(claims.c.task_id == tasks.c.id, claims.c.person_id == person)
        lists = tasks.alias("lists")
        listed = exists().where(
            text("lists.kind = 'list'"),
            lists.c.face_id == tasks.c.face_id,
            list_answers.c.task_id == lists.c.id,
            list_answers.c.person_id == person,
        )
        known = or_(judged, held, listed, pair_recusal(person))
        unseen = select(tasks).where(tasks.c.state == state, tasks.c.kind == TaskKind.PAIR, ~known, ~_in_dispute())
        for known_how in (_proved(), ~_proved()):
            for part in (tasks.c.id >= start, tasks.c.id < start):
                found = self._listed(unseen.where(known_how, part).order_by(tasks.c.id).limit(1))
                if found:
                    return found[0]
        return None

    def _listed(self, query: Select[Any]) -> list[Task]:
        return [Task(**row) for row in self._connection.execute(query).mappings()]


class TaskWriting(TaskReading):
    """Tasks, with their changes."""

    __slots__ = ()

    def add(self, new: Sequence[Task]) -> None:
        """Keep new tasks, in the order of their random ids."""
        if new:
            self._connection.execute(insert(tasks), [_columns(task) for task in sorted(new, key=lambda one: one.id)])

    def update(self, task: Task) -> None:
        """Replace what is kept of a task; `NotFound` for an unknown one."""
        if not self._connection.execute(update(tasks).where(tasks.c.id == task.id).values(_columns(task))).rowcount:
            raise NotFound("This task is gone: ask for another.")


def _columns(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in _FIELDS}


def _free(kind: TaskKind, person: PersonId, now: datetime) -> ColumnElement[bool]:
    return _pair_free(person, now) if kind is TaskKind.PAIR else _list_free(person, now)


def _proved() -> ColumnElement[bool]:
    """A confirmation, an officer's exclusion, or a face that was confirmed to be another child's."""
    others = tasks.alias("others")
    found = select(others.c.face_id).where(others.c.state == TaskState.CONFIRMED, others.c.kind == TaskKind.PAIR)
    return or_(_refuted(), tasks.c.face_id.in_(found))


def _refuted() -> ColumnElement[bool]:
    return exists().where(
        decisions.c.task_id == tasks.c.id,
        decisions.c.round == tasks.c.round,
        decisions.c.kind == DecisionKind.REFUTED,
    )


def asked(kind: TaskKind) -> ColumnElement[bool]:
    """Something is still asked: the case of a pair is open; a case of a list is, and its pair is not excluded.

    Nothing is of a disputed sighting.
    """
    if kind is TaskKind.PAIR:
        return and_(_open_case(), ~in_dispute(tasks.c.sighting_id))
    pairs = tasks.alias("pairs")
    excluded = exists().where(
        text("pairs.kind = 'pair'"),
        pairs.c.face_id == candidates.c.face_id,
        pairs.c.case_id == candidates.c.case_id,
        pairs.c.state == TaskState.EXCLUDED,
    )
    open_case = exists().where(cases.c.id == candidates.c.case_id, cases.c.status == CaseStatus.OPEN)
    return and_(exists().where(_on_list(), open_case, ~excluded), ~in_dispute(tasks.c.sighting_id))


def _in_dispute() -> ColumnElement[bool]:
    """Its sighting or its case is hidden until an officer has decided."""
    disputed = exists().where(cases.c.id == tasks.c.case_id, cases.c.status == CaseStatus.DISPUTED)
    return or_(in_dispute(tasks.c.sighting_id), disputed)


def _open_case() -> ColumnElement[bool]:
    return exists().where(cases.c.id == tasks.c.case_id, cases.c.status == CaseStatus.OPEN)


def _on_list() -> ColumnElement[bool]:
    """What was shown in earlier rounds is not asked again."""
    here = candidates.c.face_id == tasks.c.face_id, candidates.c.space == tasks.c.space
    return and_(*here, candidates.c.round >= tasks.c.round)


def _pair_free(person: PersonId, now: datetime) -> ColumnElement[bool]:
    """It is asked, the person is not recused and has not answered, and there is a seat."""
    sealed = and_(verdicts.c.task_id == tasks.c.id, verdicts.c.round == tasks.c.round, _SEALED)
    answered = exists().where(sealed, verdicts.c.person_id == person)
    count = select(func.count()).select_from(verdicts).where(sealed).correlate(tasks).scalar_subquery()
    seat = _holders(now) + count < tasks.c.needed
    return and_(asked(TaskKind.PAIR), ~pair_recusal(person), ~answered, ~_held(person, now), seat)


def _list_free(person: PersonId, now: datetime) -> ColumnElement[bool]:
    """It is asked, the person is recused from none, and there is a seat."""
    count = select(func.count()).select_from(list_answers).where(_ANSWERED).correlate(tasks).scalar_subquery()
    answered = exists().where(_ANSWERED, list_answers.c.person_id == person)
    seat = _holders(now) + count < tasks.c.needed
    return and_(~answered, ~_held(person, now), seat, ~list_recusal(person), asked(TaskKind.LIST))


def _held(person: PersonId, now: datetime) -> ColumnElement[bool]:
    return exists().where(claims.c.task_id == tasks.c.id, claims.c.person_id == person, live(now))


def _holders(now: datetime) -> Any:
    held = and_(claims.c.task_id == tasks.c.id, claims.c.round == tasks.c.round, claims.c.truth.is_(None), live(now))
    return select(func.count()).select_from(claims).where(held).correlate(tasks).scalar_subquery()
