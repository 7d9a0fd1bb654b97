"""What puts work on the desk: lists of new sightings, pairs that were picked, excluded pairs that are asked again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from matcher.domain.cases import PhotoState
from matcher.domain.ids import CandidateId, CaseId, new_id
from matcher.domain.records import Candidate, Sighting
from matcher.domain.reviews import (
    Decision,
    DecisionId,
    DecisionKind,
    ReopenedBy,
    Task,
    TaskId,
    TaskKind,
    TaskState,
    day_of,
)
from matcher.review.workflow import OPEN, pair_state
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.store.database import Transaction

_NAMED = 200  # how many tasks the audit log names of those that are asked again at once; it tells how many there are


def list_tasks(context: Context, sighting: Sighting, candidates: Iterable[Candidate]) -> list[Task]:
    """One list per face that has candidates."""
    faces = sorted({(one.face_id, one.space) for one in candidates})
    urgent_until = None
    if sighting.seen_at is not None:
        urgent_until = _end_of_urgency(sighting.seen_at, context.settings.urgent_hours)
    hour = None if sighting.seen_at is None else int(sighting.seen_at.timestamp() // 3600)
    return [
        Task(
            id=TaskId(new_id()),
            kind=TaskKind.LIST,
            state=TaskState.WAITING,
            sighting_id=sighting.id,
            face_id=face_id,
            space=space,
            needed=1,
            urgent_until=urgent_until,
            seen_hour=hour,
            age=sighting.apparent_age,
            day=day_of(sighting.created_at),
            created_at=sighting.created_at,
            updated_at=sighting.created_at,
        )
        for face_id, space in faces
    ]


def _end_of_urgency(seen_at: datetime, hours: float) -> datetime | None:
    try:
        return seen_at.astimezone(timezone.utc) + timedelta(hours=hours)
    except OverflowError:  # in the year 9999, or hours beyond all calendars: never a reason to refuse a sighting
        return None


def add_pairs(context: Context, transaction: Transaction, of: Task, picks: Sequence[CandidateId]) -> list[Task]:
    """A pair for each candidate that was picked on a list, unless the face and the case are a pair already."""
    now = context.clock()
    found = {one.id: one for one in transaction.candidates.of_list(of.face_id, of.space)}
    new = [
        replace(
            of,
            id=TaskId(new_id()),
            kind=TaskKind.PAIR,
            state=TaskState.WAITING,
            round=1,
            case_id=found[pick].case_id,
            candidate_id=pick,
            needed=context.settings.pair_reviewers,
            created_at=now,
            updated_at=now,
        )
        for pick in picks
        if transaction.tasks.pair(of.face_id, found[pick].case_id) is None
    ]
    transaction.tasks.add(new)
    return new


def close_of_case(context: Context, transaction: Transaction, case_id: CaseId, who: Who) -> int:
    """Close the open pairs of a case that ends, with that as the reason; how many there are."""
    open_pairs = [task for task in transaction.tasks.pairs_of(case_id).values() if task.state in OPEN]
    return _follow_case(context, transaction, open_pairs, who, DecisionKind.CLOSED)


def resume_of_case(context: Context, transaction: Transaction, case_id: CaseId, who: Who) -> int:
    """Put the pairs that were closed with their case back where they stood; how many there are."""
    closed = [task for task in transaction.tasks.pairs_of(case_id).values() if task.state is TaskState.CLOSED]
    return _follow_case(context, transaction, closed, who, DecisionKind.RESUMED)


def _follow_case(
    context: Context, transaction: Transaction, tasks: Sequence[Task], who: Who, kind: DecisionKind
) -> int:
    now = context.clock()
    for task in tasks:
        made = Decision(
            id=DecisionId(new_id()), task_id=task.id, round=task.round, kind=kind, actor=who.actor, note=None, at=now
        )
        transaction.verdicts.decide([made])
        verdicts = transaction.verdicts.of_round(task.id, task.round)
        state = pair_state(verdicts, transaction.verdicts.decisions(task.id, task.round), task.needed)
        transaction.tasks.update(replace(task, state=state, updated_at=now))
    return len(tasks)


def reopen_of_case(context: Context, transaction: Transaction, case_id: CaseId, who: Who) -> int:
    """Ask again about the excluded pairs of a case that has a new photo; how many there are. None of a case that has
    ended: they come with the case (`reopen_due`).
    """
    excluded = transaction.tasks.excluded(case_id=case_id)
    return _reopen_all(context, transaction, excluded, who, ReopenedBy.NEW_PHOTO)


def reopen_of_other_spaces(context: Context, transaction: Transaction, space: str, who: Who) -> int:
    """Ask again about the excluded pairs of open cases that other models had found; how many there are."""
    excluded = [replace(task, space=space) for task in transaction.tasks.excluded(other_than=space)]
    return _reopen_all(context, transaction, excluded, who, ReopenedBy.NEW_MODEL)


def reopen_due(context: Context, transaction: Transaction, case_id: CaseId, who: Who) -> None:
    """Ask again about the excluded pairs of a case that is searched again, where there was a reason meanwhile: a photo
    that came in after the exclusion, or other models.
    """
    photos = [one for one in transaction.photos.of_case(case_id) if one.state is PhotoState.READY]
    newest = max((photo.created_at for photo in photos), default=None)
    space, excluded = context.space.name, transaction.tasks.excluded(case_id=case_id)
    pictured = [task for task in excluded if newest is not None and newest > task.updated_at]
    other = [replace(task, space=space) for task in excluded if task.space != space and task not in pictured]
    _reopen_all(context, transaction, pictured, who, ReopenedBy.NEW_PHOTO)
    _reopen_all(context, transaction, other, who, ReopenedBy.NEW_MODEL)


def _reopen_all(
    context: Context, transaction: Transaction, tasks: Sequence[Task], who: Who, because: ReopenedBy
) -> int:
    """Reopen what nobody decided to reopen, with an entry of its own: the chain would not tell of it otherwise."""
    if tasks:
        reopen(context, transaction, tasks, who, because)
        details = {"because": because.value, "tasks": len(tasks)}
        record(context, transaction, who, Trace("review.reopen", [task.id for task in tasks[:_NAMED]], details=details))
    return len(tasks)


def reopen(context: Context, transaction: Transaction, tasks: Sequence[Task], who: Who, because: ReopenedBy) -> None:
    """Begin a new round of these pairs; the decision belongs to the round that it ends."""
    now = context.clock()
    # A face was not watched while its child was confirmed.
    transaction.watching.wait(task.face_id for task in tasks if task.state is TaskState.CONFIRMED)
    for task in tasks:
        transaction.tasks.update(
            replace(
                task,
                state=TaskState.WAITING,
                round=task.round + 1,
                needed=context.settings.pair_reviewers,
                reopened_by=because,
                day=day_of(now),
                updated_at=now,
            )
        )
    transaction.verdicts.decide(
        [
            Decision(
                id=DecisionId(new_id()),
                task_id=task.id,
                round=task.round,
                kind=DecisionKind.REOPENED,
                actor=who.actor,
                note=who.note,
                reopened_by=because,
                at=now,
            )
            for task in tasks
        ]
    )
