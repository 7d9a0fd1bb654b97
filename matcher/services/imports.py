"""Bulk intake: many records from tables and folders; a bad one is named and the others go on.

Running an import again is safe: what is there already is left as it is, so a rerun completes one that was cut short.
Photos that are there already are known by their bytes, before any model runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from matcher.errors import Busy, Conflict, ExtraMissing, MatcherError, NotFound, PhotoRefused, WrongUse
from matcher.images.decode import open_image
from matcher.images.places import cores
from matcher.interchange.records import PhotoCell, TableRecord
from matcher.interchange.tables import Refusal
from matcher.services.inputs import read_photo
from matcher.services.photos import in_parallel

_Photo = TypeVar("_Photo")

# What a record itself can be at fault for. A full disk, a damaged model or a lost database ends the run.
_ROW_ERRORS = (Conflict, ExtraMissing, NotFound, PhotoRefused, WrongUse)

_SIDECARS = {"thumbs.db", "desktop.ini"}
_CHECKED_SIDE = 400  # of a photo that is decoded only to see whether it can be, px


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one record: `outcome` is added, changed, unchanged, checked or refused; `id` names it.

    `unusable` counts the photos on which no face can be used; `warnings` say why, and what a better one would be.
    """

    where: str
    outcome: str
    id: str | None = None
    photos: int = 0
    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unusable: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared(Generic[_Photo]):
    """A record's photos after the models ran, and those that were refused; `known` ones are stored already."""

    photos: tuple[_Photo, ...]
    refusals: tuple[Refusal, ...]
    known: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Import(Generic[_Photo]):
    """How one kind of record is taken in: `prepare` runs on many threads, `store` on one, in order."""

    prepare: Callable[[TableRecord], Prepared[_Photo] | Imported]
    store: Callable[[TableRecord, Prepared[_Photo]], Imported]

    def each(self, records: Iterable[TableRecord | Refusal]) -> Iterator[Imported]:
        """Take in all records; the models run on all cores, a few records ahead of the thread that stores."""
        for record, ready in in_parallel(records, self._prepared, cores()):
            yield ready if isinstance(record, Refusal) or isinstance(ready, Imported) else self._stored(record, ready)  # type: ignore[misc]

    def _prepared(self, record: TableRecord | Refusal) -> Prepared[_Photo] | Imported:
        if isinstance(record, Refusal):
            return Imported(record.where, "refused", refusals=(record,))
        try:
            return self.prepare(record)
        except _ROW_ERRORS as error:
            return refused(record, (), error)

    def _stored(self, record: TableRecord, ready: Prepared[_Photo]) -> Imported:
        if record.photos and not ready.photos and not ready.known:
            return refused(record, ready.refusals)
        try:
            return self.store(record, ready)
        except Busy:
            raise
        except _ROW_ERRORS as error:
            return refused(record, ready.refusals, error)


def refused(record: TableRecord, refusals: tuple[Refusal, ...], error: MatcherError | None = None) -> Imported:
    """A record that was not taken, with every reason."""
    last = () if error is None else (Refusal(record.where, None, None, str(error)),)
    return Imported(record.where, "refused", refusals=(*refusals, *last))


def prepare_each(record: TableRecord, run: Callable[[PhotoCell], _Photo | None]) -> Prepared[_Photo]:
    """Run something on each photo of a record; `None` means that the photo is known, an error that it is refused."""
    photos: list[_Photo] = []
    refusals: list[Refusal] = []
    known = 0
    for cell in record.photos:
        try:
            require_below(cell.file)
            photo = run(cell)
        except _ROW_ERRORS as error:
            refusals.append(Refusal(record.where, "photos", cell.file, str(error)))
            continue
        if photo is None:
            known += 1
        else:
            photos.append(photo)
    return Prepared(tuple(photos), tuple(refusals), known)


def check_only(
    records: Iterable[TableRecord | Refusal], folder: Path, check: Callable[[TableRecord], object]
) -> Iterator[Imported]:
    """A dry run: every photo is read to its end and every field checked; nothing is stored and no model runs."""

    def checked(record: TableRecord, ready: Prepared[bool]) -> Imported:
        check(record)
        return Imported(record.where, "checked", record.key, len(ready.photos), (), ready.refusals)

    def prepare(record: TableRecord) -> Prepared[bool]:
        return prepare_each(record, lambda cell: _decode(folder / cell.file, cell.file))

    return Import(prepare, checked).each(records)


def case_folders(root: Path) -> list[TableRecord]:
    """One record per folder in `root`: its name is the case number, its files are the photos."""
    return [
        TableRecord(str(folder), folder.name, {}, _cells(folder, root)) for folder in entries(root) if folder.is_dir()
    ]


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, in the order of names, without what systems and telephones put there unasked."""
    if not folder.is_dir():
        raise WrongUse(f"{folder} is not a folder.")
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise WrongUse(f"{folder} cannot be read: {error.strerror}.") from error
    return [one for one in found if not (one.name.startswith(".") or one.name.lower() in _SIDECARS or _edits(one))]


def _edits(file: Path) -> bool:
    return file.suffix.lower() == ".aae"  # what an iPhone did to the photo beside it


def _cells(folder: Path, root: Path) -> tuple[PhotoCell, ...]:
    return tuple(PhotoCell(str(entry.relative_to(root))) for entry in entries(folder) if not entry.is_dir())


def require_below(file: str) -> None:
    """Refuse a table that reaches for files outside the folder that was named."""
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise WrongUse("leaves the folder of photos: give a path below it.")


def _decode(path: Path, name: str) -> bool:
    """Read a photo to its end: headers do not tell that a file is cut short."""
    open_image(read_photo(path), name).pixels(_CHECKED_SIDE)
    return True
