"""What supervisors and officers decide about pairs. Nothing is taken back: a decision is followed by another."""

from __future__ import annotations

from dataclasses import dataclass, replace

from matcher.accounts.rights import Acting, Right
from matcher.domain.cases import CaseStatus, Confirmation
from matcher.domain.ids import new_id
from matcher.domain.reviews import (
    Decision,
    DecisionId,
    DecisionKind,
    RecusedBy,
    ReopenedBy,
    Task,
    TaskId,
    TaskKind,
    TaskState,
)
from matcher.errors import Conflict, NotFound, NotPermitted, WrongUse
from matcher.review.workflow import judged, pair_state, require_possible
from matcher.services import cases
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_claims import reviewer, task_of
from matcher.services.desk_faces import chosen_faces, face_at, faces_of_pair
from matcher.services.desk_facts import facts_of, of_decision, of_pair, of_verdict
from matcher.services.desk_tasks import reopen as ask_again
from matcher.services.desk_views import ClaimFace, PairItem, PairView
from matcher.services.disputes import is_disputed
from matcher.services.inputs import Who
from matcher.services.outbox import tell_of_pair
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording

# Who looks after the pairs in a state; the others belong to reviewers alone.
_LOOKS = {
    TaskState.DISPUTED: Right.SETTLE,
    TaskState.ESCALATED: Right.CONFIRM,
    TaskState.EXCLUDED: Right.SETTLE,
    TaskState.CLOSED: Right.CONFIRM,
    TaskState.CONFIRMED: Right.CONFIRM,
}


def pairs(
    context: Context, acting: Acting, state: TaskState, *, after: str | None = None, limit: int = 50
) -> list[PairItem]:
    """Pairs in a state, in the random order of their ids, beginning behind the task `after`.

    Whoever reviews too is not told the outcomes: a pair may be asked again, and to recuse somebody from all pairs of a
    list for having looked at that list would leave nobody to review. `pair` tells them, and recuses.
    """
    _require_look(acting, state)
    blind = Right.REVIEW in acting.rights
    if not 1 <= limit <= 500:
        raise WrongUse(Wording("limit is {limit}: a page has 1 … 500 lines.", limit=limit))
    with context.store.read() as reading:
        behind: TaskId | None = None if after is None else task_of(reading, after).id
        found = reading.tasks.standing(state, TaskKind.PAIR, after=behind, limit=limit)
        items = [of_pair(reading, task) for task in found]
    return [replace(item, outcomes=None) for item in items] if blind else items


def pair(context: Context, acting: Acting, task: str) -> PairView:
    """A pair that waits for a decision or was decided, with everything that was said about it.

    Whoever looks is recused from its sighting and its case.
    """
    with context.store.write() as transaction:
        found = _pair(transaction, task)
        _require_look(acting, found.state)
        verdicts = [one for one in transaction.verdicts.of_round(found.id, found.round) if not one.superseded]
        people = transaction.people.by_ids({one.person_id for one in verdicts})
        view = PairView(
            of_pair(transaction, found),
            facts_of(transaction, found),
            0 if found.case_id is None else len(chosen_faces(transaction, found.case_id)),
            tuple(of_verdict(one, people) for one in verdicts),
            tuple(of_decision(one) for one in transaction.verdicts.decisions(found.id)),
        )
        _knows(context, transaction, acting, found)
        record(context, transaction, reviewer(acting), Trace("review.pair", [found.id]))
    return view


def state_of(context: Context, acting: Acting, task: str) -> TaskState:
    """Where a pair stands, for those who decide about pairs."""
    if not acting.rights & {Right.SETTLE, Right.CONFIRM}:
        acting.require(Right.SETTLE)
    with context.store.read() as reading:
        return _pair(reading, task).state


def face_of(context: Context, acting: Acting, task: str, place: int) -> ClaimFace:
    """A face of a pair for those who decide about it, the sighting's at place 0; each look is recorded, and recuses."""
    with context.store.write() as transaction:
        found = _pair(transaction, task)
        _require_look(acting, found.state)
        face = face_at(faces_of_pair(transaction, found), place)
        _knows(context, transaction, acting, found)
        record(context, transaction, reviewer(acting), Trace("review.picture", [found.id, face.face_id]))
    return face


def settle(context: Context, acting: Acting, task: str, kind: DecisionKind | str, note: str) -> None:
    """A supervisor ends a dispute: `escalated` or `excluded`, with a reason.

    `Conflict` for a pair that is not disputed (any more), and for somebody who picked or judged it.
    """
    acting.require(Right.SETTLE)
    chosen = DecisionKind(kind) if kind in {DecisionKind.ESCALATED, DecisionKind.EXCLUDED} else None
    if chosen is None:
        raise WrongUse(
            Wording("A dispute ends as 'escalated' or 'excluded', not as '{kind}'.", kind=getattr(kind, "value", kind))
        )
    with context.store.write() as transaction:
        found = _pair(transaction, task)
        _decide(context, transaction, acting, found, Made(chosen, _reasoned(acting, note)))


