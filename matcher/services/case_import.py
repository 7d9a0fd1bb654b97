"""Cases in bulk: a record registers a case, changes it, or finds it as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from matcher.domain.cases import CaseDetails
from matcher.interchange.records import PhotoCell, TableRecord
from matcher.interchange.tables import Refusal
from matcher.services import cases
from matcher.services.cases import NewPhoto
from matcher.services.context import Context
from matcher.services.details import case_fields
from matcher.services.imports import Import, Imported, Prepared, check_only, prepare_each
from matcher.services.inputs import CasePhoto, OnSeveral, Who, read_photo
from matcher.services.photos import original_digest


def import_cases(
    context: Context,
    records: Iterable[TableRecord | Refusal],
    photos: Path,
    who: Who,
    *,
    on_several: OnSeveral = OnSeveral.ASK,
    dry_run: bool = False,
) -> Iterator[Imported]:
    """Register or update a case per record, in their order; photo files are looked up below `photos`."""
    if dry_run:
        return check_only(records, photos, _check)

    def prepare(record: TableRecord) -> Prepared[NewPhoto]:
        known = _known_photos(context, record.key or "")

        def run(cell: PhotoCell) -> NewPhoto | None:
            data = read_photo(photos / cell.file)
            if original_digest(context, data) in known:
                return None
            photo = CasePhoto(photos / cell.file, taken=cell.taken, age=cell.age, face=cell.face)
            return cases.prepare_photo(context, photo, on_several)

        return prepare_each(record, run)

    return Import(prepare, lambda record, ready: _store(context, record, ready, who)).each(records)


def _check(record: TableRecord) -> None:
    cases.check_number(record.key or "")
    CaseDetails(**case_fields(record.fields))


def _known_photos(context: Context, number: str) -> set[str]:
    with context.store.read() as reading:
        case = reading.cases.get(number)
        return {photo.original_digest for photo in reading.photos.of_case(case.id)} if case else set()


def _store(context: Context, record: TableRecord, ready: Prepared[NewPhoto], who: Who) -> Imported:
    number, fields = record.key or "", case_fields(record.fields)
    with context.store.read() as reading:
        case = reading.cases.get(number)
    if case is None:
        view = cases.add(context, number, CaseDetails(**fields), ready.photos, who)
        return Imported(record.where, "added", number, len(ready.photos), view.warnings, ready.refusals)
    if not ready.photos and replace(case.details, **fields) == case.details:
        return Imported(record.where, "unchanged", number, 0, (), ready.refusals)
    view = cases.update(context, number, fields, ready.photos, who)
    return Imported(record.where, "changed", number, len(ready.photos), view.warnings, ready.refusals)
