"""The queue: what a person may claim, claiming it, the next task, giving back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from heapq import merge
from itertools import chain, islice
from operator import attrgetter

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
    require_live,
    reviewer,
    task_of,
    unusable,
)
from matcher.services.desk_stuck import without_reviewers
from matcher.services.desk_views import ClaimView, QueueFilter, QueueItem, QueueView
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording

_LONGEST = 500  # lines of one page
_KNOWN = {Truth.SAME: TaskState.CONFIRMED, Truth.DIFFERENT: TaskState.EXCLUDED}


def queue(context: Context, acting: Acting, wanted: QueueFilter = QueueFilter.ALL, limit: int = 50) -> QueueView:
    """What a person holds and may claim: the urgent first; the rest by the day since when it waits, within a day pairs
    before lists and each in the random order of ids.
    """
    acting.require(Right.REVIEW)
    if not 1 <= limit <= _LONGEST:
        raise WrongUse(
            Wording("limit is {limit}: a page of the queue has 1 … {longest} lines.", limit=limit, longest=_LONGEST)
        )
    now = context.clock()
    with context.store.read() as reading:
        held = [Held(claim, task) for claim, task in _held(reading, acting, now)]
        found = islice(_possible(reading, acting, now, wanted), limit)
        waiting = tuple(
            QueueItem(id_text(task.id), task.kind, _urgent(task, now), _hour(task.created_at)) for task in found
        )
    return QueueView(tuple(of_claim(context, one) for one in held), waiting)


def stuck(context: Context, acting: Acting) -> dict[TaskKind, int]:
    """How many lists and pairs wait that nobody may judge any more, for those who can find somebody."""
    acting.require(Right.SETTLE)
    with context.store.read() as reading:
        return without_reviewers(reading)


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
    kinds = (TaskKind.PAIR, TaskKind.LIST) if kind is None else (kind,)
    # Nothing starves: what comes in later has a later day, and the first kind goes first within a day only.
    yield from merge(*(reading.tasks.free_for(acting.id, now, one) for one in kinds), key=attrgetter("day"))


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
    """What a person does next: the claim that it holds, else what it had begun when its lease ran out, else what has
    its turn, else what it gave back itself, else `None`. `Conflict` if it holds too many tasks of another kind.

    In the place of a share of the pairs stands one whose truth is known; nothing tells it from another.
    """
    acting.require(Right.REVIEW)
    now = context.clock()
    with context.store.write() as transaction:
        for claim, task in _held(transaction, acting, now):
            if kind in (None, task.kind):
                return of_claim(context, Held(claim, task))
        turn = chain(_begun(transaction, acting, now, kind), _by_turn(transaction, acting, now, kind))
        given_back = None
        for wanted in _checked(transaction, acting, now, turn):
            if not _was_given_back(_before(transaction, acting, wanted)):
                return _claim(context, transaction, acting, wanted)
            given_back = given_back or wanted
        return None if given_back is None else _claim(context, transaction, acting, given_back)


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
            problem = None if case is not None and case.status.searched else Wording("the case has ended")
        if problem is None and any(one.task_id == wanted.id for one in transaction.claims.live_of(acting.id, now)):
            # A control pair that was reopened while this person holds it; other words would tell it.
            problem = TAKEN
        if problem is not None:
            raise Conflict(
                Wording("You cannot claim task '{task}': {problem}. Ask for the next one.", task=task, problem=problem)
            )
        return _claim(context, transaction, acting, wanted)


def kind_of(context: Context, acting: Acting, claim_id: str) -> TaskKind:
    """Whether a person's own claim is on a list or on a pair."""
    with context.store.read() as reading:
        return own(reading, acting, claim_id).task.kind


def extend(context: Context, acting: Acting, claim_id: str) -> ClaimView:
    """Begin the lease of a claim that is worked on anew, as long as it was; `Conflict` after its end."""
    now = context.clock()
    with context.store.write() as transaction:
        held = own(transaction, acting, claim_id)
        require_live(transaction, held, now)
        until = now + (held.claim.expires_at - held.claim.claimed_at)
        transaction.claims.extend(held.claim.id, now, until)
        record(context, transaction, reviewer(acting), Trace("review.extend", [held.claim.id, held.task.id]))
    return of_claim(context, Held(replace(held.claim, claimed_at=now, expires_at=until), held.task))


