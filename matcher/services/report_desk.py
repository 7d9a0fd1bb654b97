"""`Reports`: what people do about reports of the public, as `Matcher.public.reports` gives it.

Nothing is refused by a rule: what may be spam or a mistake waits here. Whoever looks at one is asked about it no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from matcher.accounts.rights import Acting, Right
from matcher.domain.cases import PhotoState
from matcher.domain.ids import SightingId, id_text, parse_id
from matcher.domain.people import Language
from matcher.domain.records import HowSeen
from matcher.domain.reports import Doubt, PublicReport, ReportState, Via, Witness, witness_of
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.interchange.cells import one_of
from matcher.services import receipts, reports
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import PhotoInput, ReasonCode, Who
from matcher.services.receipts import ReceiptView
from matcher.services.reports import NewReport, Receipt
from matcher.services.sealed_text import open_text
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording

# What people have to decide about, and what they may still change.
WAITING = (ReportState.HELD, ReportState.WITHDRAWN)
_OPEN = (ReportState.QUEUED, ReportState.HELD, ReportState.DUPLICATE)
# To what people bring a report: what that is called, and from where.
_DECISIONS = {
    ReportState.QUEUED: ("report.release", _OPEN),
    ReportState.REFUSED: ("report.refuse", _OPEN),
    ReportState.TAKEN: ("report.keep", (ReportState.WITHDRAWN,)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One report in a list. `witness` says who saw the child, as the report tells it.

    `about` is the number of the case on whose card it was written, `merged` are the sightings that are shown beside it.
    """

    id: str
    state: ReportState
    via: Via
    received_at: datetime
    looked_at: datetime | None
    score: int
    doubts: tuple[Doubt, ...]
    about: str | None
    how_seen: HowSeen
    first_hand: bool | None
    witness: Witness
    photos: int
    merged_into: str | None
    merged: tuple[str, ...]
    has_contact: bool
    language: Language | None
    decided_by: str | None
    decided_at: datetime | None


