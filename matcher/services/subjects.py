"""Everything that is held about one case or sighting, as a file for the person whom it is about.

It goes over the very rows that an erasure would delete, so that neither reaches further than the other. Who of the
staff did something is left out; what was done, when and why is not.
"""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import Enum
from typing import IO, Any

from matcher import __version__
from matcher.domain.erasures import Subject, SubjectKind
from matcher.domain.ids import id_text, parse_id
from matcher.errors import NotFound, WrongUse
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.store.database import Reading, Transaction

_README = """What this file holds
====================

data.json is everything that this system keeps about the {kind} {id}, as it was on {day}:
"rows" are its entries, by the name of the list that they stand in, "vectors" the measurements of faces from which
resemblance is computed, and "audit" what was done with it, when and why. photos/ holds the photos and the pictures that
were made of them.

A number behind "similarity" says how alike two photos are for a computer. It says nothing about who somebody is.
"""

# Columns that tell who of the staff it was.
_STAFF = frozenset({"actor", "person_id", "signed_in", "recorded_by", "withdrawn_by"})


@dataclass(frozen=True, slots=True)
class SubjectView:
    """What was written: how many rows of each table, vectors, files and entries of the audit log."""

    id: str
    kind: SubjectKind
    rows: dict[str, int]
    vectors: int
    files: int
    audit_entries: int


def find(context: Context, shown: str) -> Subject:
    """The case of this number, or the sighting of this id; `NotFound` if there is neither."""
    with context.store.read() as reading:
        case = reading.cases.get(shown)
        if case is not None:
            return Subject(SubjectKind.CASE, case.id)
        try:
            sighting = Subject(SubjectKind.SIGHTING, parse_id(shown))
        except WrongUse:
            sighting = None
        if sighting is not None and reading.erasures.is_there(sighting):
            return sighting
    raise NotFound(f"There is no case and no sighting '{shown}': give the number of a case or the id of a sighting.")


def export(context: Context, subject: Subject, who: Who, file: IO[bytes]) -> SubjectView:
    """Write everything about a subject to an open file, as a ZIP; the audit log has it before anything is written."""
    with context.store.write() as transaction:
        if not transaction.erasures.is_there(subject):
            raise NotFound(f"There is nothing with the id '{id_text(subject.id)}' any more.")
        data = _data(context, transaction, subject)
        record(context, transaction, who, Trace(f"{subject.kind.value}.export", [subject.id]))
    keys = list(context.blobs.of_owner(id_text(subject.id)))
    told = {"kind": subject.kind.value, "id": id_text(subject.id), "day": f"{context.clock():%Y-%m-%d}"}
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("README.txt", _README.format(**told))
        packed.writestr("data.json", json.dumps(data, indent=2, ensure_ascii=False), zipfile.ZIP_DEFLATED)
        for key in keys:
            packed.writestr(f"photos/{key.partition('/')[2]}", context.blobs.get(key))
    return SubjectView(
        id=id_text(subject.id),
        kind=subject.kind,
        rows={name: len(rows) for name, rows in data["rows"].items()},
        vectors=len(data["vectors"]),
        files=len(keys),
        audit_entries=len(data["audit"]),
    )


def _data(context: Context, transaction: Transaction, subject: Subject) -> dict[str, Any]:
    objects = {id_text(one) for one in transaction.erasures.ids_of(subject)}
    return {
        "kind": subject.kind.value,
        "id": id_text(subject.id),
        "exported_at": context.clock().isoformat(),
        "software": __version__,
        "rows": {name: [_row(row) for row in rows] for name, rows in transaction.erasures.rows_of(subject).items()},
        "vectors": _vectors(transaction, subject),
        "audit": [
            {
                "number": one.number,
                **_row(asdict(one.entry)),
                "note": one.note,
            }
            for one in transaction.audit.about(objects)
        ],
    }


def _vectors(reading: Reading, subject: Subject) -> list[dict[str, Any]]:
    faces = reading.erasures.faces_of(subject)
    spaces = sorted({space for named in reading.faces.spaces_of(faces).values() for space in named})
    return [
        {"face": id_text(face), "space": space, "vector": vector.tolist()}
        for space in spaces
        for face, vector in reading.faces.vectors(faces, space).items()
    ]


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items() if name not in _STAFF}


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