def give_back(context: Context, acting: Acting, claim_id: str) -> None:
    """Return a task unanswered; what was entered is forgotten."""
    with context.store.write() as transaction:
        held = own(transaction, acting, claim_id)
        require_held(held, context.clock())
        transaction.claims.release(held.claim.id, context.clock())
        record(context, transaction, reviewer(acting), Trace("review.give_back", [held.claim.id, held.task.id]))


def _claim(context: Context, transaction: Transaction, acting: Acting, wanted: Task) -> ClaimView:
    """A claim on a task, or on the control pair that stands in its place: all that is seen of both is the same."""
    now, most = context.clock(), context.settings.claims_held
    if len(list(_held(transaction, acting, now))) >= most:
        raise Conflict(
            Wording("You hold {most} tasks, the most that one person may: seal one or give one back first.", most=most)
        )
    before = _before(transaction, acting, wanted)
    task, truth = _stand_in(context, transaction, acting, wanted, before) or (wanted, None)
    new = Claim(
        id=ClaimId(new_id()),
        task_id=task.id,
        person_id=acting.id,
        round=wanted.round,
        truth=truth,
        instead_of=None if truth is None else wanted.id,
        claimed_at=now,
        expires_at=now + lease(context, _urgent(wanted, now)),
        draft=before.draft if before is not None and before.task_id == task.id else None,
    )
    transaction.claims.add(new)
    record(context, transaction, reviewer(acting), Trace("review.claim", [new.id, task.id]))
    return of_claim(context, Held(new, task))


def _begun(reading: Reading, acting: Acting, now: datetime, kind: TaskKind | None) -> Iterator[Task]:
    """The tasks that a person entered something for before the lease ran out, if they can be had again."""
    for lapsed in reading.claims.lapsed_of(acting.id, now):
        task = reading.tasks.get(lapsed.instead_of or lapsed.task_id)
        if task is not None and kind in (None, task.kind) and reading.tasks.is_free(task, acting.id, now):
            yield task


def _before(reading: Reading, acting: Acting, wanted: Task) -> Claim | None:
    """A person's last claim in the place of a task in its present round, if nothing was sealed under it."""
    last = reading.claims.last_of(wanted.id, acting.id)
    if last is None or last.round != wanted.round or reading.verdicts.under(last.id):
        return None
    return last


def _was_given_back(before: Claim | None) -> bool:
    return before is not None and before.released_at is not None and before.released_at < before.expires_at


def _stand_in(
    context: Context, reading: Reading, acting: Acting, wanted: Task, before: Claim | None
) -> tuple[Task, Truth] | None:
    """The control pair in the place of a pair, if there is one. Whoever had it before is shown the same again, whether
    that was the pair itself or another.
    """
    if wanted.kind is not TaskKind.PAIR or (before is not None and before.truth is None):
        return None
    if before is not None and before.truth is not None:
        task = reading.tasks.get(before.task_id)
        if task is not None and task.state is _KNOWN[before.truth] and not reading.recusals.from_task(acting.id, task):
            return task, before.truth
    return _control(context, reading, acting, wanted)


def _control(context: Context, reading: Reading, acting: Acting, wanted: Task) -> tuple[Task, Truth] | None:
    """A pair whose truth is known, for a share of the pairs that is drawn anew after each that a person has sealed."""
    last = reading.claims.last_of(wanted.id, acting.id)
    turn = f"{acting.id}/{wanted.id}/{wanted.round}/{last.id if last is not None else ''}".encode()
    if not drawn(context.key.digest(turn, "control"), context.settings.control_rate):
        return None
    where = context.key.digest(turn, "which control")
    truths = list(Truth) if int(where[-1], 16) % 2 else list(Truth)[::-1]
    for truth in truths:
        task = reading.tasks.control_for(acting.id, _KNOWN[truth], int(fraction(where) * 2**63))
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
        answered = frozenset(answer.person_id for answer in reading.verdicts.answers(task.id, task.round))
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
