"""Rows of case and sighting tables as values for the use cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timezone, tzinfo
from functools import partial
from typing import Any

from matcher.domain.cases import Circumstance, LegalBasis, Sex
from matcher.domain.records import HowSeen
from matcher.errors import MatcherError, WrongUse
from matcher.interchange import cells
from matcher.interchange.tables import Refusal, Row

_POSITION = {"lat", "lon", "datum"}

CASE_COLUMNS: dict[str, cells.Parser] = {
    "name": cells.text,
    "other_names": cells.texts,
    "sex": cells.one_of(Sex),
    "born": cells.day,
    "age": cells.number,
    "height_cm": cells.number,
    "weight_kg": cells.number,
    "marks": cells.text,
    "clothing": cells.text,
    "circumstance": cells.one_of(Circumstance),
    "missing_since": cells.moment,
    "last_seen_place": cells.text,
    "police_reference": cells.text,
    "legal_basis": cells.one_of(LegalBasis),
    "consent": cells.text,
}

SIGHTING_COLUMNS: dict[str, cells.Parser] = {
    "seen_at": cells.moment,
    "place": cells.text,
    "how_seen": cells.one_of(HowSeen),
    "first_hand": cells.yes_no,
    "apparent_sex": cells.one_of(Sex),
    "apparent_age": cells.number,
    "note": cells.text,
    "source": cells.text,
}


@dataclass(frozen=True, slots=True)
class PhotoCell:
    """A photo that a row names: a file, perhaps with its date, the age on it or the face that is meant."""

    file: str
    taken: date | None = None
    age: float | None = None
    face: int | None = None


@dataclass(frozen=True, slots=True)
class TableRecord:
    """One row, read: its key (case number or idempotency key), fields for the use case, and photos."""

    where: str
    key: str | None
    fields: Mapping[str, Any]
    photos: tuple[PhotoCell, ...]


def case_records(rows: Iterable[Row | Refusal], zone: tzinfo = timezone.utc) -> Iterator[TableRecord | Refusal]:
    """Rows with `case_id`, `photos` and any of `CASE_COLUMNS`, `lat`, `lon`, `datum`; times as `zone` has them."""
    columns = CASE_COLUMNS | {"missing_since": partial(cells.moment, zone=zone)}
    for row in rows:
        yield row if isinstance(row, Refusal) else _record(row, columns, key="case_id", place="last_seen")


def sighting_records(rows: Iterable[Row | Refusal], zone: tzinfo = timezone.utc) -> Iterator[TableRecord | Refusal]:
    """Rows with `photos`, an optional `key` and any of `SIGHTING_COLUMNS`, `lat`, `lon`, `datum`; times as above."""
    columns = SIGHTING_COLUMNS | {"seen_at": partial(cells.moment, zone=zone)}
    for row in rows:
        yield row if isinstance(row, Refusal) else _record(row, columns, key="key", place="position")


def _record(row: Row, columns: Mapping[str, cells.Parser], *, key: str, place: str) -> TableRecord | Refusal:
    known = {*columns, *_POSITION, key, "photos"}
    for column in row.cells:
        if column not in known:
            return Refusal(row.where, str(column), None, f"is unknown: the columns are {', '.join(sorted(known))}.")
    fields: dict[str, Any] = {}
    column = key
    try:
        name = cells.text(row.cells[key]) if key in row.cells else None
        if name is None and key == "case_id":
            raise WrongUse("is missing: every case needs its number.")
        for column, parse in columns.items():
            if column in row.cells:
                fields[column] = parse(row.cells[column])
        column = "lat"
        where = cells.position(row.cells)
        if where is not None:
            fields[place] = where
        column = "photos"
        photos = _photos(row.cells.get("photos", ()))
    except MatcherError as error:
        value = row.cells.get(column)
        return Refusal(row.where, column, None if value is None else str(value), str(error))
    return TableRecord(row.where, name, fields, photos)


def _photos(value: Any) -> tuple[PhotoCell, ...]:
    if isinstance(value, dict):
        return (_photo_of(value),)
    parts = value if isinstance(value, (list, tuple)) else cells.text(value).split(";")
    return tuple(_photo(part) for part in parts if part)


def _photo(value: Any) -> PhotoCell:
    if isinstance(value, dict):
        return _photo_of(value)
    file, *marks = [part.strip() for part in cells.text(value).split("|")]
    return photo_with_marks(file, marks)


def photo_with_marks(file: str, marks: Iterable[str]) -> PhotoCell:
    """A photo with marks as people write them: `taken=2020-05-01`, `age=7` or `face=2`."""
    given = {"file": file}
    for mark in marks:
        name, _, value = mark.partition("=")
        given[name.strip()] = value.strip()
    return _photo_of(given)


def _photo_of(given: Mapping[str, Any]) -> PhotoCell:
    given = {name: value for name, value in given.items() if value is not None}
    unknown = set(given) - {"file", "taken", "age", "face"}
    if unknown or not given.get("file"):
        raise WrongUse(
            "expected FILE, and then taken=YYYY-MM-DD, age=7 or face=2: with '|' between them in a table, where ';' "
            "parts several files, and with ',' after --photo."
        )
    return PhotoCell(
        file=cells.text(given["file"]),
        taken=cells.day(given["taken"]) if "taken" in given else None,
        age=cells.number(given["age"]) if "age" in given else None,
        face=cells.whole(given["face"]) if "face" in given else None,
    )
