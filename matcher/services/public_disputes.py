"""Somebody says of a card "this is me" or "this is my child": an officer is told at once, and decides.

It does not take the card away by itself: anybody could unpublish a child who is looked for. An officer can, with one
step, and that hides the case and cancels its alerts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from matcher.accounts.rights import Acting, Right
from matcher.domain.cases import CaseStatus
from matcher.domain.codes import new_code, parse_code, spoken
from matcher.domain.ids import CaseId, id_text, new_id, parse_id
from matcher.domain.publications import CODE_LETTERS
from matcher.domain.reports import RECEIPT_LETTERS, DisputeId, PublicDispute, Relation
from matcher.errors import Conflict, NotFound, TooMany, WrongUse
from matcher.interchange.cells import one_of
from matcher.services import cases
from matcher.services.auditing import Trace, record
from matcher.services.cards import shown_card
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.outbox import tell_of_dispute
from matcher.services.reports import (
    CONTACT,
    PUBLIC,
    code_from,
    hour_of,
    receipt_digest,
    seconds_left,
    sender_digest,
    short,
)
from matcher.services.sealed_text import open_text, seal_text
from matcher.store.database import Reading
from matcher.wording import Wording

_NOTE = "note"
# From one address within an hour, which thousands may share: for so many all officers are called; others wait on the
# desk until somebody looks, and only beyond so many people are asked to call.
_CALLED_PER_HOUR, _PER_HOUR = 5, 50


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a dispute comes from, such as an IP address, of which a keyed digest is kept for a day, and what makes
    sending it twice the same as once.
    """

    sender: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDisputeView:
    """What somebody said about a card; `contact` and `note` are for officers, who are recorded looking at them, and
    `None` once they are erased.
    """

    id: str
    case_id: str
    status: CaseStatus
    relation: Relation
    contact: str | None
    note: str | None
    received_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    upheld: bool | None


