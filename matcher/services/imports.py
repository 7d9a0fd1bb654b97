"""Bulk intake: many cases or sightings from tables and folders; a bad row is named and the others go on.

Running an import again is safe: what is there already is left as it is, so a rerun completes one that was cut short.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from matcher.domain.cases import CaseDetails
from matcher.domain.ids import id_text
from matcher.errors import MatcherError, WrongUse
from matcher.images.decode import open_image
from matcher.interchange.records import PhotoCell, TableRecord
from matcher.interchange.tables import Refusal
from matcher.services import cases, sightings
from matcher.services.context import Context
from matcher.services.details import case_fields, sighting_fields
from matcher.services.inputs import CasePhoto, OnSeveral, Who, read_photo
from matcher.services.photos import in_parallel, prepare

_SIDECARS = {"thumbs.db", "desktop.ini"}
_CHECKED_SIDE = 400  # of a photo that is decoded only to see whether it can be, px


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one row: `outcome` is added, changed, unchanged, checked or refused; `id` names the record."""

    where: str
    outcome: str
    id: str | None = None
    photos: int = 0
    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()


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

    def prepared(record: TableRecord) -> _Prepared:
        return _prepare_each(record, lambda cell: cases.prepare_photo(context, _case_photo(cell, photos), on_several))

    def store(record: TableRecord, ready: _Prepared) -> Imported:
        return _store_case(context, record, ready, who)

    run = _Run(prepared, store, lambda record: _check_case(record, photos))
    return _each(records, run, dry_run)


def import_sightings(
    context: Context, records: Iterable[TableRecord | Refusal], photos: Path, who: Who, *, dry_run: bool = False
) -> Iterator[Imported]:
    """Submit a sighting per record, in their order; a record without a key is known again by its content."""

    def prepared(record: TableRecord) -> _Prepared:
        return _prepare_each(record, lambda cell: prepare(context, photos / cell.file))

    def store(record: TableRecord, ready: _Prepared) -> Imported:
        return _store_sighting(context, record, ready, who)

    run = _Run(prepared, store, lambda record: _check_sighting(record, photos))
    return _each(records, run, dry_run)


def case_folders(root: Path) -> list[TableRecord]:
    """One record per folder in `root`: its name is the case number, its files are the photos."""
    return [
        TableRecord(str(folder), folder.name, {}, _cells(folder, root)) for folder in _entries(root) if folder.is_dir()
    ]


def sighting_folder(root: Path) -> list[TableRecord]:
    """One record per file in `root`, and one per folder in it with all the folder's files."""
    return [
        TableRecord(str(entry), None, {}, _cells(entry, root) if entry.is_dir() else (PhotoCell(entry.name),))
        for entry in _entries(root)
    ]


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise WrongUse(f"{folder} is not a folder.")
    return sorted(
        entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.name.lower() not in _SIDECARS
    )


def _cells(folder: Path, root: Path) -> tuple[PhotoCell, ...]:
    return tuple(PhotoCell(str(entry.relative_to(root))) for entry in _entries(folder) if not entry.is_dir())


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    photos: tuple[Any, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    prepare: Callable[[TableRecord], _Prepared]
    store: Callable[[TableRecord, _Prepared], Imported]
    check: Callable[[TableRecord], Imported]


def _each(records: Iterable[TableRecord | Refusal], run: _Run, dry_run: bool) -> Iterator[Imported]:
    """Models run on all cores, a few records ahead of the one thread that stores them in order."""

    def job(record: TableRecord | Refusal) -> _Prepared | Imported:
        if isinstance(record, Refusal):
            return Imported(record.where, "refused", refusals=(record,))
        return run.check(record) if dry_run else run.prepare(record)

    for record, ready in in_parallel(records, job, _cores()):
        if isinstance(ready, Imported) or isinstance(record, Refusal):
            yield ready  # type: ignore[misc]
            continue
        try:
            yield run.store(record, ready)
        except MatcherError as error:
            yield Imported(record.where, "refused", refusals=(*ready.refusals, _refusal(record, error)))


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _prepare_each(record: TableRecord, run: Callable[[PhotoCell], Any]) -> _Prepared:
    photos, refusals = [], []
    for cell in record.photos:
        try:
            _require_below(cell.file)
            photos.append(run(cell))
        except MatcherError as error:
            refusals.append(Refusal(f"{record.where}", "photos", cell.file, str(error)))
    return _Prepared(tuple(photos), tuple(refusals))


def _require_below(file: str) -> None:
    """Refuse a table that reaches for files outside the folder that was named."""
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise WrongUse("leaves the folder of photos: give a path below it.")


def _store_case(context: Context, record: TableRecord, ready: _Prepared, who: Who) -> Imported:
    if record.photos and not ready.photos:
        return Imported(record.where, "refused", refusals=ready.refusals)
    number = record.key or ""
    with context.store.read() as reading:
        known = reading.cases.get(number)
        there = {photo.original_digest for photo in reading.photos.of_case(known.id)} if known else set()
    fields = case_fields(record.fields)
    if known is None:
        view = cases.add(context, number, CaseDetails(**fields), ready.photos, who)
        return Imported(record.where, "added", number, len(ready.photos), view.warnings, ready.refusals)
    new = [photo for photo in ready.photos if photo.prepared.original_digest not in there]
    if not new and replace(known.details, **fields) == known.details:
        return Imported(record.where, "unchanged", number, 0, (), ready.refusals)
    view = cases.update(context, number, fields, new, who)
    return Imported(record.where, "changed", number, len(new), view.warnings, ready.refusals)


def _store_sighting(context: Context, record: TableRecord, ready: _Prepared, who: Who) -> Imported:
    if not ready.photos:
        missing = ready.refusals or (Refusal(record.where, "photos", None, "a sighting needs at least one photo."),)
        return Imported(record.where, "refused", refusals=missing)
    report = sightings.Report(**sighting_fields(record.fields))
    new = sightings.NewSighting(report, ready.photos, record.key)
    if record.key is None:
        new = replace(new, key=f"content {sightings.content_digest(context, new)}")
    sighting_id, repeated = sightings.submit(context, new, who)
    outcome = "unchanged" if repeated else "added"
    return Imported(record.where, outcome, id_text(sighting_id), len(ready.photos), (), ready.refusals)


def _check_case(record: TableRecord, folder: Path) -> Imported:
    def check() -> None:
        cases.check_number(record.key or "")
        CaseDetails(**case_fields(record.fields))

    return _checked(record, folder, check)


def _check_sighting(record: TableRecord, folder: Path) -> Imported:
    return _checked(record, folder, lambda: sightings.Report(**sighting_fields(record.fields)))


def _checked(record: TableRecord, folder: Path, check: Callable[[], object]) -> Imported:
    ready = _prepare_each(record, lambda cell: _decode(folder / cell.file, cell.file))
    refusals = list(ready.refusals)
    outcome = "refused" if record.photos and not ready.photos else "checked"
    try:
        check()
    except MatcherError as error:
        refusals.append(_refusal(record, error))
        outcome = "refused"
    return Imported(record.where, outcome, record.key, len(ready.photos), (), tuple(refusals))


def _decode(path: Path, name: str) -> None:
    """Read a photo to its end: headers do not tell that a file is cut short."""
    open_image(read_photo(path), name).pixels(_CHECKED_SIDE)


def _refusal(record: TableRecord, error: MatcherError) -> Refusal:
    return Refusal(record.where, None, None, str(error))


def _case_photo(cell: PhotoCell, folder: Path) -> CasePhoto:
    return CasePhoto(folder / cell.file, taken=cell.taken, age=cell.age, face=cell.face)
