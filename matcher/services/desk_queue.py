"""The queue: what a person may claim, claiming it, the next task, giving back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from matcher.accounts.rights import Acting, Right
from matcher.domain.ids import id_text, new_id
from matcher.domain.reviews import Claim, ClaimId, Task, TaskKind, TaskState, Truth
from matcher.errors import Conflict, WrongUse
from matcher.review.order import drawn, fraction
from matcher.review.workflow import TAKEN, Seats, refusal
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_claims import (
    Held,
    lease,
    of_claim,
    own,
    require_held,
    reviewer,
    task_of,
    unusable,
)
from matcher.services.desk_views import ClaimView, QueueFilter, QueueItem, QueueView
from matcher.store.database import Reading, Transaction

_LONGEST = 500  # lines of one page
_KNOWN = {Truth.SAME: TaskState.CONFIRMED, Truth.DIFFERENT: TaskState.EXCLUDED}


def queue(context: Context, acting: Acting, wanted: QueueFilter = QueueFilter.ALL, limit: int = 50) -> QueueView:
    """What a person holds and may claim: the urgent first, the rest in the random order of ids, pairs before lists."""
    acting.require(Right.REVIEW)
    if not 1 <= limit <= _LONGEST:
        raise WrongUse(f"limit is {limit}: a page of the queue has 1 … {_LONGEST} lines.")
    now = context.clock()
    with context.store.read() as reading:
        held = [Held(claim, task) for claim, task in _held(reading, acting, now)]
        found = islice(_possible(reading, acting, now, wanted), limit)
        waiting = tuple(
            QueueItem(id_text(task.id), task.kind, _urgent(task, now), _hour(task.created_at)) for task in found
        )
    return QueueView(tuple(of_claim(context, one) for one in held), waiting)


def _possible(reading: Reading, acting: Acting, now: datetime, wanted: QueueFilter) -> Iterator[Task]:
    """Tasks of a part of the queue that a person may claim, each once."""
    if wanted is QueueFilter.OVERDUE:
        yield from _checked(reading, acting, now, reading.tasks.overdue_for(acting.id, now, _LONGEST))
    elif wanted is QueueFilter.URGENT:
        yield from _checked(reading, acting, now, reading.tasks.urgent_for(acting.id, now))
    elif wanted is not QueueFilter.MINE:
        kind = {QueueFilter.LISTS: TaskKind.LIST, QueueFilter.PAIRS: TaskKind.PAIR}.get(wanted)
        yield from _checked(reading, acting, now, _by_turn(reading, acting, now, kind))


def _by_turn(reading: Reading, acting: Acting, now: datetime, kind: TaskKind | None) -> Iterator[Task]:
    yield from reading.tasks.urgent_for(acting.id, now, kind)
    for one in (TaskKind.PAIR, TaskKind.LIST):
        if kind in (None, one):
            yield from reading.tasks.free_for(acting.id, now, one)


def _checked(reading: Reading, acting: Acting, now: datetime, tasks: Iterable[Task]) -> Iterator[Task]:
    """Each task once, none in whose place a control pair is held, and no pair at which somebody else who had to do
    with it is at work: the query has seen to all the rest.
    """
    seen = {held.instead_of for held in reading.claims.live_of(acting.id, now)}
    for task in tasks:
        if task.id in seen:
            continue
        seen.add(task.id)
        free = task.kind is TaskKind.LIST
        if free or refusal(task.kind, task.state, _seats(reading, task, now), acting.id) is None:
            yield task


def next_task(context: Context, acting: Acting, kind: TaskKind | None = None) -> ClaimView | None:
    """What a person does next: the claim that it holds, else a new one, else `None`.

    In the place of a share of the pairs stands one whose truth is known; nothing tells it from another.
    """
    acting.require(Right.REVIEW)
    now = context.clock()
    with context.store.write() as transaction:
        for claim, task in _held(transaction, acting, now):
            if kind in (None, task.kind):
                return of_claim(context, Held(claim, task))
        turn = _by_turn(transaction, acting, now, kind)
        wanted = next(_checked(transaction, acting, now, turn), None)
        if wanted is None:
            return None
        return _claim(context, transaction, acting, wanted)


def claim(context: Context, acting: Acting, task: str) -> ClaimView:
    """Claim a task of the queue; `Conflict` says why it cannot be had. One's own live claim is given again.

    As with `next_task`, a pair whose truth is known may stand in the place of a pair.
    """
    acting.require(Right.REVIEW)
    now = context.clock()
    with context.store.write() as transaction:
        wanted = task_of(transaction, task)
        for held, of in _held(transaction, acting, now):
            if wanted.id == (of.id if held.truth is None else held.instead_of):
                return of_claim(context, Held(held, of))
        problem = refusal(wanted.kind, wanted.state, _seats(transaction, wanted, now, acting), acting.id)
        if problem is None and wanted.case_id is not None:
            case = transaction.cases.by_id(wanted.case_id)
            problem = None if case is not None and case.status.searched else "the case has ended"
        if problem is None and any(one.task_id == wanted.id for one in transaction.claims.live_of(acting.id, now)):
            # A control pair that was reopened while this person holds it; other words would tell it.
            problem = TAKEN
        if problem is not None:
            raise Conflict(f"You cannot claim task '{task}': {problem}. Ask for the next one.")
        return _claim(context, transaction, acting, wanted)


def kind_of(context: Context, acting: Acting, claim_id: str) -> TaskKind:
    """Whether a person's own claim is on a list or on a pair."""
    with context.store.read() as reading:
        return own(reading, acting, claim_id).task.kind