def confirm(
    context: Context, acting: Acting, task: str, confirmation: Confirmation, status: CaseStatus, note: str | None = None
) -> None:
    """An officer has the proof from outside: the pair is confirmed and its case closed as located, in one step.

    A case that stands in that status already stays as it is; the proof is kept with the decision.
    """
    acting.require(Right.CONFIRM)
    if not status.needs_confirmation:
        raise WrongUse(
            Wording(
                "'{status}' is no result of a confirmation: choose located_alive or located_deceased.",
                status=status.value,
            )
        )
    who = reviewer(acting, note)
    with context.store.write() as transaction:
        found = _pair(transaction, task)
        case = None if found.case_id is None else transaction.cases.by_id(found.case_id)
        if case is None:
            raise NotFound(Wording("The case of task '{task}' is gone.", task=task))
        _require_possible(transaction, found, DecisionKind.CONFIRMED)
        _decide(context, transaction, acting, found, Made(DecisionKind.CONFIRMED, who, confirmation))
        if case.status is not status:  # after the pair, which would be closed with it
            cases.close(context, transaction, case, (status, confirmation), who)


def refute(context: Context, acting: Acting, task: str, note: str) -> None:
    """An officer has found out that the escalated pair is not the same child: it is excluded, with a reason.

    Only a person opens it again.
    """
    acting.require(Right.CONFIRM)
    with context.store.write() as transaction:
        made = Made(DecisionKind.REFUTED, _reasoned(acting, note))
        _decide(context, transaction, acting, _pair(transaction, task), made)


def reopen(context: Context, acting: Acting, task: str, note: str) -> None:
    """Ask about a decided pair again, with a reason: an excluded one, or a confirmed one whose case is open again."""
    acting.require(Right.SETTLE)
    who = _reasoned(acting, note)
    with context.store.write() as transaction:
        found = _pair(transaction, task)
        require_possible(found.state, DecisionKind.REOPENED)
        case = None if found.case_id is None else transaction.cases.by_id(found.case_id)
        if case is None or not case.status.searched:
            raise Conflict(Wording("The case of this pair has ended: open the case again first."))
        ask_again(context, transaction, [found], who, ReopenedBy.PERSON)
        _knows(context, transaction, acting, found)
        record(context, transaction, who, Trace("review.reopen", [found.id], details={"round": found.round + 1}))


@dataclass(frozen=True, slots=True)
class Made:
    """What somebody decides about a pair, why, and by which proof."""

    kind: DecisionKind
    who: Who
    confirmation: Confirmation | None = None


def _decide(context: Context, transaction: Transaction, acting: Acting, task: Task, made: Made) -> None:
    _require_possible(transaction, task, made.kind)
    _require_impartial(transaction, acting, task)
    now = context.clock()
    decision = Decision(
        id=DecisionId(new_id()),
        task_id=task.id,
        round=task.round,
        kind=made.kind,
        actor=made.who.actor,
        note=made.who.note,
        confirmation=made.confirmation,
        at=now,
    )
    transaction.verdicts.decide([decision])
    verdicts = transaction.verdicts.of_round(task.id, task.round)
    state = pair_state(verdicts, transaction.verdicts.decisions(task.id, task.round), task.needed)
    transaction.tasks.update(replace(task, state=state, updated_at=now))
    tell_of_pair(context, transaction, task.id, state)
    _knows(context, transaction, acting, task)
    record(context, transaction, made.who, Trace("review.decide", [task.id], details={"decision": made.kind.value}))


def _require_possible(reading: Reading, task: Task, kind: DecisionKind) -> None:
    """`Conflict` unless the pair may be decided so. What was escalated when its case ended can still be proved, or
    refuted, from outside.
    """
    if task.state is TaskState.CLOSED and kind in {DecisionKind.CONFIRMED, DecisionKind.REFUTED}:
        made = {one.kind for one in reading.verdicts.decisions(task.id, task.round)}
        if judged(reading.verdicts.of_round(task.id, task.round), made, task.needed) is TaskState.ESCALATED:
            return
    require_possible(task.state, kind)


def _require_impartial(reading: Reading, acting: Acting, task: Task) -> None:
    """`Conflict` for somebody who picked the pair or judged it, in whatever round: nobody decides about an own view."""
    if acting.id in reading.verdicts.had_to_do_with(task):
        raise Conflict(Wording("You picked or judged this pair: another supervisor or officer has to decide about it."))


def _knows(context: Context, transaction: Transaction, acting: Acting, task: Task) -> None:
    """Whoever was shown what reviewers said, or decided, is not asked about it when it comes back."""
    transaction.recusals.from_both(acting.name, task, RecusedBy.REVEAL, context.clock())


def _pair(reading: Reading, task: str) -> Task:
    found = task_of(reading, task)
    if found.kind is not TaskKind.PAIR:
        raise NotFound(Wording("There is no pair '{task}': load the list anew.", task=task))
    if is_disputed(reading, found.case_id, found.sighting_id):
        raise Conflict(Wording("Its case or its sighting is disputed: first an officer decides about that."))
    return found


def _require_look(acting: Acting, state: TaskState) -> None:
    right = _LOOKS.get(state)
    if right is None:
        raise NotPermitted(
            Wording("Pairs that are '{state}' are shown to nobody: reviewers judge them blind.", state=state.value)
        )
    if right not in acting.rights and Right.SETTLE not in acting.rights:
        acting.require(right)


def _reasoned(acting: Acting, note: str) -> Who:
    if not (note or "").strip():
        raise WrongUse(Wording("Why? A decision needs a reason."))
    return reviewer(acting, note)
