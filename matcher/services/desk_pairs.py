"""The second step: one face of a sighting beside one child, judged blind; then the reveal, and revisions after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from matcher.accounts.rights import Acting
from matcher.domain.ids import id_text, new_id
from matcher.domain.quality import weaknesses
from matcher.domain.reviews import (
    Feature,
    Likeness,
    Observed,
    Outcome,
    RecusedBy,
    TaskKind,
    Verdict,
    VerdictId,
)
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.interchange.cells import one_of, text
from matcher.review.workflow import ENDINGS, pair_state
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_claims import Held, own, require_live, reviewer
from matcher.services.desk_faces import faces_of
from matcher.services.desk_facts import facts_of, of_verdict
from matcher.services.desk_views import Judgement, PairSheet, RevealView, SealedView
from matcher.services.details import parsed
from matcher.services.outbox import tell_of_pair
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording

_LONGEST_NOTE = 4000  # characters


def judgement(
    outcome: Outcome | str | None, features: Mapping[Any, Any] | None = None, note: str | None = None
) -> Judgement:
    """A judgement from words: `features` are pairs of (likeness or none, note or none) by feature. `WrongUse` names
    what is not known.
    """
    observed = {}
    for name, given in (features or {}).items():
        feature = parsed("feature", name, one_of(Feature))
        likeness, remark = (given.likeness, given.note) if isinstance(given, Observed) else given
        one = Observed(likeness and parsed(feature.value, likeness, one_of(Likeness)), _note(feature.value, remark))
        if one != Observed():
            observed[feature] = one
    return Judgement(
        None if outcome is None else parsed("outcome", outcome, one_of(Outcome)), observed, _note("note", note)
    )


def pair_sheet(context: Context, acting: Acting, claim: str) -> PairSheet:
    """The comparison sheet of a claim; the first call records which faces are given out."""
    with context.store.read() as reading:
        held = _live(context, reading, acting, claim)
        faces = faces_of(reading, held, ()).places
        case = None if held.task.case_id is None else reading.cases.by_id(held.task.case_id)
        seen = reading.faces.by_ids({face.face_id for face in faces})
    if held.claim.opened_at is None:
        with context.store.write() as transaction:
            held = _live(context, transaction, acting, claim)
            faces = faces_of(transaction, held, ()).places
            if held.claim.opened_at is None:
                transaction.claims.open(held.claim.id, context.clock(), held.claim.draft)
                trace = Trace("review.open_pair", [held.claim.id, held.task.id, *(one.face_id for one in faces)])
                record(context, transaction, reviewer(acting), trace)
    draft = held.claim.draft
    return PairSheet(
        claim=id_text(held.claim.id),
        expires_at=held.claim.expires_at,
        places=len(faces) - 1,
        weaknesses=tuple(weaknesses(seen[face.face_id].quality) if face.face_id in seen else () for face in faces),
        marks=None if case is None else case.details.marks,
        features=tuple(Feature),
        draft=None if draft is None else judgement(draft["outcome"], draft["features"], draft["note"]),
    )


def save_draft(context: Context, acting: Acting, claim: str, entered: Judgement) -> None:
    """Keep what was entered and not sealed. It is not audited: nothing was said yet, and it happens often."""
    with context.store.write() as transaction:
        held = _live(context, transaction, acting, claim)
        transaction.claims.draft(
            held.claim.id,
            {
                "outcome": entered.outcome and entered.outcome.value,
                "features": {
                    feature.value: [one.likeness and one.likeness.value, one.note]
                    for feature, one in entered.features.items()
                },
                "note": entered.note,
            },
        )


def seal_pair(context: Context, acting: Acting, claim: str, said: Judgement) -> SealedView:
    """Seal a verdict. The same again answers the same, another is a `Conflict`.

    With the last verdict of a round the pair goes to an officer, is excluded, or goes to a supervisor.
    """
    if said.outcome is None:
        raise WrongUse(Wording("A verdict needs an outcome: potential, no_candidate or inconclusive."))
    with context.store.write() as transaction:
        held = own(transaction, acting, claim, TaskKind.PAIR)
        known = transaction.verdicts.under(held.claim.id)
        if known:
            first = next(one for one in known if one.revises is None)
            if (first.outcome, first.features, first.note) != (said.outcome, said.features, said.note):
                raise Conflict(
                    Wording("Claim '{claim}' was sealed with another verdict: reveal it, then revise it.", claim=claim)
                )
            return SealedView(id_text(held.claim.id), first.sealed_at)
        require_live(transaction, held, context.clock())
        if held.claim.opened_at is None:
            raise Conflict(Wording("Claim '{claim}' was not opened yet: look at the faces first.", claim=claim))
        verdict = _verdict(context, transaction, held, said)
        transaction.verdicts.add(verdict)
        transaction.claims.release(held.claim.id, verdict.sealed_at)
        _follow(context, transaction, held)
        trace = Trace("review.seal_pair", [held.claim.id, held.task.id], details={"outcome": verdict.outcome.value})
        record(context, transaction, reviewer(acting), trace)
    return SealedView(id_text(held.claim.id), verdict.sealed_at)


def require_sealed(context: Context, acting: Acting, claim: str) -> None:
    """`NotFound` unless it is one's own claim on a pair, `Conflict` unless a verdict was sealed under it."""
    with context.store.read() as reading:
        _sealed(reading, acting, claim)


