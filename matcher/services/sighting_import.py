"""Sightings in bulk: a record is submitted, or known again by its key or its content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from matcher.domain.ids import SightingId, id_text
from matcher.domain.records import Report
from matcher.errors import PhotoRefused, WrongUse
from matcher.interchange.records import PhotoCell, TableRecord
from matcher.interchange.tables import Refusal
from matcher.services import sightings
from matcher.services.context import Context
from matcher.services.details import sighting_fields
from matcher.services.imports import Import, Imported, Prepared, check_only, prepare_each, refused
from matcher.services.inputs import Who, read_photo
from matcher.services.photos import PreparedPhoto, original_digest, prepare, remarks
from matcher.services.sighting_views import handed_in_before


def import_sightings(
    context: Context, records: Iterable[TableRecord | Refusal], photos: Path, who: Who, *, dry_run: bool = False
) -> Iterator[Imported]:
    """Submit a sighting per record, in their order; a record without a key is known again by its content."""
    if dry_run:
        return check_only(records, photos, _report)

    context.pipeline  # noqa: B018 - models that cannot be loaded are no fault of a row

    def prepared(record: TableRecord) -> Prepared[PreparedPhoto] | Imported:
        known = _known(context, record, photos)
        if known is not None:
            return known
        ready = prepare_each(record, lambda cell: prepare(context, photos / cell.file))
        # Whole or not at all: with a photo missing, the mended row would be another report under the same key.
        return refused(record, ready.refusals) if ready.refusals else ready

    return Import(prepared, lambda record, ready: _store(context, record, ready, who)).each(records)


def _report(record: TableRecord) -> Report:
    if not record.photos:
        raise WrongUse(
            "a sighting needs at least one photo, as a file of its own: pictures inside a table are not read."
        )
    if any(cell != PhotoCell(cell.file) for cell in record.photos):
        raise WrongUse("a sighting's photo takes no date, age or face: all its faces are searched.")
    return Report(**sighting_fields(record.fields))


def _known(context: Context, record: TableRecord, folder: Path) -> Imported | None:
    """The record as it was submitted before, if it was: found out without running a model."""
    report = _report(record)
    try:
        originals = [original_digest(context, read_photo(folder / cell.file)) for cell in record.photos]
    except PhotoRefused:
        return None  # the ordinary way says which one, and why
    content = sightings.content_digest(context, report, originals)
    with context.store.read() as reading:
        known = sightings.existing(context, reading, _key(record, content), content)
    return None if known is None else Imported(record.where, "unchanged", id_text(known), len(record.photos))


def _key(record: TableRecord, content: str) -> sightings.SubmissionKey:
    return sightings.SubmissionKey(record.key or f"content {content}")


def _store(context: Context, record: TableRecord, ready: Prepared[PreparedPhoto], who: Who) -> Imported:
    report = _report(record)
    content = sightings.content_digest(context, report, [photo.original_digest for photo in ready.photos])
    new = sightings.new_sighting(report, ready.photos, _key(record, content))
    sighting_id, repeated = sightings.submit(context, new, who)
    if repeated:
        return Imported(record.where, "unchanged", id_text(sighting_id), len(ready.photos), (), ready.refusals)
    told = *_remarks(ready.photos), *_repetition(context, record, sighting_id)
    unusable = sum(photo.found.reason is not None for photo in ready.photos)
    return Imported(record.where, "added", id_text(sighting_id), len(ready.photos), told, ready.refusals, unusable)


def _remarks(photos: Iterable[PreparedPhoto]) -> Iterator[str]:
    """What a better photo would be, for those who can take one; of several faces nobody knows which is meant."""
    for photo in photos:
        yield from remarks(photo, 1 if len(photo.found.faces) == 1 else None)


def _repetition(context: Context, record: TableRecord, sighting_id: SightingId) -> Iterator[str]:
    """A report whose words were changed is another one, though its photos are the same."""
    before = handed_in_before(context, sighting_id)
    if before:
        yield f"{record.where}: a photo of it came in before, with sighting {', '.join(before)}: is it the same report?"
