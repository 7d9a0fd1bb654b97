"""Reindex: embed what is missing in the current space, then build, verify and publish a snapshot of the gallery."""

from __future__ import annotations

import time
from collections.abc import Iterable

from matcher.domain.ids import id_text
from matcher.domain.records import StoredFace
from matcher.errors import MatcherError
from matcher.gallery.build import SnapshotInfo, SnapshotWriter, forget, prune
from matcher.gallery.manifest import read_manifest
from matcher.gallery.snapshots import current_name
from matcher.matching.statistics_files import encoded
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_tasks import reopen_of_other_spaces
from matcher.services.inputs import Who
from matcher.services.photos import same_face, stored_image
from matcher.services.pictures import kept_for_faces
from matcher.services.significance import measure
from matcher.services.tidying import tidy
from matcher.services.views import ReindexView
from matcher.store.database import Reading

_BATCH = 256
_ORPHAN_SECONDS = 3600  # no process is that long between writing a photo and its record


def reindex(context: Context, who: Who) -> ReindexView:
    """Make the snapshot that searches start from; until it is published, searches go on with the one before."""
    began = time.monotonic()
    embedded, problems = embed_missing(context, who)
    info = build(context)
    pruned = prune(context.gallery.folder, keep=context.settings.snapshots_kept)
    in_use = context.settings.backend == context.home.settings().backend  # and not of models that are only tried
    if in_use:
        _forget_other_spaces(context)
    through, swept = _trim_through(context), _sweep(context)
    with context.store.write() as transaction:
        # Running searchers take the new snapshot before they read on, so what it contains can be forgotten.
        transaction.gallery.trim(through)
        if in_use:
            # `models use` does it too, but may have been killed before, and other settings may name other models.
            reopen_of_other_spaces(context, transaction, context.space.name, who)
        forgotten = tidy(context, transaction)
        trace = Trace(
            "gallery.reindex",
            space=context.space.name,
            snapshot=info.name,
            details={"faces": info.count, "embedded": embedded, "problems": len(problems), "swept": swept} | forgotten,
        )
        record(context, transaction, who, trace)
    return ReindexView(
        snapshot=info.name,
        space=context.space.name,
        faces=info.count,
        embedded=embedded,
        pruned=tuple(pruned),
        problems=tuple(problems),
        seconds=time.monotonic() - began,
    )


def _forget_other_spaces(context: Context) -> None:
    """Remove snapshots by models that are not in use: nobody brings them up to date, so closed cases would stay."""
    for folder in context.home.snapshots.iterdir():
        if folder.is_dir() and folder != context.gallery.folder:
            forget(folder)


def orphans(context: Context) -> list[str]:
    """Photo files without a record, left by processes that were killed between file and record, and pictures made of
    faces that are gone.
    """
    old = context.blobs.older_than(context.clock().timestamp() - _ORPHAN_SECONDS)
    with context.store.read() as reading:
        return _without_record(reading, old)


def _sweep(context: Context) -> int:
    """Delete orphans; asked again under the lock, when no record can come in between."""
    old = orphans(context)
    with context.store.write() as transaction:
        gone = _without_record(transaction, old)
        for key in gone:
            context.blobs.delete(key)
    return len(gone)


def _without_record(reading: Reading, keys: Iterable[str]) -> list[str]:
    others = set(keys) - reading.photos.with_blobs(keys)
    return sorted(others - kept_for_faces(reading, others))


def _trim_through(context: Context) -> int:
    """The last change that the live snapshots of all embedding spaces contain."""
    folders = [folder for folder in context.home.snapshots.iterdir() if folder.is_dir()]
    live = [(folder, current_name(folder)) for folder in folders]
    return min((read_manifest(folder / name).through_change for folder, name in live if name), default=0)


def build(context: Context) -> SnapshotInfo:
    """Write and publish a snapshot of the gallery as one consistent read of the database shows it."""
    space = context.space
    with context.store.read() as reading:
        through, total, done = reading.gallery.counter(), reading.gallery.count(space.name), 0
        with SnapshotWriter(context.gallery.folder, space, through) as writer:
            for rows in reading.gallery.rows(space.name):
                writer.append_rows(rows)
                done += len(rows)
                if context.progress:
                    context.progress("writing the snapshot", done, total)
            statistics = measure(reading, space.name, writer.rows(), context.settings.comparable_score)
            for name, content in encoded(statistics).items():
                writer.attach(name, content)
            return writer.publish()


def embed_missing(context: Context, who: Who) -> tuple[int, list[str]]:
    """Embed chosen faces of open cases that have no vector in the current space, as after a change of model."""
    space, done = context.space.name, 0
    problems: list[str] = []
    failed: set[int] = set()
    while True:
        with context.store.read() as reading:
            missing = reading.faces.without_embedding(space, _BATCH + len(failed))
        batch = [face for face in missing if face.id not in failed][:_BATCH]
        if not batch:
            return done, problems
        for face in batch:
            problem = _embed(context, face, who)
            if problem is None:
                done += 1
            else:
                failed.add(face.id)
                problems.append(problem)
            if context.progress:
                context.progress("embedding faces", done, done + len(missing))


def _embed(context: Context, face: StoredFace, who: Who) -> str | None:
    """Embed one face from its stored photo; returns what went wrong, if anything did."""
    with context.store.read() as reading:
        photo = reading.photos.get(face.photo_id)
    name = f"face {id_text(face.id)}"
    if photo is None or photo.case_id is None:
        return f"{name}: its photo is gone."
    try:
        found = same_face(context.pipeline.find(stored_image(context, photo), thorough=True), face)
    except MatcherError as error:
        return f"{name}: {error}"
    if found is None:
        return f"{name}: not found again in photo {id_text(photo.id)}; add the photo anew."
    space = context.space.name
    with context.store.write() as transaction:
        current, case = transaction.faces.get(face.id), transaction.cases.by_id(photo.case_id)
        if current is None or current.choice is None or transaction.faces.vectors([face.id], space):
            return None  # somebody chose another face meanwhile, or another reindex was here first
        transaction.faces.put_vectors({face.id: found.embedding}, space)
        if case is not None and case.status.searched:
            transaction.gallery.add(face.id, case.id, space)
        record(context, transaction, who, Trace("gallery.embed", [face.id], space))
    return None
