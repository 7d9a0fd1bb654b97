"""Somebody says of a card "this is me" or "this is my child": an officer is told at once, and decides.

It does not take the card away by itself: anybody could unpublish a child who is looked for. An officer can, with one
step, and that hides the case and cancels its alerts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from matcher.accounts.rights import Acting, Right
from matcher.domain.cases import CaseStatus
from matcher.domain.codes import new_code, parse_code, spoken
from matcher.domain.ids import id_text, new_id, parse_id
from matcher.domain.publications import CODE_LETTERS
from matcher.domain.reports import RECEIPT_LETTERS, DisputeId, PublicDispute, Relation
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.interchange.cells import one_of
from matcher.services import cases
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.outbox import tell_of_dispute
from matcher.services.reports import CONTACT, PUBLIC, receipt_digest, require_room, short
from matcher.services.sealed_text import open_text, seal_text
from matcher.store.database import Reading
from matcher.wording import Wording

_NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDisputeView:
    """What somebody said about a card; `contact` and `note` are for officers, who are recorded looking at them."""

    id: str
    case_id: str
    status: CaseStatus
    relation: Relation
    contact: str
    note: str
    received_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    upheld: bool | None


class PublicDisputes:
    """Disputes of one home. `acting` is who is signed in; those who dispute are not."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def open(self, card: str, relation: Relation | str, *, contact: str, note: str, sender: str | None = None) -> str:
        """Tell the officers that a card should not be shown; the code under which the answer can be asked for.

        `NotFound` for a card that is not shown, `WrongUse` without a way to be reached, `TooMany` from one sender.
        """
        context, now = self._context, self._context.clock()
        reach = short("contact", contact, 200)
        said = short("note", note, 2000)
        if not reach or not said:
            raise WrongUse(Wording("Say how we can reach you and what is wrong: an officer has to ask back."))
        require_room(context, sender)
        code, plain = new_code(RECEIPT_LETTERS), parse_code(card, CODE_LETTERS)
        with context.store.write() as transaction:
            found = None if plain is None else transaction.cards.by_code(plain)
            if found is None or not found.shown(now):
                raise NotFound(Wording("There is no card of this code (any more): look at the letters again."))
            dispute = PublicDispute(
                id=DisputeId(new_id()),
                case_id=found.case_id,
                relation=one_of(Relation)(relation),
                contact=seal_text(context, found.case_id, CONTACT, reach),
                note=seal_text(context, found.case_id, _NOTE, said),
                receipt=receipt_digest(context, code),
                received_at=now,
            )
            transaction.reports.add_dispute(dispute)
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

    def waiting(self, acting: Acting) -> list[PublicDisputeView]:
        """Disputes that wait for an officer, the longest waiting first; the look is recorded."""
        acting.require(Right.CONTACT)
        with self._context.store.write() as transaction:
            found = transaction.reports.open_disputes()
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
            contact=open_text(self._context, one.case_id, CONTACT, one.contact),
            note=open_text(self._context, one.case_id, _NOTE, one.note),
            **{name: getattr(one, name) for name in names},
        )
