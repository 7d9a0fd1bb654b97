"""The snapshot of a gallery: one consistent read of the database, with the statistics that it is searched by.

Made in three steps, each of which can be killed and done again: `build` leaves it finished on the disk, `verify` proves
it, `publish` makes it the live one. Until then searches go on with the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matcher.domain.records import GalleryRow
from matcher.errors import Damaged, NotFound
from matcher.gallery import publishing
from matcher.gallery.build import SnapshotInfo, SnapshotWriter
from matcher.gallery.manifest import FORMAT_VERSION, Manifest, read_manifest
from matcher.gallery.snapshots import current_name, open_snapshot
from matcher.gallery.verify import VerifyReport, verify_snapshot
from matcher.matching.statistics_files import encoded
from matcher.services.context import Context
from matcher.services.significance import measure, measured_alike, read_scale
from matcher.store.database import Reading


@dataclass(frozen=True, slots=True)
class Built:
    """A snapshot that is as the database is. `verified` one that was found, not written, was proved already."""

    info: SnapshotInfo
    verified: bool


def make(context: Context) -> SnapshotInfo:
    """A verified snapshot that is live and complete."""
    built = build(context)
    if not built.verified:
        verify(context, built.info.name)
    publish(context, built.info.name)
    return built.info


def build(context: Context) -> Built:
    """Write a snapshot of the gallery as one consistent read of the database shows it, without making it live.

    Nothing is written where nothing changed: the live snapshot, or one that a killed run finished, is verified and
    told.
    """
    with context.store.read() as reading:
        found = _found(context, reading)
        return Built(_written(context, reading), verified=False) if found is None else Built(found, verified=True)


def verify(context: Context, name: str) -> VerifyReport:
    """As `prove`; a snapshot that fails is removed, unless it is the live one."""
    try:
        return prove(context, name)
    except Damaged as error:
        if publishing.discard(context.gallery.folder, name):
            raise Damaged(f"The snapshot '{name}' was removed before anybody used it. {error}") from error
        raise


def prove(context: Context, name: str) -> VerifyReport:
    """Prove a snapshot: its files, searches in it, and that its rows are those of the database.

    Rows that changed after it was built are not compared: searches take those from the database. `Damaged` says what is
    wrong.
    """
    folder, space = context.gallery.folder / name, context.space.name
    with context.store.read() as reading:
        through = read_manifest(folder).through_change
        changed = {change.face_id for change in reading.gallery.changes(space, through)}
        rows = _rows(context, reading, "verifying the snapshot")
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


def _written(context: Context, reading: Reading) -> SnapshotInfo:
    space, cipher = context.space, context.sealing_cipher
    with SnapshotWriter(context.gallery.folder, space, reading.gallery.counter(), cipher=cipher) as writer:
        writer.append_rows(_rows(context, reading, "writing the snapshot"))
        statistics = measure(reading, space.name, writer.rows(), context.settings.comparable_score)
        for name, content in encoded(statistics).items():
            writer.attach(name, content)
        return writer.finish()


def _found(context: Context, reading: Reading) -> SnapshotInfo | None:
    """A snapshot that is there already and as the one that would be written, verified."""
    folder = context.gallery.folder
    for find in (publishing.finished_name, current_name):
        try:
            name = find(folder)
            if name is None or not _is_as_wanted(context, reading, name):
                continue
            report = verify(context, name)
        except Damaged:
            continue  # a new one takes its place
        return SnapshotInfo(name, report.folder, report.manifest.count, report.manifest.through_change)
    return None


def _is_as_wanted(context: Context, reading: Reading, name: str) -> bool:
    folder = context.gallery.folder / name
    manifest = read_manifest(folder)
    if manifest.through_change != reading.gallery.counter() or not _is_as_now_written(context, manifest):
        return False
    snapshot = open_snapshot(folder, context.space, context.snapshot_cipher)
    scale, method = read_scale(snapshot), context.settings.comparable_score
    return scale is not None and measured_alike(reading, scale, snapshot.part.case_ids, method)


def _is_as_now_written(context: Context, manifest: Manifest) -> bool:
    cipher, encryption = context.sealing_cipher, manifest.encryption
    wanted = None if cipher is None else (cipher.scheme, cipher.key_id)
    given = None if encryption is None else (encryption.scheme, encryption.key)
    return (manifest.format_version, given) == (FORMAT_VERSION, wanted)


def _rows(context: Context, reading: Reading, what: str) -> Iterator[GalleryRow]:
    space, done = context.space.name, 0
    total = reading.gallery.count(space)
    for block in reading.gallery.rows(space):
        yield from block
        done += len(block)
        if context.progress:
            context.progress(what, done, total)