class Reports:
    """Reports of one home. `acting` is who is signed in; those who report are not, and hold a code."""

    def __init__(self, context: Context) -> None:
        self._context = context

    # Of the public

    def accept(self, new: NewReport, photos: Sequence[PhotoInput]) -> Receipt:
        """Take a report in, at once and before any model runs, and answer with the reporter's code."""
        return reports.accept(self._context, new, photos)

    def receipt(self, code: str) -> ReceiptView:
        """What a reporter is told of their report."""
        return receipts.seen(self._context, code)

    def mark(self, code: str, face: str) -> None:
        """Let a reporter say which face is meant."""
        receipts.mark(self._context, code, face)

    def withdraw(self, code: str) -> bool:
        """Let a reporter take back a report and all that was added to it; false where something of it stays: people
        work with it and have to decide, or refused it, and it goes by itself.
        """
        return receipts.withdraw(self._context, code)

    # Of the desk

    def waiting(self, acting: Acting, *, after: str | None = None, limit: int = 50) -> list[ReportLine]:
        """Reports about which somebody has to decide, the longest waiting first."""
        return self.listed(acting, WAITING, after=after, limit=limit)

    def listed(
        self,
        acting: Acting,
        states: Sequence[ReportState | str] = tuple(ReportState),
        *,
        witness: Witness | str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> list[ReportLine]:
        """Reports of some states, those that came first before the others, behind `after`.

        `witness`: only those in which the reporter, or somebody else, saw the child. `NotFound` if `after` is gone.
        """
        acting.require(Right.TRIAGE)
        wanted = [one_of(ReportState)(state) for state in states]
        whose = None if witness is None else one_of(Witness)(witness)
        behind = None if after is None else SightingId(parse_id(after))
        with self._context.store.read() as reading:
            if behind is not None and reading.reports.get(behind) is None:
                raise NotFound(
                    Wording("There is no report '{report}' to go on from: begin with the first page.", report=after)
                )
            found = reading.reports.in_states(wanted, behind, limit, witness=whose)
            return [_line(reading, one) for one in found]

    def line(self, acting: Acting, report: str) -> ReportLine | None:
        """What is known of the report of a sighting; `None` for one that the public did not report."""
        acting.require(Right.TRIAGE)
        with self._context.store.read() as reading:
            found = reading.reports.get(SightingId(parse_id(report)))
            return None if found is None else _line(reading, found)

    def report(self, acting: Acting, report: str) -> ReportLine:
        """What is known of a report; `NotFound` if there is none."""
        acting.require(Right.TRIAGE)
        with self._context.store.read() as reading:
            return _line(reading, _require(reading, report))

    def beside(self, acting: Acting, sighting: str) -> list[str]:
        """The other sightings of the same happening, by their ids, the first one before those shown beside it."""
        acting.require(Right.TRIAGE)
        one = SightingId(parse_id(sighting))
        with self._context.store.read() as reading:
            found = reading.sightings.get(one)
            if found is None:
                raise NotFound(Wording("There is no sighting '{sighting}'.", sighting=sighting))
            first = found.merged_into or one
            every = (first, *reading.sightings.merged_into(first))
            return [id_text(each) for each in every if each != one]

    def release(self, acting: Acting, report: str, *, reason: str | None = None) -> ReportLine:
        """Let a report be searched for that waits for a person, or that was taken for a duplicate."""
        acting.require(Right.TRIAGE)
        return self._decide(acting, report, ReportState.QUEUED, reason)

    def refuse(self, acting: Acting, report: str, *, reason: str) -> ReportLine:
        """Say that a report is spam or abuse: it is not searched for, and erased after the setting `refused_days`."""
        acting.require(Right.TRIAGE)
        if not reason.strip():
            raise WrongUse(Wording("Why is the report refused? Say what you see."))
        return self._decide(acting, report, ReportState.REFUSED, reason)

    def keep(self, acting: Acting, report: str, *, reason: str) -> ReportLine:
        """Keep a report that its reporter took back, since people work with it; who agrees erases the sighting."""
        acting.require(Right.CASE_CLOSE)
        if not reason.strip():
            raise WrongUse(Wording("Why is the report kept? Give a reason."))
        return self._decide(acting, report, ReportState.TAKEN, reason)

    def merge(self, acting: Acting, report: str, into: str) -> None:
        """Show a sighting beside another one of the same happening. Both stay what they are; `split` undoes it."""
        acting.require(Right.TRIAGE)
        one, other = SightingId(parse_id(report)), SightingId(parse_id(into))
        with self._context.store.write() as transaction:
            found = transaction.sightings.by_ids([one, other])
            for wanted, shown in ((one, report), (other, into)):
                if wanted not in found:
                    raise NotFound(Wording("There is no sighting '{sighting}'.", sighting=shown))
            first = found[other].merged_into or other
            if first == one:
                raise Conflict(Wording("A sighting cannot be shown beside itself."))
            for each in (one, *transaction.sightings.merged_into(one)):
                transaction.sightings.merge(each, first)
            self._record(transaction, acting, "report.merge", [one, first])

    def split(self, acting: Acting, report: str) -> None:
        """Show a sighting by itself again; one that was taken for a duplicate is searched for now."""
        acting.require(Right.TRIAGE)
        one, now = SightingId(parse_id(report)), self._context.clock()
        with self._context.store.write() as transaction:
            sighting = transaction.sightings.get(one)
            if sighting is None or sighting.merged_into is None:
                raise Conflict(Wording("The sighting '{sighting}' is not shown beside another.", sighting=report))
            transaction.sightings.merge(one, None)
            public = transaction.reports.get(one)
            if public is not None and public.state is ReportState.DUPLICATE:
                again = replace(public, state=ReportState.QUEUED, decided_by=acting.name, decided_at=now)
                transaction.reports.update(again)
            self._record(transaction, acting, "report.split", [one, sighting.merged_into])

    def contact(self, acting: Acting, report: str, *, reason: str) -> str | None:
        """How the reporter can be reached; `None` if that was not told, or is erased. The look is recorded."""
        acting.require(Right.CONTACT)
        if not reason.strip():
            raise WrongUse(Wording("Why do you need to reach the reporter? Give a reason."))
        with self._context.store.write() as transaction:
            found = _require(transaction, report)
            self._record(transaction, acting, "report.contact", [found.sighting_id], reason)
        if found.contact is None:
            return None
        return open_text(self._context, found.sighting_id, reports.CONTACT, found.contact)

    def _decide(self, acting: Acting, report: str, state: ReportState, reason: str | None) -> ReportLine:
        """Bring a report to a state; `Conflict` for one that cannot be brought there (any more)."""
        action, before = _DECISIONS[state]
        with self._context.store.write() as transaction:
            found = _require(transaction, report)
            if found.state not in before:
                told = {"report": report, "state": found.state.value}
                raise Conflict(Wording("The report '{report}' is '{state}': nothing was changed.", **told))
            # Whoever releases what no process came to an end with wants it to be tried again.
            attempts = 0 if found.state is ReportState.HELD else found.attempts
            decided = replace(
                found,
                state=_brought_to(transaction, found, state),
                attempts=attempts,
                leased_until=None,
                decided_by=acting.name,
                decided_at=self._context.clock(),
            )
            if state is ReportState.REFUSED:  # nobody looked at those that waited with it
                transaction.reports.queue_duplicates_of(found.sighting_id)
            transaction.reports.update(decided)
            self._record(transaction, acting, action, [found.sighting_id], reason)
            return _line(transaction, decided)

    def _record(
        self, transaction: Transaction, acting: Acting, action: str, ids: Sequence[int], reason: str | None = None
    ) -> None:
        who = Who.of(acting, ReasonCode.SIGHTING, (reason or "").strip() or None)
        record(self._context, transaction, who, Trace(action, ids))


def _brought_to(reading: Reading, report: PublicReport, state: ReportState) -> ReportState:
    """What is kept without anybody having looked for faces on it is searched for."""
    photos = reading.photos.of_sighting(report.sighting_id) if state is ReportState.TAKEN else []
    return ReportState.QUEUED if any(one.state is PhotoState.WAITING for one in photos) else state


def _require(reading: Reading, shown: str) -> PublicReport:
    found = reading.reports.get(SightingId(parse_id(shown)))
    if found is None:
        raise NotFound(
            Wording("There is no report '{report}'.", report=shown), step="`matcher report list` shows all reports."
        )
    return found


def _line(reading: Reading, report: PublicReport) -> ReportLine:
    sighting = reading.sightings.get(report.sighting_id)
    if sighting is None:
        raise NotFound(Wording("There is no report '{report}'.", report=id_text(report.sighting_id)))
    about = None if report.about is None else reading.cases.by_id(report.about)
    same: Mapping[str, Any] = {
        name: getattr(report, name)
        for name in ("state", "via", "received_at", "looked_at", "score", "language", "decided_by", "decided_at")
    }
    return ReportLine(
        id=id_text(report.sighting_id),
        doubts=tuple(sorted(report.doubts)),
        about=None if about is None else about.number,
        how_seen=sighting.how_seen,
        first_hand=sighting.first_hand,
        witness=witness_of(sighting.first_hand, sighting.how_seen),
        photos=len(reading.photos.of_sighting(report.sighting_id)),
        merged_into=None if sighting.merged_into is None else id_text(sighting.merged_into),
        merged=tuple(map(id_text, reading.sightings.merged_into(report.sighting_id))),
        has_contact=report.contact is not None,
        **same,
    )
