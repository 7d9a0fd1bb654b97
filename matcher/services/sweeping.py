"""Files that no record refers to: left by killed processes, or made of faces that are gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from matcher.services.context import Context
from matcher.services.pictures import kept_for_faces
from matcher.store.database import Reading

_ORPHAN_SECONDS = 3600  # no process is that long between writing a photo and its record


def orphans(context: Context) -> list[str]:
    """Photo files without a record, left by processes that were killed between file and record, and pictures made of
    faces that are gone.
    """
    old = context.blobs.older_than(_long_ago(context))
    with context.store.read() as reading:
        return _without_record(reading, old)


def unfinished(context: Context) -> Sequence[Path]:
    """Half-written photo files, left by processes that were killed while they wrote."""
    return context.blobs.unfinished(_long_ago(context))


def sweep(context: Context) -> int:
    """Delete orphans and half-written files; asked again under the lock, when no record can come in between."""
    old = orphans(context)
    with context.store.write() as transaction:
        gone = _without_record(transaction, old)
        for key in gone:
            context.blobs.delete(key)
    for part in unfinished(context):
        part.unlink(missing_ok=True)
    return len(gone)


def _long_ago(context: Context) -> float:
    return context.clock().timestamp() - _ORPHAN_SECONDS


def _without_record(reading: Reading, keys: Iterable[str]) -> list[str]:
    others = set(keys) - reading.photos.with_blobs(keys)
    return sorted(others - kept_for_faces(reading, others))
