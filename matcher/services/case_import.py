"""Cases in bulk: a record registers a case, changes it, or finds it as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from matcher.domain.cases import CaseDetails, Photo
from matcher.errors import Conflict
from matcher.interchange.records import PhotoCell, TableRecord
from matcher.interchange.tables import Refusal
from matcher.services import cases
from matcher.services.case_photos import NewPhoto, prepare_photo
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
    distinct = _distinct(records)
    if dry_run:
        return check_only(distinct, photos, lambda record: _check(record, photos))
    context.pipeline  # noqa: B018 - models that cannot be loaded are no fault of a row

    def prepare(record: TableRecord) -> Prepared[NewPhoto]:
        known = _known_photos(context, record.key or "")

        def run(cell: PhotoCell) -> NewPhoto | None:
            stored = known.get(original_digest(context, read_photo(photos / cell.file)))
            if stored is not None and stored.tells(cell):
                return None
            return prepare_photo(context, _case_photo(cell, photos), on_several)

        return prepare_each(record, run)

    return Import(prepare, lambda record, ready: _store(context, record, ready, who)).each(distinct)


def _distinct(records: Iterable[TableRecord | Refusal]) -> Iterator[TableRecord | Refusal]:
    """Refuse a number that a table gives twice: two children would become one case."""
    first: dict[str, str] = {}
    for record in records:
        if isinstance(record, TableRecord) and record.key is not None:
            earlier = first.setdefault(record.key, record.where)
            if earlier != record.where:
                problem = f"stands in {earlier} too: one case is one row, with all its photos."
                yield Refusal(record.where, "case_id", record.key, problem)
                continue
        yield record


def _check(record: TableRecord, folder: Path) -> None:
    cases.check_number(record.key or "")
    CaseDetails(**case_fields(record.fields))
    for cell in record.photos:
        _case_photo(cell, folder)


def _case_photo(cell: PhotoCell, folder: Path) -> CasePhoto:
    return CasePhoto(folder / cell.file, taken=cell.taken, age=cell.age, face=cell.face)


@dataclass(frozen=True, slots=True)
class _Known:
    """A photo that the case has, and the number of its chosen face."""

    photo: Photo
    face: int | None

    def tells(self, cell: PhotoCell) -> bool:
        """Whether all that the cell says is stored already."""
        given = (cell.taken, self.photo.taken), (cell.age, self.photo.age), (cell.face, self.face)
        return all(said is None or said == stored for said, stored in given)


def _known_photos(context: Context, number: str) -> dict[str, _Known]:
    with context.store.read() as reading:
        case = reading.cases.get(number)
        photos = reading.photos.of_case(case.id) if case else []
        faces = reading.faces.of_photos([photo.id for photo in photos])
    chosen = {face.photo_id: face.number for group in faces.values() for face in group if face.choice}
    return {photo.original_digest: _Known(photo, chosen.get(photo.id)) for photo in photos}


def _store(context: Context, record: TableRecord, ready: Prepared[NewPhoto], who: Who) -> Imported:
    number, fields = record.key or "", case_fields(record.fields)
    with context.store.read() as reading:
        case = reading.cases.get(number)
        stored = {photo.digest for photo in reading.photos.of_case(case.id)} if case else set()
    if case is None:
        try:
            view = cases.add(context, number, CaseDetails(**fields), ready.photos, who)
        except Conflict:
            with context.store.read() as reading:
                if reading.cases.get(number) is None:
                    raise
            return _store(context, record, ready, who)  # another import of the same table was a moment earlier
        told = len(ready.photos), view.warnings, ready.refusals, _unusable(ready.photos)
        return Imported(record.where, "added", number, *told)
    # The same picture with other metadata is no news, unless something is said about it.
    news = [photo for photo in ready.photos if photo.prepared.digest not in stored or _says(photo.given)]
    if not news and replace(case.details, **fields) == case.details:
        return Imported(record.where, "unchanged", number, 0, (), ready.refusals)
    view = cases.update(context, number, cases.Update(fields, news), who)
    return Imported(record.where, "changed", number, len(news), view.warnings, ready.refusals, _unusable(news))


def _unusable(photos: Iterable[NewPhoto]) -> int:
    return sum(photo.prepared.found.reason is not None for photo in photos)


def _says(photo: CasePhoto) -> bool:
    return photo.taken is not None or photo.age is not None or photo.face is not None
