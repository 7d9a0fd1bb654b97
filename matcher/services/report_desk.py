"""`Reports`: what people do about reports of the public, as `Matcher.public` gives it.

Nothing is refused by a rule: what may be spam or a mistake waits here. Whoever looks at one is asked about it no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from matcher.accounts.rights import Acting, Right
from matcher.domain.ids import SightingId, id_text, parse_id
from matcher.domain.people import Language
from matcher.domain.records import HowSeen
from matcher.domain.reports import Doubt, PublicReport, ReportState, Via
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One report in a list. `first_hand` false or `how_seen` social media: somebody else saw it.

    `about` is the number of the case on whose card it was written, `merged` counts the sightings beside it.
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
    photos: int
    merged_into: str | None
    merged: tuple[str, ...]
    has_contact: bool
    language: Language | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Decision:
    """What somebody decides about a report that is in one of some states: it gets another one."""

    action: str
    of: Sequence[ReportState]
    to: ReportState
    more: Mapping[str, Any] = field(default_factory=dict)


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
        """Let a reporter take a report back; false where people work with it and have to decide."""
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
        after: str | None = None,
        limit: int = 50,
    ) -> list[ReportLine]:
        """Reports of some states, those that came first before the others, behind `after`."""
        acting.require(Right.TRIAGE)
        wanted = [one_of(ReportState)(state) for state in states]
        behind = None if after is None else SightingId(parse_id(after))
        with self._context.store.read() as reading:
            return [_line(reading, one) for one in reading.reports.in_states(wanted, behind, limit)]

    def line(self, acting: Acting, report: str) -> ReportLine | None:
        """What is known of the report of a sighting; `None` for one that the public did not report."""
        acting.require(Right.TRIAGE)
        with self._context.store.read() as reading:
            found = reading.reports.get(SightingId(parse_id(report)))
            return None if found is None else _line(reading, found)

    def release(self, acting: Acting, report: str, *, reason: str | None = None) -> ReportLine:
        """Let a report be searched for that waits for a person, or that was taken for a duplicate."""
        acting.require(Right.TRIAGE)
        # Whoever looked at it, or died over it, before somebody decided counts no more.
        anew = _Decision("report.release", _OPEN, ReportState.QUEUED, {"leased_until": None, "attempts": 0})
        return self._decide(acting, report, anew, reason)

    def refuse(self, acting: Acting, report: str, *, reason: str) -> ReportLine:
        """Say that a report is spam or abuse: it is not searched for, and erased after the setting `refused_days`."""
        acting.require(Right.TRIAGE)
        if not reason.strip():
            raise WrongUse(Wording("Why is the report refused? Say what you see."))
        return self._decide(acting, report, _Decision("report.refuse", _OPEN, ReportState.REFUSED), reason)

    def keep(self, acting: Acting, report: str, *, reason: str) -> ReportLine:
        """Keep a report that its reporter took back, since people work with it; who agrees erases the sighting."""
        acting.require(Right.CASE_CLOSE)
        if not reason.strip():
            raise WrongUse(Wording("Why is the report kept? Give a reason."))
        kept = _Decision("report.keep", (ReportState.WITHDRAWN,), ReportState.TAKEN)
        return self._decide(acting, report, kept, reason)

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
        sighting_id = SightingId(parse_id(report))
        with self._context.store.write() as transaction:
            found = _require(transaction, report)
            self._record(transaction, acting, "report.contact", [sighting_id], reason)
        if found.contact is None:
            return None
        return open_text(self._context, sighting_id, reports.CONTACT, found.contact)

    def _decide(self, acting: Acting, report: str, decision: _Decision, reason: str | None) -> ReportLine:
        """Under the lock of all writers: what its reporter or somebody else did meanwhile is not undone."""
        with self._context.store.write() as transaction:
            found = _require(transaction, report)
            if found.state not in decision.of:
                told = {"report": report, "state": found.state.value}
                raise Conflict(Wording("The report '{report}' is '{state}': nothing was changed.", **told))
            now = self._context.clock()
            decided = replace(found, state=decision.to, decided_by=acting.name, decided_at=now, **decision.more)
            transaction.reports.update(decided)
            self._record(transaction, acting, decision.action, [found.sighting_id], reason)
            return _line(transaction, decided)

    def _record(
        self, transaction: Transaction, acting: Acting, action: str, ids: Sequence[int], reason: str | None = None
    ) -> None:
        who = Who.of(acting, ReasonCode.SIGHTING, (reason or "").strip() or None)
        record(self._context, transaction, who, Trace(action, ids))


def _require(reading: Reading, report: str) -> PublicReport:
    """The report of a shown id; `NotFound` names it."""
    found = reading.reports.get(SightingId(parse_id(report)))
    if found is None:
        raise NotFound(
            Wording("There is no report '{report}'.", report=report), step="`matcher report list` shows all reports."
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
        photos=len(reading.photos.of_sighting(report.sighting_id)),
        merged_into=None if sighting.merged_into is None else id_text(sighting.merged_into),
        merged=tuple(map(id_text, reading.sightings.merged_into(report.sighting_id))),
        has_contact=report.contact is not None,
        **same,
    )
