"""The snapshot of a gallery: one consistent read of the database, with the statistics that it is searched by."""

from __future__ import annotations

from matcher.gallery.build import SnapshotInfo, SnapshotWriter
from matcher.matching.statistics_files import encoded
from matcher.services.context import Context
from matcher.services.significance import measure


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
