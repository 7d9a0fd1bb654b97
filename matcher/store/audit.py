"""The audit log: append-only, chained, written in the transaction whose change it records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, exists, insert, select

from matcher.domain.records import AuditEntry, AuditRecord
from matcher.errors import Conflict, Damaged
from matcher.store.chain import GENESIS, Break, ChainReport, Checkpoint, entry_text, line, link, parse_entry
from matcher.store.part import Part, batches
from matcher.store.tables import audit, audit_checkpoints, audit_note_objects, audit_notes

Trusted = Callable[[Checkpoint], bool]
NoteDigest = Callable[[str], str]

_STREAMED = {"yield_per": 1000}
_WITH_NOTES = select(audit, audit_notes.c.note).outerjoin(audit_notes, audit_notes.c.number == audit.c.number)


def _nobody(_checkpoint: Checkpoint) -> bool:
    """Without the home's key no checkpoint is believed."""
    return False


class AuditReading(Part):
    """The audit log."""

    __slots__ = ()

    def records(self, after: int = 0, limit: int | None = None) -> list[AuditRecord]:
        """Entries with numbers above `after`, rising; an erased note is `None`."""
        query = _WITH_NOTES.where(audit.c.number > after).order_by(audit.c.number).limit(limit)
        return [_record(row) for row in self._connection.execute(query)]

    def latest(self, before: int | None, limit: int) -> list[AuditRecord]:
        """Entries with numbers below `before`, or the last ones, falling; an erased note is `None`."""
        query = _WITH_NOTES if before is None else _WITH_NOTES.where(audit.c.number < before)
        query = query.order_by(audit.c.number.desc()).limit(limit)
        return [_record(row) for row in self._connection.execute(query)]

    def stream(self) -> Iterator[AuditRecord]:
        """All entries in their order, however many there are; an erased note is `None`."""
        return map(_record, self._streamed(_WITH_NOTES))

    def about(self, objects: Set[str]) -> list[AuditRecord]:
        """The entries about any of these shown ids, rising."""
        named = [row.number for row in self._streamed(select(audit)) if not objects.isdisjoint(_entry(row).objects)]
        return [
            _record(row)
            for some in batches(named)
            for row in self._connection.execute(_WITH_NOTES.where(audit.c.number.in_(some)).order_by(audit.c.number))
        ]

    def lines(self, wanted: Callable[[datetime], bool] | None = None) -> Iterator[str]:
        """Entries in their order, as lines of JSON as they stand in the chain; those whose time is `wanted`, or all."""
        for row in self._streamed(select(audit)):
            if wanted is None or wanted(_entry(row).at):
                yield line(row.number, row.previous, row.hash, row.entry)

    def head(self) -> tuple[int, str]:
        """The number and the hash of the last entry."""
        return self._head.audit_number, self._head.audit_hash

    def hash_of(self, number: int) -> str | None:
        """The hash of an entry, or of the last one that a checkpoint stands for; `None` if neither is there."""
        checkpoint = self.checkpoint()
        if checkpoint is not None and checkpoint.number == number:
            return checkpoint.hash
        found: str | None = self._connection.scalar(select(audit.c.hash).where(audit.c.number == number))
        return found

    def checkpoint(self) -> Checkpoint | None:
        """The latest checkpoint: the chain goes on from it."""
        checkpoints = self.checkpoints()
        return checkpoints[-1] if checkpoints else None

    def checkpoints(self) -> list[Checkpoint]:
        """All checkpoints, oldest first."""
        query = select(audit_checkpoints).order_by(audit_checkpoints.c.number)
        return [Checkpoint(**row) for row in self._connection.execute(query).mappings()]

    def verify(self, trusted: Trusted = _nobody, note_digest: NoteDigest | None = None) -> ChainReport:
        """Walk the whole chain up to the head row; a break is reported, not raised.

        It begins at the latest checkpoint, if all of them are `trusted`. With `note_digest`, the notes that were not
        erased are compared with their digests too.
        """
        checkpoints = self.checkpoints()
        for checkpoint in checkpoints:
            if not trusted(checkpoint):
                return ChainReport(0, checkpoint.number, Break.CHECKPOINT)
        base, last = (checkpoints[-1].number, checkpoints[-1].hash) if checkpoints else (0, GENESIS)
        checked = base
        for row in self._streamed(_WITH_NOTES):
            broken = self._break(row, checked + 1, last)
            if broken is None and note_digest is not None and not _is_own_note(row, note_digest):
                broken = row.number, Break.NOTE
            if broken is not None:
                return ChainReport(checked - base, *broken, removed=base)
            checked, last = row.number, row.hash
        if checked < self._head.audit_number:
            return ChainReport(checked - base, checked + 1, Break.REMOVED, removed=base)
        if last != self._head.audit_hash:
            return ChainReport(checked - base, checked, Break.HEAD, removed=base)
        return ChainReport(checked - base, removed=base)

    def _streamed(self, query: Select[Any]) -> Iterator[Row[Any]]:
        with self._connection.execute(query.order_by(audit.c.number), execution_options=_STREAMED) as rows:
            yield from rows

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
    """The audit log, with appending, and shortening at its old end."""

    __slots__ = ()

    def append(self, entry: AuditEntry, note: str | None = None) -> AuditRecord:
        """Add an entry to the chain, and beside it the erasable note whose digest it may carry."""
        text = entry_text(entry)
        number, previous = self._head.audit_number + 1, self._head.audit_hash
        digest = link(number, previous, text)
        self._connection.execute(insert(audit), {"number": number, "previous": previous, "hash": digest, "entry": text})
        if note is not None:
            self._connection.execute(insert(audit_notes), {"number": number, "note": note})
            if about := sorted(set(entry.objects)):
                rows = [{"object": one, "number": number} for one in about]
                self._connection.execute(insert(audit_note_objects), rows)
        self._head.audit_number, self._head.audit_hash = number, digest
        return AuditRecord(number=number, previous=previous, hash=digest, entry=entry, note=note)

    def forget_notes(self, objects: Set[str]) -> int:
        """Erase the notes of entries about any of these shown ids; the chain keeps their keyed digests. How many."""
        numbers: set[int] = set()
        for some in batches(sorted(objects)):
            about = select(audit_note_objects.c.number).where(audit_note_objects.c.object.in_(some))
            numbers.update(self._connection.scalars(about))
        for told in batches(sorted(numbers)):
            for table in (audit_note_objects, audit_notes):
                self._connection.execute(delete(table).where(table.c.number.in_(told)))
        return len(numbers)

    def shorten(self, checkpoint: Checkpoint) -> None:
        """Remove the entries up to a checkpoint's, with their notes, and keep the checkpoint in their place.

        `Conflict` unless it names an entry of the chain, and all that are still there up to it.
        """
        before = self.checkpoint()
        first = 1 if before is None else before.number + 1
        there = self._connection.scalar(select(audit.c.hash).where(audit.c.number == checkpoint.number))
        if there != checkpoint.hash or checkpoint.count != checkpoint.number - first + 1:
            raise Conflict("The audit log was shortened meanwhile: look at it again with `matcher audit verify`.")
        for table in (audit_note_objects, audit_notes, audit):
            self._connection.execute(delete(table).where(table.c.number <= checkpoint.number))
        self._connection.execute(insert(audit_checkpoints), asdict(checkpoint))


def _record(row: Row[Any]) -> AuditRecord:
    return AuditRecord(number=row.number, previous=row.previous, hash=row.hash, entry=_entry(row), note=row.note)


def _entry(row: Row[Any]) -> AuditEntry:
    try:
        return parse_entry(row.entry)
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"Audit entry {row.number} is not what was written: run `matcher audit verify`.") from error


def _is_own_note(row: Row[Any], note_digest: NoteDigest) -> bool:
    return row.note is None or note_digest(row.note) == _entry(row).note_digest
