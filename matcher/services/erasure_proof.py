"""When an erasure is proved: its files, the database's pages and the snapshots that held its faces are gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from matcher.domain.erasures import Erasure
from matcher.domain.ids import id_text
from matcher.errors import MatcherError, StoreProblem
from matcher.gallery.manifest import read_manifest
from matcher.gallery.publishing import building, drop_before
from matcher.gallery.snapshots import current_name, snapshot_names
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who

_AWAITED = {
    "files_gone_at": "its photo files are to be removed: run `matcher reindex`",
    "pages_gone_at": "the database's pages are to be written anew while nobody reads: run `matcher reindex`",
    "snapshots_gone_at": "a snapshot that may hold its faces is to be replaced: run `matcher reindex`",
}


def awaited(erasure: Erasure) -> tuple[str, ...]:
    """What is not known to be gone yet, and what to do about it."""
    return tuple(words for name, words in _AWAITED.items() if getattr(erasure, name) is None)


def prove(context: Context, who: Who) -> list[Erasure]:
    """Try to make an end of all erasures that are not proved yet, and give them as they are now."""
    with context.store.read() as reading:
        pending = reading.erasures.pending()
        trimmed = reading.erasures.trimmed_through()
    if not pending:
        return []
    for erasure in pending:
        with suppress(StoreProblem):
            remove_files(context, erasure)
    last = min(snapshots_through(context, max(one.change for one in pending)), trimmed)
    # Pages come last: what is trimmed with the snapshots has to be gone from them too.
    due = any(one.pages_gone_at is None and one.change <= last for one in pending)
    return _note(context, pending, last, who, pages=due and context.store.purge())


def remove_files(context: Context, erasure: Erasure) -> Erasure:
    """Remove the photos and pictures of an erasure and the key of all copies of them, and keep since when.

    Backups hold such copies, and of its embeddings too.
    """
    if context.keys.active:
        context.keys.destroy([erasure.id])
    context.blobs.delete_owner(id_text(erasure.id))
    if erasure.files_gone_at is not None:
        return erasure
    now = context.clock()
    with context.store.write() as transaction:
        transaction.erasures.note_gone(erasure.id, files_gone_at=now)
    return replace(erasure, files_gone_at=now)


def snapshots_through(context: Context, wanted: int) -> int:
    """Up to which change all snapshots of all spaces are complete, after those below `wanted` were removed, if the live
    one of the models in use is not among them. One that cannot be read, or is being built, may hold anybody.
    """
    if _live_through(context) >= wanted:
        with suppress(MatcherError):  # another process builds: next time
            drop_before(context.home.snapshots, wanted)
    return min((through for folder in _spaces(context) for through in _through(folder)), default=wanted)


def _live_through(context: Context) -> int:
    folder = context.gallery.folder
    try:
        name = current_name(folder)
        return read_manifest(folder / name).through_change if name else -1
    except MatcherError:
        return -1


def _through(folder: Path) -> Iterator[int]:
    if any(building(folder)):
        yield -1
    for name in snapshot_names(folder):
        try:
            yield read_manifest(folder / name).through_change
        except MatcherError:
            yield -1


def _spaces(context: Context) -> list[Path]:
    return sorted(folder for folder in context.home.snapshots.iterdir() if folder.is_dir())


def _note(context: Context, pending: list[Erasure], last: int, who: Who, *, pages: bool) -> list[Erasure]:
    """Keep what is known to be gone now; an entry of the audit log names those that are proved by it."""
    now = context.clock()
    with context.store.write() as transaction:
        for erasure in pending:
            times: dict[str, datetime] = {}
            if erasure.change > last:
                continue
            if erasure.snapshots_gone_at is None:
                times["snapshots_gone_at"] = now
            if pages and erasure.pages_gone_at is None:
                times["pages_gone_at"] = now
            if times:
                transaction.erasures.note_gone(erasure.id, **times)
        found = [transaction.erasures.get(erasure.id) or erasure for erasure in pending]
        proved = [erasure.id for erasure in found if erasure.proved_at is not None]
        if proved:
            record(context, transaction, who, Trace("erasure.proved", proved))
    return found
