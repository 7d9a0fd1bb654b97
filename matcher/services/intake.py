"""What institutions hand in: words that are said once for all their reports, and folders of photos without a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from matcher.domain.positions import Position
from matcher.domain.records import HowSeen
from matcher.errors import PhotoRefused, WrongUse
from matcher.images.metadata import taken_date
from matcher.interchange.cells import moment, text
from matcher.interchange.records import PhotoCell, TableRecord
from matcher.interchange.tables import TABLES, Refusal
from matcher.services.details import parsed
from matcher.services.imports import entries, require_below
from matcher.services.inputs import check_text, read_photo

Records = Iterable[TableRecord | Refusal]

# Papers, films and sound that lie beside photos: no reason to leave the photos.
_BESIDE_PHOTOS = {
    ".txt", ".md", ".doc", ".docx", ".wps", ".pdf", ".rtf", ".odt", ".xls", ".xlsx", ".et", ".ods", ".csv", ".json",
    ".xml", ".htm", ".html", ".ppt", ".pptx", ".mp4", ".mov", ".avi", ".mkv", ".3gp", ".mp3", ".m4a", ".wav", ".amr",
    ".zip", ".rar", ".7z", ".lnk", ".url",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Common:
    """What is said once for all sightings of an intake; what a record says of itself goes before.

    Records that name no source are of the `institution`, and were seen there first hand unless they say how. Place and
    position belong together: a record that has one of them gets neither.
    """

    institution: str | None = None
    place: str | None = None
    position: Position | None = None
    seen_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.institution is not None:
            check_text("institution", self.institution, 200)
            if not self.institution.strip():
                raise WrongUse("The institution has no name: give one, or leave it out.")

    @classmethod
    def given(
        cls, *, seen_at: str | None = None, zone: tzinfo = timezone.utc, place: str | None = None, **more: Any
    ) -> Common:
        """As people write it, a time without an offset in `zone`: `WrongUse` names the word that cannot be meant."""
        when = None if seen_at is None else parsed("seen_at", seen_at, partial(moment, zone=zone))
        return cls(place=None if place is None else parsed("place", place, text), seen_at=when, **more)

    def completed(self, records: Records) -> Iterator[TableRecord | Refusal]:
        """The records with what they do not say themselves."""
        for record in records:
            yield record if isinstance(record, Refusal) else replace(record, fields=self._fields(record.fields))

    def _fields(self, said: Mapping[str, Any]) -> dict[str, Any]:
        fields = dict(said)
        if self.institution is not None and "source" not in said:
            fields["source"] = self.institution.strip()
            if "how_seen" not in said:
                fields = {"how_seen": HowSeen.INSTITUTION, "first_hand": True, **fields}
        here = {} if {"place", "position"} & said.keys() else {"place": self.place, "position": self.position}
        return {**_known(here), **_known({"seen_at": self.seen_at}), **fields}


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def dated(records: Records, photos: Path) -> Iterator[TableRecord | Refusal]:
    """The records that name no time with the latest day that the cameras of their photos wrote down, if one did."""
    for record in records:
        if isinstance(record, Refusal) or "seen_at" in record.fields:
            yield record
            continue
        days = [day for cell in record.photos if (day := _taken(photos, cell.file)) is not None]
        yield replace(record, fields={**record.fields, "seen_at": max(days)}) if days else record


def _taken(folder: Path, file: str) -> datetime | None:
    try:
        require_below(file)
        day = taken_date(read_photo(folder / file))
        return None if day is None else moment(day)
    except (PhotoRefused, WrongUse):
        return None  # the import says what is wrong with a photo; a clock in the future says nothing


def sighting_folder(root: Path, *, names: bool = False) -> list[TableRecord | Refusal]:
    """One record per photo in `root`, and one per folder in it with all the folder's photos.

    Names of files and folders are kept only where `names` asks for it, as notes: they often are names of children.
    What is no photo, and what lies deeper, is refused by name. `WrongUse` for a folder with a table: its rows are the
    reports, and the same photos without their words would be others.
    """
    found = entries(root)
    table = next((one for one in found if one.suffix.lower() in TABLES and one.is_file()), None)
    if table is not None:
        raise WrongUse(f"{root} holds a table: import '{table}', or move it elsewhere if its rows are not reports.")
    records: list[TableRecord | Refusal] = []
    for entry in found:
        try:
            inside = entries(entry) if entry.is_dir() else [entry]
        except WrongUse as error:
            records.append(Refusal(str(entry), None, None, str(error)))
            continue
        left = [one for one in inside if one.is_dir() or one.suffix.lower() in _BESIDE_PHOTOS]
        photos = [one for one in inside if one not in left]
        if photos:
            cells = tuple(PhotoCell(str(photo.relative_to(root))) for photo in photos)
            note = {"note": entry.name if entry.is_dir() else entry.stem} if names else {}
            records.append(TableRecord(str(entry), None, note, cells))
        records += [Refusal(str(one), None, None, _why_left(one)) for one in left]
        if not inside:
            records.append(Refusal(str(entry), None, None, "holds no photo."))
    return records


def _why_left(entry: Path) -> str:
    if entry.is_dir():
        return "is a folder inside a sighting's folder: import it by itself, or move its photos one folder up."
    return "is no photo and was left out: what it tells can be handed in with a table."