def give_back(context: Context, acting: Acting, claim_id: str) -> None:
    """Return a task unanswered; what was entered is forgotten."""
    with context.store.write() as transaction:
        held = own(transaction, acting, claim_id)
        require_held(held, context.clock())
        transaction.claims.release(held.claim.id, context.clock())
        record(context, transaction, reviewer(acting), Trace("review.give_back", [held.claim.id, held.task.id]))


def _claim(context: Context, transaction: Transaction, acting: Acting, wanted: Task) -> ClaimView:
    """A claim on a task, or on the control pair that stands in its place: all that is seen of both is the same."""
    control = _control(context, transaction, acting) if wanted.kind is TaskKind.PAIR else None
    (task, truth), now = control or (wanted, None), context.clock()
    last = transaction.claims.last_of(task.id, acting.id)
    kept = last.draft if last is not None and (last.round, last.truth) == (task.round, truth) else None
    new = Claim(
        id=ClaimId(new_id()),
        task_id=task.id,
        person_id=acting.id,
        round=task.round,
        truth=truth,
        instead_of=None if truth is None else wanted.id,
        claimed_at=now,
        expires_at=now + lease(context, _urgent(wanted, now)),
        draft=kept,
    )
    transaction.claims.add(new)
    record(context, transaction, reviewer(acting), Trace("review.claim", [new.id, task.id]))
    return of_claim(context, Held(new, task))


def _control(context: Context, transaction: Transaction, acting: Acting) -> tuple[Task, Truth] | None:
    """A pair whose truth is known, in a share of cases that the number of a person's sealed pairs draws."""
    turn = f"{acting.id}/{transaction.verdicts.sealed_by(acting.id)}".encode()
    if not drawn(context.key.digest(turn, "control"), context.settings.control_rate):
        return None
    where = context.key.digest(turn, "which control")
    truths = list(Truth) if int(where[-1], 16) % 2 else list(Truth)[::-1]
    for truth in truths:
        task = transaction.tasks.control_for(acting.id, _KNOWN[truth], int(fraction(where) * 2**63), context.clock())
        if task is not None:
            return task, truth
    return None


def _held(reading: Reading, acting: Acting, now: datetime) -> Iterator[tuple[Claim, Task]]:
    """The claims that a person can work on now, oldest first."""
    for held in reading.claims.live_of(acting.id, now):
        task = reading.tasks.get(held.task_id)
        if task is not None and unusable(reading, Held(held, task), now) is None:
            yield held, task


def _seats(reading: Reading, task: Task, now: datetime, asking: Acting | None = None) -> Seats:
    """Who has to do with a task; recusals are looked up for the one who asks, where the query has not done it."""
    holders = reading.claims.holders(task, now)
    recused = frozenset({asking.id}) if asking and reading.recusals.from_task(asking.id, task) else frozenset()
    if task.kind is TaskKind.LIST or task.case_id is None:
        answered = frozenset(answer.person_id for answer in reading.verdicts.answers(task.id))
        return Seats(needed=task.needed, holders=holders, answered=answered, recused=recused)
    return Seats(
        needed=task.needed,
        holders=holders,
        answered=frozenset(one.person_id for one in reading.verdicts.of_round(task.id, task.round)),
        earlier=reading.verdicts.pickers(task.face_id, task.case_id) | reading.verdicts.judged_before(task),
        recused=recused,
    )


def _urgent(task: Task, now: datetime) -> bool:
    return task.urgent_until is not None and task.urgent_until > now


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