class PublicDisputes:
    """Disputes of one home. `acting` is who is signed in; those who dispute are not."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def open(self, card: str, relation: Relation | str, *, contact: str, note: str, sent: Sent | None = None) -> str:
        """Tell the officers that a card should not be shown; the code under which the answer can be asked for.

        The same words sent again under the same key are the dispute that exists, with its code. `NotFound` for a card
        that is not shown, `WrongUse` without a way to be reached, `TooMany` from one sender.
        """
        context, now, sent = self._context, self._context.clock(), sent or Sent()
        reach = short("contact", contact, 200)
        said = short("note", note, 2000)
        if not reach or not said:
            raise WrongUse(Wording("Say how we can reach you and what is wrong: an officer has to ask back."))
        who, plain = one_of(Relation)(relation), parse_code(card, CODE_LETTERS)
        words = None if sent.key is None else json.dumps([sent.key, plain, who.value, reach, said])
        submission = None if words is None else context.key.digest(words.encode(), "submission")
        code = new_code(RECEIPT_LETTERS) if words is None else code_from(context, f"dispute of {words}")
        with context.store.write() as transaction:
            if submission is not None and transaction.reports.dispute_by_submission(submission) is not None:
                return spoken(code)
            sender, before = _counted(context, transaction, sent.sender, now)
            found = shown_card(transaction, card, now)
            if found is None:
                raise NotFound(Wording("There is no card of this code (any more): look at the letters again."))
            dispute = PublicDispute(
                id=DisputeId(new_id()),
                case_id=found.case_id,
                relation=who,
                contact=seal_text(context, found.case_id, CONTACT, reach),
                note=seal_text(context, found.case_id, _NOTE, said),
                receipt=receipt_digest(context, code),
                received_at=now,
                sender=sender,
                submission=submission,
            )
            transaction.reports.add_dispute(dispute)
            if before < _CALLED_PER_HOUR:
                tell_of_dispute(context, transaction, dispute.id)
            trace = Trace("dispute.receive", [found.case_id, dispute.id], details={"relation": dispute.relation.value})
            record(context, transaction, Who(PUBLIC, ReasonCode.CORRECTION), trace)
        return spoken(code)

    def answer(self, code: str) -> bool | None:
        """What an officer decided: the card was taken away, or not; `None` while nobody did."""
        plain = parse_code(code, RECEIPT_LETTERS)
        with self._context.store.read() as reading:
            digest = None if plain is None else receipt_digest(self._context, plain)
            found = None if digest is None else reading.reports.dispute_by_receipt(digest)
        if found is None:
            raise NotFound(Wording("There is no report of this code (any more): look at the letters again."))
        return found.upheld

    def waiting(self, acting: Acting, *, after: str | None = None, limit: int = 50) -> list[PublicDisputeView]:
        """Disputes that wait for an officer, the longest waiting first, behind `after`; the look is recorded.

        `NotFound` if `after` is gone.
        """
        acting.require(Right.CONTACT)
        behind = None if after is None else DisputeId(parse_id(after))
        with self._context.store.write() as transaction:
            if behind is not None and transaction.reports.dispute(behind) is None:
                told = {"dispute": after}
                raise NotFound(Wording("There is no dispute '{dispute}' to go on from: begin with the first.", **told))
            found = transaction.reports.open_disputes(behind, limit)
            if found:
                trace = Trace("dispute.view", [one.id for one in found])
                record(self._context, transaction, Who.of(acting, ReasonCode.CORRECTION), trace)
            return [self._view(transaction, one) for one in found]

    def decide(self, acting: Acting, dispute: str, *, upheld: bool, reason: str) -> PublicDisputeView:
        """Uphold a dispute, which hides an open case and takes away all that the public sees of it, or dismiss it."""
        acting.require(Right.CASE_CLOSE)
        if not reason.strip():
            raise WrongUse(Wording("Why? Give a reason: what you found out."))
        context, now = self._context, self._context.clock()
        with context.store.write() as transaction:
            found = transaction.reports.dispute(DisputeId(parse_id(dispute)))
            if found is None:
                raise NotFound(Wording("There is no dispute '{dispute}'.", dispute=dispute))
            if found.decided_at is not None:
                raise Conflict(Wording("Somebody decided about this dispute already."))
            who = Who.of(acting, ReasonCode.CORRECTION, reason)
            transaction.reports.decide_dispute(found.id, now, acting.name, upheld=upheld)
            case = transaction.cases.by_ids([found.case_id])[found.case_id]
            if upheld and case.status is CaseStatus.OPEN:
                cases.close(context, transaction, case, (CaseStatus.DISPUTED, None), who)
            record(context, transaction, who, Trace("dispute.decide", [case.id, found.id], details={"upheld": upheld}))
            decided = transaction.reports.dispute(found.id)
            return self._view(transaction, decided or found)

    def _view(self, reading: Reading, one: PublicDispute) -> PublicDisputeView:
        case = reading.cases.by_ids([one.case_id])[one.case_id]
        names = ("relation", "received_at", "decided_at", "decided_by", "upheld")
        return PublicDisputeView(
            id=id_text(one.id),
            case_id=case.number,
            status=case.status,
            contact=self._opened(one.case_id, CONTACT, one.contact),
            note=self._opened(one.case_id, _NOTE, one.note),
            **{name: getattr(one, name) for name in names},
        )

    def _opened(self, case_id: CaseId, name: str, sealed: bytes) -> str | None:
        return open_text(self._context, case_id, name, sealed) if sealed else None


def _counted(context: Context, reading: Reading, sender: str | None, now: datetime) -> tuple[str | None, int]:
    """What is kept of a sender, and how many disputes it sent within the hour; `TooMany` where those are too many."""
    if sender is None:
        return None, 0
    digest = sender_digest(context, sender)
    before = reading.reports.disputes_since(digest, hour_of(now))
    if before >= _PER_HOUR:
        raise TooMany(
            Wording("Too many such messages came from there within the hour: call us."), seconds=seconds_left(now)
        )
    return digest, before
