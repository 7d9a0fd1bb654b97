"""The snapshot of a gallery: one consistent read of the database, with the statistics that it is searched by.

Made in three steps, each of which can be killed and done again: `build` leaves it finished on the disk, `verify` proves
it, `publish` makes it the live one. Until then searches go on with the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from matcher.domain.records import PRINT_BYTES, GalleryRows, KnownRows, Prints
from matcher.errors import Conflict, Damaged, NotFound
from matcher.gallery import publishing
from matcher.gallery.build import SnapshotInfo, SnapshotWriter
from matcher.gallery.manifest import FORMAT_VERSION, Manifest, read_manifest
from matcher.gallery.merging import Merged
from matcher.gallery.nearest import limit_threads
from matcher.gallery.snapshots import Snapshot, current_name, open_snapshot
from matcher.gallery.verify import VerifyReport, verify_files, verify_snapshot
from matcher.matching.carrying import may_be_carried
from matcher.matching.significance import GalleryStatistics
from matcher.matching.statistics_files import encoded
from matcher.services.context import Context
from matcher.services.significance import carry, measure, measured_alike, read_scale
from matcher.store.database import Reading

_PRINTS = "prints.bin"  # a file of the snapshot: the prints of all rows, where embeddings are sealed
_FEW = 0.05  # share of the rows; each row is checked twice, and every change read by itself


@dataclass(frozen=True, slots=True)
class Built:
    """A snapshot that is as the database is. `verified` one that was found, not written, was proved already."""

    info: SnapshotInfo
    verified: bool


def make(context: Context) -> SnapshotInfo:
    """A verified snapshot that is live and complete."""
    built = build(context)
    info = built.info if built.verified else verify(context, built.info.name)
    publish(context, info.name)
    return info


def build(context: Context) -> Built:
    """Write a snapshot of the gallery as one consistent read of the database shows it, without making it live.

    Nothing is written where nothing changed: the live snapshot, or one that a killed run finished, is proved and told.
    """
    with context.store.read() as reading:
        found = _found(context, reading)
        if found is not None:
            return Built(found, verified=True)
        if base := _base(context, reading):
            with suppress(Damaged):  # the live snapshot did not hold what the database holds
                return Built(_written(context, reading, base), verified=False)
        return Built(_written(context, reading, None), verified=False)


def verify(context: Context, name: str) -> SnapshotInfo:
    """Prove a finished snapshot and tell it, or else remove it and tell one that was made of the database alone.

    `Damaged` if that one fails too, or the snapshot is the live one; the live one stays as it is.
    """
    folder = context.gallery.folder
    try:
        return _info(prove(context, name))
    except Damaged:
        if not publishing.discard(folder, name):
            raise
    with context.store.read() as reading:
        name = _written(context, reading, None).name
    try:
        return _info(prove(context, name))
    except Damaged as error:
        publishing.discard(folder, name)
        raise Damaged(
            f"A new snapshot was not what it should be, and was removed; searches use the one before. {error}"
        ) from error


def prove(context: Context, name: str) -> VerifyReport:
    """Prove a snapshot: its files, searches in it, and that its rows are those of the database.

    Rows that changed after it was built are not compared: searches take those from the database. `Damaged` says what is
    wrong.
    """
    folder, space = context.gallery.folder / name, context.space.name
    limit_threads(context.settings.threads)
    with context.store.read() as reading:
        through = read_manifest(folder).through_change
        changed = {change.face_id for change in reading.gallery.changes(space, through)}

        def rows(snapshot: Snapshot) -> Iterator[GalleryRows]:
            return _rows(context, reading, "verifying the snapshot", _known(snapshot))

        return verify_snapshot(folder, rows, changed=changed, cipher=context.snapshot_cipher)


def newest(context: Context) -> str:
    """The name of the finished snapshot that waits to be published, or else of the live one; `NotFound` without any."""
    folder = context.gallery.folder
    name = publishing.finished_name(folder) or current_name(folder)
    if name is None:
        raise NotFound(f"There is no snapshot in '{folder}': build one with `matcher reindex`.")
    return name


def publish(context: Context, name: str) -> None:
    """Make a finished snapshot the live one, at once and for all processes; nothing to do if it is."""
    publishing.publish(context.gallery.folder, name)


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    """The present gallery as the live snapshot with the changes since; its statistics, if they can be carried over."""

    rows: Merged
    known: KnownRows
    statistics: GalleryStatistics | None

    def blocks(self) -> Iterator[GalleryRows]:
        """All rows, with the prints of those that came since; zeros where none is known."""
        added = self.rows.added
        for block in self.rows.blocks():
            prints = self.known.prints_of(block.face_ids)
            if added.prints is not None:
                _, here, there = np.intersect1d(block.face_ids, added.face_ids, return_indices=True)
                prints[here] = added.prints[there]
            yield replace(block, prints=prints if prints.any() else None)


def _base(context: Context, reading: Reading) -> _Base | None:
    """What a new snapshot can be made of without reading all rows; `None` if it is damaged, or too much changed."""
    try:
        name = current_name(context.gallery.folder)
        if name is None:
            return None
        verify_files(context.gallery.folder / name)
        snapshot = open_snapshot(context.gallery.folder / name, context.space, context.snapshot_cipher)
        through = snapshot.manifest.through_change
        if not 0 <= reading.gallery.counter() - through <= _FEW * snapshot.manifest.count:
            return None
        rows = Merged.of(snapshot.part, reading.gallery.changes(context.space.name, through))
        statistics = carry(reading, snapshot, rows, context.settings.comparable_score)
    except (Conflict, Damaged):  # `Conflict`: the changes are forgotten, as after restoring a backup
        return None
    # To measure a large gallery with the old snapshot open beside the new one would take twice the memory.
    if statistics is None and may_be_carried(snapshot.manifest.count):
        return None
    return _Base(rows, _known(snapshot), statistics)


def _written(context: Context, reading: Reading, base: _Base | None) -> SnapshotInfo:
    """A new snapshot: of the live one and its changes, or, without it, of all rows of the database."""
    space, cipher, method = context.space, context.sealing_cipher, context.settings.comparable_score
    with SnapshotWriter(context.gallery.folder, space, reading.gallery.counter(), cipher=cipher) as writer:
        prints: list[Prints] = []
        new = KnownRows.none()
        for block in base.blocks() if base else _rows(context, reading, "writing the snapshot", new):
            writer.append(block.face_ids, block.case_ids, block.vectors)
            prints += [] if block.prints is None else [block.prints]
        if prints:
            writer.attach(_PRINTS, np.concatenate(prints).tobytes())
        statistics = base.statistics if base else None
        for name, content in encoded(statistics or measure(reading, space.name, writer.rows(), method)).items():
            writer.attach(name, content)
        return writer.finish()


def _found(context: Context, reading: Reading) -> SnapshotInfo | None:
    """A snapshot that is there already and as the one that would be written, verified."""
    folder = context.gallery.folder
    for find in (publishing.finished_name, current_name):
        try:
            name = find(folder)
            if name is None or not _is_of_now(context, reading, read_manifest(folder / name)):
                continue
            report = prove(context, name)
        except Damaged:
            continue  # a new one takes its place
        if _measured(context, reading, report.snapshot):
            return _info(report)
    return None


def _info(report: VerifyReport) -> SnapshotInfo:
    return SnapshotInfo(report.folder.name, report.folder, report.manifest.count, report.manifest.through_change)


def _measured(context: Context, reading: Reading, snapshot: Snapshot) -> bool:
    scale, method = read_scale(snapshot), context.settings.comparable_score
    return scale is not None and measured_alike(reading, scale, snapshot.part.case_ids, method)


def _is_of_now(context: Context, reading: Reading, manifest: Manifest) -> bool:
    if manifest.through_change != reading.gallery.counter():
        return False
    cipher, encryption = context.sealing_cipher, manifest.encryption
    wanted = None if cipher is None else (cipher.scheme, cipher.key_id)
    given = None if encryption is None else (encryption.scheme, encryption.key)
    return (manifest.format_version, given) == (FORMAT_VERSION, wanted)


def _known(snapshot: Snapshot) -> KnownRows:
    """What a snapshot tells of the sealed bytes that its rows were opened from: they need not be opened again."""
    part, content = snapshot.part, snapshot.attachment(_PRINTS)
    if content is None or len(content) != len(part.face_ids) * PRINT_BYTES:
        return KnownRows.none()
    prints = np.frombuffer(content, np.uint8).reshape(-1, PRINT_BYTES)
    return KnownRows(part.face_ids, part.vectors, prints)


def _rows(context: Context, reading: Reading, what: str, known: KnownRows) -> Iterator[GalleryRows]:
    space, done = context.space.name, 0
    total = reading.gallery.count(space)
    for block in reading.gallery.rows(space, known=known):
        yield block
        done += len(block)
        if context.progress:
            context.progress(what, done, total)
