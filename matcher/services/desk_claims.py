"""What all steps of the desk share: finding one's own claim, and saying why it cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from matcher.accounts.rights import Acting, Right
from matcher.domain.ids import id_text, parse_id
from matcher.domain.reviews import Claim, ClaimId, Task, TaskId, TaskKind, TaskState
from matcher.errors import Conflict, NotFound
from matcher.services.context import Context
from matcher.services.desk_views import ClaimView
from matcher.services.disputes import is_disputed
from matcher.services.inputs import ReasonCode, Who
from matcher.store.database import Reading
from matcher.wording import Wording


@dataclass(frozen=True, slots=True)
class Held:
    """A claim with its task."""

    claim: Claim
    task: Task


def reviewer(acting: Acting, note: str | None = None) -> Who:
    """Who acts, for the audit log."""
    return Who.of(acting, ReasonCode.REVIEW, note)


def own(reading: Reading, acting: Acting, claim: str, kind: TaskKind | None = None) -> Held:
    """A person's own claim by its shown id, whatever became of it.

    `NotFound` for one of somebody else, in the same words as for one that does not exist.
    """
    acting.require(Right.REVIEW)
    found = reading.claims.get(ClaimId(parse_id(claim)))
    task = None if found is None else reading.tasks.get(found.task_id)
    if found is None or task is None or found.person_id != acting.id:
        raise NotFound(Wording("You hold no claim '{claim}': ask for the next task.", claim=claim))
    if kind not in (None, task.kind):
        raise NotFound(
            Wording(
                "Your claim '{claim}' is on a {held}, not on a {kind}.",
                claim=claim,
                held=task.kind.value,
                kind=kind.value,
            )
        )
    return Held(found, task)


def require_live(reading: Reading, held: Held, now: datetime) -> None:
    """`Conflict` unless the claim can be worked on now."""
    problem = unusable(reading, held, now)
    if problem is not None:
        raise Conflict(
            Wording("Claim '{claim}' cannot be used: {problem}.", claim=id_text(held.claim.id), problem=problem)
        )


def unusable(reading: Reading, held: Held, now: datetime) -> str | None:
    """Why a claim cannot be worked on now; `None` if it can."""
    ended = _ended(held.claim, now)
    if ended is not None:
        return ended
    if reading.recusals.from_task(held.claim.person_id, held.task):
        return Wording("you have seen more of it than its photos; give it back")
    if is_disputed(reading, held.task.case_id, held.task.sighting_id):
        return Wording("it is disputed; ask for the next task")
    if held.claim.truth is not None:  # what else became of a control pair meanwhile changes nothing
        return None
    return _over(reading, held)


def require_held(held: Held, now: datetime) -> None:
    """`Conflict` for a claim that has ended, whatever became of its task."""
    problem = _ended(held.claim, now)
    if problem is not None:
        raise Conflict(
            Wording("Claim '{claim}' cannot be used: {problem}.", claim=id_text(held.claim.id), problem=problem)
        )


def _ended(claim: Claim, now: datetime) -> str | None:
    if claim.released_at is not None:
        return Wording("it was sealed, given back or has run out; ask for the next task")
    if claim.expires_at <= now:
        return Wording(
            "its lease has ended; what you entered is kept and comes back with the task if you ask for the next"
        )
    return None


def _over(reading: Reading, held: Held) -> str | None:
    task = held.task
    if task.state is TaskState.CLOSED:
        return Wording("the case has ended; ask for the next task")
    if task.state is not TaskState.WAITING or task.round != held.claim.round:
        return Wording("this is not asked any more; ask for the next task")
    if task.case_id is not None:
        case = reading.cases.by_id(task.case_id)
        if case is None or not case.status.searched:
            return Wording("the case has ended; ask for the next task")
    return None


def task_of(reading: Reading, task: str) -> Task:
    """A task by its shown id; `NotFound` names it."""
    found = reading.tasks.get(TaskId(parse_id(task)))
    if found is None:
        raise NotFound(Wording("There is no task '{task}': load the list anew.", task=task))
    return found


def lease(context: Context, urgent: bool) -> timedelta:
    """How long a claim lasts."""
    settings = context.settings
    return timedelta(minutes=settings.urgent_lease_minutes if urgent else settings.lease_minutes)


def of_claim(context: Context, held: Held) -> ClaimView:
    """A claim as its person sees it. Urgency is told by the lease, since a control pair's own would give it away."""
    claim = held.claim
    urgent = claim.expires_at - claim.claimed_at < lease(context, urgent=False)
    return ClaimView(id_text(claim.id), held.task.kind, urgent, claim.expires_at)
