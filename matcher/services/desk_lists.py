"""The first step: one face of a sighting beside its candidates, in an order of the reviewer's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from matcher.accounts.rights import Acting
from matcher.domain.ids import CandidateId, id_text, new_id
from matcher.domain.reviews import AnswerId, ListAnswer, Task, TaskKind
from matcher.errors import Conflict, WrongUse
from matcher.review.order import drawn, shuffled
from matcher.review.workflow import list_needs, list_state
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_claims import Held, own, require_live, reviewer
from matcher.services.desk_faces import chosen_faces, faces_of
from matcher.services.desk_tasks import add_pairs
from matcher.services.desk_views import ListSheet, SealedView
from matcher.services.late_candidates import next_round
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording


def list_sheet(context: Context, acting: Acting, claim: str) -> ListSheet:
    """The list of a claim; the first call fixes its places and records which faces are given out."""
    with context.store.read() as reading:
        held = _live(context, reading, acting, claim)
    if held.claim.opened_at is None:
        with context.store.write() as transaction:
            held = _live(context, transaction, acting, claim)
            if held.claim.opened_at is None:
                held = _open(context, transaction, acting, held)
    draft = held.claim.draft or {}
    shown: Sequence[int] = draft["shown"]
    picks = tuple(sorted(shown.index(pick) + 1 for pick in draft["picks"]))
    return ListSheet(id_text(held.claim.id), held.claim.expires_at, len(shown), picks)


def save_picks(context: Context, acting: Acting, claim: str, picks: Iterable[int]) -> None:
    """Keep places that were marked and not sealed. It is not audited: nothing was said yet, and it happens often."""
    with context.store.write() as transaction:
        held = _opened(context, transaction, acting, claim)
        shown = _shown(held)
        transaction.claims.draft(held.claim.id, {"shown": list(shown), "picks": _picked(shown, picks)})


def seal_list(context: Context, acting: Acting, claim: str, picks: Iterable[int]) -> SealedView:
    """Seal which places resemble the face, or none of them.

    Each pick becomes a pair. A share of the lists without a pick is asked of one more person. The same picks again
    answer the same, others are a `Conflict`.
    """
    with context.store.write() as transaction:
        held = own(transaction, acting, claim, TaskKind.LIST)
        known = transaction.verdicts.answer_of(held.claim.id)
        if known is not None:
            if set(_picked(known.shown, picks)) != set(known.picks):
                raise Conflict(
                    Wording("Claim '{claim}' was sealed with other picks: a sealed list stays as it is.", claim=claim)
                )
            return SealedView(id_text(held.claim.id), known.sealed_at)
        held = _opened(context, transaction, acting, claim)
        answer = _answer(context, held, _picked(_shown(held), picks))
        transaction.verdicts.add_answer(answer)
        transaction.claims.release(held.claim.id, answer.sealed_at)
        _follow(context, transaction, held.task, answer)
        trace = Trace(
            "review.seal_list",
            [held.claim.id, held.task.id],
            candidates=answer.picks,
            details={"shown": len(answer.shown), "picks": len(answer.picks)},
        )
        record(context, transaction, reviewer(acting), trace)
    return SealedView(id_text(held.claim.id), answer.sealed_at)


def _follow(context: Context, transaction: Transaction, task: Task, answer: ListAnswer) -> None:
    answers = transaction.verdicts.answers(task.id, task.round)
    lot = context.key.digest(str(task.id).encode(), "second look")
    needed = list_needs(answers, drawn(lot, context.settings.second_look_rate))
    state = list_state(answers, needed)
    moved = replace(task, state=state, needed=needed, updated_at=answer.sealed_at)
    transaction.tasks.update(next_round(context, transaction, moved, answers) or moved)
    add_pairs(context, transaction, task, answer.picks)


def _answer(context: Context, held: Held, picks: Sequence[CandidateId]) -> ListAnswer:
    opened = held.claim.opened_at
    assert opened is not None  # noqa: S101 - a type narrowing, not a check
    return ListAnswer(
        id=AnswerId(new_id()),
        claim_id=held.claim.id,
        task_id=held.task.id,
        person_id=held.claim.person_id,
        round=held.task.round,
        picks=tuple(picks),
        shown=_shown(held),
        opened_at=opened,
        sealed_at=context.clock(),
    )


def _open(context: Context, transaction: Transaction, acting: Acting, held: Held) -> Held:
    shown = _to_show(context, transaction, held)
    if not shown:
        raise Conflict(Wording("Nothing of this list is asked any more: its cases have ended. Ask for the next task."))
    kept = (held.claim.draft or {}).get("picks", ())
    draft = {"shown": list(shown), "picks": [pick for pick in kept if pick in shown]}
    now = context.clock()
    transaction.claims.open(held.claim.id, now, draft)
    faces = faces_of(transaction, held, shown).places
    trace = Trace("review.open_list", [held.claim.id, held.task.id, *(one.face_id for one in faces)])
    record(context, transaction, reviewer(acting), trace)
    return Held(replace(held.claim, opened_at=now, draft=draft), held.task)


def _to_show(context: Context, reading: Reading, held: Held) -> tuple[CandidateId, ...]:
    """The best candidates whose cases are open and not excluded, shuffled for this person; none that was shown in an
    earlier round.
    """
    task = held.task
    found = reading.candidates.of_list(task.face_id, task.space, task.round)
    cases = reading.cases.by_ids({one.case_id for one in found})
    excluded = reading.tasks.excluded_cases(task.face_id)
    faces = reading.faces.by_ids({one.gallery_face_id for one in found})
    asked = []
    for one in found:
        face = faces.get(one.gallery_face_id)
        photographed = (face is not None and face.choice is not None) or chosen_faces(reading, one.case_id)
        if cases[one.case_id].status.searched and one.case_id not in excluded and photographed:
            asked.append(one.id)
    seed = context.key.digest(f"{held.claim.person_id}/{task.id}".encode(), "order")
    return shuffled(sorted(asked[: context.settings.list_length]), seed)


def _live(context: Context, reading: Reading, acting: Acting, claim: str) -> Held:
    held = own(reading, acting, claim, TaskKind.LIST)
    require_live(reading, held, context.clock())
    return held


def _opened(context: Context, reading: Reading, acting: Acting, claim: str) -> Held:
    held = _live(context, reading, acting, claim)
    if held.claim.opened_at is None:
        raise Conflict(Wording("Claim '{claim}' was not opened yet: look at the faces first.", claim=claim))
    return held


def _shown(held: Held) -> tuple[CandidateId, ...]:
    return tuple((held.claim.draft or {})["shown"])


def _picked(shown: Sequence[CandidateId], picks: Iterable[int]) -> list[CandidateId]:
    """The candidates at these places, which are counted from 1; `WrongUse` names one that there is not."""
    places = sorted(set(picks))
    for place in places:
        if not 1 <= place <= len(shown):
            raise WrongUse(
                Wording(
                    "There is no place {place} on this list: the places are 1 … {count}.", place=place, count=len(shown)
                )
            )
    return [shown[place - 1] for place in places]