def reveal(context: Context, acting: Acting, claim: str) -> RevealView:
    """What a sealed pair was about, and what others said of it so far.

    Whoever asks is recused from everything else of that sighting, from the other pairs of that case, those to come
    among them, and from another round of this one.
    """
    with context.store.write() as transaction:
        held, verdicts = _sealed(transaction, acting, claim)
        facts = facts_of(transaction, held.task)
        mine = next(one for one in verdicts if not one.superseded)
        about = [] if mine.truth else transaction.verdicts.of_round(held.task.id, mine.round)
        others = [one for one in about if not one.superseded and one.person_id != acting.id]
        now = context.clock()
        transaction.claims.reveal(held.claim.id, now)
        transaction.recusals.from_both(acting.name, held.task, RecusedBy.REVEAL, now)
        record(context, transaction, reviewer(acting), Trace("review.reveal", [held.claim.id, held.task.id]))
    return RevealView(
        id_text(held.claim.id), facts, of_verdict(mine), tuple(of_verdict(one) for one in others), mine.truth
    )


def revise(context: Context, acting: Acting, claim: str, said: Judgement) -> SealedView:
    """Follow one's revealed verdict by another; the first one stays on record.

    A changed outcome is not blind, so that the round cannot end in agreement any more. `Conflict` before the reveal,
    after a decision or in a later round, and for a control pair.
    """
    if said.outcome is None:
        raise WrongUse(Wording("A verdict needs an outcome: potential, no_candidate or inconclusive."))
    with context.store.write() as transaction:
        held, verdicts = _sealed(transaction, acting, claim)
        live = next(one for one in verdicts if not one.superseded)
        if (live.outcome, live.features, live.note) == (said.outcome, said.features, said.note):
            return SealedView(id_text(held.claim.id), live.sealed_at)
        _require_revisable(transaction, held, live)
        new = replace(
            live,
            id=VerdictId(new_id()),
            outcome=said.outcome,
            features=said.features,
            note=said.note,
            revises=live.id,
            sealed_at=context.clock(),
        )
        transaction.verdicts.add(new)
        _follow(context, transaction, held)
        details = {"old": live.outcome.value, "new": new.outcome.value}
        record(
            context,
            transaction,
            reviewer(acting),
            Trace("review.revise", [held.claim.id, held.task.id], details=details),
        )
    return SealedView(id_text(held.claim.id), new.sealed_at)


def _require_revisable(transaction: Transaction, held: Held, live: Verdict) -> None:
    if held.claim.revealed_at is None:
        raise Conflict(
            Wording(
                "Claim '{claim}' was not revealed yet: a revision comes after the reveal.", claim=id_text(held.claim.id)
            )
        )
    if live.truth is not None:
        raise Conflict(Wording("This was a control pair: its answer stays as it was."))
    decided = {one.kind for one in transaction.verdicts.decisions(held.task.id, live.round)} - ENDINGS
    if held.task.round != live.round or decided:
        raise Conflict(Wording("This pair was decided since: its verdicts stay as they are."))


def _sealed(reading: Reading, acting: Acting, claim: str) -> tuple[Held, list[Verdict]]:
    held = own(reading, acting, claim, TaskKind.PAIR)
    verdicts = reading.verdicts.under(held.claim.id)
    if not verdicts:
        raise Conflict(Wording("Claim '{claim}' is not sealed: only a sealed pair is revealed.", claim=claim))
    return held, verdicts


def _follow(context: Context, transaction: Transaction, held: Held) -> None:
    """What the verdicts of the round lead to; those of control pairs to nothing."""
    if held.claim.truth is not None:
        return
    task = held.task
    verdicts = transaction.verdicts.of_round(task.id, task.round)
    state = pair_state(verdicts, transaction.verdicts.decisions(task.id, task.round), task.needed)
    transaction.tasks.update(replace(task, state=state, updated_at=context.clock()))
    if state is not task.state:
        tell_of_pair(context, transaction, task.id, state)


def _verdict(context: Context, reading: Reading, held: Held, said: Judgement) -> Verdict:
    claim, task = held.claim, held.task
    candidate = None if task.candidate_id is None else reading.candidates.get(task.candidate_id)
    if candidate is None or claim.opened_at is None or said.outcome is None:
        raise NotFound(Wording("The candidate of this pair is gone: ask for the next task."))
    meaning = None
    if candidate.meaning is not None:
        meaning = asdict(candidate.meaning)
    return Verdict(
        id=VerdictId(new_id()),
        claim_id=claim.id,
        task_id=task.id,
        candidate_id=candidate.id,
        person_id=claim.person_id,
        round=0 if claim.truth is not None else claim.round,
        outcome=said.outcome,
        features=said.features,
        note=said.note,
        truth=claim.truth,
        opened_at=claim.opened_at,
        sealed_at=context.clock(),
        similarity=candidate.similarity,
        space=candidate.space,
        snapshot=candidate.snapshot,
        software=candidate.software,
        meaning=meaning,
    )


def _live(context: Context, reading: Reading, acting: Acting, claim: str) -> Held:
    held = own(reading, acting, claim, TaskKind.PAIR)
    require_live(reading, held, context.clock())
    return held


def _note(name: str, given: str | None) -> str | None:
    """A note without surrounding space, `None` for an empty one."""
    if given is None:
        return None
    told = str(parsed(name, given, text))
    if len(told) > _LONGEST_NOTE:
        raise WrongUse(
            Wording(
                "{name} is {count} characters long: at most {longest} are possible.",
                name=name,
                count=len(told),
                longest=_LONGEST_NOTE,
            )
        )
    return told or None
