"""Verify what is stored: snapshot, audit chain and photos, against what was written. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from matcher.domain.ages import AgeBand
from matcher.domain.cases import Photo
from matcher.domain.ids import id_text
from matcher.errors import MatcherError
from matcher.matching.meaning import Circumstances, silence
from matcher.matching.significance import GalleryStatistics
from matcher.services import audit_trail
from matcher.services.context import Context
from matcher.services.photos import stored_image
from matcher.services.snapshots import prove
from matcher.services.sweeping import orphans
from matcher.services.views import BandView, GalleryView, VerifyView
from matcher.store.chain import ChainReport
from matcher.store.database import Reading
from matcher.wording import Wording

_REBUILD_SHARE = 0.01  # tombstones slow a search; past this share of the snapshot a rebuild pays
_REBUILD_TAIL = 10_000  # a tail is read from the database by every process that starts


def verify(context: Context) -> VerifyView:
    """Check everything that a home stores; problems are listed, not raised. `KeyProblem` without the master key."""
    context.require_key()
    problems = [f"database: {problem}" for problem in context.store.check()]
    snapshot, faces = _snapshot(context, problems)
    with context.store.read() as reading:
        chain = audit_trail.verify(context, reading)
        problems += _misplaced(reading, context.space.name)
        photos = list(_all_photos(reading))
    if chain.problem is not None:
        problems.append(f"audit entry {chain.first_broken}: {chain.problem}")
    for photo in photos:
        problem = _tried(lambda photo=photo: stored_image(context, photo))  # type: ignore[misc]
        if problem:
            problems.append(f"photo {id_text(photo.id)}: {problem}")
    problems += [f"photo file {key} belongs to no record: `matcher reindex` removes it" for key in orphans(context)]
    return VerifyView(snapshot, faces, chain.entries, len(photos), tuple(problems))


def verify_audit(context: Context) -> ChainReport:
    """Recompute the whole chain of audit entries."""
    with context.store.read() as reading:
        return audit_trail.verify(context, reading)


def gallery_status(context: Context) -> GalleryView:
    """What searches run on now."""
    status = context.gallery.status()
    advice = None
    if (status.tombstone_share or 0) > _REBUILD_SHARE or status.tail_size > _REBUILD_TAIL:
        advice = Wording("The snapshot has aged: run `matcher reindex`, so that searches stay fast.")
    return GalleryView(
        space=context.space.name,
        snapshot=status.snapshot,
        size=status.size,
        tail=status.tail_size,
        tombstones=status.tombstones,
        advice=advice,
        score=status.notes.statistics.normaliser.method if status.notes else None,
        bands=tuple(_bands(status.notes.statistics)) if status.notes else (),
    )


def _bands(statistics: GalleryStatistics) -> Iterator[BandView]:
    for band in AgeBand:
        measured = statistics.bands.get(band)
        if measured is None:
            continue
        tail, untold = measured.tail, silence(statistics, Circumstances(band))
        law = (None, None, None, None) if tail is None else (len(tail.sample), tail.gap, tail.fit, tail.lawful)
        yield BandView(band, measured.children, untold, measured.copies, *law)


def _snapshot(context: Context, problems: list[str]) -> tuple[str | None, int]:
    """Compare the live snapshot with the rows of the database; faces that changed since are the live tail's."""
    try:
        status = context.gallery.status()
        if status.snapshot is not None:
            prove(context, status.snapshot)
    except MatcherError as error:
        problems.append(f"gallery: {error}")
        return None, 0
    return status.snapshot, status.size


def _misplaced(reading: Reading, space: str) -> list[str]:
    """Faces in the gallery that belong to no open case, and chosen faces of open cases that are not in it."""
    strangers, absent = reading.gallery.misplaced(space)
    said = [f"face {id_text(face)} is in the gallery but not the chosen one of an open case" for face in strangers]
    return said + [f"face {id_text(face)} of an open case is not in the gallery" for face in absent]


def _all_photos(reading: Reading) -> Iterator[Photo]:
    cases = [case.id for case in reading.cases.list()]
    for photos in reading.photos.of_cases(cases).values():
        yield from photos
    for row in reading.sightings.list():
        yield from reading.photos.of_sighting(row.sighting.id)


def _tried(check: Callable[[], object]) -> str | None:
    try:
        check()
    except MatcherError as error:
        return str(error)
    return None
