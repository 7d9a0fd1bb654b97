"""The audit log: append-only, chained, written in the transaction whose change it records."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from sqlalchemy import Row, Select, delete, exists, insert, select

from matcher.domain.records import AuditEntry, AuditRecord
from matcher.store.chain import GENESIS, Break, ChainReport, entry_text, link, parse_entry
from matcher.store.part import Part, batches
from matcher.store.tables import audit, audit_notes

_STREAMED = {"yield_per": 1000}
_WITH_NOTES = select(audit, audit_notes.c.note).outerjoin(audit_notes, audit_notes.c.number == audit.c.number)


class AuditReading(Part):
    """The audit log."""

    __slots__ = ()

    def records(self, after: int = 0, limit: int | None = None) -> list[AuditRecord]:
        """Entries with numbers above `after`, rising; an erased note is `None`."""
        return self._listed(_WITH_NOTES.where(audit.c.number > after).order_by(audit.c.number).limit(limit))

    def latest(self, before: int | None, limit: int) -> list[AuditRecord]:
        """Entries with numbers below `before`, or the last ones, falling; an erased note is `None`."""
        query = _WITH_NOTES if before is None else _WITH_NOTES.where(audit.c.number < before)
        return self._listed(query.order_by(audit.c.number.desc()).limit(limit))

    def about(self, objects: Set[str]) -> list[AuditRecord]:
        """The entries about any of these shown ids, rising."""
        named = self._naming(select(audit.c.number, audit.c.entry), objects)
        return [
            record
            for some in batches(named)
            for record in self._listed(_WITH_NOTES.where(audit.c.number.in_(some)).order_by(audit.c.number))
        ]

    def _naming(self, query: Select[Any], objects: Set[str]) -> list[int]:
        """The numbers of those entries of a query that name one of these ids."""
        with self._connection.execute(query.order_by(audit.c.number), execution_options=_STREAMED) as rows:
            return [row.number for row in rows if not objects.isdisjoint(parse_entry(row.entry).objects)]

    def _listed(self, query: Select[Any]) -> list[AuditRecord]:
        return [
            AuditRecord(
                number=row.number, previous=row.previous, hash=row.hash, entry=parse_entry(row.entry), note=row.note
            )
            for row in self._connection.execute(query)
        ]

    def verify(self) -> ChainReport:
        """Walk the whole chain up to the head row; a break is reported, not raised."""
        query = select(audit).order_by(audit.c.number)
        checked, last = 0, GENESIS
        with self._connection.execute(query, execution_options=_STREAMED) as rows:
            for row in rows:
                broken = self._break(row, checked + 1, last)
                if broken is not None:
                    return ChainReport(checked, *broken)
                checked, last = row.number, row.hash
        if checked < self._head.audit_number:
            return ChainReport(checked, checked + 1, Break.REMOVED)
        if last != self._head.audit_hash:
            return ChainReport(checked, checked, Break.HEAD)
        return ChainReport(checked)

    def _break(self, row: Row[Any], number: int, last: str) -> tuple[int, Break] | None:
        """What is wrong at the place `number`, where `row` was found, if anything."""
        if row.number > number:
            return number, Break.REMOVED
        if row.number < number or number > self._head.audit_number:
            return row.number, Break.INSERTED
        follows, whole = row.previous == last, link(number, last, row.entry) == row.hash
        if follows or whole:
            return None if follows and whole else (number, Break.CHANGED)
        if not self._continued(row.hash):
            return number, Break.INSERTED
        if number > 1 and link(number, row.previous, row.entry) == row.hash:
            # This entry is whole and in its place, so the one before was rewritten together with its hash.
            return number - 1, Break.CHANGED
        return number, Break.REORDERED

    def _continued(self, digest: str) -> bool:
        """Whether another entry, or the head, goes on from this hash."""
        query = select(exists().where(audit.c.previous == digest))
        return digest == self._head.audit_hash or bool(self._connection.scalar(query))


class AuditWriting(AuditReading):
    """The audit log, with appending."""

    __slots__ = ()

    def append(self, entry: AuditEntry, note: str | None = None) -> AuditRecord:
        """Add an entry to the chain, and beside it the erasable note whose digest it may carry."""
        text = entry_text(entry)
        number, previous = self._head.audit_number + 1, self._head.audit_hash
        digest = link(number, previous, text)
        self._connection.execute(insert(audit), {"number": number, "previous": previous, "hash": digest, "entry": text})
        if note is not None:
            self._connection.execute(insert(audit_notes), {"number": number, "note": note})
        self._head.audit_number, self._head.audit_hash = number, digest
        return AuditRecord(number=number, previous=previous, hash=digest, entry=entry, note=note)

    def forget_notes(self, objects: Set[str]) -> int:
        """Erase the notes of entries about any of these shown ids; the chain keeps their keyed digests. How many."""
        noted = select(audit.c.number, audit.c.entry).join(audit_notes, audit_notes.c.number == audit.c.number)
        told = self._naming(noted, objects)
        for some in batches(told):
            self._connection.execute(delete(audit_notes).where(audit_notes.c.number.in_(some)))
        return len(told)
