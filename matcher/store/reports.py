"""Reports of the public: the queue of those that nobody looked at yet, and where each stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Update, and_, delete, exists, func, insert, not_, or_, select, update

from matcher.domain.ids import CaseId, PhotoId, SightingId
from matcher.domain.records import HowSeen
from matcher.domain.reports import LEASE, DisputeId, Doubt, PublicDispute, PublicReport, ReportState, Witness
from matcher.store.part import Part, batches
from matcher.store.public_tables import likenesses, public_disputes, report_counts, reports
from matcher.store.tables import photos, sightings

_FIELDS = tuple(field.name for field in fields(PublicReport))


def _seen_by(witness: Witness) -> ColumnElement[bool]:
    """What `witness_of` says, of rows."""
    passed_on = sightings.c.how_seen == HowSeen.SOCIAL_MEDIA
    if witness is Witness.SECOND_HAND:
        return or_(passed_on, sightings.c.first_hand.is_(False))
    own = sightings.c.first_hand.is_(True if witness is Witness.FIRST_HAND else None)
    return and_(own, not_(passed_on))


class ReportReading(Part):
    """Reports by id, receipt or state."""

    __slots__ = ()

    def get(self, sighting_id: SightingId) -> PublicReport | None:
        """What is kept of the report of a sighting."""
        return next(iter(self._where(reports.c.sighting_id == sighting_id)), None)

    def by_receipt(self, receipt: str) -> PublicReport | None:
        """The report whose code has this digest."""
        return next(iter(self._where(reports.c.receipt == receipt)), None)

    def of_sightings(self, ids: Collection[SightingId]) -> dict[SightingId, PublicReport]:
        """The reports of those sightings that were reported by the public."""
        found = (self._where(reports.c.sighting_id.in_(some)) for some in batches(list(ids)))
        return {one.sighting_id: one for some in found for one in some}

    def with_additions(self, first: SightingId) -> list[PublicReport]:
        """A reporter's first report and what was added to it, in the order in which they came."""
        found = self._where(or_(reports.c.sighting_id == first, reports.c.adds_to == first))
        return sorted(found, key=lambda one: one.adds_to is not None)

    def about(self, case_id: CaseId) -> list[PublicReport]:
        """The reports that were written on cards of a case, those that came first before the others."""
        return self._where(reports.c.about == case_id)

    def in_states(
        self,
        states: Collection[ReportState],
        after: SightingId | None = None,
        limit: int | None = None,
        *,
        witness: Witness | None = None,
    ) -> list[PublicReport]:
        """Reports of these states, those that came first before the others, behind `after`; of one witness only."""
        condition: ColumnElement[bool] = reports.c.state.in_(tuple(states))
        if witness is not None:
            condition = and_(condition, reports.c.sighting_id.in_(select(sightings.c.id).where(_seen_by(witness))))
        if after is not None:
            last = select(reports.c.received_at).where(reports.c.sighting_id == after).scalar_subquery()
            later = reports.c.received_at > last
            same = and_(reports.c.received_at == last, reports.c.sighting_id > after)
            condition = and_(condition, or_(later, same))
        return self._where(condition, limit)

    def next_queued(self, now: datetime) -> PublicReport | None:
        """The report to look at next, at which nobody looks now: the longest waiting of those that nobody began to look
        at, else the one to which somebody could come back first. So those that fail each time keep no other waiting.

        A lease that ends later than any can was given by a clock that was ahead: it does not count.
        """
        until, queued = reports.c.leased_until, reports.c.state == ReportState.QUEUED
        fresh = self._where(and_(queued, or_(until.is_(None), until > now + LEASE)), 1)
        return next(iter(fresh or self._where(and_(queued, until <= now), 1, until)), None)

    def count(self, state: ReportState) -> int:
        """How many are in a state."""
        return self._connection.scalar(select(func.count()).select_from(reports).where(reports.c.state == state)) or 0

    def ids(self, state: ReportState) -> set[SightingId]:
        """The sightings whose reports are in a state."""
        return set(self._connection.scalars(select(reports.c.sighting_id).where(reports.c.state == state)))

    def standing(self, state: ReportState) -> list[datetime]:
        """Since when each report of a state is in it, the longest first."""
        # People moved it there, else models did, else it came in so.
        moved = reports.c.looked_at if state is ReportState.HELD else reports.c.decided_at
        since = func.coalesce(moved, reports.c.received_at, type_=reports.c.received_at.type)
        rows = self._connection.execute(select(since).where(reports.c.state == state))
        return sorted(row[0] for row in rows)

    def same_words(self, words: str, but: SightingId) -> int:
        """How many other reports hold the very same note."""
        same = and_(reports.c.words == words, reports.c.sighting_id != but)
        return self._connection.scalar(select(func.count()).select_from(reports).where(same)) or 0

    def sent_since(self, sender: str, since: datetime) -> int:
        """How many reports came from a sender in the hours since a time."""
        some = and_(report_counts.c.sender == sender, report_counts.c.hour >= since)
        return self._connection.scalar(select(func.sum(report_counts.c.count)).where(some)) or 0

    def likenesses(self, since: datetime) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Sightings (n,) and likenesses (n,) of the photos that were reported since a time, the first ones first."""
        query = (
            select(photos.c.sighting_id, likenesses.c.likeness)
            .join(photos, photos.c.id == likenesses.c.photo_id)
            .where(likenesses.c.at >= since, photos.c.sighting_id.is_not(None))
            .order_by(likenesses.c.at, likenesses.c.photo_id)
        )
        rows = self._connection.execute(query).all()
        owners = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        return owners, np.frombuffer(b"".join(row[1] for row in rows), ">u8").astype(np.uint64)

    def likenesses_of(self, found: Collection[PhotoId]) -> list[int]:
        """What some photos look like, of those of which it is kept."""
        query = select(likenesses.c.likeness).where(likenesses.c.photo_id.in_(tuple(found)))
        return [int.from_bytes(one, "big") for one in self._connection.scalars(query)]

    def dispute(self, dispute_id: DisputeId) -> PublicDispute | None:
        """The dispute of this id."""
        return next(iter(self._disputes(public_disputes.c.id == dispute_id)), None)

    def dispute_by_receipt(self, receipt: str) -> PublicDispute | None:
        """The dispute whose code has this digest."""
        return next(iter(self._disputes(public_disputes.c.receipt == receipt)), None)

    def dispute_by_submission(self, submission: str) -> PublicDispute | None:
        """The dispute that was sent with this digest of its form."""
        return next(iter(self._disputes(public_disputes.c.submission == submission)), None)

    def disputes_since(self, sender: str, since: datetime) -> int:
        """How many disputes came from a sender since a time."""
        some = and_(public_disputes.c.sender == sender, public_disputes.c.received_at >= since)
        return self._connection.scalar(select(func.count()).select_from(public_disputes).where(some)) or 0

    def open_disputes(self, after: DisputeId | None = None, limit: int | None = None) -> list[PublicDispute]:
        """Those that an officer has to decide, the longest waiting first, behind `after`."""
        condition: ColumnElement[bool] = public_disputes.c.decided_at.is_(None)
        if after is not None:
            last = select(public_disputes.c.received_at).where(public_disputes.c.id == after).scalar_subquery()
            same = and_(public_disputes.c.received_at == last, public_disputes.c.id > after)
            condition = and_(condition, or_(public_disputes.c.received_at > last, same))
        return self._disputes(condition, limit)

    def count_open_disputes(self) -> int:
        """How many an officer has to decide."""
        waits = public_disputes.c.decided_at.is_(None)
        return self._connection.scalar(select(func.count()).select_from(public_disputes).where(waits)) or 0

    def disputes_of(self, case_id: CaseId) -> list[PublicDispute]:
        """All that were said about a case."""
        return self._disputes(public_disputes.c.case_id == case_id)

    def _where(
        self, condition: ColumnElement[bool], limit: int | None = None, *first: ColumnElement[Any]
    ) -> list[PublicReport]:
        """Reports by `first`, and by the time at which they came."""
        query = select(reports).where(condition).order_by(*first, reports.c.received_at, reports.c.sighting_id)
        return [_report(row) for row in self._connection.execute(query.limit(limit)).mappings()]

    def _disputes(self, condition: ColumnElement[bool], limit: int | None = None) -> list[PublicDispute]:
        query = select(public_disputes).where(condition).order_by(public_disputes.c.received_at, public_disputes.c.id)
        return [PublicDispute(**row) for row in self._connection.execute(query.limit(limit)).mappings()]


class ReportWriting(ReportReading):
    """Reports, with their changes."""

    __slots__ = ()

    def add(self, report: PublicReport) -> None:
        """Keep the report of a kept sighting, and count its sender."""
        self._connection.execute(insert(reports), _columns(report))
        if report.sender is not None:
            self.count_sender(report.sender, report.received_at.replace(minute=0, second=0, microsecond=0))

    def update(self, report: PublicReport) -> None:
        """Keep a report as it is now."""
        changed = update(reports).where(reports.c.sighting_id == report.sighting_id)
        self._connection.execute(changed.values(**_columns(report)))

    def queue_duplicates_of(self, sighting_id: SightingId) -> int:
        """Let those be looked at again that may have been taken for duplicates of a sighting: how many."""
        return self._connection.execute(duplicates_queued(sighting_id)).rowcount

    def note_likenesses(self, found: Mapping[PhotoId, int], at: datetime) -> None:
        """Keep what photos look like, anew where it was kept before."""
        self._connection.execute(delete(likenesses).where(likenesses.c.photo_id.in_(tuple(found))))
        rows = [{"photo_id": one, "likeness": like.to_bytes(8, "big"), "at": at} for one, like in found.items()]
        if rows:
            self._connection.execute(insert(likenesses), rows)

    def forget_likenesses(self, before: datetime) -> int:
        """Delete what photos look like that came before a time: how many."""
        return self._connection.execute(delete(likenesses).where(likenesses.c.at < before)).rowcount

    def add_dispute(self, dispute: PublicDispute) -> None:
        """Keep what somebody says about a kept case."""
        values = {field.name: getattr(dispute, field.name) for field in fields(dispute)}
        self._connection.execute(insert(public_disputes), values)

    def decide_dispute(self, dispute_id: DisputeId, at: datetime, by: str, *, upheld: bool) -> None:
        """Note what an officer decided."""
        values = {"decided_at": at, "decided_by": by, "upheld": upheld}
        self._connection.execute(update(public_disputes).where(public_disputes.c.id == dispute_id).values(**values))

    def forget_disputes(self, before: datetime) -> int:
        """Erase how those can be reached, and what they said, whose disputes were decided before a time: how many."""
        old = and_(public_disputes.c.decided_at < before, public_disputes.c.contact != b"")
        return self._connection.execute(update(public_disputes).where(old).values(contact=b"", note=b"")).rowcount

    def forget_contacts(self, before: datetime) -> int:
        """Erase how the reporters of reports from before a time can be reached: how many."""
        old = and_(reports.c.received_at < before, reports.c.contact.is_not(None))
        return self._connection.execute(update(reports).where(old).values(contact=None)).rowcount

    def forget_senders(self, before: datetime) -> int:
        """Erase where reports and disputes from before a time came from: of how many reports."""
        self._connection.execute(delete(report_counts).where(report_counts.c.hour < before - timedelta(hours=1)))
        disputed = and_(public_disputes.c.received_at < before, public_disputes.c.sender.is_not(None))
        self._connection.execute(update(public_disputes).where(disputed).values(sender=None))
        old = and_(reports.c.received_at < before, reports.c.sender.is_not(None))
        return self._connection.execute(update(reports).where(old).values(sender=None)).rowcount

    def count_sender(self, sender: str, hour: datetime) -> None:
        """Count one more that came from a sender in an hour."""
        mine = and_(report_counts.c.sender == sender, report_counts.c.hour == hour)
        more = update(report_counts).where(mine).values(count=report_counts.c.count + 1)
        if not self._connection.execute(more).rowcount:
            self._connection.execute(insert(report_counts), {"sender": sender, "hour": hour, "count": 1})


def duplicates_queued(sighting_id: SightingId) -> Update:
    """The statement by which duplicates of a sighting are queued again.

    They stand beside the first sighting of its happening, so that it is not known which of those they were like; no
    report is taken for the duplicate of one that is a duplicate itself.
    """
    itself = exists().where(reports.c.sighting_id == sighting_id, reports.c.state == ReportState.DUPLICATE)
    first = select(sightings.c.merged_into).where(sightings.c.id == sighting_id, ~itself).scalar_subquery()
    shown = or_(sightings.c.merged_into == sighting_id, sightings.c.merged_into == first)
    beside = select(sightings.c.id).where(shown)
    duplicates = and_(reports.c.sighting_id.in_(beside), reports.c.state == ReportState.DUPLICATE)
    return update(reports).where(duplicates).values(state=ReportState.QUEUED, leased_until=None, attempts=0)


def _columns(report: PublicReport) -> dict[str, Any]:
    values = {name: getattr(report, name) for name in _FIELDS}
    return values | {"doubts": sorted(doubt.value for doubt in report.doubts)}


def _report(row: Mapping[Any, Any]) -> PublicReport:
    return PublicReport(**{**row, "doubts": frozenset(map(Doubt, row["doubts"]))})
